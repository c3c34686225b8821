#include "fixture.h"

#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <sqlite3.h>

#include "store/migration.h"
#include "store/model.h"
#include "store/statement.h"
#include "store/sweep.h"

/* A model's rows as the first release left them, in the order of their sequence: 1 an example, 2 a
 * pair with its own label, 3 an example that became a pair after 8, 4 a label that waited for 5, 6
 * an event that the label 7 completed, 8 a label that revised 2, 9 an event without a label, 11 a
 * label that waits, 12 an example. The state has seen all up to 8. */
static const char rows_of_schema_1[] =
	"UPDATE sequence SET last = 12, commits = 9;"
	"INSERT INTO model (name, created, automatic, paused, last_place, config, learnt, "
	"state_place, state) VALUES ('m', 1, 0, 0, 3, '{}', '{\"classes\":[\"x\",\"y\",\"z\"]}', "
	"5, "
	"'{\"event\":5,\"newest\":0.1,\"in_use\":{\"since\":4,\"any\":true}}'),"
	"('quiet', 1, 0, 0, 0, '{}', '{\"classes\":[]}', 0, NULL);"
	"INSERT INTO event (seq, model, number, id, time, timed, arrival, predicted, stated, "
	"label, "
	"version, score, feature_list, features) VALUES "
	"(1, 1, 1, NULL, 10, 0, 10, NULL, 0, 'x', NULL, NULL, 1, x'00'),"
	"(2, 1, 2, 'a', 20, 1, 21, 'x', 1, 'x', 7, 0.25, 0, NULL),"
	"(3, 1, 3, 'b', 30, 0, 30, 'x', 1, 'y', NULL, NULL, 0, NULL),"
	"(5, 1, 4, 'c', 50, 0, 50, 'y', 0, NULL, 'own', NULL, 0, NULL),"
	"(6, 1, 5, 'd', 60, 0, 60, 'y', 0, NULL, NULL, NULL, 0, NULL),"
	"(9, 1, 6, 'e', 90, 0, 90, 'y', 0, NULL, NULL, NULL, 0, NULL),"
	"(12, 1, 7, 'f', 85, 0, 85, NULL, 0, 'y', NULL, NULL, 0, NULL);"
	"INSERT INTO label (seq, model, id, event, class, time, arrival, carried) VALUES "
	"(4, 1, 'c', 5, 'x', 40, 40, 0), (7, 1, 'd', 6, 'y', 70, 70, 0),"
	"(8, 1, 'a', 2, 'y', 80, 80, 1), (11, 1, 'g', NULL, 'y', 99, 110, 0);"
	"INSERT INTO run (model, run, state, kind, reason, now, change, as_of, seed, queued, verdict, "
	"trials, candidates) VALUES (1, 1, 'succeeded', 'manual', 'why', 5, 0, 8, 1, 70, 'better', "
	"'[]', '[{\"version\":1,\"picked\":false},"
	"{\"trial\":2,\"goes_on_from\":1,\"picked\":true}]');"
	"INSERT INTO version (model, version, learner, settings, from_place, to_place, rows, as_of, "
	"run, created, size, off_bench) VALUES (1, 1, 'mlp', '{}', 1, 3, 2, 4, NULL, 50, 0, 0),"
	"(1, 2, 'mlp', '{}', 1, 5, 4, 8, 1, 70, 0, 0);"
	"INSERT INTO place (model, place, event, label, time, arrival) VALUES "
	"(1, 1, 1, NULL, 10, 10), (1, 2, 2, NULL, 20, 21), (1, 4, 5, 4, 50, 50),"
	"(1, 5, 6, 7, 70, 70), (1, 6, 3, NULL, 30, 100), (1, 7, 12, NULL, 85, 85);"
	"INSERT INTO promotion (model, promotion, version, time, place, by, reason) VALUES "
	"(1, 1, 1, 50, 4, 'hand', 'promoted by hand');";

static void run(sqlite3 *db, const char *sql)
{
	char *message = NULL;
	if (sqlite3_exec(db, sql, NULL, NULL, &message) != SQLITE_OK)
		fail_msg("%s", message);
}

