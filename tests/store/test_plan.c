#include "fixture.h"

#include <string.h>

#include <sqlite3.h>

#include "store/statement.h"

/* Plans that may say SCAN, and why: tables of few rows, and what a subquery returned. */
static const char *const fine[] = {
	"SCAN sequence",  /* one row */
	"SCAN model",     /* every model is wanted */
	"SCAN new_",      /* rows to be stored */
	"SCAN event",     /* of a model that is deleted */
	"SCAN label",     /* the same */
	"SCAN deletion",  /* models that are being deleted */
	"SCAN run",       /* at the start alone, over runs */
	"SCAN id_run",    /* some 20 rows */
	"SCAN id_index",  /* one row */
	"SCAN (subquery", /* its rows were searched for */
	"SCAN CONSTANT ROW",
};

static bool is_fine(const char *detail)
{
	if (strncmp(detail, "SCAN", 4) != 0)
		return true;
	for (size_t i = 0; i < sizeof fine / sizeof fine[0]; i++) {
		if (strncmp(detail, fine[i], strlen(fine[i])) == 0)
			return true;
	}
	return false;
}

static void check_plan(sqlite3 *db, const char *text)
{
	char *explain = sqlite3_mprintf("EXPLAIN QUERY PLAN %s", text);
	assert_non_null(explain);
	sqlite3_stmt *statement;
	assert_int_equal(sqlite3_prepare_v2(db, explain, -1, &statement, NULL), SQLITE_OK);
	int result;
	while ((result = sqlite3_step(statement)) == SQLITE_ROW) {
		const char *detail = (const char *)sqlite3_column_text(statement, 3);
		if (!is_fine(detail))
			fail_msg("%s: %s", detail, text);
	}
	assert_int_equal(result, SQLITE_DONE);
	sqlite3_finalize(statement);
	sqlite3_free(explain);
}

static void no_statement_scans_events_labels_or_places(void **state)
{
	struct fixture *f = *state;
	char path[FIXTURE_PATH];
	fixture_path(f, "upkeepd.db", path);
	sqlite3 *db;
	assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
	struct upk_bulk_rows bulk[UPK_BULKS];
	assert_int_equal(upk_bulk_register(db, bulk), SQLITE_OK);
	size_t checked = 0;
	for (size_t slot = 0; slot < UPK_SQL_SLOTS; slot++) {
		assert_int_equal(upk_sql_all[slot]->slot, slot);
		for (size_t i = 0; i < upk_sql_all[slot]->count; i++, checked++)
			check_plan(db, upk_sql_all[slot]->text[i]);
	}
	assert_true(checked > 60);
	assert_int_equal(sqlite3_close(db), SQLITE_OK);
}

/* A foreign key whose child side has no index makes each deletion a scan of the child. */
static void every_foreign_key_can_be_searched(void **state)
{
	static const char *const children[] = {
		"SELECT 1 FROM version_piece WHERE model = 1 AND version = 1",
		"SELECT 1 FROM run WHERE model = 1",
		"SELECT 1 FROM alert WHERE model = 1",
		"SELECT 1 FROM history WHERE model = 1",
	};
	struct fixture *f = *state;
	char path[FIXTURE_PATH];
	fixture_path(f, "upkeepd.db", path);
	sqlite3 *db;
	assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
	for (size_t i = 0; i < sizeof children / sizeof children[0]; i++)
		check_plan(db, children[i]);
	assert_int_equal(sqlite3_close(db), SQLITE_OK);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, fixture_setup, fixture_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(no_statement_scans_events_labels_or_places),
		TEST(every_foreign_key_can_be_searched),
	};
	return cmocka_run_group_tests_name("plan", tests, NULL, NULL);
}
