#include "metrics/order.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>

#include <cmocka.h>

#include "base/random.h"

static int by_number(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;
	return (x > y) - (x < y);
}

static void keys_are_sorted_as_their_numbers_are(void **state)
{
	(void)state;
	static const size_t sizes[] = { 0, 1, 2, 256, 257, 5000 };
	struct upk_random random;
	upk_random_seed(&random, 3);
	for (size_t s = 0; s < sizeof sizes / sizeof sizes[0]; s++) {
		size_t n = sizes[s];
		double *numbers = calloc(n + 1, sizeof *numbers);
		uint64_t *keys = calloc(n + 1, 2 * sizeof *keys);
		assert_true(numbers && keys);
		for (size_t i = 0; i < n; i++) {
			double u = upk_random_unit(&random);
			static const double scales[] = { 1, -1, 1e-300, 1e300, 0, -0.0 };
			numbers[i] = u * scales[i % 6];
			keys[i] = upk_order_key(numbers[i]);
		}
		qsort(numbers, n, sizeof *numbers, by_number);
		upk_order_sort(keys, keys + n, n);
		for (size_t i = 0; i < n; i++)
			assert_true(keys[i] == upk_order_key(numbers[i]));
		free(numbers);
		free(keys);
	}
}

static void numbers_of_one_value_have_one_key(void **state)
{
	(void)state;
	assert_true(upk_order_key(-0.0) == upk_order_key(0.0));
	assert_true(upk_order_key(-1) < upk_order_key(-0.5));
	assert_true(upk_order_key(-0.5) < upk_order_key(0));
	assert_true(upk_order_key(0) < upk_order_key(5e-324));
	assert_true(upk_order_key(0.5) < upk_order_key(1));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(keys_are_sorted_as_their_numbers_are),
		cmocka_unit_test(numbers_of_one_value_have_one_key),
	};
	return cmocka_run_group_tests_name("order", tests, NULL, NULL);
}
