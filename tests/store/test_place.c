#include "fixture.h"

#include <math.h>
#include <string.h>

enum { MOST = 16 };

/* What a scan gave. */
struct seen {
	size_t count, stop_after; /* 0: never */
	int64_t places[MOST], label_times[MOST], numbers[MOST];
	char actual[MOST][8], predicted[MOST][8];
	bool scored[MOST];
	size_t scores[MOST], features[MOST];
	double last_score;
};

static void copy(char out[8], struct upk_text text)
{
	assert_in_range(text.size, 0, 7);
	if (text.size > 0)
		memcpy(out, text.data, text.size);
	out[text.size] = '\0';
}

static bool take(void *context, const struct upk_known_row *row)
{
	struct seen *seen = context;
	assert_true(seen->count < MOST);
	size_t i = seen->count++;
	seen->places[i] = row->place.place;
	seen->label_times[i] = row->label_time;
	seen->numbers[i] = row->event_number;
	copy(seen->actual[i], row->actual);
	copy(seen->predicted[i], row->predicted);
	seen->scored[i] = row->scored;
	seen->scores[i] = row->scores_count;
	seen->features[i] = row->features.size;
	if (row->scores_count > 0)
		seen->last_score = row->scores[row->scores_count - 1];
	return seen->count != seen->stop_after;
}

static struct seen scan(struct fixture *f, struct upk_scan wanted)
{
	struct upk_error err = { 0 };
	struct seen seen = { 0 };
	wanted.model = f->model;
	if (wanted.to == 0)
		wanted.to = INT64_MAX;
	if (wanted.as_of == 0)
		wanted.as_of = INT64_MAX;
	assert_ok(upk_place_scan(f->store, &wanted, take, &seen, &err), &err);
	return seen;
}

static void scan_gives_the_label_that_was_known_at_a_sequence(void **state)
{
	struct fixture *f = *state;
	fixture_begin(f);
	int64_t a = fixture_event(f, "a", "x", NULL);
	int64_t first = fixture_label(f, "a", a, "x");
	fixture_place(f, a, first, 5000);
	int64_t b = fixture_event(f, "b", "y", "y");
	fixture_place(f, b, 0, 3000);
	int64_t second = fixture_revise(f, "a", a, 1, "y");
	int64_t third = fixture_revise(f, "b", b, 2, "x");
	fixture_commit(f);

	struct seen now = scan(f, (struct upk_scan){ 0 });
	assert_int_equal(now.count, 2);
	assert_string_equal(now.actual[0], "y");
	assert_string_equal(now.actual[1], "x");
	assert_int_equal(now.label_times[0], first * 1000);
	assert_int_equal(now.label_times[1], b * 1000);
	assert_int_equal(now.numbers[1], 2);

	struct seen before = scan(f, (struct upk_scan){ .as_of = third - 1 });
	assert_string_equal(before.actual[0], "y");
	assert_string_equal(before.actual[1], "y");
	struct seen earlier = scan(f, (struct upk_scan){ .as_of = second - 1 });
	assert_string_equal(earlier.actual[0], "x");
	struct seen unrevised = scan(f, (struct upk_scan){ .what = UPK_SCAN_UNREVISED });
	assert_string_equal(unrevised.actual[0], "x");
	assert_string_equal(unrevised.actual[1], "y");
	assert_int_equal(scan(f, (struct upk_scan){ .as_of = first }).count, 1);
	assert_int_equal(scan(f, (struct upk_scan){ .as_of = first - 1 }).count, 0);
}

static void scan_takes_a_range_its_newest_rows_and_pairs_alone(void **state)
{
	struct fixture *f = *state;
	fixture_begin(f);
	for (int i = 0; i < 10; i++)
		fixture_place(f, fixture_event(f, "", i % 2 ? "x" : NULL, "x"), 0, 1);
	fixture_commit(f);

	struct seen all = scan(f, (struct upk_scan){ 0 });
	assert_int_equal(all.count, 10);
	assert_string_equal(all.predicted[0], "");
	assert_string_equal(all.predicted[1], "x");

	struct seen range = scan(f, (struct upk_scan){ .from = 3, .to = 6 });
	assert_int_equal(range.count, 3);
	assert_int_equal(range.places[0], 3);
	struct seen pairs = scan(f, (struct upk_scan){ .pairs_only = true, .to = 10 });
	assert_int_equal(pairs.count, 4);
	assert_int_equal(pairs.places[3], 8);
	struct seen newest = scan(f, (struct upk_scan){ .pairs_only = true, .newest = 2 });
	assert_int_equal(newest.count, 2);
	assert_int_equal(newest.places[0], 8);
	assert_int_equal(newest.places[1], 10);
	assert_int_equal(scan(f, (struct upk_scan){ .newest = 99 }).count, 10);
	assert_int_equal(scan(f, (struct upk_scan){ .newest = 10 }).count, 10);
}

static void scan_reads_scores_and_features_only_when_asked(void **state)
{
	struct fixture *f = *state;
	struct upk_error err = { 0 };
	double scores[] = { 0.25, 0.75 };
	struct upk_event_row row = { .seq = 1,
		.model = f->model,
		.number = 1,
		.predicted = upk_text_of("x"),
		.label = upk_text_of("x"),
		.scored = true,
		.score = 0.75,
		.scores = scores,
		.scores_count = 2,
		.features = { "\0\1\2", 3 },
		.feature_list = 1 };
	fixture_begin(f);
	assert_ok(upk_event_insert_many(f->store, &row, 1, &err), &err);
	fixture_place(f, 1, 0, 1);
	fixture_commit(f);

	struct seen bare = scan(f, (struct upk_scan){ 0 });
	assert_false(bare.scored[0]);
	assert_int_equal(bare.scores[0] + bare.features[0], 0);
	struct seen with_scores = scan(f, (struct upk_scan){ .what = UPK_SCAN_SCORES });
	assert_true(with_scores.scored[0]);
	assert_int_equal(with_scores.scores[0], 2);
	assert_true(with_scores.last_score == 0.75);
	assert_int_equal(with_scores.features[0], 0);
	struct seen features = scan(f, (struct upk_scan){ .what = UPK_SCAN_FEATURES });
	assert_int_equal(features.scores[0], 0);
	assert_int_equal(features.features[0], 3);
}

