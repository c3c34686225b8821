/* How often a threshold is kept where none is better than 0.5, and where one is: figures of
 * docs/versions.md. Seeds are fixed; limits are three binomial standard errors above what is
 * claimed.
 */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/random.h"
#include "learn/threshold.h"

enum { ROWS_MOST = 2000 };

/* Scores are normal, those of positives `apart` higher; shifted so that the best threshold of all
 * is 0.5, then by `shift` away from it. */
struct world {
	double positives; /* share of the rows */
	double apart;     /* means of the classes' scores, in standard deviations */
	double steps;     /* 0: any score */
	double shift;     /* of the best threshold's log-odds against 0.5 */
};

static double normal(struct upk_random *r)
{
	double sum = -6;

	for (int i = 0; i < 12; i++)
		sum += upk_random_unit(r);
	return sum;
}

/* F1 of the positive class for scores above x, in a world of normal scores. */
static double f1_above(const struct world *w, double x)
{
	double hits = w->positives * 0.5 * erfc((x - w->apart) / sqrt(2));
	double answered = hits + (1 - w->positives) * 0.5 * erfc(x / sqrt(2));

	return 2 * hits / (answered + w->positives);
}

/* The score above which F1 is greatest. */
static double best_score(const struct world *w)
{
	double best = -3;

	for (double x = -3; x < 6; x += 0.001)
		best = f1_above(w, x) > f1_above(w, best) ? x : best;
	return best;
}

static void draw(const struct world *w, double centre, size_t n, double *p, uint16_t *y,
	struct upk_random *r)
{
	for (size_t i = 0; i < n; i++) {
		y[i] = upk_random_unit(r) < w->positives;
		double x = normal(r) + (y[i] ? w->apart : 0) - centre + w->shift;
		x = w->steps > 0 ? (floor(x / w->steps) + 0.5) * w->steps : x;
		p[2 * i + 1] = 1 / (1 + exp(-x));
		p[2 * i] = 1 - p[2 * i + 1];
	}
}

static double kept(const struct world *w, size_t n, size_t runs)
{
	static double p[2 * ROWS_MOST];
	static uint16_t y[ROWS_MOST];
	struct upk_random r;
	double centre = best_score(w);
	size_t count = 0;

	upk_random_seed(&r, n);
	for (size_t i = 0; i < runs; i++) {
		struct upk_threshold t;
		draw(w, centre, n, p, y, &r);
		assert_true(upk_threshold_choose(p, y, n, 1, &t, NULL));
		count += t.kept;
	}
	return (double)count / (double)runs;
}

/* 1,000 draws each: three standard errors are 2 points at 5 %. */
static void a_half_that_is_best_stays(void **state)
{
	static const struct world worlds[] = { { 0.5, 0.5, 0, 0 }, { 0.2, 1, 0, 0 },
		{ 0.2, 1, 0.25, 0 }, { 0.1, 2, 0, 0 } };
	static const size_t rows[] = { 300, 1000 };

	(void)state;
	for (size_t i = 0; i < sizeof worlds / sizeof *worlds; i++)
		for (size_t k = 0; k < sizeof rows / sizeof *rows; k++) {
			double rate = kept(&worlds[i], rows[k], 1000);
			if (rate > 0.07)
				fail_msg("%zu rows, %g positives: %g", rows[k], worlds[i].positives,
					rate);
		}
}

/* 300 draws each: three standard errors are 8 points at 70 %. */
static void a_half_that_is_not_best_goes(void **state)
{
	static const struct {
		struct world world;
		size_t rows;
		double least;
	} cases[] = {
		{ { 0.2, 1, 0, -1 }, 1000, 0.9 },
		{ { 0.05, 1.5, 0, -1.5 }, 2000, 0.9 },
		{ { 0.5, 1, 0, 1 }, 1000, 0.6 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		double rate = kept(&cases[i].world, cases[i].rows, 300);
		if (rate < cases[i].least)
			fail_msg("%zu rows, %g positives: %g", cases[i].rows,
				cases[i].world.positives, rate);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_half_that_is_best_stays),
		cmocka_unit_test(a_half_that_is_not_best_goes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
