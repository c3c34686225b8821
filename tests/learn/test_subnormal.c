#include "learn/subnormal.h"

#include <float.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>

#include <cmocka.h>

/* Half of the least normal number: in floats, in doubles, and made of a sum. */
static bool some_are_left(void)
{
	volatile float f = FLT_MIN, half = 0.5F;
	volatile double d = DBL_MIN, third = DBL_MIN / 3;

	f *= half;
	d -= third;
	return fpclassify(f) == FP_SUBNORMAL && fpclassify(d) == FP_SUBNORMAL;
}

static bool none_is_left(void)
{
	volatile float f = FLT_MIN, half = 0.5F, large = FLT_MAX;
	volatile double d = DBL_MIN, third = 1.0 / 3;
	volatile float least = FLT_TRUE_MIN, taken;

	f *= half;
	d *= third;
	taken = least * large; /* about 2e-7 of a number that counts */
	return f == 0 && d == 0 && taken == 0;
}

static void between_drop_and_restore_there_are_none(void **state)
{
	(void)state;
	assert_true(some_are_left());
	uint64_t was = upk_subnormal_drop();
	bool none = none_is_left();
	upk_subnormal_restore(was);
#if defined __x86_64__ || defined __aarch64__
	assert_true(none);
#else
	(void)none;
#endif
	assert_true(some_are_left());
}

static void what_was_dropped_before_stays_dropped(void **state)
{
	(void)state;
	uint64_t outer = upk_subnormal_drop();
	bool before = some_are_left();
	upk_subnormal_restore(upk_subnormal_drop());
	bool after = some_are_left();
	upk_subnormal_restore(outer);
	assert_true(before == after);
	assert_true(some_are_left());
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(between_drop_and_restore_there_are_none),
		cmocka_unit_test(what_was_dropped_before_stays_dropped),
	};

	return cmocka_run_group_tests_name("learn/subnormal", tests, NULL, NULL);
}
