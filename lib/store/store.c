#include "store/store.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>

#include "store/checksum.h"
#include "store/folder.h"
#include "store/migration.h"
#include "store/statement.h"

enum { READER_BUSY_MS = 2000 };

enum {
	BEGIN,
	BEGIN_READ,
	COMMIT,
	ROLLBACK,
	COUNT_COMMIT,
	LAST_SEQ,
	LAST_ARRIVAL,
	SAVED,
	SET_SAVED
};

static const char *const sql[] = {
	[BEGIN] = "BEGIN IMMEDIATE",
	[BEGIN_READ] = "BEGIN",
	[COMMIT] = "COMMIT",
	[ROLLBACK] = "ROLLBACK",
	[COUNT_COMMIT] = "UPDATE sequence SET last = max(last, ?1), commits = ?2, "
			 "arrival = max(arrival, ?3)",
	[LAST_SEQ] = UPK_STORE_LAST_SEQ,
	[LAST_ARRIVAL] =
		"SELECT max(arrival, ifnull((SELECT arrival FROM event WHERE seq = "
		"(SELECT max(seq) FROM event)), 0), ifnull((SELECT arrival FROM label WHERE seq = "
		"(SELECT max(seq) FROM label)), 0)) FROM sequence",
	[SAVED] = "SELECT saved FROM sequence",
	[SET_SAVED] = "UPDATE sequence SET saved = ?1",
};

const struct upk_sql upk_store_sql = {
	UPK_SQL_STORE,
	"sequence",
	sql,
	sizeof sql / sizeof sql[0],
};

static const char writer_settings[] = "PRAGMA page_size = 16384;"
				      "PRAGMA journal_mode = WAL;"
				      "PRAGMA synchronous = FULL;"
				      "PRAGMA journal_size_limit = 67108864;"
				      "PRAGMA cache_size = -65536;"
				      "PRAGMA secure_delete = 1;"
				      "PRAGMA temp_store = MEMORY;";
static const char reader_settings[] = "PRAGMA query_only = 1;"
				      "PRAGMA cache_size = -16384;"
				      "PRAGMA temp_store = MEMORY;";

static bool configure(sqlite3 *db, struct upk_error *err)
{
	static const struct {
		int option, value;
	} options[] = {
		{ SQLITE_DBCONFIG_DEFENSIVE, 1 },
		{ SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0 },
		{ SQLITE_DBCONFIG_ENABLE_FKEY, 1 },
		/* Until the schema is known to be ours: closing must not change a byte. */
		{ SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1 },
	};
	for (size_t i = 0; i < sizeof options / sizeof options[0]; i++) {
		int result = sqlite3_db_config(db, options[i].option, options[i].value, NULL);
		if (result != SQLITE_OK)
			return upk_store_fail(db, result, "upkeepd.db", err);
	}
	return true;
}

static bool open_database(
	struct upk_store *s, const char *folder, enum upk_store_mode mode, struct upk_error *err)
{
	const char *vfs = upk_checksum_vfs(err);
	if (!vfs)
		return false;
	char *path = sqlite3_mprintf("%s/upkeepd.db", folder);
	if (!path)
		return upk_fail(err, UPK_NOMEM, "no memory for the path of upkeepd.db");

	int flags = SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE;
	flags |= mode == UPK_STORE_READ ? SQLITE_OPEN_READONLY
					: SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE;
	int result = sqlite3_open_v2(path, &s->db, flags, vfs);
	if (result == SQLITE_OK)
		result = sqlite3_busy_timeout(
			s->db, mode == UPK_STORE_READ ? READER_BUSY_MS : UPK_STORE_BUSY_MS);
	if (result != SQLITE_OK)
		upk_store_fail(s->db, result, path, err);
	sqlite3_free(path);
	if (result != SQLITE_OK || !configure(s->db, err))
		return false;
	result = upk_bulk_register(s->db, s->bulk);
	return result == SQLITE_OK || upk_store_fail(s->db, result, "upkeepd.db", err);
}

