#include "fixture.h"

#include <stdlib.h>
#include <string.h>

#include <sqlite3.h>

#include "store/run.h"
#include "store/version.h"

static struct upk_version_row row_of(const struct fixture *f, int64_t version)
{
	return (struct upk_version_row){
		.model = f->model,
		.version = version,
		.learner = upk_text_of("logistic"),
		.settings = upk_text_of("{\"l2\":1}"),
		.from = 3,
		.to = 9,
		.rows = 5,
		.as_of = 44,
		.run = 2,
		.created = 1234,
		.figures = upk_text_of("{}"),
		.processor = upk_text_of("Haswell"),
		.base = version - 1,
	};
}

static void insert(struct fixture *f, int64_t version, const char *bytes, size_t size)
{
	struct upk_error err = { 0 };
	struct upk_version_row row = row_of(f, version);
	fixture_begin(f);
	assert_ok(upk_version_insert(f->store, &row, (struct upk_text){ bytes, size }, &err), &err);
	fixture_commit(f);
}

static void a_version_reads_back_as_it_was_written(void **state)
{
	struct fixture *f = *state;
	struct upk_error err = { 0 };
	bool found = false;
	struct upk_version_row row;
	insert(f, 1, "abc", 3);
	assert_ok(upk_version_get(f->store, f->model, 1, &found, &row, &err), &err);
	assert_true(found);
	assert_text(row.learner, "logistic");
	assert_text(row.settings, "{\"l2\":1}");
	assert_text(row.figures, "{}");
	assert_text(row.processor, "Haswell");
	assert_int_equal(row.from, 3);
	assert_int_equal(row.to, 9);
	assert_int_equal(row.rows, 5);
	assert_int_equal(row.as_of, 44);
	assert_int_equal(row.run, 2);
	assert_int_equal(row.created, 1234);
	assert_int_equal(row.size, 3);
	assert_false(row.off_bench);
	assert_int_equal(row.base, 0);
	assert_ok(upk_version_get(f->store, f->model, 2, &found, &row, &err), &err);
	assert_false(found);
	insert(f, 2, "abc", 3);
	assert_ok(upk_version_get(f->store, f->model, 2, &found, &row, &err), &err);
	assert_int_equal(row.base, 1);
}

static void bytes_of_any_size_come_back_whole(void **state)
{
	static const size_t sizes[] = { 0, 1, 256 * 1024 - 1, 256 * 1024, 256 * 1024 + 1, 2000000 };
	struct fixture *f = *state;
	struct upk_error err = { 0 };
	char *bytes = malloc(2000000);
	assert_non_null(bytes);
	for (size_t i = 0; i < 2000000; i++)
		bytes[i] = (char)(i * 2654435761u >> 13);

	for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
		insert(f, (int64_t)i + 1, bytes, sizes[i]);
		char *read = NULL;
		size_t size = 99;
		assert_ok(upk_version_bytes(f->store, f->model, (int64_t)i + 1, &read, &size, &err),
			&err);
		assert_int_equal(size, sizes[i]);
		assert_memory_equal(read, bytes, size);
		free(read);
	}
	free(bytes);

	char *none = NULL;
	size_t size;
	assert_false(upk_version_bytes(f->store, f->model, 99, &none, &size, &err));
	assert_int_equal(err.code, UPK_NOT_FOUND);
	assert_null(none);
}

static void a_lost_piece_is_corrupt(void **state)
{
	struct fixture *f = *state;
	struct upk_error err = { 0 };
	static const char bytes[600000] = { 1 };
	char path[FIXTURE_PATH];
	insert(f, 1, bytes, sizeof bytes);
	fixture_path(f, "upkeepd.db", path);
	static const char *const damages[] = {
		"UPDATE version_piece SET bytes = zeroblob(300000) WHERE piece = 2",
		"DELETE FROM version_piece WHERE piece = 2",
	};
	for (size_t i = 0; i < 2; i++) {
		sqlite3 *db;
		assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
		assert_int_equal(sqlite3_exec(db, damages[i], NULL, NULL, NULL), SQLITE_OK);
		assert_int_equal(sqlite3_close(db), SQLITE_OK);

		char *read = NULL;
		size_t size;
		assert_false(upk_version_bytes(f->store, f->model, 1, &read, &size, &err));
		assert_int_equal(err.code, UPK_CORRUPT);
		assert_null(read);
	}
}

struct seen {
	size_t count;
	int64_t numbers[8];
};

static bool take(void *context, const struct upk_version_row *row)
{
	struct seen *seen = context;
	seen->numbers[seen->count++] = row->version;
	return true;
}

static void versions_come_newest_first_below_a_number(void **state)
{
	struct fixture *f = *state;
	struct upk_error err = { 0 };
	int64_t last = -1;
	assert_ok(upk_version_last(f->store, f->model, &last, &err), &err);
	assert_int_equal(last, 0);
	for (int64_t version = 1; version <= 5; version++)
		insert(f, version, "x", 1);
	assert_ok(upk_version_last(f->store, f->model, &last, &err), &err);
	assert_int_equal(last, 5);

	struct seen all = { 0 }, below = { 0 };
	assert_ok(upk_version_each(f->store, f->model, 0, 3, take, &all, &err), &err);
	assert_int_equal(all.count, 3);
	assert_int_equal(all.numbers[0], 5);
	assert_ok(upk_version_each(f->store, f->model, 3, 9, take, &below, &err), &err);
	assert_int_equal(below.count, 2);
	assert_int_equal(below.numbers[0], 2);
}

