#include "base/time.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

#include "base/clock.h"
#include "base/random.h"

#define LAST_MS INT64_C(253402300799999)  /* 9999-12-31T23:59:59.999Z */
#define FIRST_MS INT64_C(-62135596800000) /* 0001-01-01T00:00:00Z */

static void times_read_and_print_by_the_table(void **state)
{
	(void)state;
	static const struct {
		const char *text;
		int64_t ms;
		const char *printed;
	} rows[] = {
		{ "1970-01-01T00:00:00Z", 0, "1970-01-01T00:00:00Z" },
		{ "2026-01-01T10:00:00.250Z", 1767261600250, "2026-01-01T10:00:00.250Z" },
		{ "2026-01-01t10:00:00z", 1767261600000, "2026-01-01T10:00:00Z" },
		{ "2026-01-01T12:30:00+02:30", 1767261600000, "2026-01-01T10:00:00Z" },
		{ "2026-01-01T05:00:00-05:00", 1767261600000, "2026-01-01T10:00:00Z" },
		{ "2026-01-01T10:00:00-00:00", 1767261600000, "2026-01-01T10:00:00Z" },
		{ "2026-01-01T10:00:00.5Z", 1767261600500, "2026-01-01T10:00:00.500Z" },
		{ "2026-01-01T10:00:00.0019999999999Z", 1767261600001, "2026-01-01T10:00:00.001Z" },
		{ "2024-02-29T00:00:00Z", 1709164800000, "2024-02-29T00:00:00Z" },
		{ "2000-02-29T23:59:59Z", 951868799000, "2000-02-29T23:59:59Z" },
		{ "2016-12-31T23:59:60Z", 1483228800000, "2017-01-01T00:00:00Z" },
		{ "2016-12-31T23:59:60.75Z", 1483228800000, "2017-01-01T00:00:00Z" },
		{ "1990-12-31T15:59:60-08:00", 662688000000, "1991-01-01T00:00:00Z" },
		{ "1969-12-31T23:59:59.999Z", -1, "1969-12-31T23:59:59.999Z" },
		{ "0001-01-01T00:00:00Z", FIRST_MS, "0001-01-01T00:00:00Z" },
		{ "9999-12-31T23:59:59.999Z", LAST_MS, "9999-12-31T23:59:59.999Z" },
	};
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		struct upk_error err = { 0 };
		char text[UPK_TIME_SIZE];
		int64_t ms = 42;
		assert_true(upk_time_parse(upk_text_of(rows[i].text), &ms, &err));
		assert_int_equal(ms, rows[i].ms);
		assert_int_equal(upk_time_print(ms, text), strlen(rows[i].printed));
		assert_string_equal(text, rows[i].printed);
	}
}

static void what_is_no_time_is_refused_by_name(void **state)
{
	(void)state;
	static const char *const texts[] = { "", "2026", "2026-01-01", "2026-01-01T10:00:00",
		"2026-01-01 10:00:00Z", "2026-01-01T10:00Z", "2026-1-1T10:00:00Z",
		"2026-13-01T10:00:00Z", "2026-00-01T10:00:00Z", "2026-01-00T10:00:00Z",
		"2026-04-31T10:00:00Z", "2025-02-29T10:00:00Z", "1900-02-29T10:00:00Z",
		"2026-01-01T24:00:00Z", "2026-01-01T10:60:00Z", "2026-01-01T10:00:61Z",
		"2026-01-01T10:00:60Z", "2026-06-15T23:59:60Z", "2026-01-01T10:00:00.Z",
		"2026-01-01T10:00:00,5Z", "2026-01-01T10:00:00+0200", "2026-01-01T10:00:00+02",
		"2026-01-01T10:00:00+24:00", "2026-01-01T10:00:00+02:60", "2026-01-01T10:00:00Z ",
		" 2026-01-01T10:00:00Z", "2026-01-01T10:00:00ZZ", "0000-12-31T23:59:59Z",
		"0001-01-01T00:00:00+00:01", "9999-12-31T23:59:59-00:01", "+2026-01-01T10:00:00Z",
		"12026-01-01T10:00:00Z", "2026-01-01T-1:00:00Z", "1767261600000", "now" };
	for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
		struct upk_error err = { 0 };
		int64_t ms = 42;
		assert_false(upk_time_parse(upk_text_of(texts[i]), &ms, &err));
		assert_int_equal(ms, 42);
		assert_int_equal(err.code, UPK_INVALID);
		assert_non_null(strstr(err.message, texts[i]));
	}
}

static void every_day_is_the_c_librarys(void **state)
{
	(void)state;
	struct upk_random r;
	upk_random_seed(&r, 4);
	for (int i = 0; i < 50000; i++) {
		int64_t ms =
			FIRST_MS + (int64_t)upk_random_below(&r, (uint64_t)(LAST_MS - FIRST_MS));
		ms -= ((ms % 1000) + 1000) % 1000;
		time_t seconds = (time_t)(ms / 1000);
		struct tm tm;
		char expected[64], text[UPK_TIME_SIZE];
		int64_t read = 0;

		assert_non_null(gmtime_r(&seconds, &tm));
		snprintf(expected, sizeof expected, "%04d-%02d-%02dT%02d:%02d:%02dZ",
			tm.tm_year + 1900, tm.tm_mon + 1, tm.tm_mday, tm.tm_hour, tm.tm_min,
			tm.tm_sec);
		upk_time_print(ms, text);
		assert_string_equal(text, expected);
		assert_true(upk_time_parse(upk_text_of(text), &read, NULL));
		assert_int_equal(read, ms);
	}
}

