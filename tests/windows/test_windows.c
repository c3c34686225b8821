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
#include "windows/delays.h"
#include "windows/windows.h"

enum { CLASSES = 40, PAIRS = 9000, TAGS = 3 };

static const char config_text[] =
	"{\"windows\":[{\"name\":\"one\",\"count\":1},{\"name\":\"few\",\"count\":7},"
	"{\"name\":\"many\",\"count\":700},{\"name\":\"all\",\"count\":100000},"
	"{\"name\":\"no\",\"duration\":\"1ms\"},{\"name\":\"short\",\"duration\":\"300ms\"},"
	"{\"name\":\"long\",\"duration\":\"6s\"},{\"name\":\"ever\",\"duration\":\"100d\"}]}";

/* Every pair that is stored, and what a window makes of them when it is asked from scratch. */
struct naive {
	struct upk_config *config;
	struct upk_seat seats[PAIRS];
	int64_t delays[PAIRS];
	bool gone[PAIRS];
	size_t count;
	int64_t clock;
	upk_tag used;
	struct upk_windows ws;
	struct upk_random random;
};

static bool within(const struct naive *n, size_t window, size_t i, size_t after)
{
	const struct upk_window_config *w = &n->config->windows[window];
	if (n->gone[i])
		return false;
	return w->count > 0 ? (int64_t)after < w->count : n->seats[i].time > n->clock - w->duration;
}

/* Indices of the window's pairs, newest first. */
static size_t naive_pairs(const struct naive *n, size_t window, size_t *out)
{
	size_t pairs = 0, after = 0;
	for (size_t i = n->count; i-- > 0; after += !n->gone[i])
		if (within(n, window, i, after))
			out[pairs++] = i;
	return pairs;
}

static void assert_counts(const struct naive *n, const size_t *in, size_t pairs, bool used,
	const struct upk_confusion *c)
{
	static uint64_t cells[CLASSES][CLASSES];
	size_t counted = 0;
	memset(cells, 0, sizeof cells);
	for (size_t i = 0; i < pairs; i++) {
		const struct upk_seat *s = &n->seats[in[i]];
		if (used && s->tag != n->used)
			continue;
		cells[s->pair.actual][s->pair.predicted]++;
		counted++;
	}
	assert_int_equal(upk_confusion_pairs(c), counted);
	for (size_t a = 0; a < upk_confusion_classes(c); a++)
		for (size_t p = 0; p < upk_confusion_classes(c); p++)
			assert_int_equal(upk_confusion_cell(c, a, p), cells[a][p]);
}

static int by_size(const void *a, const void *b)
{
	const int64_t *x = a, *y = b;
	return (*x > *y) - (*x < *y);
}

static void assert_delays(
	const struct naive *n, const size_t *in, size_t pairs, const struct upk_window *w)
{
	static const double quantiles[] = { 0, 0.5, 0.9, 0.99, 1 };
	static int64_t delays[PAIRS];
	for (size_t i = 0; i < pairs; i++)
		delays[i] = n->delays[in[i]];
	qsort(delays, pairs, sizeof *delays, by_size);
	for (size_t i = 0; i < sizeof quantiles / sizeof *quantiles; i++) {
		double delay = upk_window_delay(w, quantiles[i]);
		assert_int_equal(isnan(delay), pairs == 0);
		if (pairs == 0)
			continue;
		double lower = (double)delays[(size_t)(quantiles[i] * (double)(pairs - 1))];
		assert_true(fabs(delay - fmax(0, lower / 1000)) <= 0.01 * fabs(delay));
	}
}

static void assert_window(const struct naive *n, size_t window)
{
	static size_t in[PAIRS];
	const struct upk_window *w = n->ws.at[window];
	size_t pairs = naive_pairs(n, window, in);
	int64_t least = 0, start = 0, start_time = INT64_MAX;
	for (size_t i = 0; i < pairs; i++) {
		const struct upk_seat *s = &n->seats[in[i]];
		int64_t time = n->config->windows[window].count > 0 ? 0 : s->time;
		if (least == 0 || s->event < least)
			least = s->event;
		if (time <= start_time)
			start = s->place;
		start_time = time < start_time ? time : start_time;
	}
	if (upk_window_pairs(w) != pairs)
		fail_msg("window %zu at %zu: %zu for %zu", window, n->count, upk_window_pairs(w),
			pairs);
	assert_counts(n, in, pairs, false, upk_window_counts(w));
	assert_counts(n, in, pairs, true, upk_window_used(w));
	assert_int_equal(upk_window_first_event(w), least);
	assert_int_equal(upk_window_start(w), start);
	assert_delays(n, in, pairs, w);
	if (pairs > 0)
		assert_true(upk_window_first_place(w) <= n->seats[in[pairs - 1]].place);
}