static bool set(struct upk_store *s, const char *settings, struct upk_error *err)
{
	int result = sqlite3_exec(s->db, settings, NULL, NULL, NULL);
	return result == SQLITE_OK || upk_store_fail(s->db, result, "upkeepd.db", err);
}

/* Room for checksums in a new file; an older one goes on without. */
static bool reserve(struct upk_store *s, struct upk_error *err)
{
	int bytes = UPK_CHECKSUM_BYTES;
	int result = sqlite3_file_control(s->db, "main", SQLITE_FCNTL_RESERVE_BYTES, &bytes);
	return result == SQLITE_OK || upk_store_fail(s->db, result, "upkeepd.db", err);
}

/* Called after each commit with the number of pages in the WAL; that it is there turns SQLite's own
 * checkpoints off. */
static int note_wal_pages(void *context, sqlite3 *db, const char *database, int pages)
{
	struct upk_store *s = context;
	(void)db;
	(void)database;
	s->wal_pages = pages;
	return SQLITE_OK;
}

static bool check_commits(struct upk_store *s, const struct upk_migration *schema,
	const char *folder, struct upk_error *err)
{
	int64_t committed = upk_folder_committed(s->folder);
	s->unguarded = committed == 0 && schema->mark > 0;
	if (schema->mark >= committed)
		return true;
	return upk_fail(err, UPK_CORRUPT,
		"%s/upkeepd.db has lost commits: it is at %lld, and was at %lld before (was "
		"upkeepd.db-wal "
		"deleted?). Restore a backup of the whole data folder, or delete %s/committed to "
		"go on "
		"without them",
		folder, (long long)schema->mark, (long long)committed, folder);
}

static bool open_writer(struct upk_store *s, const char *folder, struct upk_error *err)
{
	struct upk_migration schema;
	if (!upk_migration_read(s->db, &schema, err) || !check_commits(s, &schema, folder, err) ||
		!reserve(s, err) || !set(s, writer_settings, err) ||
		!upk_migration_apply(s->db, &schema, err))
		return false;

	int result = sqlite3_db_config(s->db, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 0, NULL);
	if (result != SQLITE_OK)
		return upk_store_fail(s->db, result, "upkeepd.db", err);
	(void)sqlite3_wal_hook(s->db, note_wal_pages, s);
	s->commits = schema.commits;
	return true;
}

/* Later commits are counted from here. */
static bool know_given(struct upk_store *s, struct upk_error *err)
{
	return upk_store_last_seq(s, &s->given_seq, err) &&
		upk_store_last_arrival(s, &s->given_arrival, err) &&
		upk_folder_set_committed(s->folder, s->commits + s->given_seq, err);
}

static bool open_reader(struct upk_store *s, struct upk_error *err)
{
	struct upk_migration schema;
	if (!upk_migration_read(s->db, &schema, err) || !set(s, reader_settings, err))
		return false;
	if (!upk_migration_is_current(&schema))
		return upk_fail(err, UPK_CONFLICT,
			"upkeepd.db has schema %lld, an older one: let `upkeepd serve` bring it up "
			"to date",
			(long long)schema.version);
	return true;
}

static bool open_all(
	struct upk_store *s, const char *folder, enum upk_store_mode mode, struct upk_error *err)
{
	if (!open_database(s, folder, mode, err))
		return false;
	if (mode == UPK_STORE_WRITE)
		return open_writer(s, folder, err) && upk_statements_prepare(s, err) &&
			know_given(s, err);
	return open_reader(s, err) && upk_statements_prepare(s, err);
}

static void close_database(struct upk_store *s)
{
	upk_statements_finish(s);
	int result = sqlite3_close(s->db);
	assert(result == SQLITE_OK);
	(void)result;
	s->db = NULL;
}

