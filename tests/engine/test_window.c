#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/random.h"
#include "engine/window.h"

enum { CLASSES = 3, PAIRS = 6000 };

/* Every pair that ever came, and what a window makes of it when it is asked from scratch. */
struct naive {
	struct upk_seat seats[PAIRS];
	bool out[PAIRS]; /* out of reach when it came, or since */
	size_t count;
	int64_t most, duration;
	upk_tag used;
};

static void naive_expire(struct naive *n, int64_t now)
{
	for (size_t i = 0; n->duration > 0 && i < n->count; i++)
		n->out[i] = n->out[i] || n->seats[i].time <= now - n->duration;
}

static size_t naive_first(const struct naive *n)
{
	return n->duration > 0 || n->count < (size_t)n->most ? 0 : n->count - (size_t)n->most;
}

static size_t naive_cells(const struct naive *n, bool used, size_t cells[CLASSES][CLASSES])
{
	size_t pairs = 0;
	memset(cells, 0, sizeof(size_t[CLASSES][CLASSES]));
	for (size_t i = naive_first(n); i < n->count; i++) {
		const struct upk_seat *s = &n->seats[i];
		if (n->out[i] || (used && s->tag != n->used))
			continue;
		cells[s->pair.actual][s->pair.predicted]++;
		pairs++;
	}
	return pairs;
}

static int64_t naive_first_event(const struct naive *n)
{
	int64_t first = 0;
	for (size_t i = naive_first(n); i < n->count; i++)
		if (!n->out[i] && (first == 0 || n->seats[i].event < first))
			first = n->seats[i].event;
	return first;
}

static int64_t naive_start(const struct naive *n)
{
	const struct upk_seat *first = NULL;
	for (size_t i = naive_first(n); i < n->count; i++)
		if (!n->out[i] && (!first || (n->duration > 0 && n->seats[i].time < first->time)))
			first = &n->seats[i];
	return first ? first->place : 0;
}

static int by_size(const void *a, const void *b)
{
	const int64_t *x = a, *y = b;
	return (*x > *y) - (*x < *y);
}

static double naive_delay(const struct naive *n, double q)
{
	static int64_t delays[PAIRS];
	size_t count = 0;
	for (size_t i = naive_first(n); i < n->count; i++)
		if (!n->out[i])
			delays[count++] = n->seats[i].delay;
	qsort(delays, count, sizeof *delays, by_size);
	return count ? fmax(0, (double)delays[(size_t)(q * (double)(count - 1))] / 1000) : NAN;
}

static void assert_counts(const struct naive *n, bool used, const struct upk_confusion *c)
{
	size_t cells[CLASSES][CLASSES];
	assert_int_equal(upk_confusion_pairs(c), naive_cells(n, used, cells));
	for (size_t a = 0; a < CLASSES; a++)
		for (size_t p = 0; p < CLASSES; p++)
			assert_int_equal(upk_confusion_cell(c, a, p), cells[a][p]);
}

static void assert_same(const struct naive *n, const struct upk_window *w)
{
	static const double quantiles[] = { 0, 0.5, 0.9, 0.99, 1 };
	assert_counts(n, false, upk_window_counts(w));
	assert_counts(n, true, upk_window_used(w));
	assert_int_equal(upk_window_pairs(w), upk_confusion_pairs(upk_window_counts(w)));
	assert_int_equal(upk_window_first_event(w), naive_first_event(n));
	assert_int_equal(upk_window_start(w), naive_start(n));
	for (size_t i = 0; i < sizeof quantiles / sizeof *quantiles; i++) {
		double delay = upk_window_delay(w, quantiles[i]);
		double expected = naive_delay(n, quantiles[i]);
		assert_int_equal(isnan(delay), isnan(expected));
		if (!isnan(delay))
			assert_true(fabs(delay - expected) <= 0.01 * expected);
	}
}

static struct upk_seat random_seat(struct upk_random *random, size_t i, int64_t now)
{
	int64_t late =
		upk_random_below(random, 5) == 0 ? (int64_t)upk_random_below(random, 900) : 0;
	return (struct upk_seat){ .place = 10 + (int64_t)i * 2,
		.time = now - late + (int64_t)upk_random_below(random, 40),
		.event = 1 + (int64_t)(i ^ (i < PAIRS / 2 ? 5 : 0)),
		.delay = (int64_t)upk_random_below(random, 100000) - 5,
		.tag = (upk_tag)upk_random_below(random, 2),
		.pair = { (uint16_t)upk_random_below(random, CLASSES),
			(uint16_t)upk_random_below(random, CLASSES) } };
}

static void revise_one(struct naive *n, struct upk_window *w, struct upk_random *random)
{
	size_t back = (size_t)upk_random_below(random, 1500);
	size_t i = back < n->count ? n->count - 1 - back : 0;
	uint16_t actual = (uint16_t)upk_random_below(random, CLASSES);
	n->seats[i].pair.actual = actual;
	upk_window_revise(w, n->seats[i].place, n->seats[i].time, actual);
}

