/* Digits found in integers are those that printf finds. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <math.h>

#include "base/digits.h"
#include "base/random.h"

/* The first of %.15g, %.16g and %.17g that reads back, as digits and exponent. */
static struct upk_digits by_printf(double x)
{
	struct upk_digits d = { 0 };
	char text[40];

	for (int count = 15; count <= 17; count++) {
		snprintf(text, sizeof text, "%.*e", count - 1, x);
		if (strtod(text, NULL) == x)
			break;
	}
	char *e = strchr(text, 'e');
	d.exponent = atoi(e + 1);
	*e = '\0';
	for (const char *at = text; *at; at++)
		if (*at != '.')
			d.digits = d.digits * 10 + (uint64_t)(*at - '0'), d.count++;
	d.exponent -= d.count - 1;
	for (; d.digits % 10 == 0; d.digits /= 10, d.exponent++)
		d.count--;
	return d;
}

static void check(double x)
{
	struct upk_digits want = by_printf(x), got;

	if (!upk_digits_of(x, &got))
		fail_msg("%a is not taken", x);
	if (got.digits != want.digits || got.count != want.count || got.exponent != want.exponent)
		fail_msg("%a: %llu e %d (%d), want %llu e %d (%d)", x,
			(unsigned long long)got.digits, got.exponent, got.count,
			(unsigned long long)want.digits, want.exponent, want.count);
}

static void digits_are_those_that_printf_finds(void **state)
{
	struct upk_random r;
	uint64_t seed;

	(void)state;
	assert_true(upk_random_bytes(&seed, sizeof seed));
	print_message("# seed %llu\n", (unsigned long long)seed);
	upk_random_seed(&r, seed);
	for (int i = 0; i < 60000; i++) {
		double unit = upk_random_unit(&r);
		double scaled = unit * pow(10, (double)upk_random_below(&r, 24) - 10);
		double rounded = round(unit * 1e6) / 1e6;
		if (unit > 1e-10)
			check(unit);
		if (scaled > 2e-11 && scaled < 1e15 && scaled != trunc(scaled))
			check(scaled);
		if (rounded > 0 && rounded < 1)
			check(rounded);
		if (unit > 1e-5 && unit < 1)
			check((double)(float)unit);
	}
}

static void powers_and_their_neighbours_are_found(void **state)
{
	(void)state;
	for (int e = -35; e < 0; e++) {
		check(ldexp(1, e));
		check(nextafter(ldexp(1, e), 0));
		check(nextafter(ldexp(1, e), 1));
	}
	for (int e = -10; e < 0; e++) {
		check(pow(10, e));
		check(nextafter(pow(10, e), 0));
		check(nextafter(pow(10, e), 1));
	}
	check(nextafter(1, 0));
	check(nextafter(1, 2));
	check(4503599627370495.5);
}

static void what_is_too_small_is_left_to_printf(void **state)
{
	struct upk_digits d;

	(void)state;
	assert_false(upk_digits_of(1e-12, &d));
	assert_false(upk_digits_of(5e-324, &d));
	assert_false(upk_digits_of(1e300, &d));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(digits_are_those_that_printf_finds),
		cmocka_unit_test(powers_and_their_neighbours_are_found),
		cmocka_unit_test(what_is_too_small_is_left_to_printf),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
