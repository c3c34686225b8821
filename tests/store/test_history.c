#include "fixture.h"

#include "store/history.h"

static void insert(struct fixture *f, const char *window, int64_t place)
{
	struct upk_error err = { 0 };
	struct upk_history_row row = { f->model, upk_text_of(window), place, place * 10,
		{ "\0\1", 2 } };
	assert_ok(upk_history_insert_many(f->store, &row, 1, &err), &err);
}

struct seen {
	size_t count, most;
	int64_t places[16];
};

static bool take(void *context, const struct upk_history_row *row)
{
	struct seen *seen = context;
	assert_int_equal(row->time, row->place * 10);
	assert_int_equal(row->counts.size, 2);
	assert_int_equal(row->counts.data[1], 1);
	seen->places[seen->count++] = row->place;
	return seen->count < seen->most;
}

static struct seen each(struct fixture *f, const char *window, int64_t from, int64_t to)
{
	struct upk_error err = { 0 };
	struct seen seen = { .most = 16 };
	assert_ok(upk_history_each(
			  f->store, f->model, upk_text_of(window), from, to, take, &seen, &err),
		&err);
	return seen;
}

static void points_come_in_the_order_of_places_between_two_times(void **state)
{
	struct fixture *f = *state;
	fixture_begin(f);
	for (int64_t place = 5; place > 0; place--)
		insert(f, "w", place);
	insert(f, "other", 9);
	fixture_commit(f);

	struct seen all = each(f, "w", 0, 0);
	assert_int_equal(all.count, 5);
	assert_int_equal(all.places[0], 1);
	struct seen some = each(f, "w", 20, 40);
	assert_int_equal(some.count, 2);
	assert_int_equal(some.places[0], 2);
	assert_int_equal(some.places[1], 3);
}

/* Two windows in turn, some of them a second time. */
static void many_points_are_stored_together_and_replace_others(void **state)
{
	struct fixture *f = *state;
	struct upk_error err = { 0 };
	struct upk_history_row rows[6];
	for (size_t i = 0; i < 6; i++)
		rows[i] = (struct upk_history_row){ f->model, upk_text_of(i % 2 ? "w" : "other"),
			(int64_t)i + 1, (int64_t)i * 10 + 10, { "\0\1", 2 } };
	fixture_begin(f);
	assert_ok(upk_history_insert_many(f->store, rows, 0, &err), &err);
	rows[3].counts = (struct upk_text){ "", 0 };
	assert_ok(upk_history_insert_many(f->store, &rows[3], 1, &err), &err);
	rows[3].counts = rows[1].counts;
	assert_ok(upk_history_insert_many(f->store, rows, 6, &err), &err);
	fixture_commit(f);

	struct seen seen = each(f, "w", 0, 0);
	assert_int_equal(seen.count, 3);
	for (int64_t i = 0; i < 3; i++)
		assert_int_equal(seen.places[i], 2 * i + 2);
	assert_int_equal(each(f, "other", 0, 0).count, 3);
}

static void thin_halves_the_older_half_of_a_full_window(void **state)
{
	static const int64_t left[] = { 1, 3, 5, 6, 7, 8, 9, 10 };
	struct fixture *f = *state;
	struct upk_error err = { 0 };
	fixture_begin(f);
	for (int64_t place = 1; place <= 10; place++) {
		insert(f, "w", place);
		insert(f, "other", place);
	}
	assert_ok(upk_history_thin(f->store, f->model, upk_text_of("w"), 10, &err), &err);
	assert_int_equal(each(f, "w", 0, 0).count, 10);
	assert_ok(upk_history_thin(f->store, f->model, upk_text_of("w"), 9, &err), &err);
	fixture_commit(f);

	struct seen seen = each(f, "w", 0, 0);
	assert_int_equal(seen.count, 8);
	assert_memory_equal(seen.places, left, sizeof left);
	assert_int_equal(each(f, "other", 0, 0).count, 10);
}

static void remove_takes_one_window(void **state)
{
	struct fixture *f = *state;
	struct upk_error err = { 0 };
	fixture_begin(f);
	insert(f, "w", 1);
	insert(f, "other", 1);
	assert_ok(upk_history_remove(f->store, f->model, upk_text_of("w"), &err), &err);
	fixture_commit(f);
	assert_int_equal(each(f, "w", 0, 0).count, 0);
	assert_int_equal(each(f, "other", 0, 0).count, 1);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, fixture_setup, fixture_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(points_come_in_the_order_of_places_between_two_times),
		TEST(many_points_are_stored_together_and_replace_others),
		TEST(thin_halves_the_older_half_of_a_full_window),
		TEST(remove_takes_one_window),
	};
	return cmocka_run_group_tests_name("history", tests, NULL, NULL);
}
