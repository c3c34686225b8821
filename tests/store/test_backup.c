#include "fixture.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <xxhash.h>

#include "store/backup.h"

#define UNUSED __attribute__((unused))

/* A copy of f's folder, beside it. */
static void copy_of(const struct fixture *f, struct fixture *copy)
{
	*copy = *f;
	copy->store = NULL;
	int length = snprintf(copy->folder, sizeof copy->folder, "%.200s-copy", f->folder);
	assert_in_range(length, 1, FIXTURE_PATH - 1);
}

static void remove_copy(struct fixture *copy)
{
	static const char *const names[] = { "upkeepd.db", "upkeepd.db-wal", "upkeepd.db-shm",
		"lock", "committed", "other" };
	fixture_close(copy);
	for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
		char path[FIXTURE_PATH];
		fixture_path(copy, names[i], path);
		(void)unlink(path);
	}
	assert_int_equal(rmdir(copy->folder), 0);
}

static void refuse(const struct fixture *f, const struct fixture *copy,
	const struct upk_backup_watch *watch, enum upk_code code, const char *words)
{
	struct upk_error err = { 0 };
	struct upk_backup backup;
	assert_false(upk_store_backup(f->folder, copy->folder, watch, &backup, &err));
	if (err.code != code || !strstr(err.message, words))
		fail_msg("code %d, wanted %d with \"%s\": %s", err.code, code, words, err.message);
}

static bool exists(const struct fixture *f, const char *suffix)
{
	char path[FIXTURE_PATH + 16];
	snprintf(path, sizeof path, "%s%s", f->folder, suffix);
	return access(path, F_OK) == 0;
}

static void add_events(struct fixture *f, int count)
{
	fixture_begin(f);
	for (int i = 0; i < count; i++) {
		char id[32];
		snprintf(id, sizeof id, "e%lld", (long long)f->seq);
		fixture_event(f, id, "a", NULL);
	}
	fixture_commit(f);
}

static void backup_of_an_open_store_opens_with_all_rows(void **state)
{
	struct fixture *f = *state, copy;
	struct upk_error err = { 0 };
	struct upk_backup backup = { 0 };
	copy_of(f, &copy);
	add_events(f, 5000);

	assert_ok(upk_store_backup(f->folder, copy.folder, NULL, &backup, &err), &err);
	assert_true(backup.bytes > 16384);
	assert_false(exists(&copy, ".partial"));
	fixture_reopen(&copy);
	assert_int_equal(fixture_count(&copy, "event"), 5000);
	remove_copy(&copy);
}

struct meddler {
	struct fixture *f;
	int64_t calls, most;
};

static bool meddle(void *context, int64_t done, int64_t pages)
{
	struct meddler *m = context;
	assert_in_range(done, 0, pages);
	m->calls++;
	m->most = pages;
	add_events(m->f, 1);
	return true;
}

static void commits_meanwhile_are_not_in_it_and_do_not_start_it_anew(void **state)
{
	struct fixture *f = *state, copy;
	struct upk_error err = { 0 };
	struct upk_backup backup;
	struct meddler m = { .f = f };
	const struct upk_backup_watch watch = { meddle, &m };
	copy_of(f, &copy);
	add_events(f, 150000);

	assert_ok(upk_store_backup(f->folder, copy.folder, &watch, &backup, &err), &err);
	assert_true(m.calls > 1);
	assert_in_range(m.calls, 1, m.most / 256 + 1);
	fixture_reopen(&copy);
	assert_int_equal(fixture_count(&copy, "event"), 150000);
	assert_int_equal(fixture_count(f, "event"), 150000 + m.calls);
	remove_copy(&copy);
}

/* A file "committed" as the store writes it. */
static void write_count(const char *path, long long commits)
{
	char count[32];
	int size = snprintf(count, sizeof count, "%020lld\n", commits);
	FILE *file = fopen(path, "w");
	assert_non_null(file);
	fprintf(file, "%s%016" PRIx64 "\n", count, (uint64_t)XXH3_64bits(count, (size_t)size));
	fclose(file);
}

