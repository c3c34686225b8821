#include "core/background.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "base/clock.h"

enum { MS = 1000 * 1000 };

static void cheap_steps_grow_and_dear_ones_shrink(void **state)
{
	(void)state;
	struct upk_background b = { 0 };
	int64_t least = upk_background_rows(&b);
	for (int i = 0; i < 30; i++)
		upk_background_stepped(&b, MS);
	int64_t most = upk_background_rows(&b);
	assert_int_equal(most, 65536);
	upk_background_stepped(&b, 3 * MS);
	assert_int_equal(upk_background_rows(&b), most);
	upk_background_stepped(&b, 6 * MS);
	assert_int_equal(upk_background_rows(&b), most / 2);
	for (int i = 0; i < 30; i++)
		upk_background_stepped(&b, 100 * MS);
	assert_int_equal(upk_background_rows(&b), least);
}

static void a_step_without_work_tells_nothing_about_rows(void **state)
{
	(void)state;
	struct upk_background b = { 0 };
	int64_t rows = upk_background_rows(&b);
	upk_background_stepped(&b, 0);
	assert_int_equal(upk_background_rows(&b), rows);
}

static void who_waits_goes_first_unless_the_work_is_behind(void **state)
{
	(void)state;
	struct upk_background b = { 0 };
	assert_true(upk_background_due(&b, true));
	b.stepped = upk_clock_monotonic_ns() + (int64_t)1000 * MS;
	assert_false(upk_background_due(&b, true));
	assert_true(upk_background_due(&b, false));
	b.behind = true;
	assert_true(upk_background_due(&b, true));
}

static void longer_steps_when_behind(void **state)
{
	(void)state;
	struct upk_background b = { .rows = 1024 };
	int64_t started = upk_clock_monotonic_ns() - 20 * MS;
	assert_true(upk_background_over(&b, started, 1));
	b.behind = true;
	assert_false(upk_background_over(&b, upk_clock_monotonic_ns(), 1));
	upk_background_stepped(&b, 6 * MS);
	assert_int_equal(upk_background_rows(&b), 2048);
}

static void what_is_behind_takes_more_rows_than_come_however_dear_they_are(void **state)
{
	(void)state;
	struct upk_background b = { 0 };
	int64_t least = upk_background_rows(&b), started = upk_clock_monotonic_ns() - 1000 * MS;
	upk_background_came(&b, 1000);
	assert_int_equal(upk_background_rows(&b), least);
	b.behind = true;
	upk_background_stepped(&b, 1000 * MS);
	assert_int_equal(upk_background_rows(&b), 2000);
	assert_false(upk_background_over(&b, started, 1999));
	assert_true(upk_background_over(&b, started, 2000));
	b.behind = false;
	assert_int_equal(upk_background_rows(&b), least);
}

/* A group of posts says that more have come than may: the step still ends. */
static void what_is_behind_takes_no_more_than_four_large_steps(void **state)
{
	(void)state;
	struct upk_background b = { .behind = true };
	int64_t started = upk_clock_monotonic_ns() - 1000 * MS;
	const int64_t most = 4 * 65536;
	upk_background_came(&b, most / 2 - 1);
	assert_int_equal(upk_background_rows(&b), most - 2);
	static const int64_t many[] = { 4 * 65536 / 2, 4 * 65536, INT64_MAX };
	for (size_t i = 0; i < sizeof many / sizeof *many; i++) {
		upk_background_came(&b, many[i]);
		assert_int_equal(upk_background_rows(&b), most);
		assert_true(upk_background_over(&b, started, most));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(cheap_steps_grow_and_dear_ones_shrink),
		cmocka_unit_test(a_step_without_work_tells_nothing_about_rows),
		cmocka_unit_test(who_waits_goes_first_unless_the_work_is_behind),
		cmocka_unit_test(longer_steps_when_behind),
		cmocka_unit_test(what_is_behind_takes_more_rows_than_come_however_dear_they_are),
		cmocka_unit_test(what_is_behind_takes_no_more_than_four_large_steps),
	};
	return cmocka_run_group_tests_name("background", tests, NULL, NULL);
}
