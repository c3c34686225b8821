#include "fixture.h"

static bool waiting(struct fixture *f, const char *id, struct upk_label_row *row)
{
	struct upk_error err = { 0 };
	bool found;
	assert_ok(upk_label_waiting(f->store, f->model, upk_text_of(id), &found, row, &err), &err);
	return found;
}

static bool current(struct fixture *f, int64_t event, int64_t as_of, struct upk_label_row *row)
{
	struct upk_error err = { 0 };
	bool found;
	assert_ok(upk_label_current(f->store, event, as_of, &found, row, &err), &err);
	return found;
}

static int64_t waiting_count(struct fixture *f)
{
	struct upk_error err = { 0 };
	int64_t count = -1;
	assert_ok(upk_label_waiting_count(f->store, f->model, &count, &err), &err);
	return count;
}

static void a_label_reads_back_as_it_was_written(void **state)
{
	struct fixture *f = *state;
	struct upk_error err = { 0 };
	fixture_begin(f);
	fixture_event(f, "a", "x", NULL);
	struct upk_label_row in = { .seq = 2,
		.model = f->model,
		.id = upk_text_of("a"),
		.event = 1,
		.class = upk_text_of("späm"),
		.time = -7,
		.arrival = 8,
		.source = upk_text_of("review"),
		.carried = true };
	assert_ok(upk_label_insert_many(f->store, &in, 1, &err), &err);
	fixture_commit(f);

	struct upk_label_row out;
	assert_true(current(f, 1, INT64_MAX, &out));
	assert_int_equal(out.seq, 2);
	assert_int_equal(out.model, f->model);
	assert_int_equal(out.event, 1);
	assert_text(out.id, "a");
	assert_text(out.class, "späm");
	assert_text(out.source, "review");
	assert_int_equal(out.time, -7);
	assert_int_equal(out.arrival, 8);
	assert_true(out.carried);
}

static void the_newest_waiting_label_counts_and_all_of_them_join(void **state)
{
	struct fixture *f = *state;
	struct upk_error err = { 0 };
	struct upk_label_row row;
	fixture_begin(f);
	fixture_label(f, "a", 0, "x");
	int64_t second = fixture_label(f, "a", 0, "y");
	fixture_label(f, "b", 0, "z");
	assert_true(waiting(f, "a", &row));
	assert_int_equal(row.seq, second);
	assert_int_equal(row.event, 0);
	assert_null(row.source.data);
	assert_int_equal(waiting_count(f), 3);

	int64_t event = fixture_event(f, "a", "x", NULL);
	assert_ok(upk_label_join(f->store, f->model, upk_text_of("a"), event, &err), &err);
	fixture_commit(f);
	assert_false(waiting(f, "a", &row));
	assert_true(waiting(f, "b", &row));
	assert_int_equal(waiting_count(f), 1);
	assert_true(current(f, event, INT64_MAX, &row));
	assert_text(row.class, "y");
}

static void current_is_what_was_known_at_a_sequence(void **state)
{
	struct fixture *f = *state;
	struct upk_label_row row;
	fixture_begin(f);
	int64_t event = fixture_event(f, "a", "x", NULL);
	assert_false(current(f, event, INT64_MAX, &row));
	int64_t first = fixture_label(f, "a", event, "x");
	int64_t second = fixture_label(f, "a", event, "y");
	fixture_commit(f);
	assert_false(current(f, event, first - 1, &row));
	assert_true(current(f, event, second - 1, &row));
	assert_text(row.class, "x");
	assert_true(current(f, event, second, &row));
	assert_text(row.class, "y");
}

static void carried_finds_what_came_in_an_event_item(void **state)
{
	struct fixture *f = *state;
	struct upk_error err = { 0 };
	bool found = true;
	fixture_begin(f);
	int64_t event = fixture_event(f, "a", "x", NULL);
	fixture_label(f, "a", event, "y");
	struct upk_label_row row = { .seq = 99,
		.model = f->model,
		.id = upk_text_of("a"),
		.event = event,
		.class = upk_text_of("x"),
		.carried = true };
	assert_ok(upk_label_insert_many(f->store, &row, 1, &err), &err);
	fixture_commit(f);
	assert_ok(upk_label_carried(f->store, event, upk_text_of("y"), &found, &err), &err);
	assert_false(found);
	assert_ok(upk_label_carried(f->store, event, upk_text_of("x"), &found, &err), &err);
	assert_true(found);
}

struct seen {
	size_t count, most;
	int64_t seqs[4];
};

static bool take(void *context, const struct upk_label_row *row)
{
	struct seen *seen = context;
	seen->seqs[seen->count++] = row->seq;
	return seen->count < seen->most;
}

static void each_goes_from_old_to_new(void **state)
{
	struct fixture *f = *state;
	struct upk_error err = { 0 };
	struct upk_text none = { NULL, 0 };
	fixture_begin(f);
	int64_t event = fixture_event(f, "a", "x", NULL);
	int64_t first = fixture_label(f, "a", event, "x");
	int64_t second = fixture_label(f, "a", event, "y");
	int64_t early = fixture_label(f, "b", 0, "y");
	fixture_commit(f);

	struct seen of_event = { .most = 4 }, stopped = { .most = 1 }, of_id = { .most = 4 };
	assert_ok(upk_label_each(f->store, f->model, event, none, take, &of_event, &err), &err);
	assert_int_equal(of_event.count, 2);
	assert_int_equal(of_event.seqs[0], first);
	assert_int_equal(of_event.seqs[1], second);
	assert_ok(upk_label_each(f->store, f->model, event, none, take, &stopped, &err), &err);
	assert_int_equal(stopped.count, 1);
	assert_ok(
		upk_label_each(f->store, f->model, 0, upk_text_of("b"), take, &of_id, &err), &err);
	assert_int_equal(of_id.count, 1);
	assert_int_equal(of_id.seqs[0], early);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, fixture_setup, fixture_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_label_reads_back_as_it_was_written),
		TEST(the_newest_waiting_label_counts_and_all_of_them_join),
		TEST(current_is_what_was_known_at_a_sequence),
		TEST(carried_finds_what_came_in_an_event_item),
		TEST(each_goes_from_old_to_new),
	};
	return cmocka_run_group_tests_name("label", tests, NULL, NULL);
}