/* Opening makes the WAL and its index anew: on a full disk the reserve has room for them. */
static bool open_once_more(struct upk_store *s, const char *folder, struct upk_error *err)
{
	close_database(s);
	upk_folder_give_reserve(s->folder);
	return open_all(s, folder, UPK_STORE_WRITE, err);
}

struct upk_store *upk_store_open(
	const char *folder, enum upk_store_mode mode, struct upk_error *err)
{
	struct upk_error why = { 0 };
	struct upk_store *s = calloc(1, sizeof *s);
	if (!s) {
		upk_fail(err, UPK_NOMEM, "no memory for the store");
		return NULL;
	}

	bool opened = true;
	if (mode == UPK_STORE_WRITE) {
		s->folder = upk_folder_open(folder, &why);
		opened = s->folder != NULL;
	}
	opened = opened && open_all(s, folder, mode, &why);
	if (!opened && s->folder && why.code == UPK_FULL)
		opened = open_once_more(s, folder, &why);
	if (opened)
		return s;
	upk_store_close(s);
	upk_fail(err, why.code, "%s", why.message);
	return NULL;
}

void upk_store_close(struct upk_store *s)
{
	if (!s)
		return;
	if (s->db && s->broken.code != UPK_OK)
		(void)sqlite3_db_config(s->db, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, NULL);
	close_database(s);
	upk_folder_close(s->folder);
	free(s);
}

/* Runs one of BEGIN, COMMIT, ROLLBACK; leaves s->transaction to the caller. */
static bool run(struct upk_store *s, int which, struct upk_error *err)
{
	sqlite3_stmt *statement = s->statements[UPK_SQL_STORE][which];
	struct upk_error cause;
	int result = sqlite3_step(statement);
	if (result != SQLITE_DONE) {
		upk_store_fail(s->db, result, sql[which], &cause);
		upk_store_note(s, &cause);
		if (err)
			*err = cause;
	}
	(void)sqlite3_reset(statement);
	return result == SQLITE_DONE;
}

bool upk_store_broken(const struct upk_store *s, struct upk_error *err)
{
	if (s->broken.code != UPK_OK)
		*err = s->broken;
	return s->broken.code != UPK_OK;
}

static bool begin(struct upk_store *s, int which, struct upk_error *err)
{
	upk_store_unpin(s);
	if (s->transaction != UPK_OUTSIDE)
		return upk_fail(err, UPK_CONFLICT, "a transaction is open already");
	return run(s, which, err);
}

bool upk_store_begin(struct upk_store *s, struct upk_error *err)
{
	if (!begin(s, BEGIN, err))
		return false;
	s->transaction = UPK_WRITING;
	s->changes_before = sqlite3_total_changes64(s->db);
	s->appended = s->last_seq = s->last_arrival = 0;
	return true;
}

static int64_t greater(int64_t a, int64_t b)
{
	return a > b ? a : b;
}

/* The last rows tell by themselves what was given out, until something deletes some. */
static bool only_appends(const struct upk_store *s)
{
	int64_t changes = sqlite3_total_changes64(s->db) - s->changes_before;
	return changes == s->appended && s->last_seq > s->given_seq;
}

static bool count_commit(struct upk_store *s, struct upk_error *err)
{
	struct upk_query q = upk_query(s, &upk_store_sql, COUNT_COMMIT);
	upk_put_int(&q, greater(s->given_seq, s->last_seq));
	upk_put_int(&q, s->commits + 1);
	upk_put_int(&q, greater(s->given_arrival, s->last_arrival));
	return upk_query_run(&q, err);
}

/* What is committed is committed: a mark that can't be written only notices less. */
static void note_commit(struct upk_store *s, bool counted)
{
	s->commits += counted;
	s->given_seq = greater(s->given_seq, s->last_seq);
	s->given_arrival = greater(s->given_arrival, s->last_arrival);
	(void)upk_folder_set_committed(s->folder, s->commits + s->given_seq, NULL);
}

