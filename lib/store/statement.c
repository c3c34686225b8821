#include "store/statement.h"

#include <assert.h>
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

const struct upk_sql *const upk_sql_all[UPK_SQL_SLOTS] = {
	[UPK_SQL_STORE] = &upk_store_sql,
	[UPK_SQL_MODEL] = &upk_model_sql,
	[UPK_SQL_EVENT] = &upk_event_sql,
	[UPK_SQL_LABEL] = &upk_label_sql,
	[UPK_SQL_PLACE] = &upk_place_sql,
	[UPK_SQL_VERSION] = &upk_version_sql,
	[UPK_SQL_RUN] = &upk_run_sql,
	[UPK_SQL_TRIAL] = &upk_trial_sql,
	[UPK_SQL_ALERT] = &upk_alert_sql,
	[UPK_SQL_HISTORY] = &upk_history_sql,
	[UPK_SQL_ITEM] = &upk_item_sql,
	[UPK_SQL_ID_RUN] = &upk_id_run_sql,
	[UPK_SQL_SWEEP] = &upk_sweep_sql,
	[UPK_SQL_REMOVE] = &upk_remove_sql,
	[UPK_SQL_SPACE] = &upk_space_sql,
	[UPK_SQL_LIVE] = &upk_live_sql,
};

/* What a result code means to callers; extended codes come before the primary one. */
static const struct {
	int result;
	enum upk_code code;
	const char *advice;
} meanings[] = {
	{ SQLITE_IOERR_NOMEM, UPK_NOMEM, "" },
	{ SQLITE_NOMEM, UPK_NOMEM, "" },
	{ SQLITE_IOERR_DATA, UPK_CORRUPT,
		": a page of upkeepd.db does not match its checksum (damaged, or written by "
		"another "
		"program), restore a backup of the data folder" },
	{ SQLITE_FULL, UPK_FULL, " (no space on the disk)" },
	{ SQLITE_CORRUPT, UPK_CORRUPT,
		": upkeepd.db is damaged, restore a backup of the data folder" },
	{ SQLITE_NOTADB, UPK_CORRUPT,
		": upkeepd.db is no SQLite file, restore a backup of the data folder" },
	{ SQLITE_BUSY, UPK_BUSY, "" },
	{ SQLITE_LOCKED, UPK_BUSY, "" },
	{ SQLITE_CONSTRAINT, UPK_CONFLICT, "" },
	{ SQLITE_TOOBIG, UPK_TOO_LARGE, "" },
	{ SQLITE_INTERRUPT, UPK_CANCELLED, "" },
};

bool upk_store_fail(sqlite3 *db, int result, const char *what, struct upk_error *err)
{
	enum upk_code code = UPK_IO;
	const char *advice = "";
	for (size_t i = 0; i < sizeof meanings / sizeof meanings[0]; i++) {
		if (meanings[i].result == result || meanings[i].result == (result & 0xff)) {
			code = meanings[i].code;
			advice = meanings[i].advice;
			break;
		}
	}

	/* A full disk shows as SQLITE_IOERR where it is the shared memory that can't grow. A sync
	 * that fails has lost writes, whatever its reason. */
	bool sync = result == SQLITE_IOERR_FSYNC || result == SQLITE_IOERR_DIR_FSYNC;
	int cause = db && code == UPK_IO && !sync ? sqlite3_system_errno(db) : 0;
	if (cause == ENOSPC || cause == EDQUOT) {
		code = UPK_FULL;
		advice = " (no space on the disk)";
	}
	return upk_fail(err, code, "%s: %s%s", what,
		db && sqlite3_extended_errcode(db) == result ? sqlite3_errmsg(db)
							     : sqlite3_errstr(result),
		advice);
}

void upk_store_note(struct upk_store *s, const struct upk_error *cause)
{
	if (s->folder && cause->code == UPK_IO && s->broken.code == UPK_OK)
		s->broken = *cause;
}

static bool prepare_set(struct upk_store *s, const struct upk_sql *sql, struct upk_error *err)
{
	sqlite3_stmt **set = calloc(sql->count, sizeof *set);
	if (!set)
		return upk_fail(err, UPK_NOMEM, "no memory for the statements of %s", sql->table);
	s->statements[sql->slot] = set;

	for (size_t i = 0; i < sql->count; i++) {
		int result = sqlite3_prepare_v3(
			s->db, sql->text[i], -1, SQLITE_PREPARE_PERSISTENT, &set[i], NULL);
		if (result != SQLITE_OK)
			return upk_store_fail(s->db, result, sql->table, err);
	}
	return true;
}