/* The fixture's folder with a file of the first schema in the place of its own. */
static void make_old_file(struct fixture *f)
{
	static const char *const names[] = { "upkeepd.db", "upkeepd.db-wal", "upkeepd.db-shm",
		"committed" };
	char path[FIXTURE_PATH];
	fixture_close(f);
	for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
		fixture_path(f, names[i], path);
		(void)unlink(path);
	}
	fixture_path(f, "upkeepd.db", path);
	sqlite3 *db;
	assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
	run(db, "PRAGMA page_size = 16384; PRAGMA journal_mode = WAL; BEGIN");
	run(db, (const char *)upk_migrations[0].data);
	run(db, rows_of_schema_1);
	run(db, "COMMIT");
	assert_int_equal(sqlite3_close(db), SQLITE_OK);
}

/* One value of the upgraded file as text, through a connection of its own. */
static void check(const struct fixture *f, const char *sql, const char *wanted)
{
	char path[FIXTURE_PATH];
	fixture_path(f, "upkeepd.db", path);
	sqlite3 *db;
	sqlite3_stmt *statement;
	assert_int_equal(sqlite3_open_v2(path, &db, SQLITE_OPEN_READONLY, NULL), SQLITE_OK);
	if (sqlite3_prepare_v2(db, sql, -1, &statement, NULL) != SQLITE_OK)
		fail_msg("%s", sqlite3_errmsg(db));
	assert_int_equal(sqlite3_step(statement), SQLITE_ROW);
	const char *value = (const char *)sqlite3_column_text(statement, 0);
	if (!value || strcmp(value, wanted) != 0)
		fail_msg("%s: %s, wanted %s", sql, value ? value : "NULL", wanted);
	sqlite3_finalize(statement);
	sqlite3_close(db);
}

static void check_upgraded(struct fixture *f)
{
	static const char *const facts[][2] = {
		{ "SELECT count(*) FROM event", "7" },
		{ "SELECT count(*) FROM label", "4" },
		{ "SELECT count(*) FROM place", "6" },
		{ "SELECT group_concat(seq || ':' || ifnull(number, '-')) FROM event",
			"1:-,2:1,3:2,5:3,6:4,9:5,12:-" },
		{ "SELECT group_concat(seq || ':' || ifnull(place, '-')) FROM event",
			"1:1,2:2,3:6,5:4,6:-,9:-,12:7" },
		{ "SELECT group_concat(seq || ':' || ifnull(place, '-')) FROM label",
			"4:-,7:5,8:-,11:-" },
		{ "SELECT group_concat(event || ':' || seq || ':' || place) FROM revision",
			"2:8:2" },
		{ "SELECT group_concat(event || ':' || seq || ':' || arrival) FROM upgrade",
			"3:8:30" },
		{ "SELECT group_concat(arrival) FROM place", "10,21,50,70,100,100" },
		{ "SELECT state FROM model WHERE name = 'm'",
			"{\"event\":4,\"newest\":0.1,\"in_use\":{\"since\":3,\"any\":true}}" },
		{ "SELECT state_seq FROM model WHERE name = 'm'", "7" },
		{ "SELECT state_seq FROM model WHERE name = 'quiet'", "12" },
		{ "SELECT json_extract(learnt, '$.used') FROM model WHERE name = 'm'",
			"[\"x\",\"y\"]" },
		{ "SELECT last || ',' || saved || ',' || arrival FROM sequence", "12,7,110" },
		{ "SELECT version || typeof(version) || score || timed FROM event WHERE seq = 2",
			"7integer0.251" },
		{ "SELECT version || typeof(version) FROM event WHERE seq = 5", "owntext" },
		{ "SELECT hex(features) FROM event WHERE seq = 1", "00" },
		{ "SELECT by || ifnull(person, '-') || ifnull(against, '-') FROM promotion",
			"hand--" },
		{ "SELECT group_concat(run || state || verdict) FROM run", "1succeededbetter" },
		{ "SELECT count(*) FROM pragma_table_info('run') WHERE name = 'trials'", "0" },
		{ "SELECT count(*) FROM trial", "0" },
		{ "SELECT group_concat(version || ':' || ifnull(base, '-')) FROM version",
			"1:-,2:1" },
		{ "SELECT count(revision) || (SELECT count(*) FROM live) FROM event", "00" },
		{ "PRAGMA integrity_check", "ok" },
	};
	for (size_t i = 0; i < sizeof facts / sizeof facts[0]; i++)
		check(f, facts[i][0], facts[i][1]);
}