static void assert_same(const struct naive *n)
{
	for (size_t i = 0; i < n->config->windows_count; i++)
		assert_window(n, i);
}

/* What a store would have read. */
static void load(struct naive *n, size_t window, int64_t from, int64_t to, int64_t after)
{
	static struct upk_seat seats[PAIRS];
	size_t count = 0;
	struct upk_window *w = n->ws.at[window];
	for (size_t i = 0; i < n->count; i++)
		if (!n->gone[i] && n->seats[i].place >= from && n->seats[i].place <= to &&
			n->seats[i].time > after)
			seats[count++] = n->seats[i];
	assert_true(upk_window_load(w, from, seats, count, NULL));
}

static void expire(struct naive *n)
{
	size_t window;
	int64_t from, to, after;
	upk_windows_expire(&n->ws, n->clock);
	while (upk_windows_wanted(&n->ws, &window, &from, &to, &after)) {
		load(n, window, from, to, after);
		upk_windows_expire(&n->ws, n->clock);
	}
}

static void open_windows(struct naive *n)
{
	assert_true(upk_windows_init(&n->ws, n->config, false, CLASSES, NULL));
	upk_windows_use(&n->ws, n->used);
}

/* As a restart does it. */
static void reopen(struct naive *n)
{
	upk_windows_finish(&n->ws);
	open_windows(n);
	upk_windows_expire(&n->ws, n->clock);
	for (size_t i = 0; i < n->count; i++)
		if (!n->gone[i])
			assert_true(upk_windows_add(&n->ws, &n->seats[i], NULL));
	expire(n);
}

/* `disorder`: how far pair times may be from the clock, both ways. */
static void add(struct naive *n, int64_t disorder)
{
	size_t i = n->count++;
	bool late = upk_random_below(&n->random, 5) == 0;
	n->delays[i] = (int64_t)upk_random_below(&n->random, 100000) - 5;
	n->seats[i] = (struct upk_seat){ .place = 10 + (int64_t)i * 2,
		.time = n->clock + (int64_t)upk_random_below(&n->random, (uint64_t)disorder) -
			(late ? (int64_t)upk_random_below(&n->random, (uint64_t)disorder * 3) : 0),
		.event = 1 + (int64_t)(i ^ upk_random_below(&n->random, 8)),
		.delay = upk_delays_bucket(n->delays[i]),
		.tag = (upk_tag)upk_random_below(&n->random, i < PAIRS / 3 ? 1 : TAGS),
		.pair = { (uint16_t)upk_random_below(&n->random, CLASSES),
			(uint16_t)upk_random_below(&n->random, CLASSES) } };
	assert_true(upk_windows_add(&n->ws, &n->seats[i], NULL));
}

static size_t any_pair(struct naive *n)
{
	uint64_t reach = upk_random_below(&n->random, 4) == 0 ? n->count : 1500;
	size_t back = (size_t)upk_random_below(&n->random, reach);
	return back < n->count ? n->count - 1 - back : 0;
}

static void revise(struct naive *n)
{
	size_t i = any_pair(n);
	uint16_t actual = (uint16_t)upk_random_below(&n->random, CLASSES);
	if (n->gone[i])
		return;
	assert_true(upk_windows_revise(&n->ws, &n->seats[i], actual, NULL));
	n->seats[i].pair.actual = actual;
}

static void refill(struct naive *n)
{
	static struct upk_seat older[PAIRS];
	size_t many, found = 0;
	int64_t below;
	if (!upk_windows_lack(&n->ws, &below, &many))
		return;
	for (size_t i = n->count; i-- > 0 && found < many;)
		if (!n->gone[i] && n->seats[i].place < below)
			older[PAIRS - ++found] = n->seats[i];
	assert_true(upk_windows_refill(&n->ws, &older[PAIRS - found], found, many, NULL));
}