bool upk_statements_prepare(struct upk_store *s, struct upk_error *err)
{
	for (size_t slot = 0; slot < UPK_SQL_SLOTS; slot++) {
		if (!prepare_set(s, upk_sql_all[slot], err))
			return false;
	}
	return true;
}

void upk_statements_finish(struct upk_store *s)
{
	for (size_t slot = 0; slot < UPK_SQL_SLOTS; slot++) {
		if (!s->statements[slot])
			continue;
		for (size_t i = 0; i < upk_sql_all[slot]->count; i++)
			(void)sqlite3_finalize(s->statements[slot][i]);
		free(s->statements[slot]);
		s->statements[slot] = NULL;
	}
	s->pinned = NULL;
	free(s->scores);
	s->scores = NULL;
}

void upk_store_unpin(struct upk_store *s)
{
	if (s->pinned)
		(void)sqlite3_reset(s->pinned);
	s->pinned = NULL;
}

struct upk_query upk_query(struct upk_store *s, const struct upk_sql *sql, int which)
{
	upk_store_unpin(s);
	sqlite3_stmt *statement = s->statements[sql->slot][which];
	assert(!sqlite3_stmt_busy(statement));
	return (struct upk_query){ .store = s, .sql = sql, .statement = statement };
}

static void put(struct upk_query *q, int result)
{
	if (q->result == SQLITE_OK)
		q->result = result;
}

void upk_put_int(struct upk_query *q, int64_t value)
{
	put(q, sqlite3_bind_int64(q->statement, ++q->bound, value));
}

void upk_put_int_or_null(struct upk_query *q, int64_t value)
{
	if (value == 0)
		put(q, sqlite3_bind_null(q->statement, ++q->bound));
	else
		upk_put_int(q, value);
}

void upk_put_double(struct upk_query *q, double value)
{
	put(q, sqlite3_bind_double(q->statement, ++q->bound, value));
}

void upk_put_text(struct upk_query *q, struct upk_text value)
{
	put(q,
		sqlite3_bind_text64(q->statement, ++q->bound, value.data, value.size, SQLITE_STATIC,
			SQLITE_UTF8));
}

void upk_put_blob(struct upk_query *q, const void *data, size_t size)
{
	put(q, sqlite3_bind_blob64(q->statement, ++q->bound, data, size, SQLITE_STATIC));
}

void upk_put_made_by(struct upk_query *q, struct upk_made_by version)
{
	if (version.number > 0)
		upk_put_int(q, version.number);
	else
		upk_put_text(q, version.name);
}

void upk_put_filter(struct upk_query *q, const struct upk_filter *filter)
{
	upk_put_int(q, filter->before != 0 ? filter->before : INT64_MAX);
	upk_put_int(q, filter->from != 0 ? filter->from : INT64_MIN);
	upk_put_int(q, filter->to != 0 ? filter->to : INT64_MAX);
	upk_put_int(q, filter->limit);
}

/* SQLite rolls a whole transaction back when there is no space, no memory or no disk any more;
 * what its owner goes on to write must not be stored without the rest. */
static void notice_rollback(struct upk_store *s, const struct upk_error *cause)
{
	if (s->transaction != UPK_OUTSIDE && sqlite3_get_autocommit(s->db)) {
		s->transaction = UPK_UNDONE;
		s->undone = *cause;
	}
}

static bool fail(struct upk_query *q, int result, struct upk_error *err)
{
	struct upk_error cause;
	upk_store_fail(q->store->db, result, q->sql->table, &cause);
	(void)sqlite3_reset(q->statement);
	notice_rollback(q->store, &cause);
	upk_store_note(q->store, &cause);
	if (err)
		*err = cause;
	return false;
}

