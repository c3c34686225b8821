#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "../metrics/oracle.h"
#include "base/random.h"
#include "client/tally.h"

#define UNUSED __attribute__((unused))

/* Right two times in three; the share of class 0 falls along the way. */
static void same_as_scikit_learn(size_t rows, size_t classes)
{
	struct upk_rolling rolling = upk_rolling_of(rows);
	struct upk_tally t = { 0 };
	struct upk_random r;
	upk_random_seed(&r, rows);
	char path[64];
	FILE *f = oracle_input(path);
	fprintf(f, "%zu %zu\n", rolling.size, rolling.step);
	for (size_t i = 0; i < rows; i++) {
		uint16_t actual =
			(uint16_t)(upk_random_below(&r, rows) < i ? upk_random_below(&r, classes)
								  : 0);
		struct upk_pair pair = { actual,
			upk_random_below(&r, 3) ? actual
						: (uint16_t)upk_random_below(&r, classes) };
		assert_true(upk_tally_add(&t, pair, NULL));
		fprintf(f, "%d %d\n", pair.actual, pair.predicted);
	}
	fclose(f);

	struct oracle theirs;
	struct upk_figures ours;
	oracle_run(&theirs, "../daemon/tally_oracle.py", path);
	assert_true(upk_tally_figures(&t, classes, rolling, &ours, NULL));
	assert_int_equal(upk_tally_pairs(&t), rows);
	assert_near(ours.accuracy, oracle_value(&theirs, "accuracy"), 1e-12, "accuracy");
	assert_near(ours.macro_f1, oracle_value(&theirs, "macro_f1"), 1e-12, "macro_f1");
	assert_near(ours.rolling_f1, oracle_value(&theirs, "rolling_f1"), 1e-12, "rolling_f1");
	upk_tally_finish(&t);
}

static void figures_equal_scikit_learns(void **state UNUSED)
{
	same_as_scikit_learn(10001, 2);
	same_as_scikit_learn(4321, 7);
	same_as_scikit_learn(2999, 3);
	same_as_scikit_learn(77, 2);
}

static void windows_shrink_with_the_stream(void **state UNUSED)
{
	assert_int_equal(upk_rolling_of(10000).size, 1000);
	assert_int_equal(upk_rolling_of(10000).step, 200);
	assert_int_equal(upk_rolling_of(9999).size, 500);
	assert_int_equal(upk_rolling_of(9999).step, 100);
	assert_int_equal(upk_rolling_of(3000).size, 500);
	assert_int_equal(upk_rolling_of(2999).size, 250);
	assert_int_equal(upk_rolling_of(2999).step, 50);
}

static void nothing_scored_is_undefined(void **state UNUSED)
{
	struct upk_tally t = { 0 };
	struct upk_figures figures;
	assert_true(upk_tally_figures(&t, 2, upk_rolling_of(0), &figures, NULL));
	assert_true(isnan(figures.accuracy));
	assert_true(isnan(figures.rolling_f1));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(figures_equal_scikit_learns),
		cmocka_unit_test(windows_shrink_with_the_stream),
		cmocka_unit_test(nothing_scored_is_undefined),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
