#include "fixture.h"

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <sqlite3.h>

#include "store/checksum.h"
#include "store/folder.h"
#include "store/model.h"
#include "store/remove.h"

static int64_t last_seq(struct upk_store *s)
{
	struct upk_error err = { 0 };
	int64_t seq = -1;
	assert_ok(upk_store_last_seq(s, &seq, &err), &err);
	return seq;
}

static void add_events(struct fixture *f, int count)
{
	fixture_begin(f);
	for (int i = 0; i < count; i++)
		fixture_event(f, "", "x", "x");
	fixture_commit(f);
}

/* In another process, so that a kill or an open file there is not ours. Returns its status. */
static int in_child(struct fixture *f, void (*body)(struct fixture *f))
{
	fixture_close(f);
	pid_t child = fork();
	assert_true(child >= 0);
	if (child == 0) {
		body(f);
		_exit(0);
	}
	int status;
	assert_int_equal(waitpid(child, &status, 0), child);
	return status;
}

/* As a newer upkeepd would, with checksums. */
static void execute(const struct fixture *f, const char *sql)
{
	char path[FIXTURE_PATH];
	fixture_path(f, "upkeepd.db", path);
	sqlite3 *db;
	assert_int_equal(sqlite3_open_v2(path, &db, SQLITE_OPEN_READWRITE, upk_checksum_vfs(NULL)),
		SQLITE_OK);
	assert_int_equal(sqlite3_exec(db, sql, NULL, NULL, NULL), SQLITE_OK);
	assert_int_equal(sqlite3_close(db), SQLITE_OK);
}

/* The caller frees it. */
static char *read_file(const char *path, size_t *size)
{
	FILE *file = fopen(path, "rb");
	assert_non_null(file);
	struct stat about;
	assert_int_equal(fstat(fileno(file), &about), 0);
	*size = (size_t)about.st_size;
	char *data = malloc(*size + 1);
	assert_non_null(data);
	assert_int_equal(fread(data, 1, *size, file), *size);
	fclose(file);
	return data;
}

static void open_sets_the_file_up_as_promised(void **state)
{
	static const struct {
		const char *pragma, *value;
	} wanted[] = {
		{ "PRAGMA journal_mode", "wal" },
		{ "PRAGMA page_size", "16384" },
		{ "PRAGMA application_id", "1970301796" },
		{ "PRAGMA user_version", "9" },
		{ "PRAGMA integrity_check", "ok" },
	};
	struct fixture *f = *state;
	char path[FIXTURE_PATH];
	fixture_path(f, "upkeepd.db", path);
	sqlite3 *db;
	assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
	for (size_t i = 0; i < sizeof wanted / sizeof wanted[0]; i++) {
		sqlite3_stmt *statement;
		assert_int_equal(
			sqlite3_prepare_v2(db, wanted[i].pragma, -1, &statement, NULL), SQLITE_OK);
		assert_int_equal(sqlite3_step(statement), SQLITE_ROW);
		assert_string_equal(sqlite3_column_text(statement, 0), wanted[i].value);
		sqlite3_finalize(statement);
	}
	sqlite3_close(db);

	struct stat folder;
	assert_int_equal(stat(f->folder, &folder), 0);
	assert_int_equal(folder.st_mode & 0777, 0700);
}

static void a_second_writer_is_refused_by_name(void **state)
{
	struct fixture *f = *state;
	char pid[32];
	snprintf(pid, sizeof pid, "process %ld", (long)getpid());
	fixture_refuse(f, UPK_CONFLICT, pid);
	fixture_refuse(f, UPK_CONFLICT, f->folder);
	add_events(f, 1);
}

static void what_was_committed_is_there_after_reopening(void **state)
{
	struct fixture *f = *state;
	assert_int_equal(last_seq(f->store), 0);
	add_events(f, 3);
	fixture_begin(f);
	fixture_event(f, "", "x", NULL);
	assert_int_equal(last_seq(f->store), 4);
	upk_store_rollback(f->store);
	assert_int_equal(last_seq(f->store), 3);

	fixture_reopen(f);
	assert_int_equal(last_seq(f->store), 3);
	assert_int_equal(fixture_count(f, "event"), 3);
}

