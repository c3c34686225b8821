#include "learn/threshold.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "learn/oracle_threshold.h"

enum { ROWS = 3000 };

struct generator {
	uint32_t state;
};

static double unit(struct generator *g)
{
	g->state = (g->state * 1103515245u + 12345u) & 0x7FFFFFFF;
	return (double)(g->state >> 8) / 8388608.0;
}

static double f1_at(const double *scores, const bool *positive, size_t n, double threshold)
{
	double hits = 0, labelled = 0, answered = 0;

	for (size_t i = 0; i < n; i++) {
		hits += positive[i] && scores[i] >= threshold;
		labelled += positive[i];
		answered += scores[i] >= threshold;
	}
	return 2 * hits / (labelled + answered);
}

static double best(const double *scores, const bool *positive, size_t n)
{
	double threshold;

	assert_true(upk_threshold_best(scores, positive, n, &threshold, NULL));
	return threshold;
}

static void the_best_equals_scikit_learns(void **state)
{
	static double scores[ROWS];
	static bool positive[ROWS];

	(void)state;
	for (size_t i = 0; i < sizeof oracle / sizeof *oracle; i++) {
		struct generator g = { oracle[i].seed };
		for (size_t row = 0; row < oracle[i].rows; row++) {
			double u = unit(&g), steps = oracle[i].steps;
			scores[row] = steps > 0 ? floor(u * steps) / steps : u;
			positive[row] = unit(&g) <
				oracle[i].share * pow(scores[row], (double)oracle[i].power);
		}
		double threshold = best(scores, positive, oracle[i].rows);
		double f1 = f1_at(scores, positive, oracle[i].rows, threshold);
		if (fabs(threshold - oracle[i].threshold) > 1e-12 ||
			fabs(f1 - oracle[i].f1) > 1e-12)
			fail_msg("%zu: %.17g with f1 %.17g, want %.17g with %.17g", i, threshold,
				f1, oracle[i].threshold, oracle[i].f1);
	}
}

static void rows_of_one_class_have_none(void **state)
{
	const double scores[] = { 0.1, 0.9 };

	(void)state;
	assert_true(isnan(best(scores, (const bool[]){ true, true }, 2)));
	assert_true(isnan(best(scores, (const bool[]){ false, false }, 2)));
	assert_true(isnan(best(scores, (const bool[]){ false }, 0)));
}

static void equal_scores_are_not_parted(void **state)
{
	const double same[] = { 0.3, 0.3, 0.3, 0.3 };
	const double close[] = { nextafter(0.25, 1), 0.25 };
	const bool positive[] = { true, false, true, false };

	(void)state;
	assert_true(best(same, positive, 4) == 0.15);
	assert_true(best(close, positive, 2) == close[0]);
}

static void of_equals_the_nearest_to_a_half_is_taken(void **state)
{
	/* 0.9 alone and all down to 0.3 both have F1 2/3 */
	const double scores[] = { 0.9, 0.4, 0.35, 0.3, 0.1 };
	const bool positive[] = { true, false, false, true, false };
	const double around[] = { 0.8, 0.7, 0.2 };

	(void)state;
	assert_true(f1_at(scores, positive, 5, 0.9) == f1_at(scores, positive, 5, 0.3));
	assert_true(fabs(best(scores, positive, 5) - 0.65) > 1e-12);
	assert_true(best(scores, positive, 5) == 0.5);
	assert_true(best(around, (const bool[]){ true, true, false }, 3) == 0.5);
}

/* Positives are `share` of the rows; their scores are drawn as they are likely: score^2 times. */
static void make(size_t rows, double share, unsigned seed, double *p, uint16_t *y)
{
	struct generator g = { seed };

	for (size_t i = 0; i < rows; i++) {
		double score = unit(&g) * share;
		p[2 * i] = 1 - score;
		p[2 * i + 1] = score;
		y[i] = unit(&g) < score;
	}
}

static struct upk_threshold choose(const double *p, const uint16_t *y, size_t rows)
{
	struct upk_threshold t;

	assert_true(upk_threshold_choose(p, y, rows, 1, &t, NULL));
	return t;
}

static void a_better_one_is_kept(void **state)
{
	static double p[ROWS * 2];
	static uint16_t y[ROWS];
	char words[UPK_THRESHOLD_WORDS];

	(void)state;
	make(ROWS, 0.45, 1, p, y); /* never above 0.45 */
	struct upk_threshold t = choose(p, y, ROWS);
	assert_true(t.kept && t.before == 0 && t.after > 0.3);
	assert_true(t.tried > 0.05 && t.tried < 0.4);
	assert_true(t.after - t.before > t.limit && t.limit >= 1.645 * t.sd);
	upk_threshold_say(&t, (struct upk_text){ "spam", 4 }, words);
	assert_non_null(
		strstr(words, "kept: on 3000 rows that the fit did not see f1 of spam is 0.000"));
}

/* Scores that part the classes at 0.5: no other threshold makes fewer errors. */
static void a_half_without_errors_stays(void **state)
{
	static double p[ROWS * 2];
	static uint16_t y[ROWS];
	char words[UPK_THRESHOLD_WORDS];

	(void)state;
	for (size_t i = 0; i < ROWS; i++) {
		double score = (double)(i % 10) / 10 + 0.05;
		p[2 * i] = 1 - score;
		p[2 * i + 1] = score;
		y[i] = score >= 0.5;
	}
	struct upk_threshold t = choose(p, y, ROWS);
	assert_true(!t.kept && t.tried == 0.5 && t.before == 1 && t.after == 1);
	upk_threshold_say(&t, (struct upk_text){ "spam", 4 }, words);
	assert_non_null(strstr(words, "0.5 stays: on 3000 rows"));
}

static void few_rows_of_a_class_are_left_alone(void **state)
{
	static double p[ROWS * 2];
	static uint16_t y[ROWS];
	char words[UPK_THRESHOLD_WORDS];

	(void)state;
	make(ROWS, 0.45, 1, p, y);
	size_t positives = 0;
	for (size_t i = 0; i < ROWS; i++) {
		y[i] = y[i] && positives < 49;
		positives += y[i];
	}
	struct upk_threshold t = choose(p, y, ROWS);
	assert_true(!t.kept && isnan(t.tried));
	assert_int_equal(t.positives, 49);
	upk_threshold_say(&t, (struct upk_text){ "spam", 4 }, words);
	assert_non_null(strstr(words, "of 3000 rows that the fit did not see 49 are spam"));
	for (size_t i = 0; i < ROWS; i++)
		y[i] = i >= 49;
	t = choose(p, y, ROWS);
	assert_true(!t.kept && isnan(t.tried));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_best_equals_scikit_learns),
		cmocka_unit_test(rows_of_one_class_have_none),
		cmocka_unit_test(equal_scores_are_not_parted),
		cmocka_unit_test(of_equals_the_nearest_to_a_half_is_taken),
		cmocka_unit_test(a_better_one_is_kept),
		cmocka_unit_test(a_half_without_errors_stays),
		cmocka_unit_test(few_rows_of_a_class_are_left_alone),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
