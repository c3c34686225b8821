#include "fixture.h"

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <sqlite3.h>

#include "base/random.h"
#include "store/backup.h"
#include "store/checksum.h"
#include "store/migration.h"

enum { PAGE = 16384 };

static void add_pairs(struct fixture *f, int count)
{
	fixture_begin(f);
	for (int i = 0; i < count; i++) {
		char id[24];
		snprintf(id, sizeof id, "event-%lld", (long long)f->seq);
		int64_t event = fixture_event(f, id, "x", NULL);
		int64_t label = fixture_label(f, id, event, "x");
		fixture_place(f, event, label, f->seq * 1000);
	}
	fixture_commit(f);
}

/* One value by a connection of its own; the result code of what failed. */
static int ask(const struct fixture *f, const char *vfs, const char *sql, char answer[64])
{
	char path[FIXTURE_PATH];
	sqlite3 *db;
	sqlite3_stmt *statement = NULL;
	fixture_path(f, "upkeepd.db", path);
	answer[0] = '\0';
	int result = sqlite3_open_v2(path, &db, SQLITE_OPEN_READWRITE, vfs);
	if (result == SQLITE_OK)
		result = sqlite3_prepare_v2(db, sql, -1, &statement, NULL);
	if (result == SQLITE_OK)
		result = sqlite3_step(statement);
	if (result == SQLITE_ROW)
		snprintf(answer, 64, "%s", (const char *)sqlite3_column_text(statement, 0));
	sqlite3_finalize(statement);
	sqlite3_close(db);
	return result;
}

static bool is_sound(const struct fixture *f, const char *vfs)
{
	char answer[64];
	return ask(f, vfs, "PRAGMA quick_check", answer) == SQLITE_ROW && !strcmp(answer, "ok");
}

/* A few bytes of the database file, read or written. */
static off_t at_file(const struct fixture *f, void *bytes, size_t size, off_t at, bool write)
{
	char path[FIXTURE_PATH];
	struct stat about;
	fixture_path(f, "upkeepd.db", path);
	int fd = open(path, O_RDWR);
	assert_true(fd >= 0);
	ssize_t done = write ? pwrite(fd, bytes, size, at) : pread(fd, bytes, size, at);
	assert_int_equal(done, size);
	assert_int_equal(fstat(fd, &about), 0);
	close(fd);
	return about.st_size;
}

static void flip(const struct fixture *f, off_t bit)
{
	unsigned char byte;
	at_file(f, &byte, 1, bit / 8, false);
	byte ^= (unsigned char)(1U << (bit % 8));
	at_file(f, &byte, 1, bit / 8, true);
}

static int without_checksum(const struct fixture *f)
{
	char byte;
	int count = 0;
	off_t size = at_file(f, &byte, 1, 0, false);
	for (off_t page = 0; page < size / PAGE; page++) {
		uint64_t sum;
		at_file(f, &sum, sizeof sum, (page + 1) * PAGE - UPK_CHECKSUM_BYTES, false);
		count += sum == 0;
	}
	return count;
}

static void two_hundred_flipped_bits_are_found(void **state)
{
	enum { FLIPS = 200 };
	struct fixture *f = *state;
	struct upk_random random;
	int found = 0, found_without = 0;
	char byte;
	add_pairs(f, 20000);
	fixture_close(f);
	off_t bits = at_file(f, &byte, 1, 0, false) * 8;
	upk_random_seed(&random, 8);
	for (int i = 0; i < FLIPS; i++) {
		off_t bit = (off_t)upk_random_below(&random, (uint64_t)bits);
		flip(f, bit);
		found += !is_sound(f, upk_checksum_vfs(NULL));
		found_without += !is_sound(f, "unix");
		flip(f, bit);
	}
	print_message("# %d of %d found, %d by SQLite alone\n", found, FLIPS, found_without);
	assert_in_range(found, 198, FLIPS);
	assert_true(found_without < 100);
	assert_true(is_sound(f, upk_checksum_vfs(NULL)));
	fixture_reopen(f);
}

static void a_flipped_bit_in_what_start_reads_is_refused_with_what_to_do(void **state)
{
	struct fixture *f = *state;
	for (off_t at = 30; at < PAGE; at += 1500) {
		fixture_close(f);
		flip(f, at * 8);
		fixture_refuse(f, UPK_CORRUPT, "restore a backup");
		flip(f, at * 8);
		fixture_reopen(f);
	}
}