static void close_rolls_an_open_transaction_back(void **state)
{
	struct fixture *f = *state;
	fixture_begin(f);
	fixture_event(f, "", "x", NULL);
	fixture_reopen(f);
	assert_int_equal(fixture_count(f, "event"), 0);
}

static void a_sequence_number_of_a_deleted_model_is_not_used_again(void **state)
{
	struct fixture *f = *state;
	add_events(f, 3);
	fixture_delete(f, f->model, 100);
	fixture_reopen(f);
	assert_int_equal(last_seq(f->store), 3);
}

/* A column of the row of `sequence`, as it is in the file. */
static int64_t in_sequence(const struct fixture *f, const char *column)
{
	char path[FIXTURE_PATH], query[128];
	fixture_path(f, "upkeepd.db", path);
	snprintf(query, sizeof query, "SELECT %s FROM sequence", column);
	sqlite3 *db;
	sqlite3_stmt *statement;
	assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
	assert_int_equal(sqlite3_prepare_v2(db, query, -1, &statement, NULL), SQLITE_OK);
	assert_int_equal(sqlite3_step(statement), SQLITE_ROW);
	int64_t value = sqlite3_column_int64(statement, 0);
	sqlite3_finalize(statement);
	sqlite3_close(db);
	return value;
}

static int64_t last_arrival(struct upk_store *s)
{
	struct upk_error err = { 0 };
	int64_t arrival = -1;
	assert_ok(upk_store_last_arrival(s, &arrival, &err), &err);
	return arrival;
}

static void rows_alone_are_appended_in_one_page(void **state)
{
	struct fixture *f = *state;
	add_events(f, 1);
	int64_t commits = in_sequence(f, "commits");
	int pages = upk_store_wal_pages(f->store);
	for (int i = 0; i < 5; i++)
		add_events(f, 1);
	assert_int_equal(upk_store_wal_pages(f->store), pages + 5);
	assert_int_equal(in_sequence(f, "commits"), commits);
	assert_int_equal(last_seq(f->store), 6);
	assert_int_equal(last_arrival(f->store), 6000);
	fixture_reopen(f);
	assert_int_equal(last_seq(f->store), 6);
	assert_int_equal(last_arrival(f->store), 6000);
}

static void remove_last(struct fixture *f, int64_t event, int64_t label)
{
	struct upk_error err = { 0 };
	assert_ok(upk_remove_label(f->store, label, &err), &err);
	assert_ok(upk_remove_event(f->store, event, &err), &err);
	assert_int_equal(last_seq(f->store), label);
	assert_int_equal(last_arrival(f->store), label * 1000);
}

static void numbers_and_arrivals_of_deleted_rows_are_not_used_again(void **state)
{
	struct fixture *f = *state;
	add_events(f, 2);
	fixture_begin(f);
	int64_t event = fixture_event(f, "a", "x", NULL), label = fixture_label(f, "a", event, "x");
	fixture_commit(f);
	fixture_reopen(f);

	fixture_begin(f);
	remove_last(f, event, label);
	upk_store_rollback(f->store);
	assert_int_equal(in_sequence(f, "last"), 0);
	fixture_begin(f);
	remove_last(f, event, label);
	fixture_commit(f);
	assert_int_equal(in_sequence(f, "last"), 4);
	fixture_reopen(f);
	assert_int_equal(fixture_count(f, "event"), 2);
	assert_int_equal(last_seq(f->store), 4);
	assert_int_equal(last_arrival(f->store), 4000);
}

static void die_after_a_removal(struct fixture *f)
{
	fixture_reopen(f);
	add_events(f, 3);
	fixture_begin(f);
	int64_t event = fixture_event(f, "a", "x", NULL), label = fixture_label(f, "a", event, "x");
	fixture_commit(f);
	fixture_begin(f);
	remove_last(f, event, label);
	fixture_commit(f);
	fixture_begin(f);
	remove_last(f, 3, label);
	raise(SIGKILL);
}