bool upk_query_next(struct upk_query *q, bool *found, struct upk_error *err)
{
	if (q->store->transaction == UPK_UNDONE) {
		(void)sqlite3_reset(q->statement);
		return upk_fail(err, q->store->undone.code, "%s", q->store->undone.message);
	}
	if (q->result != SQLITE_OK)
		return fail(q, q->result, err);

	int result = sqlite3_step(q->statement);
	if (result != SQLITE_ROW && result != SQLITE_DONE)
		return fail(q, result, err);
	if (result == SQLITE_DONE)
		(void)sqlite3_reset(q->statement);
	*found = result == SQLITE_ROW;
	return true;
}

void upk_query_end(struct upk_query *q)
{
	(void)sqlite3_reset(q->statement);
}

bool upk_query_run(struct upk_query *q, struct upk_error *err)
{
	if (q->store->transaction == UPK_OUTSIDE || q->store->transaction == UPK_READING)
		return upk_fail(
			err, UPK_CONFLICT, "%s: written outside a transaction", q->sql->table);

	bool found;
	if (!upk_query_next(q, &found, err))
		return false;
	assert(!found);
	return true;
}

bool upk_query_run_on_rows(struct upk_query *q, enum upk_bulk bulk, const void *rows, size_t count,
	struct upk_error *err)
{
	struct upk_bulk_rows *shown = &q->store->bulk[bulk];
	shown->rows = rows;
	shown->count = count;
	bool done = upk_query_run(q, err);
	if (done && bulk != UPK_BULK_POINT) /* which may replace others */
		q->store->appended += sqlite3_changes64(q->store->db);
	shown->rows = NULL;
	shown->count = 0;
	return done;
}

bool upk_query_run_on_one(struct upk_query *q, struct upk_error *err)
{
	if (!upk_query_run(q, err))
		return false;
	if (sqlite3_changes(q->store->db) == 0)
		return upk_fail(err, UPK_NOT_FOUND, "%s: there is no such row", q->sql->table);
	return true;
}

bool upk_query_one(struct upk_query *q, bool *found, struct upk_error *err)
{
	bool row;
	if (!upk_query_next(q, &row, err))
		return false;
	if (row)
		q->store->pinned = q->statement;
	*found = row;
	return true;
}

bool upk_query_int(struct upk_query *q, int64_t *value, struct upk_error *err)
{
	bool found;
	if (!upk_query_next(q, &found, err))
		return false;
	assert(found);
	*value = upk_get_int(q, 0);
	upk_query_end(q);
	return true;
}

bool upk_get_null(const struct upk_query *q, int column)
{
	return sqlite3_column_type(q->statement, column) == SQLITE_NULL;
}

int64_t upk_get_int(const struct upk_query *q, int column)
{
	return sqlite3_column_int64(q->statement, column);
}

double upk_get_double(const struct upk_query *q, int column)
{
	return upk_get_null(q, column) ? NAN : sqlite3_column_double(q->statement, column);
}

struct upk_text upk_get_text(const struct upk_query *q, int column)
{
	if (upk_get_null(q, column))
		return (struct upk_text){ NULL, 0 };

	/* The bytes of a TEXT as they lie there: sqlite3_column_text may need memory for a NUL. */
	const char *data = sqlite3_column_blob(q->statement, column);
	size_t size = (size_t)sqlite3_column_bytes(q->statement, column);
	return data ? (struct upk_text){ data, size } : (struct upk_text){ "", 0 };
}

struct upk_made_by upk_get_made_by(const struct upk_query *q, int column)
{
	if (sqlite3_column_type(q->statement, column) == SQLITE_INTEGER)
		return (struct upk_made_by){ .number = upk_get_int(q, column) };
	return (struct upk_made_by){ .name = upk_get_text(q, column) };
}

bool upk_get_doubles(const struct upk_query *q, int column, const double **values, size_t *count,
	struct upk_error *err)
{
	struct upk_text bytes = upk_get_text(q, column);
	size_t n = bytes.size / sizeof(double);
	if (n > q->store->scores_capacity) {
		double *grown = realloc(q->store->scores, n * sizeof *grown);
		if (!grown)
			return upk_fail(err, UPK_NOMEM, "no memory for %zu scores", n);
		q->store->scores = grown;
		q->store->scores_capacity = n;
	}
	if (n > 0)
		memcpy(q->store->scores, bytes.data, n * sizeof(double));
	*values = n > 0 ? q->store->scores : NULL;
	*count = n;
	return true;
}
