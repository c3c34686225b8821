#include "fixture.h"

#include <string.h>

static struct upk_label_row get(struct fixture *f, int64_t seq)
{
	struct upk_error err = { 0 };
	struct upk_label_row row;
	bool found = false;
	assert_ok(upk_label_get(f->store, seq, &found, &row, &err), &err);
	assert_true(found);
	return row;
}

static void labels_read_back_as_they_were_written(void **state)
{
	struct fixture *f = *state;
	struct upk_error err = { 0 };
	const struct upk_label_row in[] = {
		{ .seq = 5,
			.model = f->model,
			.id = { "a\0b", 3 },
			.event = 3,
			.place = 8,
			.class = upk_text_of("späm"),
			.time = -1,
			.arrival = 1700000000000,
			.source = upk_text_of(""),
			.carried = true },
		{ .seq = 6, .model = f->model, .id = upk_text_of("c"), .class = upk_text_of("x") },
	};
	fixture_begin(f);
	assert_ok(upk_label_insert_many(f->store, in, 2, &err), &err);
	fixture_commit(f);
	fixture_reopen(f);

	struct upk_label_row out = get(f, 5);
	assert_int_equal(out.model, f->model);
	assert_true(upk_text_equal(out.id, in[0].id));
	assert_int_equal(out.event, 3);
	assert_int_equal(out.place, 8);
	assert_text(out.class, "späm");
	assert_int_equal(out.time, -1);
	assert_int_equal(out.arrival, 1700000000000);
	assert_text(out.source, "");
	assert_true(out.carried);
	out = get(f, 6);
	assert_int_equal(out.event + out.place, 0);
	assert_null(out.source.data);
	assert_false(out.carried);
	int64_t last = 0;
	assert_ok(upk_store_last_seq(f->store, &last, &err), &err);
	assert_int_equal(last, 6);
}

static void an_unknown_label_is_not_found(void **state)
{
	struct fixture *f = *state;
	struct upk_error err = { 0 };
	struct upk_label_row row;
	bool found = true;
	assert_ok(upk_label_get(f->store, 1, &found, &row, &err), &err);
	assert_false(found);
}

static void a_sequence_number_is_given_out_once(void **state)
{
	struct fixture *f = *state;
	struct upk_error err = { 0 };
	const struct upk_label_row rows[] = {
		{ .seq = 1, .id = upk_text_of("a"), .class = upk_text_of("x") },
		{ .seq = 1, .id = upk_text_of("b"), .class = upk_text_of("x") },
	};
	fixture_begin(f);
	assert_false(upk_label_insert_many(f->store, rows, 2, &err));
	assert_int_equal(err.code, UPK_CONFLICT);
	fixture_commit(f);
	assert_int_equal(fixture_count(f, "label"), 0);
}

static void a_label_that_waited_gets_its_event(void **state)
{
	struct fixture *f = *state;
	struct upk_error err = { 0 };
	fixture_begin(f);
	int64_t seq = fixture_label(f, "a", 0, "x");
	int64_t event = fixture_event(f, "a", "x", NULL);
	assert_ok(upk_label_join(f->store, seq, event, &err), &err);
	assert_false(upk_label_join(f->store, seq + 99, event, &err));
	assert_int_equal(err.code, UPK_NOT_FOUND);
	fixture_commit(f);
	assert_int_equal(get(f, seq).event, event);
}

struct seen {
	size_t count, stop_after;
	int64_t seqs[8];
};

static bool take(void *context, const struct upk_label_row *row)
{
	struct seen *seen = context;
	assert_text(row->class, row->seq % 2 ? "odd" : "even");
	seen->seqs[seen->count++] = row->seq;
	return seen->count != seen->stop_after;
}

static void labels_are_scanned_by_sequence(void **state)
{
	struct fixture *f = *state;
	struct upk_error err = { 0 };
	fixture_begin(f);
	for (int i = 1; i <= 8; i++)
		fixture_label(f, "a", 0, i % 2 ? "odd" : "even");
	fixture_commit(f);
	struct seen range = { 0 }, stopped = { .stop_after = 2 };
	assert_ok(upk_label_scan(f->store, 3, 6, take, &range, &err), &err);
	assert_int_equal(range.count, 4);
	assert_int_equal(range.seqs[0], 3);
	assert_int_equal(range.seqs[3], 6);
	assert_ok(upk_label_scan(f->store, 0, INT64_MAX, take, &stopped, &err), &err);
	assert_int_equal(stopped.count, 2);
}

static void the_newest_revision_before_a_sequence_is_found(void **state)
{
	struct fixture *f = *state;
	struct upk_error err = { 0 };
	struct upk_revision_row row;
	bool found = true;
	fixture_begin(f);
	int64_t first = fixture_revise(f, "a", 1, 7, "x");
	int64_t second = fixture_revise(f, "a", 1, 7, "y");
	fixture_revise(f, "b", 2, 9, "y");
	fixture_commit(f);
	assert_ok(upk_revision_last(f->store, 1, INT64_MAX, &found, &row, &err), &err);
	assert_true(found);
	assert_int_equal(row.seq, second);
	assert_int_equal(row.place, 7);
	assert_ok(upk_revision_last(f->store, 1, second, &found, &row, &err), &err);
	assert_int_equal(row.seq, first);
	assert_ok(upk_revision_last(f->store, 1, first, &found, &row, &err), &err);
	assert_false(found);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, fixture_setup, fixture_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(labels_read_back_as_they_were_written),
		TEST(an_unknown_label_is_not_found),
		TEST(a_sequence_number_is_given_out_once),
		TEST(a_label_that_waited_gets_its_event),
		TEST(labels_are_scanned_by_sequence),
		TEST(the_newest_revision_before_a_sequence_is_found),
	};
	return cmocka_run_group_tests_name("label", tests, NULL, NULL);
}
