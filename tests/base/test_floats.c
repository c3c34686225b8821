#include "base/floats.h"

#include <float.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

enum { MOST = 100 };

/* Floats that begin at an odd address. */
struct floats {
	char bytes[1 + MOST * sizeof(float)];
};

static char *fill(struct floats *f)
{
	for (size_t i = 0; i < MOST; i++) {
		float x = i % 2 ? -2.5F : 2.5F;
		memcpy(f->bytes + 1 + i * sizeof x, &x, sizeof x);
	}
	return f->bytes + 1;
}

static void put(char *bytes, size_t i, float x)
{
	memcpy(bytes + i * sizeof x, &x, sizeof x);
}

/* Wherever one stands, alone among others and whatever comes behind the last. */
static void one_that_is_too_far_is_found_at_any_place(void **state)
{
	(void)state;
	const float odd[] = { INFINITY, -INFINITY, NAN, -NAN, 2.625F, -2.625F, FLT_MAX, -0.0F };
	struct floats f;
	for (size_t count = 1; count <= MOST; count++)
		for (size_t i = 0; i < count; i++)
			for (size_t k = 0; k < sizeof odd / sizeof *odd; k++) {
				char *bytes = fill(&f);
				put(bytes, i, odd[k]);
				assert_int_equal(upk_floats_within(bytes, count, 2.5F),
					fabsf(odd[k]) <= 2.5F);
				assert_int_equal(upk_floats_bounded(bytes, count), !isinf(odd[k]));
				assert_true(upk_floats_within(bytes, i, 2.5F));
				assert_true(upk_floats_bounded(bytes, i));
			}
}

static void missing_ones_hide_none_that_is_infinite(void **state)
{
	(void)state;
	struct floats f;
	for (size_t i = 0; i < MOST; i++)
		for (size_t k = 0; k < MOST; k++) {
			char *bytes = fill(&f);
			put(bytes, k, NAN);
			assert_true(upk_floats_bounded(bytes, MOST));
			put(bytes, i, i % 2 ? INFINITY : -INFINITY);
			assert_false(upk_floats_bounded(bytes, MOST));
		}
}

static void they_load_as_the_same_numbers(void **state)
{
	(void)state;
	struct floats f;
	double loaded[MOST];
	char *bytes = fill(&f);
	put(bytes, 7, 0x1p-149F);
	put(bytes, MOST - 1, -FLT_MAX);
	put(bytes, 50, NAN);
	upk_floats_load(bytes, MOST, loaded);
	for (size_t i = 0; i < MOST; i++)
		assert_true(loaded[i] == (double)upk_float_at(bytes, i) ||
			(i == 50 && isnan(loaded[i])));
	assert_true(loaded[7] == 0x1p-149 && loaded[MOST - 1] == -(double)FLT_MAX);
	assert_true(loaded[0] == 2.5 && loaded[1] == -2.5);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(one_that_is_too_far_is_found_at_any_place),
		cmocka_unit_test(missing_ones_hide_none_that_is_infinite),
		cmocka_unit_test(they_load_as_the_same_numbers),
	};
	return cmocka_run_group_tests_name("floats", tests, NULL, NULL);
}
