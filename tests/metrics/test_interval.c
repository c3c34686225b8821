#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/random.h"
#include "metrics/interval.h"
#include "oracle.h"

enum { CASES = 200 };

static struct oracle theirs;

static void quantiles_and_wilson_intervals_equal_scipy(void **state)
{
	(void)state;
	struct {
		uint64_t k, n;
		double level;
	} cases[CASES];
	struct upk_random r;
	upk_random_seed(&r, 7);
	char path[64];
	FILE *f = oracle_input(path);
	for (size_t i = 0; i < CASES; i++) {
		cases[i].n = 1 + upk_random_below(&r, i % 2 ? 10 : 100000);
		cases[i].k = i % 5 == 0 ? 0
			: i % 5 == 1    ? cases[i].n
					: upk_random_below(&r, cases[i].n);
		cases[i].level = i % 3 ? upk_random_unit(&r) : 1 - pow(10, -(double)(i % 10) - 1);
		fprintf(f, "%d %d %.17g\n", (int)cases[i].k, (int)cases[i].n, cases[i].level);
	}
	fclose(f);
	oracle_run(&theirs, "intervals.py", path);

	for (size_t i = 0; i < CASES; i++) {
		struct upk_interval ours =
			upk_interval_wilson(cases[i].k, cases[i].n, cases[i].level);
		assert_near(ours.low, oracle_value(&theirs, "low.%zu", i), 1e-12, "low");
		assert_near(ours.high, oracle_value(&theirs, "high.%zu", i), 1e-12, "high");
		assert_near(upk_normal_quantile(0.5 + cases[i].level / 2),
			oracle_value(&theirs, "quantile.%zu", i), 1e-12, "quantile");
	}
}

static void quantile_is_odd_and_undoes_the_normal_distribution(void **state)
{
	(void)state;
	assert_true(upk_normal_quantile(0.5) == 0);
	for (double x = -8; x <= 8; x += 0.03125) {
		double p = 0.5 * erfc(-x / sqrt(2));
		/* Near 1 the spacing of doubles is coarser than the distribution's slope. */
		double spacing = 2.3e-16 / exp(-x * x / 2) * 2.6;
		assert_near(upk_normal_quantile(p), x, 1e-13 + (x > 0 ? spacing : 0), "quantile");
	}
	assert_near(upk_normal_quantile(1e-300), -37.0471, 1e-5, "far tail");
}

static void nothing_tried_has_no_interval(void **state)
{
	(void)state;
	struct upk_interval i = upk_interval_wilson(0, 0, 0.95);
	assert_true(isnan(i.low) && isnan(i.high));
	i = upk_interval_f1(0, 0, 0, 0.95);
	assert_true(isnan(i.low) && isnan(i.high));
	i = upk_interval_normal(NAN, 0.1, 0.95);
	assert_true(isnan(i.low) && isnan(i.high));
}

static void normal_interval_is_cut_to_the_unit_range(void **state)
{
	(void)state;
	struct upk_interval i = upk_interval_normal(0.5, 0.1, 0.95);
	assert_near(i.low, 0.5 - 0.1959963984540054, 1e-12, "low");
	assert_near(i.high, 0.5 + 0.1959963984540054, 1e-12, "high");
	i = upk_interval_normal(0.99, 0.1, 0.95);
	assert_true(i.high == 1);
	i = upk_interval_normal(0.01, 0.1, 0.95);
	assert_true(i.low == 0);
}

/* 2,000 draws of 40 trials at each of 19 rates. At one rate Wilson's coverage swings around 0.95,
 * in the mean of the rates it is close to it. */
static void ninety_five_of_a_hundred_intervals_hold_the_true_value(void **state)
{
	(void)state;
	enum { DRAWS = 2000, TRIALS = 40 };
	struct upk_random r;
	upk_random_seed(&r, 11);
	double proportion = 0, f1 = 0, rates = 0;
	for (double p = 0.05; p < 1; p += 0.05, rates++) {
		int held = 0, f1_held = 0;
		for (int draw = 0; draw < DRAWS; draw++) {
			uint64_t k = 0;
			for (int i = 0; i < TRIALS; i++)
				k += upk_random_unit(&r) < p;
			struct upk_interval i = upk_interval_wilson(k, TRIALS, 0.95);
			held += i.low <= p && p <= i.high;
			struct upk_interval g =
				upk_interval_f1(k, (TRIALS - k) / 2, (TRIALS - k + 1) / 2, 0.95);
			double truth = 2 * p / (1 + p);
			f1_held += g.low <= truth && truth <= g.high;
		}
		assert_true(held > 0.90 * DRAWS && held < 0.99 * DRAWS);
		proportion += (double)held / DRAWS;
		f1 += (double)f1_held / DRAWS;
	}
	assert_near(proportion / rates, 0.95, 0.008, "coverage");
	assert_near(f1 / rates, 0.95, 0.008, "coverage of f1");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(quantiles_and_wilson_intervals_equal_scipy),
		cmocka_unit_test(quantile_is_odd_and_undoes_the_normal_distribution),
		cmocka_unit_test(nothing_tried_has_no_interval),
		cmocka_unit_test(normal_interval_is_cut_to_the_unit_range),
		cmocka_unit_test(ninety_five_of_a_hundred_intervals_hold_the_true_value),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