/* Random traffic with late, early and revised labels, compared with a recount again and again. */
static void stays_as_recounted(int64_t count, int64_t duration, uint64_t seed)
{
	struct naive *n = calloc(1, sizeof *n);
	assert_non_null(n);
	n->most = count;
	n->duration = duration;
	struct upk_window *w = upk_window_create(count, duration, CLASSES, NULL);
	assert_non_null(w);
	struct upk_random random;
	upk_random_seed(&random, seed);
	int64_t now = 100000;
	for (size_t i = 0; i < PAIRS; i++) {
		now += (int64_t)upk_random_below(&random, 3);
		if (upk_random_below(&random, 500) == 0)
			now += (int64_t)upk_random_below(&random, 2000);
		struct upk_seat seat = random_seat(&random, i, now);
		naive_expire(n, now);
		n->out[n->count] = duration > 0 && seat.time <= now - duration;
		n->seats[n->count++] = seat;
		upk_window_expire(w, now);
		assert_true(upk_window_add(w, &seat, now, NULL));
		if (upk_random_below(&random, 3) == 0)
			revise_one(n, w, &random);
		if (upk_random_below(&random, 300) == 0) {
			n->used = 1 - n->used;
			upk_window_use(w, n->used);
		}
		if (upk_random_below(&random, 20) == 0)
			assert_same(n, w);
	}
	assert_same(n, w);
	upk_window_destroy(w);
	free(n);
}

static void count_windows_equal_a_recount(void **state)
{
	(void)state;
	stays_as_recounted(1, 0, 1);
	stays_as_recounted(7, 0, 2);
	stays_as_recounted(500, 0, 3);
	stays_as_recounted(PAIRS * 2, 0, 4);
}

static void duration_windows_equal_a_recount(void **state)
{
	(void)state;
	stays_as_recounted(0, 1, 5);
	stays_as_recounted(0, 300, 6);
	stays_as_recounted(0, 100000000, 7);
}

static struct upk_seat seat_of(int64_t place, int64_t time)
{
	return (struct upk_seat){ .place = place, .time = time, .event = place };
}

static void duration_window_holds_what_is_younger_than_it_is_long(void **state)
{
	(void)state;
	struct upk_window *w = upk_window_create(0, 1000, 1, NULL);
	const struct upk_seat ahead = seat_of(1, 6000), now = seat_of(2, 5000),
			      last = seat_of(3, 4001), out = seat_of(4, 4000);
	assert_true(upk_window_add(w, &ahead, 5000, NULL));
	assert_true(upk_window_add(w, &now, 5000, NULL));
	assert_true(upk_window_add(w, &last, 5000, NULL));
	assert_true(upk_window_add(w, &out, 5000, NULL));
	assert_int_equal(upk_window_pairs(w), 3);
	assert_int_equal(upk_window_start(w), 3);

	assert_false(upk_window_expire(w, 5000));
	assert_true(upk_window_expire(w, 5001));
	assert_int_equal(upk_window_start(w), 2);
	assert_true(upk_window_expire(w, 6999));
	assert_int_equal(upk_window_pairs(w), 1);
	assert_true(upk_window_expire(w, 7000));
	assert_int_equal(upk_window_pairs(w), 0);
	assert_int_equal(upk_window_start(w), 0);
	upk_window_destroy(w);
}

static void full_count_window_changes_once_a_pair(void **state)
{
	(void)state;
	struct upk_window *w = upk_window_create(10, 0, 2, NULL);
	for (int64_t place = 1; place <= 30; place++) {
		const struct upk_seat seat = seat_of(place, place);
		assert_true(upk_window_add(w, &seat, place, NULL));
		assert_int_equal(upk_window_changes(w), place);
	}
	upk_window_revise(w, 25, 25, 1);
	assert_int_equal(upk_window_changes(w), 31);
	upk_window_revise(w, 20, 20, 1); /* no longer there */
	assert_int_equal(upk_window_changes(w), 31);
	assert_int_equal(upk_confusion_cell(upk_window_counts(w), 1, 0), 1);
	upk_window_destroy(w);
}

static void window_grows_with_the_classes(void **state)
{
	(void)state;
	struct upk_window *w = upk_window_create(10, 0, 1, NULL);
	struct upk_seat seat = seat_of(1, 1);
	assert_true(upk_window_add(w, &seat, 1, NULL));
	assert_true(upk_window_grow(w, 3, NULL));
	seat = seat_of(2, 2);
	seat.pair = (struct upk_pair){ 2, 1 };
	assert_true(upk_window_add(w, &seat, 2, NULL));
	assert_int_equal(upk_confusion_cell(upk_window_counts(w), 0, 0), 1);
	assert_int_equal(upk_confusion_cell(upk_window_used(w), 2, 1), 1);
	upk_window_destroy(w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(count_windows_equal_a_recount),
		cmocka_unit_test(duration_windows_equal_a_recount),
		cmocka_unit_test(duration_window_holds_what_is_younger_than_it_is_long),
		cmocka_unit_test(full_count_window_changes_once_a_pair),
		cmocka_unit_test(window_grows_with_the_classes),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