static void a_flipped_bit_in_a_row_is_corrupt_not_an_answer(void **state)
{
	struct fixture *f = *state;
	struct upk_error err = { 0 };
	struct upk_event_row row;
	bool found;
	char byte;
	add_pairs(f, 20000);
	fixture_close(f);
	off_t size = at_file(f, &byte, 1, 0, false);
	for (off_t page = 2; page < size / PAGE; page++)
		flip(f, (page * PAGE + PAGE - 100) * 8);
	f->store = upk_store_open(f->folder, UPK_STORE_WRITE, &err);
	bool read = f->store && upk_event_get(f->store, 20001, &found, &row, &err);
	assert_false(read);
	assert_int_equal(err.code, UPK_CORRUPT);
	assert_non_null(strstr(err.message, "checksum"));
}

static void a_page_in_another_pages_place_is_found(void **state)
{
	struct fixture *f = *state;
	static char page[PAGE];
	add_pairs(f, 20000);
	fixture_close(f);
	at_file(f, page, PAGE, 40 * PAGE, false);
	at_file(f, page, PAGE, 41 * PAGE, true);
	assert_false(is_sound(f, upk_checksum_vfs(NULL)));
}

/* The file below SQLite, which would find some of such faults by itself. */
static sqlite3_file *file_of(sqlite3 *db)
{
	sqlite3_file *file = NULL;
	assert_int_equal(sqlite3_file_control(db, "main", SQLITE_FCNTL_FILE_POINTER, &file), 0);
	return file;
}

static void a_sound_page_is_refused_where_another_belongs(void **state)
{
	struct fixture *f = *state;
	static char page[PAGE];
	char path[FIXTURE_PATH];
	sqlite3 *db;
	add_pairs(f, 20000);
	fixture_close(f);
	at_file(f, page, PAGE, 40 * PAGE, false);
	at_file(f, page, PAGE, 41 * PAGE, true);

	fixture_path(f, "upkeepd.db", path);
	assert_int_equal(sqlite3_open_v2(path, &db, SQLITE_OPEN_READWRITE, upk_checksum_vfs(NULL)),
		SQLITE_OK);
	sqlite3_file *file = file_of(db);
	assert_int_equal(file->pMethods->xRead(file, page, PAGE, 0), SQLITE_OK);
	assert_int_equal(file->pMethods->xRead(file, page, PAGE, 40 * PAGE), SQLITE_OK);
	assert_int_equal(file->pMethods->xRead(file, page, PAGE, 41 * PAGE), SQLITE_IOERR_DATA);
	assert_int_equal(sqlite3_close(db), SQLITE_OK);
}

/* A copy is written out of order: its first page, which says that there is room, comes late. */
static void pages_of_a_copy_are_sealed_before_its_header_is_there(void **state)
{
	struct fixture *f = *state;
	static char page[PAGE];
	char path[FIXTURE_PATH];
	sqlite3 *from, *to;
	uint64_t sum;
	fixture_close(f);
	fixture_path(f, "upkeepd.db", path);
	assert_int_equal(
		sqlite3_open_v2(path, &from, SQLITE_OPEN_READWRITE, upk_checksum_vfs(NULL)),
		SQLITE_OK);
	assert_int_equal(
		sqlite3_exec(from, "SELECT * FROM sequence", NULL, NULL, NULL), SQLITE_OK);
	fixture_path(f, "copy.db", path);
	assert_int_equal(sqlite3_open_v2(path, &to, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE,
				 upk_checksum_vfs(NULL)),
		SQLITE_OK);
	upk_checksum_expect(to, from);
	sqlite3_file *file = file_of(to);
	assert_int_equal(file->pMethods->xWrite(file, page, PAGE, PAGE), SQLITE_OK);
	assert_int_equal(sqlite3_close(to), SQLITE_OK);
	assert_int_equal(sqlite3_close(from), SQLITE_OK);
	int fd = open(path, O_RDONLY);
	assert_int_equal(pread(fd, &sum, sizeof sum, 2 * PAGE - UPK_CHECKSUM_BYTES), sizeof sum);
	close(fd);
	assert_int_equal(unlink(path), 0);
	assert_int_not_equal(sum, 0);
	fixture_reopen(f);
}

static void every_page_of_a_stopped_store_has_a_checksum_and_the_shell_reads_it(void **state)
{
	struct fixture *f = *state;
	char answer[64];
	add_pairs(f, 3000);
	fixture_close(f);
	assert_int_equal(without_checksum(f), 0);
	assert_int_equal(ask(f, "unix", "PRAGMA integrity_check", answer), SQLITE_ROW);
	assert_string_equal(answer, "ok");
	assert_int_equal(ask(f, "unix", "SELECT count(*) FROM event", answer), SQLITE_ROW);
	assert_string_equal(answer, "3000");
	assert_int_equal(without_checksum(f), 0);
}