static void any_integer_prints_within_the_buffer(void **state)
{
	(void)state;
	char text[UPK_TIME_SIZE];
	assert_true(upk_time_print(INT64_MAX, text) < UPK_TIME_SIZE);
	assert_true(upk_time_print(INT64_MIN, text) < UPK_TIME_SIZE);
	assert_true(upk_duration_print(INT64_MAX, text) < UPK_TIME_SIZE);
	assert_string_equal(text, "106751991167d7h12m55s807ms");
}

static void seconds_and_far_years_are_no_input_times(void **state)
{
	(void)state;
	struct upk_error err = { 0 };
	assert_true(upk_time_check(100000000000, &err));
	assert_true(upk_time_check(LAST_MS, &err));
	assert_false(upk_time_check(1767261600, &err));
	assert_non_null(strstr(err.message, "1767261600"));
	assert_false(upk_time_check(99999999999, &err));
	assert_false(upk_time_check(-1, &err));
	assert_false(upk_time_check(LAST_MS + 1, &err));
	assert_int_equal(err.code, UPK_INVALID);
}

static void durations_read_and_print_by_the_table(void **state)
{
	(void)state;
	static const struct {
		const char *text;
		int64_t ms;
		const char *printed;
	} rows[] = {
		{ "0s", 0, "0s" },
		{ "0d", 0, "0s" },
		{ "1ms", 1, "1ms" },
		{ "500ms", 500, "500ms" },
		{ "1500ms", 1500, "1s500ms" },
		{ "5m", 300000, "5m" },
		{ "90s", 90000, "1m30s" },
		{ "90m", 5400000, "1h30m" },
		{ "1h30m", 5400000, "1h30m" },
		{ "1d", 86400000, "1d" },
		{ "2w", 1209600000, "14d" },
		{ "90d", 7776000000, "90d" },
		{ "1w2d3h4m5s6ms", 788645006, "9d3h4m5s6ms" },
		{ "9223372036854775807ms", INT64_MAX, "106751991167d7h12m55s807ms" },
	};
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		char text[UPK_TIME_SIZE];
		int64_t ms = 42;
		assert_true(upk_duration_parse(upk_text_of(rows[i].text), &ms, NULL));
		assert_int_equal(ms, rows[i].ms);
		assert_int_equal(upk_duration_print(ms, text), strlen(rows[i].printed));
		assert_string_equal(text, rows[i].printed);
	}
}

static void what_is_no_duration_is_refused_by_name(void **state)
{
	(void)state;
	static const char *const texts[] = { "", "5", "d", "1x", "1.5h", "-1d", "+1d", " 1d", "1d ",
		"1 d", "1d 2h", "1m1h", "1d1d", "1D", "1min", "1ms1s", "h1",
		"9223372036854775808ms", "106751991168d", "106751991167d8h",
		"99999999999999999999d", "1y" };
	for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
		struct upk_error err = { 0 };
		int64_t ms = 42;
		assert_false(upk_duration_parse(upk_text_of(texts[i]), &ms, &err));
		assert_int_equal(ms, 42);
		assert_int_equal(err.code, UPK_INVALID);
		assert_non_null(strstr(err.message, texts[i]));
	}
}

static int64_t noon(const struct upk_clock *clock)
{
	(void)clock;
	return 43200000;
}

static void a_clock_can_be_a_tests_own(void **state)
{
	(void)state;
	const struct upk_clock clock = { noon };
	assert_int_equal(upk_clock_now(&clock), 43200000);
}

static void the_systems_clocks_go_by_the_c_librarys(void **state)
{
	(void)state;
	int64_t before = (int64_t)time(NULL) * 1000 - 1000;
	int64_t now = upk_clock_now(upk_clock_system());
	assert_true(now >= before && now <= (int64_t)time(NULL) * 1000 + 1000);

	int64_t first = upk_clock_monotonic_ns();
	nanosleep(&(struct timespec){ .tv_nsec = 2000000 }, NULL);
	assert_true(upk_clock_monotonic_ns() - first >= 2000000);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(times_read_and_print_by_the_table),
		cmocka_unit_test(what_is_no_time_is_refused_by_name),
		cmocka_unit_test(every_day_is_the_c_librarys),
		cmocka_unit_test(any_integer_prints_within_the_buffer),
		cmocka_unit_test(seconds_and_far_years_are_no_input_times),
		cmocka_unit_test(durations_read_and_print_by_the_table),
		cmocka_unit_test(what_is_no_duration_is_refused_by_name),
		cmocka_unit_test(a_clock_can_be_a_tests_own),
		cmocka_unit_test(the_systems_clocks_go_by_the_c_librarys),
	};
	return cmocka_run_group_tests_name("time", tests, NULL, NULL);
}