static void a_file_of_the_first_schema_is_upgraded(void **state)
{
	struct fixture *f = *state;
	make_old_file(f);
	fixture_reopen(f);
	check_upgraded(f);
}

/* As the release before left a model half deleted, in columns of its state. */
static void a_deletion_that_was_begun_goes_on(void **state)
{
	struct fixture *f = *state;
	struct upk_error err = { 0 };
	struct upk_sweep sweep = { 0 };
	char path[FIXTURE_PATH];
	int64_t left = 0;
	make_old_file(f);
	fixture_path(f, "upkeepd.db", path);
	sqlite3 *db;
	assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
	for (size_t i = 1; i < 4; i++)
		run(db, (const char *)upk_migrations[i].data);
	run(db,
		"UPDATE model SET name = '1 deleted', state_seq = 4, state_place = 12 WHERE "
		"model = 1");
	assert_int_equal(sqlite3_close(db), SQLITE_OK);
	fixture_reopen(f);
	assert_ok(upk_sweep_next(f->store, &sweep, &err), &err);
	assert_int_equal(sweep.model, 1);
	assert_int_equal(sweep.after, 4);
	assert_int_equal(sweep.to, 12);
	assert_ok(upk_sweep_left(f->store, &left, &err), &err);
	assert_int_equal(left, 8);
}

struct actual {
	char text[64];
};

static bool take(void *context, const struct upk_known_row *row)
{
	strncat(((struct actual *)context)->text, row->actual.data, row->actual.size);
	return true;
}

static void an_upgraded_file_gives_the_labels_known_at_a_sequence(void **state)
{
	struct fixture *f = *state;
	struct upk_error err = { 0 };
	struct actual now = { "" }, before = { "" };
	make_old_file(f);
	fixture_reopen(f);
	struct upk_scan all = { .model = 1, .to = INT64_MAX, .as_of = INT64_MAX };
	assert_ok(upk_place_scan(f->store, &all, take, &now, &err), &err);
	assert_string_equal(now.text, "xyxyyy");
	all.as_of = 7;
	assert_ok(upk_place_scan(f->store, &all, take, &before, &err), &err);
	assert_string_equal(before.text, "xxxyy");
}

static int killing_after;

static int kill_after(void *context)
{
	(void)context;
	if (killing_after-- == 0)
		_exit(9);
	return 0;
}

static int arm(sqlite3 *db, char **message, const struct sqlite3_api_routines *api)
{
	(void)message, (void)api;
	sqlite3_progress_handler(db, 20, kill_after, NULL);
	return SQLITE_OK;
}

/* Opens the store in a process that ends without a word after so many steps; true: it did. */
static bool die_in_migration(struct fixture *f, int steps)
{
	pid_t child = fork();
	assert_true(child >= 0);
	if (child == 0) {
		killing_after = steps;
		sqlite3_auto_extension((void (*)(void))arm);
		(void)upk_store_open(f->folder, UPK_STORE_WRITE, NULL);
		_exit(0);
	}
	int status;
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_true(WIFEXITED(status));
	return WEXITSTATUS(status) == 9;
}

static void a_kill_in_the_upgrade_leaves_a_file_that_upgrades(void **state)
{
	struct fixture *f = *state;
	int killed = 0;
	for (int steps = 0;; steps += 3) {
		make_old_file(f);
		if (!die_in_migration(f, steps))
			break;
		killed++;
		fixture_reopen(f);
		check_upgraded(f);
	}
	assert_true(killed > 20);
	fixture_reopen(f);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, fixture_setup, fixture_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_file_of_the_first_schema_is_upgraded),
		TEST(a_deletion_that_was_begun_goes_on),
		TEST(an_upgraded_file_gives_the_labels_known_at_a_sequence),
		TEST(a_kill_in_the_upgrade_leaves_a_file_that_upgrades),
	};
	return cmocka_run_group_tests_name("migration", tests, NULL, NULL);
}