bool upk_store_commit(struct upk_store *s, struct upk_error *err)
{
	upk_store_unpin(s);
	if (s->transaction == UPK_UNDONE) {
		upk_store_rollback(s);
		return upk_fail(err, s->undone.code, "%s", s->undone.message);
	}
	if (s->transaction != UPK_WRITING)
		return upk_fail(err, UPK_CONFLICT, "there is no transaction to commit");

	bool changed = sqlite3_total_changes64(s->db) != s->changes_before;
	bool counted = changed && !only_appends(s);
	if ((counted && !count_commit(s, err)) || !run(s, COMMIT, err)) {
		upk_store_rollback(s);
		return false;
	}
	s->transaction = UPK_OUTSIDE;
	if (changed)
		note_commit(s, counted);
	return true;
}

void upk_store_rollback(struct upk_store *s)
{
	upk_store_unpin(s);
	if (!sqlite3_get_autocommit(s->db))
		(void)run(s, ROLLBACK, NULL);
	s->transaction = UPK_OUTSIDE;
	s->last_seq = s->last_arrival = 0;
}

bool upk_store_begin_read(struct upk_store *s, struct upk_error *err)
{
	if (!begin(s, BEGIN_READ, err))
		return false;
	s->transaction = UPK_READING;
	return true;
}

void upk_store_end_read(struct upk_store *s)
{
	upk_store_rollback(s);
}

void upk_store_note_seq(struct upk_store *s, int64_t seq, int64_t arrival)
{
	if (seq > s->last_seq)
		s->last_seq = seq;
	if (arrival > s->last_arrival)
		s->last_arrival = arrival;
}

bool upk_store_last_seq(struct upk_store *s, int64_t *seq, struct upk_error *err)
{
	struct upk_query q = upk_query(s, &upk_store_sql, LAST_SEQ);
	int64_t last;
	if (!upk_query_int(&q, &last, err))
		return false;
	*seq = greater(last, greater(s->given_seq, s->last_seq));
	return true;
}

bool upk_store_last_arrival(struct upk_store *s, int64_t *arrival, struct upk_error *err)
{
	struct upk_query q = upk_query(s, &upk_store_sql, LAST_ARRIVAL);
	int64_t last;
	if (!upk_query_int(&q, &last, err))
		return false;
	*arrival = greater(last, greater(s->given_arrival, s->last_arrival));
	return true;
}

bool upk_store_saved(struct upk_store *s, int64_t *seq, struct upk_error *err)
{
	struct upk_query q = upk_query(s, &upk_store_sql, SAVED);
	return upk_query_int(&q, seq, err);
}

bool upk_store_set_saved(struct upk_store *s, int64_t seq, struct upk_error *err)
{
	struct upk_query q = upk_query(s, &upk_store_sql, SET_SAVED);
	upk_put_int(&q, seq);
	return upk_query_run(&q, err);
}

int upk_store_wal_pages(const struct upk_store *s)
{
	return s->wal_pages;
}

bool upk_store_checkpoint(struct upk_store *s, struct upk_wal *wal, struct upk_error *err)
{
	upk_store_unpin(s);
	int pages = 0, copied = 0;
	int result = sqlite3_wal_checkpoint_v2(
		s->db, "main", SQLITE_CHECKPOINT_PASSIVE, &pages, &copied);
	if (result == SQLITE_OK)
		*wal = (struct upk_wal){ pages, copied };
	if (result == SQLITE_OK || (result & 0xff) == SQLITE_BUSY)
		return true;
	struct upk_error cause;
	upk_store_fail(s->db, result, "checkpoint", &cause);
	upk_store_note(s, &cause);
	return upk_fail(err, cause.code, "%s", cause.message);
}

bool upk_store_unguarded(const struct upk_store *s)
{
	return s->unguarded;
}