static void scan_stops_when_told_and_can_begin_again(void **state)
{
	struct fixture *f = *state;
	struct upk_error err = { 0 };
	fixture_begin(f);
	for (int i = 0; i < 5; i++)
		fixture_place(f, fixture_event(f, "", "x", "x"), 0, 1);
	fixture_commit(f);

	struct upk_scan all = { .model = f->model, .to = INT64_MAX, .as_of = INT64_MAX };
	for (int round = 0; round < 2; round++) {
		struct seen seen = { .stop_after = 2 };
		assert_ok(upk_place_scan(f->store, &all, take, &seen, &err), &err);
		assert_int_equal(seen.count, 2);
	}
}

static void places_since_are_those_of_arrivals_that_may_reach_so_far(void **state)
{
	enum { DAY = 24 * 60 * 60 * 1000, PLACES = 15 };
	struct fixture *f = *state;
	struct upk_error err = { 0 };
	fixture_begin(f);
	for (int i = 0; i < PLACES; i++) {
		struct upk_place_row row = { .model = f->model,
			.place = i + 1,
			.event = fixture_event(f, "", "x", "x"),
			.time = (int64_t)i * DAY + (i % 3) * (DAY / 2), /* up to a day ahead */
			.arrival = (int64_t)i * DAY };
		if (i % 7 == 3)
			continue; /* a place that was removed */
		assert_ok(upk_place_insert_many(f->store, &row, 1, &err), &err);
	}
	fixture_commit(f);
	for (int64_t after = -1; after <= PLACES + 1; after++) {
		int64_t from;
		assert_ok(upk_place_since(f->store, f->model, after * DAY, &from, &err), &err);
		for (int64_t i = 0; i < PLACES; i++) {
			if (i % 7 == 3)
				continue;
			if (i * DAY + (i % 3) * (DAY / 2) > after * DAY)
				assert_true(i + 1 >= from);
			if (i + 1 >= from)
				assert_true(i * DAY >= (after - 1) * DAY);
		}
	}
}

static void places_are_got_by_number_and_given_once(void **state)
{
	struct fixture *f = *state;
	struct upk_error err = { 0 };
	bool found = true;
	struct upk_place_row row;
	fixture_begin(f);
	int64_t event = fixture_event(f, "a", "x", "x");
	assert_ok(upk_place_get(f->store, f->model, 1, &found, &row, &err), &err);
	assert_false(found);

	int64_t place = fixture_place(f, event, 0, 77);
	assert_ok(upk_place_get(f->store, f->model, place, &found, &row, &err), &err);
	assert_true(found);
	assert_int_equal(row.event, event);
	assert_int_equal(row.time, 77);
	assert_int_equal(row.label, 0);

	struct upk_place_row rows[] = { { .model = f->model, .place = place + 1, .event = 9 },
		{ .model = f->model, .place = place, .event = event } };
	assert_false(upk_place_insert_many(f->store, rows, 2, &err));
	assert_int_equal(err.code, UPK_CONFLICT);
	fixture_commit(f);
	assert_int_equal(fixture_count(f, "place"), 1);
}

static void a_removed_place_is_not_given_out_again(void **state)
{
	struct fixture *f = *state;
	struct upk_error err = { 0 };
	int64_t last = -1, first = -1;
	assert_ok(upk_place_last(f->store, f->model, &last, &err), &err);
	assert_ok(upk_place_first(f->store, f->model, &first, &err), &err);
	assert_int_equal(last, 0);
	assert_int_equal(first, 1);

	fixture_begin(f);
	fixture_place(f, fixture_event(f, "", NULL, "x"), 0, 1);
	fixture_place(f, fixture_event(f, "", NULL, "x"), 0, 1);
	assert_ok(upk_place_first(f->store, f->model, &first, &err), &err);
	assert_int_equal(first, 1);
	assert_ok(upk_place_remove(f->store, f->model, 2, &err), &err);
	assert_ok(upk_place_remove(f->store, f->model, 1, &err), &err);
	fixture_commit(f);
	fixture_reopen(f);
	assert_ok(upk_place_last(f->store, f->model, &last, &err), &err);
	assert_ok(upk_place_first(f->store, f->model, &first, &err), &err);
	assert_int_equal(last, 2);
	assert_int_equal(first, 3);

	fixture_begin(f);
	assert_false(upk_place_remove(f->store, f->model, 2, &err));
	assert_int_equal(err.code, UPK_NOT_FOUND);
	upk_store_rollback(f->store);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, fixture_setup, fixture_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(scan_gives_the_label_that_was_known_at_a_sequence),
		TEST(scan_takes_a_range_its_newest_rows_and_pairs_alone),
		TEST(scan_reads_scores_and_features_only_when_asked),
		TEST(scan_stops_when_told_and_can_begin_again),
		TEST(places_since_are_those_of_arrivals_that_may_reach_so_far),
		TEST(places_are_got_by_number_and_given_once),
		TEST(a_removed_place_is_not_given_out_again),
	};
	return cmocka_run_group_tests_name("place", tests, NULL, NULL);
}
