#include "fixture.h"

#include <math.h>
#include <string.h>

#define TEXT(literal) ((struct upk_text){ literal, sizeof literal - 1 })

static const double scores[] = { 0.1, 5e-324, 0.9 };

/* Every field set, each to a value of its own. */
static struct upk_event_row full_row(const struct fixture *f)
{
	return (struct upk_event_row){
		.seq = 41,
		.model = f->model,
		.number = 7,
		.place = 5,
		.id = upk_text_of("r-1"),
		.time = -5,
		.timed = true,
		.arrival = 1700000000000,
		.predicted = upk_text_of("späm"),
		.stated = true,
		.scored = true,
		.score = 0.1 + 0.2,
		.scores = scores,
		.scores_count = 3,
		.features = TEXT("\0\xff\1"),
		.feature_list = 3,
		.slices = upk_text_of("{\"country\":\"de\"}"),
		.version = { .name = upk_text_of("3") },
		.meta = upk_text_of(""),
		.label = upk_text_of("ham"),
	};
}

static void insert(struct fixture *f, const struct upk_event_row *row)
{
	struct upk_error err = { 0 };
	fixture_begin(f);
	assert_ok(upk_event_insert_many(f->store, row, 1, &err), &err);
	fixture_commit(f);
}

static struct upk_event_row get(struct fixture *f, int64_t seq)
{
	struct upk_error err = { 0 };
	bool found = false;
	struct upk_event_row row;
	assert_ok(upk_event_get(f->store, seq, &found, &row, &err), &err);
	assert_true(found);
	return row;
}

static void an_event_reads_back_as_it_was_written(void **state)
{
	struct fixture *f = *state;
	struct upk_event_row in = full_row(f);
	insert(f, &in);
	struct upk_event_row out = get(f, 41);
	assert_int_equal(out.seq, 41);
	assert_int_equal(out.model, f->model);
	assert_int_equal(out.number, 7);
	assert_text(out.id, "r-1");
	assert_int_equal(out.time, -5);
	assert_true(out.timed && out.stated && out.scored);
	assert_int_equal(out.arrival, 1700000000000);
	assert_text(out.predicted, "späm");
	assert_true(out.score == in.score);
	assert_int_equal(out.scores_count, 3);
	assert_memory_equal(out.scores, scores, sizeof scores);
	assert_int_equal((uintptr_t)out.scores % _Alignof(double), 0);
	assert_true(upk_text_equal(out.features, in.features));
	assert_int_equal(out.feature_list, 3);
	assert_text(out.slices, "{\"country\":\"de\"}");
	assert_int_equal(out.version.number, 0);
	assert_text(out.version.name, "3");
	assert_text(out.meta, "");
	assert_text(out.label, "ham");
}

static void what_was_not_sent_reads_back_as_absent(void **state)
{
	struct fixture *f = *state;
	struct upk_error err = { 0 };
	struct upk_event_row in = { .seq = 1, .model = f->model, .number = 1 };
	insert(f, &in);
	bool found = false;
	struct upk_event_row out;
	assert_ok(upk_event_get(f->store, 1, &found, &out, &err), &err);
	assert_true(found);
	assert_null(out.id.data);
	assert_null(out.predicted.data);
	assert_null(out.features.data);
	assert_null(out.slices.data);
	assert_null(out.meta.data);
	assert_null(out.label.data);
	assert_null(out.version.name.data);
	assert_int_equal(out.version.number, 0);
	assert_false(out.timed || out.stated || out.scored);
	assert_null(out.scores);
	assert_int_equal(out.scores_count, 0);
}

static void an_own_version_and_a_foreign_one_of_the_same_digits_differ(void **state)
{
	struct fixture *f = *state;
	struct upk_event_row row = full_row(f);
	row.version = (struct upk_made_by){ .number = 3 };
	insert(f, &row);
	struct upk_event_row out = get(f, 41);
	assert_int_equal(out.version.number, 3);
	assert_null(out.version.name.data);
}

static void an_unknown_event_is_not_found(void **state)
{
	struct fixture *f = *state;
	struct upk_error err = { 0 };
	struct upk_event_row row;
	bool found = true;
	assert_ok(upk_event_get(f->store, 9, &found, &row, &err), &err);
	assert_false(found);
}

static void an_example_gets_its_prediction(void **state)
{
	struct fixture *f = *state;
	struct upk_error err = { 0 };
	fixture_begin(f);
	int64_t seq = fixture_event(f, "a", NULL, "ham");
	struct upk_event_row row = full_row(f);
	row.seq = seq;
	assert_ok(upk_event_set_prediction(f->store, &row, &err), &err);
	row.seq = 99;
	assert_false(upk_event_set_prediction(f->store, &row, &err));
	assert_int_equal(err.code, UPK_NOT_FOUND);
	fixture_commit(f);

	struct upk_event_row out = get(f, seq);
	assert_text(out.predicted, "späm");
	assert_true(out.stated && out.scored && out.timed);
	assert_int_equal(out.scores_count, 3);
	assert_int_equal(out.time, -5);
	assert_text(out.version.name, "3");
	assert_text(out.label, "ham");
	assert_int_equal(out.number, 7);
	assert_int_equal(out.place, 5);
}

struct seen {
	size_t count, stop_after;
	int64_t seqs[8];
};