static void a_kill_gives_no_number_out_again(void **state)
{
	struct fixture *f = *state;
	assert_int_equal(WTERMSIG(in_child(f, die_after_a_removal)), SIGKILL);
	fixture_reopen(f);
	assert_int_equal(fixture_count(f, "event"), 3);
	assert_int_equal(last_seq(f->store), 5);
	assert_int_equal(last_arrival(f->store), 5000);
}

static void die_in_a_transaction(struct fixture *f)
{
	fixture_reopen(f);
	add_events(f, 10);
	fixture_begin(f);
	for (int i = 0; i < 5000; i++)
		fixture_event(f, "", "x", "x");
	raise(SIGKILL);
}

static void a_kill_loses_the_open_transaction_alone(void **state)
{
	struct fixture *f = *state;
	assert_int_equal(WTERMSIG(in_child(f, die_in_a_transaction)), SIGKILL);
	fixture_reopen(f);
	assert_int_equal(last_seq(f->store), 10);
	assert_int_equal(fixture_count(f, "event"), 10);
}

static void a_missing_wal_is_noticed(void **state)
{
	struct fixture *f = *state;
	char path[FIXTURE_PATH];
	in_child(f, die_in_a_transaction);
	fixture_path(f, "upkeepd.db-wal", path);
	assert_int_equal(unlink(path), 0);
	fixture_refuse(f, UPK_CORRUPT, "lost commits");

	fixture_path(f, "committed", path);
	assert_int_equal(unlink(path), 0);
	fixture_reopen(f);
	assert_int_equal(last_seq(f->store), 0);
}

static void die_after_appending(struct fixture *f)
{
	fixture_reopen(f);
	add_events(f, 1);
	raise(SIGKILL);
}

static void a_missing_wal_of_appended_rows_alone_is_noticed(void **state)
{
	struct fixture *f = *state;
	char path[FIXTURE_PATH];
	in_child(f, die_after_appending);
	fixture_path(f, "upkeepd.db-wal", path);
	assert_int_equal(unlink(path), 0);
	fixture_refuse(f, UPK_CORRUPT, "lost commits");
}

/* Of a file of before, whose -wal is missing: in "committed" is what was the mark then. */
static void an_older_file_is_held_against_its_count_of_commits(void **state)
{
	struct fixture *f = *state;
	add_events(f, 100);
	int64_t commits = in_sequence(f, "commits");
	fixture_close(f);
	execute(f,
		"UPDATE sequence SET last = 100; ALTER TABLE version DROP COLUMN base; "
		"PRAGMA user_version = 7");

	struct upk_error err = { 0 };
	struct upk_folder *folder = upk_folder_open(f->folder, &err);
	assert_ok(folder != NULL, &err);
	assert_ok(upk_folder_set_committed(folder, commits + 1, &err), &err);
	upk_folder_close(folder);
	fixture_refuse(f, UPK_CORRUPT, "lost commits");

	folder = upk_folder_open(f->folder, &err);
	assert_ok(folder != NULL, &err);
	assert_ok(upk_folder_set_committed(folder, commits, &err), &err);
	upk_folder_close(folder);
	fixture_reopen(f);
	assert_int_equal(upk_folder_peek(f->folder), commits + 100);
}

static void a_missing_database_is_noticed(void **state)
{
	struct fixture *f = *state;
	char path[FIXTURE_PATH];
	fixture_close(f);
	fixture_path(f, "upkeepd.db", path);
	assert_int_equal(unlink(path), 0);
	fixture_refuse(f, UPK_CORRUPT, "lost commits");
}

static void an_unreadable_count_of_commits_is_no_reason_to_refuse(void **state)
{
	static const char *const contents[] = { "", "12", "xxxxxxxxxxxxxxxxxxxx\n",
		"99999999999999999999\n", "-0000000000000000001\n" };
	struct fixture *f = *state;
	char path[FIXTURE_PATH];
	fixture_path(f, "committed", path);
	for (size_t i = 0; i < sizeof contents / sizeof contents[0]; i++) {
		fixture_close(f);
		FILE *file = fopen(path, "w");
		assert_non_null(file);
		fputs(contents[i], file);
		assert_int_equal(fclose(file), 0);
		fixture_reopen(f);
		assert_true(upk_store_unguarded(f->store));
	}
	fixture_close(f);
	fixture_reopen(f);
	assert_false(upk_store_unguarded(f->store));
}