static void die_after_commits(struct fixture *f)
{
	fixture_close(f);
	pid_t child = fork();
	assert_true(child >= 0);
	if (child == 0) {
		fixture_reopen(f);
		add_pairs(f, 3000);
		raise(SIGKILL);
	}
	assert_int_equal(waitpid(child, NULL, 0), child);
}

static void what_the_shell_copies_back_after_a_kill_is_taken(void **state)
{
	struct fixture *f = *state;
	struct upk_error err = { 0 };
	struct upk_wal wal = { 0 };
	char answer[64];
	add_pairs(f, 3000);
	assert_ok(upk_store_checkpoint(f->store, &wal, &err), &err);
	die_after_commits(f);
	assert_int_equal(ask(f, "unix", "SELECT count(*) FROM event", answer), SQLITE_ROW);
	assert_string_equal(answer, "6000");
	assert_true(without_checksum(f) > 0);
	assert_true(is_sound(f, upk_checksum_vfs(NULL)));
	fixture_reopen(f);
	assert_int_equal(fixture_count(f, "event"), 6000);
}

/* Its pages keep the checksum of what they were: that can't be told from damage. */
static void what_another_program_writes_is_refused_until_a_vacuum(void **state)
{
	struct fixture *f = *state;
	char answer[64];
	fixture_close(f);
	ask(f, "unix", "UPDATE sequence SET commits = commits + 1", answer);
	fixture_refuse(f, UPK_CORRUPT, "written by another program");
	ask(f, "unix", "VACUUM", answer);
	assert_true(is_sound(f, upk_checksum_vfs(NULL)));
	fixture_reopen(f);
}

static void a_file_without_room_for_checksums_goes_on_without(void **state)
{
	struct fixture *f = *state;
	char path[FIXTURE_PATH];
	sqlite3 *db;
	fixture_close(f);
	fixture_path(f, "upkeepd.db", path);
	assert_int_equal(unlink(path), 0);
	fixture_path(f, "committed", path);
	assert_int_equal(unlink(path), 0);

	fixture_path(f, "upkeepd.db", path);
	assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
	assert_int_equal(sqlite3_exec(db, "PRAGMA page_size = 16384", NULL, NULL, NULL), SQLITE_OK);
	assert_int_equal(sqlite3_exec(db, (const char *)upk_migrations[0].data, NULL, NULL, NULL),
		SQLITE_OK);
	assert_int_equal(sqlite3_close(db), SQLITE_OK);

	char answer[64];
	fixture_reopen(f);
	fixture_close(f);
	assert_int_equal(ask(f, "unix", "PRAGMA integrity_check", answer), SQLITE_ROW);
	assert_string_equal(answer, "ok");
	fixture_reopen(f);
}

static void a_backup_has_checksums_and_is_not_made_of_a_damaged_file(void **state)
{
	struct fixture *f = *state;
	struct fixture copy = { 0 };
	struct upk_backup backup;
	struct upk_error err = { 0 };
	char path[FIXTURE_PATH];
	add_pairs(f, 20000);
	fixture_close(f);
	snprintf(copy.folder, sizeof copy.folder, "%s", f->folder);
	copy.folder[strlen(copy.folder) - 1] ^= 1;
	assert_ok(upk_store_backup(f->folder, copy.folder, NULL, &backup, &err), &err);
	assert_int_equal(without_checksum(&copy), 0);
	assert_true(is_sound(&copy, upk_checksum_vfs(NULL)));
	fixture_path(&copy, "upkeepd.db", path);
	assert_int_equal(unlink(path), 0);
	fixture_path(&copy, "committed", path);
	assert_int_equal(unlink(path), 0);

	flip(f, 50 * PAGE * 8);
	assert_false(upk_store_backup(f->folder, copy.folder, NULL, &backup, &err));
	assert_int_equal(err.code, UPK_CORRUPT);
	assert_int_equal(rmdir(copy.folder), 0);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, fixture_setup, fixture_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(two_hundred_flipped_bits_are_found),
		TEST(a_flipped_bit_in_what_start_reads_is_refused_with_what_to_do),
		TEST(a_flipped_bit_in_a_row_is_corrupt_not_an_answer),
		TEST(a_page_in_another_pages_place_is_found),
		TEST(a_sound_page_is_refused_where_another_belongs),
		TEST(pages_of_a_copy_are_sealed_before_its_header_is_there),
		TEST(every_page_of_a_stopped_store_has_a_checksum_and_the_shell_reads_it),
		TEST(what_the_shell_copies_back_after_a_kill_is_taken),
		TEST(what_another_program_writes_is_refused_until_a_vacuum),
		TEST(a_backup_has_checksums_and_is_not_made_of_a_damaged_file),
		TEST(a_file_without_room_for_checksums_goes_on_without),
	};
	return cmocka_run_group_tests_name("checksum", tests, NULL, NULL);
}