static bool take(void *context, const struct upk_event_row *row)
{
	struct seen *seen = context;
	seen->seqs[seen->count++] = row->seq;
	assert_text(row->id, row->seq % 2 ? "odd" : NULL);
	assert_true(row->scores_count == (size_t)row->seq % 3);
	return seen->count != seen->stop_after;
}

static void many_rows_are_stored_at_once_and_scanned_in_order(void **state)
{
	struct fixture *f = *state;
	struct upk_error err = { 0 };
	struct upk_event_row rows[7];
	for (int i = 0; i < 7; i++)
		rows[i] = (struct upk_event_row){ .seq = 10 + i,
			.model = f->model,
			.id = upk_text_of((10 + i) % 2 ? "odd" : NULL),
			.arrival = 1000 + i,
			.scores = scores,
			.scores_count = (size_t)(10 + i) % 3 };
	fixture_begin(f);
	assert_ok(upk_event_insert_many(f->store, rows, 7, &err), &err);
	assert_ok(upk_event_insert_many(f->store, NULL, 0, &err), &err);
	fixture_commit(f);
	struct seen range = { 0 };
	assert_ok(upk_event_scan(f->store, 11, 14, take, &range, &err), &err);
	assert_int_equal(range.count, 4);
	assert_int_equal(range.seqs[0], 11);
	assert_int_equal(range.seqs[3], 14);
	struct seen stopped = { .stop_after = 2 };
	assert_ok(upk_event_scan(f->store, 0, INT64_MAX, take, &stopped, &err), &err);
	assert_int_equal(stopped.count, 2);

	int64_t last = 0;
	assert_ok(upk_store_last_seq(f->store, &last, &err), &err);
	assert_int_equal(last, 16);
	assert_ok(upk_store_last_arrival(f->store, &last, &err), &err);
	assert_int_equal(last, 1006);
}

static void of_many_rows_none_is_stored_when_one_is_refused(void **state)
{
	struct fixture *f = *state;
	struct upk_error err = { 0 };
	struct upk_event_row rows[] = { { .seq = 1, .model = 1 }, { .seq = 2, .model = 1 },
		{ .seq = 1, .model = 1 } };
	fixture_begin(f);
	assert_false(upk_event_insert_many(f->store, rows, 3, &err));
	assert_int_equal(err.code, UPK_CONFLICT);
	assert_ok(upk_event_insert_many(f->store, rows + 1, 1, &err), &err);
	fixture_commit(f);
	assert_int_equal(fixture_count(f, "event"), 1);
}

static void numbers_that_are_gone_are_counted_in_a_range(void **state)
{
	struct fixture *f = *state;
	struct upk_error err = { 0 };
	static const int64_t gone[] = { 7, 3, 12 };
	fixture_begin(f);
	for (int i = 0; i < 3; i++)
		assert_ok(upk_event_add_gone(f->store, f->model, gone[i], &err), &err);
	fixture_commit(f);
	int64_t count = -1;
	assert_ok(upk_event_count_gone(f->store, f->model, 3, 11, &count, &err), &err);
	assert_int_equal(count, 2);
	assert_ok(upk_event_count_gone(f->store, f->model, 4, 6, &count, &err), &err);
	assert_int_equal(count, 0);
	assert_ok(upk_event_count_gone(f->store, f->model + 1, 0, 99, &count, &err), &err);
	assert_int_equal(count, 0);
}

static bool take_upgrade(void *context, const struct upk_upgrade_row *row)
{
	struct seen *seen = context;
	assert_int_equal(row->event, row->seq - 10);
	assert_int_equal(row->place, row->seq + 1);
	assert_int_equal(row->time, row->seq + 2);
	assert_int_equal(row->arrival, row->seq + 3);
	seen->seqs[seen->count++] = row->seq;
	return true;
}

static void upgrades_are_scanned_by_the_sequence_that_made_them(void **state)
{
	struct fixture *f = *state;
	struct upk_error err = { 0 };
	fixture_begin(f);
	for (int64_t seq = 30; seq > 20; seq--) {
		const struct upk_upgrade_row row = { seq - 10, f->model, seq, seq + 1, seq + 2,
			seq + 3 };
		assert_ok(upk_upgrade_insert(f->store, &row, &err), &err);
	}
	fixture_commit(f);
	struct seen seen = { 0 };
	assert_ok(upk_upgrade_scan(f->store, 24, 27, take_upgrade, &seen, &err), &err);
	assert_int_equal(seen.count, 4);
	assert_int_equal(seen.seqs[0], 24);
	assert_int_equal(seen.seqs[3], 27);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, fixture_setup, fixture_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(an_event_reads_back_as_it_was_written),
		TEST(what_was_not_sent_reads_back_as_absent),
		TEST(an_own_version_and_a_foreign_one_of_the_same_digits_differ),
		TEST(an_unknown_event_is_not_found),
		TEST(an_example_gets_its_prediction),
		TEST(many_rows_are_stored_at_once_and_scanned_in_order),
		TEST(of_many_rows_none_is_stored_when_one_is_refused),
		TEST(numbers_that_are_gone_are_counted_in_a_range),
		TEST(upgrades_are_scanned_by_the_sequence_that_made_them),
	};
	return cmocka_run_group_tests_name("event", tests, NULL, NULL);
}