static void a_flipped_bit_in_the_count_of_commits_is_noticed(void **state)
{
	struct fixture *f = *state;
	char path[FIXTURE_PATH], text[64] = "";
	fixture_path(f, "committed", path);
	fixture_close(f);
	FILE *file = fopen(path, "r+");
	assert_non_null(file);
	assert_non_null(fgets(text, sizeof text, file));
	text[0] ^= 1;
	rewind(file);
	fputs(text, file);
	assert_int_equal(fclose(file), 0);
	fixture_reopen(f);
	assert_true(upk_store_unguarded(f->store));
}

/* Opening is refused with these words, and the file keeps every byte. */
static void refuses_untouched(struct fixture *f, const char *words)
{
	char path[FIXTURE_PATH];
	fixture_path(f, "upkeepd.db", path);
	size_t before_size, after_size;
	char *before = read_file(path, &before_size);
	fixture_refuse(f, UPK_CORRUPT, words);
	char *after = read_file(path, &after_size);
	assert_int_equal(before_size, after_size);
	assert_memory_equal(before, after, before_size);
	free(before);
	free(after);
}

static void a_newer_schema_is_refused_untouched(void **state)
{
	struct fixture *f = *state;
	fixture_close(f);
	execute(f, "PRAGMA user_version = 1000; CREATE TABLE newer (x)");
	refuses_untouched(f, "run a newer upkeepd");

	struct upk_error err = { 0 };
	assert_null(upk_store_open(f->folder, UPK_STORE_READ, &err));
	assert_int_equal(err.code, UPK_CORRUPT);
}

static void leave_newer_wal(struct fixture *f)
{
	char path[FIXTURE_PATH];
	fixture_path(f, "upkeepd.db", path);
	sqlite3 *db;
	assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
	assert_int_equal(
		sqlite3_exec(db, "PRAGMA user_version = 1000", NULL, NULL, NULL), SQLITE_OK);
	raise(SIGKILL);
}

static void a_newer_schema_in_the_wal_is_refused_untouched(void **state)
{
	struct fixture *f = *state;
	in_child(f, leave_newer_wal);
	refuses_untouched(f, "run a newer upkeepd");
}

static void another_programs_file_is_refused_untouched(void **state)
{
	struct fixture *f = *state;
	fixture_close(f);
	execute(f, "PRAGMA user_version = 0; PRAGMA application_id = 0");
	refuses_untouched(f, "not made by upkeepd");
	execute(f, "PRAGMA user_version = 1; PRAGMA application_id = 7");
	refuses_untouched(f, "not made by upkeepd");
}

static void overwrite(const struct fixture *f, const char *bytes, size_t size, long at)
{
	char path[FIXTURE_PATH];
	fixture_path(f, "upkeepd.db", path);
	FILE *file = fopen(path, "r+b");
	assert_non_null(file);
	assert_int_equal(fseek(file, at, SEEK_SET), 0);
	assert_int_equal(fwrite(bytes, 1, size, file), size);
	assert_int_equal(fclose(file), 0);
}

static void a_damaged_file_is_refused_with_what_to_do(void **state)
{
	struct fixture *f = *state;
	fixture_close(f);
	overwrite(f, "not a database at all", 21, 0);
	refuses_untouched(f, "restore a backup");
}

static void a_damaged_page_is_corrupt(void **state)
{
	struct fixture *f = *state;
	struct upk_error err = { 0 };
	add_events(f, 2000);
	fixture_close(f);
	static const char rubbish[16384] = { 1, 2, 3 };
	for (long page = 2; page < 40; page++)
		overwrite(f, rubbish, sizeof rubbish, page * 16384);

	bool found;
	struct upk_event_row row;
	f->store = upk_store_open(f->folder, UPK_STORE_WRITE, &err);
	bool read = f->store && upk_event_get(f->store, 1000, &found, &row, &err);
	assert_false(read);
	assert_int_equal(err.code, UPK_CORRUPT);
	assert_non_null(strstr(err.message, "restore a backup"));
}