static void take_out(struct naive *n)
{
	size_t i = any_pair(n);
	if (n->gone[i])
		return;
	n->gone[i] = true;
	assert_true(upk_windows_remove(&n->ws, &n->seats[i], NULL));
	refill(n);
	expire(n);
}

static void pass_time(struct naive *n)
{
	int64_t now = n->clock + (int64_t)upk_random_below(&n->random, 3);
	if (upk_random_below(&n->random, 500) == 0)
		now += (int64_t)upk_random_below(&n->random, 4000);
	if (upk_random_below(&n->random, 100) == 0)
		now -= 5000; /* the clock stepped back */
	if (now > n->clock)
		n->clock = now;
	upk_windows_expire(&n->ws, now);
	expire(n);
}

/* Random traffic with late, early and revised labels, deletions, restarts, another version in use
 * and a clock that jumps, compared with a recount again and again. */
static void stays_as_recounted(int64_t disorder, uint64_t seed)
{
	struct naive *n = calloc(1, sizeof *n);
	assert_non_null(n);
	n->config = upk_config_parse(upk_text_of(config_text), NULL);
	assert_non_null(n->config);
	n->clock = 100000;
	upk_random_seed(&n->random, seed);
	open_windows(n);
	while (n->count < PAIRS) {
		pass_time(n);
		add(n, disorder);
		if (upk_random_below(&n->random, 3) == 0)
			revise(n);
		if (upk_random_below(&n->random, 10) == 0)
			take_out(n);
		if (upk_random_below(&n->random, 300) == 0)
			upk_windows_use(&n->ws, n->used = (n->used + 1) % TAGS);
		if (upk_random_below(&n->random, 1000) == 0)
			reopen(n);
		if (upk_random_below(&n->random, 150) == 0)
			assert_same(n);
	}
	assert_same(n);
	upk_windows_finish(&n->ws);
	upk_config_unref(n->config);
	free(n);
}

static void windows_equal_a_recount_whatever_comes(void **state)
{
	(void)state;
	stays_as_recounted(40, 1);
	stays_as_recounted(40, 2);
	stays_as_recounted(1, 3);
}

static void windows_equal_a_recount_when_no_time_is_in_order(void **state)
{
	(void)state;
	stays_as_recounted(10000, 4);
	stays_as_recounted(3000, 5);
}

static struct upk_seat seat_of(int64_t place, int64_t time)
{
	return (struct upk_seat){ .place = place, .time = time, .event = place };
}

static void open_one(struct upk_windows *ws, const char *window, size_t classes)
{
	char text[128];
	snprintf(text, sizeof text, "{\"windows\":[{\"name\":\"w\",%s}]}", window);
	struct upk_config *config = upk_config_parse(upk_text_of(text), NULL);
	assert_non_null(config);
	assert_true(upk_windows_init(ws, config, true, classes, NULL));
	upk_config_unref(config);
}

/* Two windows share the ring: that there are no more pairs for the longer one is no news to the other. */
static void a_window_that_wants_for_pairs_leaves_the_full_ones_alone(void **state)
{
	(void)state;
	struct upk_windows ws;
	struct upk_config *config = upk_config_parse(
		upk_text_of("{\"windows\":[{\"name\":\"short\",\"count\":2},"
			    "{\"name\":\"long\",\"count\":10}]}"),
		NULL);
	assert_non_null(config);
	assert_true(upk_windows_init(&ws, config, true, 1, NULL));
	for (int64_t i = 1; i <= 4; i++) {
		const struct upk_seat seat = seat_of(i, 0);
		assert_true(upk_windows_add(&ws, &seat, NULL));
	}
	size_t many;
	int64_t below;
	upk_windows_look_back(&ws);
	assert_true(upk_windows_lack(&ws, &below, &many));
	assert_int_equal(many, 6);
	assert_true(upk_windows_refill(&ws, NULL, 0, many, NULL));
	assert_false(upk_windows_lack(&ws, &below, &many));
	const struct upk_seat newest = seat_of(4, 0);
	assert_true(upk_windows_remove(&ws, &newest, NULL));
	assert_int_equal(upk_window_pairs(ws.at[0]), 2);
	assert_int_equal(upk_window_start(ws.at[0]), 2);
	assert_int_equal(upk_window_pairs(ws.at[1]), 3);
	upk_windows_finish(&ws);
	upk_config_unref(config);
}