/* Its own file "committed": another one would make the copy look behind, or hide what it lost. */
static void backup_notices_later_that_its_commits_are_lost(void **state)
{
	struct fixture *f = *state, copy;
	struct upk_error err = { 0 };
	struct upk_backup backup;
	char path[FIXTURE_PATH];
	copy_of(f, &copy);
	add_events(f, 10);

	assert_ok(upk_store_backup(f->folder, copy.folder, NULL, &backup, &err), &err);
	fixture_path(&copy, "committed", path);
	FILE *file = fopen(path, "r");
	long long commits = 0;
	assert_non_null(file);
	assert_int_equal(fscanf(file, "%lld", &commits), 1);
	fclose(file);
	assert_int_equal(commits, backup.mark);

	write_count(path, commits + 1);
	fixture_refuse(&copy, UPK_CORRUPT, "has lost commits");
	remove_copy(&copy);
}

static void store_that_lost_commits_is_not_backed_up(void **state)
{
	struct fixture *f = *state, copy;
	char path[FIXTURE_PATH];
	copy_of(f, &copy);
	fixture_path(f, "committed", path);
	write_count(path, 1000);
	refuse(f, &copy, NULL, UPK_CORRUPT, "has lost commits");
	assert_false(exists(&copy, ""));
	assert_false(exists(&copy, ".partial"));
}

static void folder_with_something_in_it_is_refused_and_left(void **state)
{
	struct fixture *f = *state, copy;
	char path[FIXTURE_PATH];
	copy_of(f, &copy);
	assert_int_equal(mkdir(copy.folder, 0700), 0);
	fixture_path(&copy, "other", path);
	FILE *file = fopen(path, "w");
	assert_non_null(file);
	fclose(file);
	refuse(f, &copy, NULL, UPK_CONFLICT, "not empty");
	assert_true(exists(&copy, "/other"));
	remove_copy(&copy);
}

static void empty_folder_is_filled(void **state)
{
	struct fixture *f = *state, copy;
	struct upk_error err = { 0 };
	struct upk_backup backup;
	copy_of(f, &copy);
	assert_int_equal(mkdir(copy.folder, 0700), 0);
	assert_ok(upk_store_backup(f->folder, copy.folder, NULL, &backup, &err), &err);
	fixture_reopen(&copy);
	remove_copy(&copy);
}

static bool stop(void *context UNUSED, int64_t done UNUSED, int64_t pages UNUSED)
{
	return false;
}

static void stopped_backup_leaves_nothing(void **state)
{
	struct fixture *f = *state, copy;
	const struct upk_backup_watch watch = { stop, NULL };
	copy_of(f, &copy);
	add_events(f, 150000);
	refuse(f, &copy, &watch, UPK_CANCELLED, "stopped");
	assert_false(exists(&copy, ""));
	assert_false(exists(&copy, ".partial"));
}

static void what_a_killed_backup_left_is_cleared_away(void **state)
{
	struct fixture *f = *state, copy, partial;
	struct upk_error err = { 0 };
	struct upk_backup backup;
	char path[FIXTURE_PATH];
	copy_of(f, &copy);
	copy_of(f, &partial);
	strcat(partial.folder, ".partial");
	assert_int_equal(mkdir(partial.folder, 0700), 0);
	fixture_path(&partial, "upkeepd.db", path);
	FILE *file = fopen(path, "w");
	assert_non_null(file);
	fputs("half a page", file);
	fclose(file);

	assert_ok(upk_store_backup(f->folder, copy.folder, NULL, &backup, &err), &err);
	fixture_reopen(&copy);
	remove_copy(&copy);
}

static void folder_without_a_store_is_said_so(void **state)
{
	struct fixture *f = *state, copy, nothing;
	copy_of(f, &copy);
	copy_of(f, &nothing);
	strcat(nothing.folder, "-absent");
	refuse(&nothing, &copy, NULL, UPK_IO, "upkeepd.db");
	assert_false(exists(&copy, ".partial"));
}

int main(void)
{
#define CASE(name) cmocka_unit_test_setup_teardown(name, fixture_setup, fixture_teardown)
	const struct CMUnitTest tests[] = {
		CASE(backup_of_an_open_store_opens_with_all_rows),
		CASE(commits_meanwhile_are_not_in_it_and_do_not_start_it_anew),
		CASE(backup_notices_later_that_its_commits_are_lost),
		CASE(store_that_lost_commits_is_not_backed_up),
		CASE(folder_with_something_in_it_is_refused_and_left),
		CASE(empty_folder_is_filled),
		CASE(stopped_backup_leaves_nothing),
		CASE(what_a_killed_backup_left_is_cleared_away),
		CASE(folder_without_a_store_is_said_so),
	};
	return cmocka_run_group_tests_name("store/backup", tests, NULL, NULL);
}