static void writing_needs_a_transaction(void **state)
{
	struct fixture *f = *state;
	struct upk_error err = { 0 };
	assert_false(upk_model_set_paused(f->store, f->model, true, &err));
	assert_int_equal(err.code, UPK_CONFLICT);
	assert_false(upk_store_commit(f->store, &err));
	fixture_begin(f);
	assert_false(upk_store_begin(f->store, &err));
	assert_ok(upk_model_set_paused(f->store, f->model, true, &err), &err);
	fixture_commit(f);
}

static void a_reader_sees_one_state_between_begin_and_end(void **state)
{
	struct fixture *f = *state;
	struct upk_error err = { 0 };
	add_events(f, 1);
	struct upk_store *reader = upk_store_open(f->folder, UPK_STORE_READ, &err);
	assert_ok(reader != NULL, &err);
	assert_ok(upk_store_begin_read(reader, &err), &err);
	assert_int_equal(last_seq(reader), 1);
	add_events(f, 1);
	assert_int_equal(last_seq(reader), 1);

	assert_false(upk_model_set_paused(reader, f->model, true, &err));
	upk_store_end_read(reader);
	assert_int_equal(last_seq(reader), 2);
	upk_store_close(reader);
}

static void a_reader_creates_nothing(void **state)
{
	struct fixture *f = *state;
	struct upk_error err = { 0 };
	char path[FIXTURE_PATH];
	fixture_close(f);
	fixture_path(f, "upkeepd.db", path);
	assert_int_equal(unlink(path), 0);
	assert_null(upk_store_open(f->folder, UPK_STORE_READ, &err));
	assert_int_equal(err.code, UPK_IO);
	assert_int_equal(access(path, F_OK), -1);
}

static void checkpoint_copies_what_readers_allow(void **state)
{
	struct fixture *f = *state;
	struct upk_error err = { 0 };
	struct upk_wal wal = { 0 };
	add_events(f, 3000);
	struct upk_store *reader = upk_store_open(f->folder, UPK_STORE_READ, &err);
	assert_ok(reader != NULL, &err);
	assert_ok(upk_store_begin_read(reader, &err), &err);
	assert_int_equal(last_seq(reader), 3000);
	add_events(f, 3000);
	assert_ok(upk_store_checkpoint(f->store, &wal, &err), &err);
	assert_int_equal(wal.pages, upk_store_wal_pages(f->store));
	assert_in_range(wal.copied, 1, wal.pages - 1);
	assert_int_equal(last_seq(reader), 3000);
	upk_store_close(reader);

	assert_ok(upk_store_checkpoint(f->store, &wal, &err), &err);
	assert_int_equal(wal.copied, wal.pages);
	add_events(f, 1);
	assert_true(upk_store_wal_pages(f->store) < wal.pages);
}

static void a_copying_connection_copies_beside_the_writer(void **state)
{
	struct fixture *f = *state;
	struct upk_error err = { 0 };
	struct upk_wal wal = { 0 };
	char path[FIXTURE_PATH];
	struct stat before, after;
	fixture_path(f, "upkeepd.db", path);
	struct upk_store *copier = upk_store_open(f->folder, UPK_STORE_COPY, &err);
	assert_ok(copier != NULL, &err);
	for (int i = 0; i < 3; i++) {
		add_events(f, 3000);
		assert_int_equal(stat(path, &before), 0);
		assert_ok(upk_store_begin(f->store, &err), &err);
		assert_ok(upk_store_checkpoint(copier, &wal, &err), &err);
		upk_store_rollback(f->store);
		assert_int_equal(wal.pages, upk_store_wal_pages(f->store));
		assert_int_equal(wal.copied, wal.pages);
		assert_int_equal(stat(path, &after), 0);
		assert_true(after.st_size > before.st_size);
	}
	upk_store_close(copier);
	assert_int_equal(last_seq(f->store), 9000);
}