static void duration_window_holds_what_is_younger_than_it_is_long(void **state)
{
	(void)state;
	struct upk_windows ws;
	open_one(&ws, "\"duration\":\"1s\"", 1);
	const struct upk_window *w = ws.at[0];
	static const int64_t times[] = { 6000, 5000, 4001, 4000 };
	upk_windows_expire(&ws, 5000);
	for (int64_t i = 0; i < 4; i++) {
		const struct upk_seat seat = seat_of(i + 1, times[i]);
		assert_true(upk_windows_add(&ws, &seat, NULL));
	}
	assert_int_equal(upk_window_pairs(w), 3);
	assert_int_equal(upk_window_start(w), 3);

	upk_windows_expire(&ws, 5000);
	assert_int_equal(upk_window_start(w), 3);
	upk_windows_expire(&ws, 5001);
	assert_int_equal(upk_window_start(w), 2);
	upk_windows_expire(&ws, 6999);
	assert_int_equal(upk_window_pairs(w), 1);
	upk_windows_expire(&ws, 7000);
	assert_int_equal(upk_window_pairs(w), 0);
	assert_int_equal(upk_window_start(w), 0);
	upk_windows_finish(&ws);
}

static void the_ring_holds_no_more_than_the_longest_count_window(void **state)
{
	(void)state;
	struct upk_windows ws;
	open_one(&ws, "\"count\":10", 1);
	for (int64_t place = 1; place <= 10000; place++) {
		const struct upk_seat seat = seat_of(place, place);
		assert_true(upk_windows_add(&ws, &seat, NULL));
		assert_in_range(upk_ring_end(ws.ring) - upk_ring_first(ws.ring), 1, 10);
	}
	upk_windows_finish(&ws);
}

static void full_count_window_changes_once_a_pair(void **state)
{
	(void)state;
	struct upk_windows ws;
	open_one(&ws, "\"count\":10", 2);
	for (int64_t place = 1; place <= 30; place++) {
		const struct upk_seat seat = seat_of(place, place);
		assert_true(upk_windows_add(&ws, &seat, NULL));
		assert_int_equal(upk_window_changes(ws.at[0]), place);
	}
	const struct upk_seat held = seat_of(25, 25), left = seat_of(20, 20);
	assert_true(upk_windows_revise(&ws, &held, 1, NULL));
	assert_int_equal(upk_window_changes(ws.at[0]), 31);
	assert_true(upk_windows_revise(&ws, &left, 1, NULL));
	assert_int_equal(upk_window_changes(ws.at[0]), 31);
	assert_int_equal(upk_confusion_cell(upk_window_counts(ws.at[0]), 1, 0), 1);
	upk_windows_finish(&ws);
}

static void windows_grow_with_the_classes(void **state)
{
	(void)state;
	struct upk_windows ws;
	open_one(&ws, "\"count\":10", 1);
	struct upk_seat seat = seat_of(1, 1);
	assert_true(upk_windows_add(&ws, &seat, NULL));
	assert_true(upk_windows_grow(&ws, 3, NULL));
	seat = seat_of(2, 2);
	seat.pair = (struct upk_pair){ 2, 1 };
	assert_true(upk_windows_add(&ws, &seat, NULL));
	assert_int_equal(upk_confusion_cell(upk_window_counts(ws.at[0]), 0, 0), 1);
	assert_int_equal(upk_confusion_cell(upk_window_used(ws.at[0]), 2, 1), 1);
	upk_windows_finish(&ws);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(windows_equal_a_recount_whatever_comes),
		cmocka_unit_test(windows_equal_a_recount_when_no_time_is_in_order),
		cmocka_unit_test(a_window_that_wants_for_pairs_leaves_the_full_ones_alone),
		cmocka_unit_test(duration_window_holds_what_is_younger_than_it_is_long),
		cmocka_unit_test(the_ring_holds_no_more_than_the_longest_count_window),
		cmocka_unit_test(full_count_window_changes_once_a_pair),
		cmocka_unit_test(windows_grow_with_the_classes),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