static void off_bench_is_kept(void **state)
{
	struct fixture *f = *state;
	struct upk_error err = { 0 };
	bool found;
	struct upk_version_row row;
	insert(f, 1, "x", 1);
	fixture_begin(f);
	assert_ok(upk_version_set_off_bench(f->store, f->model, 1, true, &err), &err);
	assert_false(upk_version_set_off_bench(f->store, f->model, 2, true, &err));
	assert_int_equal(err.code, UPK_NOT_FOUND);
	fixture_commit(f);
	assert_ok(upk_version_get(f->store, f->model, 1, &found, &row, &err), &err);
	assert_true(row.off_bench);
}

static bool take_old(void *context, int64_t version)
{
	struct seen *seen = context;
	seen->numbers[seen->count++] = version;
	return seen->count < 2;
}

static void insert_run(struct fixture *f, int64_t run, const char *run_state)
{
	struct upk_error err = { 0 };
	const struct upk_run_row row = { .model = f->model,
		.run = run,
		.state = upk_text_of(run_state),
		.kind = upk_text_of("manual"),
		.reason = upk_text_of("why") };
	fixture_begin(f);
	assert_ok(upk_run_insert(f->store, &row, &err), &err);
	fixture_commit(f);
}

static void old_versions_come_oldest_first(void **state)
{
	struct fixture *f = *state;
	struct upk_error err = { 0 };
	struct seen seen = { 0 }, below = { 0 };
	insert_run(f, 2, "succeeded");
	for (int64_t i = 5; i > 0; i--)
		insert(f, i, "x", 1);
	assert_ok(upk_version_each_old(f->store, f->model, 4, take_old, &seen, &err), &err);
	assert_int_equal(seen.count, 2);
	assert_int_equal(seen.numbers[0], 1);
	assert_int_equal(seen.numbers[1], 2);
	assert_ok(upk_version_each_old(f->store, f->model, 1, take_old, &below, &err), &err);
	assert_int_equal(below.count, 1);
}

static void a_version_that_waits_is_not_old(void **state)
{
	struct fixture *f = *state;
	struct upk_error err = { 0 };
	struct seen seen = { 0 };
	insert_run(f, 2, "waiting");
	insert(f, 1, "x", 1);
	assert_ok(upk_version_each_old(f->store, f->model, 9, take_old, &seen, &err), &err);
	assert_int_equal(seen.count, 0);
}

static void a_version_goes_with_its_bytes(void **state)
{
	struct fixture *f = *state;
	struct upk_error err = { 0 };
	bool found;
	struct upk_version_row row;
	char *bytes;
	size_t size;
	insert(f, 1, "abc", 3);
	insert(f, 2, "def", 3);
	fixture_begin(f);
	assert_ok(upk_version_remove(f->store, f->model, 1, &err), &err);
	assert_false(upk_version_remove(f->store, f->model, 7, &err));
	assert_int_equal(err.code, UPK_NOT_FOUND);
	fixture_commit(f);
	assert_ok(upk_version_get(f->store, f->model, 1, &found, &row, &err), &err);
	assert_false(found);
	assert_ok(upk_version_bytes(f->store, f->model, 2, &bytes, &size, &err), &err);
	assert_int_equal(size, 3);
	free(bytes);
	insert(f, 1, "", 0); /* pieces left behind would be in excess */
	assert_ok(upk_version_bytes(f->store, f->model, 1, &bytes, &size, &err), &err);
	free(bytes);
}

static bool take_promotion(void *context, const struct upk_promotion_row *row)
{
	struct seen *seen = context;
	seen->numbers[seen->count++] = row->promotion;
	assert_int_equal(row->version, row->promotion + 10);
	assert_int_equal(row->time, 5);
	assert_int_equal(row->place, 6);
	assert_int_equal(row->run, row->promotion == 1 ? 0 : 7);
	assert_text(row->by, "hand");
	assert_text(row->reason, "why");
	assert_text(row->person, row->promotion == 1 ? NULL : "anna");
	assert_text(row->against, row->promotion == 1 ? NULL : "worse");
	return seen->count < 2;
}

static void promotions_come_oldest_first(void **state)
{
	struct fixture *f = *state;
	struct upk_error err = { 0 };
	fixture_begin(f);
	for (int64_t i = 3; i > 0; i--) {
		struct upk_promotion_row row = { f->model, i, i + 10, 5, 6, upk_text_of("hand"),
			upk_text_of("why"), i == 1 ? 0 : 7, upk_text_of(i == 1 ? NULL : "anna"),
			upk_text_of(i == 1 ? NULL : "worse") };
		assert_ok(upk_promotion_insert(f->store, &row, &err), &err);
	}
	fixture_commit(f);
	struct seen seen = { 0 };
	assert_ok(upk_promotion_each(f->store, f->model, take_promotion, &seen, &err), &err);
	assert_int_equal(seen.count, 2);
	assert_int_equal(seen.numbers[0], 1);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, fixture_setup, fixture_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_version_reads_back_as_it_was_written),
		TEST(bytes_of_any_size_come_back_whole),
		TEST(a_lost_piece_is_corrupt),
		TEST(versions_come_newest_first_below_a_number),
		TEST(off_bench_is_kept),
		TEST(old_versions_come_oldest_first),
		TEST(a_version_that_waits_is_not_old),
		TEST(a_version_goes_with_its_bytes),
		TEST(promotions_come_oldest_first),
	};
	return cmocka_run_group_tests_name("version", tests, NULL, NULL);
}