/* Inserts until it fails, commits or not; the events of this transaction. */
static int fill_the_disk(struct fixture *f, struct upk_error *err)
{
	static const char features[4096] = { 1 };
	int inserted = 0;
	fixture_begin(f);
	for (; inserted < 4000; inserted++) {
		struct upk_event_row row = { .seq = f->seq + inserted + 1,
			.model = f->model,
			.number = f->number + inserted + 1,
			.predicted = upk_text_of("x"),
			.features = { features, sizeof features } };
		if (!upk_event_insert_many(f->store, &row, 1, err))
			break;
	}
	return inserted;
}

static void a_full_disk_is_told_and_survived(void **state)
{
	struct fixture *f = *state;
	struct upk_error err = { 0 };
	char ballast[FIXTURE_PATH];
	fixture_close(f);
	if (mount("tmpfs", f->folder, "tmpfs", 0, "size=12m") != 0)
		skip();

	/* A new store on the small disk, in which the model is number 1 again. */
	fixture_reopen(f);
	fixture_begin(f);
	struct upk_model_row model = {
		.name = upk_text_of("m"), .config = upk_text_of("{}"), .learnt = upk_text_of("{}")
	};
	assert_ok(upk_model_insert(f->store, &model, &f->model, &err), &err);
	fixture_commit(f);
	add_events(f, 10);
	fixture_path(f, "ballast", ballast);
	int fd = open(ballast, O_CREAT | O_WRONLY, 0600);
	assert_int_equal(posix_fallocate(fd, 0, 8 << 20), 0);

	int inserted = fill_the_disk(f, &err);
	bool stored = inserted == 4000 && upk_store_commit(f->store, &err);
	assert_false(stored);
	assert_int_equal(err.code, UPK_FULL);
	err = (struct upk_error){ 0 };
	if (inserted < 4000)
		assert_false(upk_store_commit(f->store, &err));
	assert_int_equal(last_seq(f->store), 10);
	assert_int_equal(fixture_count(f, "event"), 10);

	assert_int_equal(ftruncate(fd, 0), 0);
	close(fd);
	add_events(f, 10);
	assert_int_equal(last_seq(f->store), 20);
	fixture_reopen(f);
	assert_int_equal(fixture_count(f, "event"), 20);

	fixture_close(f);
	assert_int_equal(umount(f->folder), 0);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, fixture_setup, fixture_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(open_sets_the_file_up_as_promised),
		TEST(a_second_writer_is_refused_by_name),
		TEST(what_was_committed_is_there_after_reopening),
		TEST(close_rolls_an_open_transaction_back),
		TEST(a_sequence_number_of_a_deleted_model_is_not_used_again),
		TEST(rows_alone_are_appended_in_one_page),
		TEST(numbers_and_arrivals_of_deleted_rows_are_not_used_again),
		TEST(a_kill_gives_no_number_out_again),
		TEST(a_kill_loses_the_open_transaction_alone),
		TEST(a_missing_wal_is_noticed),
		TEST(a_missing_wal_of_appended_rows_alone_is_noticed),
		TEST(an_older_file_is_held_against_its_count_of_commits),
		TEST(a_missing_database_is_noticed),
		TEST(an_unreadable_count_of_commits_is_no_reason_to_refuse),
		TEST(a_flipped_bit_in_the_count_of_commits_is_noticed),
		TEST(a_newer_schema_is_refused_untouched),
		TEST(a_newer_schema_in_the_wal_is_refused_untouched),
		TEST(another_programs_file_is_refused_untouched),
		TEST(a_damaged_file_is_refused_with_what_to_do),
		TEST(a_damaged_page_is_corrupt),
		TEST(writing_needs_a_transaction),
		TEST(a_reader_sees_one_state_between_begin_and_end),
		TEST(a_reader_creates_nothing),
		TEST(checkpoint_copies_what_readers_allow),
		TEST(a_copying_connection_copies_beside_the_writer),
		TEST(a_full_disk_is_told_and_survived),
	};
	return cmocka_run_group_tests_name("store", tests, NULL, NULL);
}
