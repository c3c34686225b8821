#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "windows/delays.h"

static struct upk_delays delays;

static void add(int64_t ms)
{
	uint16_t bucket = upk_delays_bucket(ms);
	assert_true(upk_delays_room(&delays, bucket, NULL));
	upk_delays_add(&delays, bucket);
}

static void take_out(int64_t ms)
{
	upk_delays_remove(&delays, upk_delays_bucket(ms));
}

static void one_delay_is_told_within_a_hundredth(void **state)
{
	(void)state;
	const int64_t year = (int64_t)365 * 86400000;
	for (int64_t ms = 1; ms <= 500 * year; ms += 1 + ms / 97) {
		add(ms);
		double expected = (double)ms / 1000;
		double told = upk_delays_quantile(&delays, 0.5);
		assert_true(fabs(told - expected) <= 0.01 * expected);
		take_out(ms);
	}
	assert_true(isnan(upk_delays_quantile(&delays, 0.5)));
}

static void labels_before_their_events_have_no_delay(void **state)
{
	(void)state;
	static const int64_t none[] = { 0, -1, INT64_MIN };
	for (size_t i = 0; i < sizeof none / sizeof *none; i++) {
		add(none[i]);
		assert_true(upk_delays_quantile(&delays, 1) <= 0);
		take_out(none[i]);
	}
}

static void delays_beyond_the_last_bucket_are_taken_out_of_it_again(void **state)
{
	(void)state;
	add(INT64_MAX);
	assert_true(upk_delays_quantile(&delays, 0) > 500.0 * 365 * 86400);
	take_out(INT64_MAX);
	assert_true(isnan(upk_delays_quantile(&delays, 0)));
}

/* Ranks as in numpy's method "lower". */
static void quantile_is_that_of_the_rank_below(void **state)
{
	(void)state;
	static const struct {
		double q, ms;
	} rows[] = { { 0, 1 }, { 0.24, 1 }, { 0.25, 10 }, { 0.5, 100 }, { 0.74, 100 },
		{ 0.75, 1000 }, { 0.99, 1000 }, { 1, 10000 } };
	for (int64_t ms = 1; ms <= 10000; ms *= 10)
		add(ms);
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		double told = upk_delays_quantile(&delays, rows[i].q) * 1000;
		assert_true(fabs(told - rows[i].ms) <= 0.01 * rows[i].ms);
	}
	upk_delays_finish(&delays);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(one_delay_is_told_within_a_hundredth),
		cmocka_unit_test(labels_before_their_events_have_no_delay),
		cmocka_unit_test(delays_beyond_the_last_bucket_are_taken_out_of_it_again),
		cmocka_unit_test(quantile_is_that_of_the_rank_below),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
