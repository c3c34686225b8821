#include <float.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "base/random.h"
#include "metrics/score.h"
#include "oracle.h"

static struct oracle theirs;

/* Scores are cut to multiples of `step` (0: not), so that there are ties, zeros and ones; only the
 * first `labelled` classes are labels. */
struct play {
	size_t n, classes, labelled;
	int positive;
	double step;
};

static double cut(double x, double step)
{
	return step > 0 ? round(x / step) * step : x;
}

static void draw_row(struct upk_random *r, const struct play *p, uint16_t actual, double *row)
{
	if (p->classes == 1) {
		double u = upk_random_unit(r);
		row[0] = cut(actual == 1 ? sqrt(u) : u, p->step);
		return;
	}
	double sum = 0;
	for (size_t k = 0; k < p->classes; k++) {
		row[k] = -log(1 - upk_random_unit(r)) * (k == actual ? 3 : 1);
		sum += row[k];
	}
	for (size_t k = 0; k < p->classes; k++)
		row[k] = cut(row[k] / sum, p->step);
}

static void each_alone_is_the_same(
	const struct upk_scored *scored, const struct upk_score_metrics *all)
{
	static const char *const names[] = { "roc_auc", "average_precision", "log_loss", "brier",
		"ece" };
	for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
		double alone = 7, together = upk_score_value(all, names[i]);
		assert_true(upk_score_metric(scored, names[i], &alone, NULL));
		assert_true(alone == together || (isnan(alone) && isnan(together)));
	}
}

static struct upk_score_metrics run(const struct play *p, uint64_t seed)
{
	size_t columns = p->classes;
	double *scores = calloc(p->n * columns, sizeof *scores);
	uint16_t *actual = calloc(p->n, sizeof *actual);
	assert_true(scores && actual);
	struct upk_random r;
	upk_random_seed(&r, seed);
	char path[64];
	FILE *f = oracle_input(path);
	fprintf(f, "%d %zu\n", p->positive, columns);
	for (size_t i = 0; i < p->n; i++) {
		double u = upk_random_unit(&r);
		actual[i] = (uint16_t)(u * u * (double)p->labelled);
		draw_row(&r, p, actual[i], scores + i * columns);
		fprintf(f, "%d", actual[i]);
		for (size_t k = 0; k < columns; k++)
			fprintf(f, " %.17g", scores[i * columns + k]);
		fprintf(f, "\n");
	}
	fclose(f);
	oracle_run(&theirs, "scores.py", path);

	struct upk_scored scored = { p->n, p->classes, actual, scores, p->positive };
	struct upk_score_metrics out;
	assert_true(upk_score_metrics(&scored, &out, NULL));
	each_alone_is_the_same(&scored, &out);
	free(scores);
	free(actual);
	return out;
}

static void values_equal_scikit_learn(void **state)
{
	(void)state;
	static const struct play plays[] = {
		{ 2000, 1, 2, 1, 0 },
		{ 2000, 1, 2, 1, 0.1 }, /* ties, zeros and ones */
		{ 50, 1, 1, 1, 0 },     /* no positive: no ranking */
		{ 50, 2, 1, 0, 0 },     /* no negative: no area, and every precision is 1 */
		{ 50, 3, 1, -1, 0 },
		{ 1000, 2, 2, 0, 0 },
		{ 1000, 2, 2, 1, 0.05 },
		{ 1000, 2, 2, -1, 0 },
		{ 3000, 7, 7, -1, 0 },
		{ 3000, 7, 7, -1, 0.25 },
		{ 3000, 60, 60, -1, 0 },
		{ 200, 60, 40, -1, 0 },
	};
	for (size_t i = 0; i < sizeof plays / sizeof plays[0]; i++) {
		struct upk_score_metrics ours = run(&plays[i], i);
		assert_near(ours.roc_auc, oracle_value(&theirs, "roc_auc"), 1e-12, "roc_auc");
		assert_near(ours.average_precision, oracle_value(&theirs, "average_precision"),
			1e-12, "average_precision");
		assert_near(ours.log_loss, oracle_value(&theirs, "log_loss"), 1e-12, "log_loss");
		assert_near(ours.brier, oracle_value(&theirs, "brier"), 1e-12, "brier");
		assert_near(ours.ece, oracle_value(&theirs, "ece"), 1e-12, "ece");
	}
}

static void no_pairs_have_no_values(void **state)
{
	(void)state;
	struct upk_scored none = { .n = 0, .classes = 2 };
	struct upk_score_metrics out;
	assert_true(upk_score_metrics(&none, &out, NULL));
	each_alone_is_the_same(&none, &out);
	assert_true(isnan(out.roc_auc) && isnan(out.average_precision) && isnan(out.log_loss) &&
		isnan(out.brier) && isnan(out.ece));
}

/* The second pair's class came after the version that scored it. */
static void a_class_without_a_score_counts_as_probability_0(void **state)
{
	(void)state;
	static const uint16_t actual[] = { 0, 5 };
	static const double scores[] = { 0.5, 0.25, 0.25, 0.125, 0.75, 0.125 };
	struct upk_scored scored = { 2, 3, actual, scores, -1 };
	struct upk_score_metrics out;
	assert_true(upk_score_metrics(&scored, &out, NULL));
	assert_near(out.log_loss, -(log(0.5) + log(DBL_EPSILON)) / 2, 1e-12, "log loss");
	double first = 0.25 + 2 * 0.0625, second = 1 + 2 * 0.015625 + 0.5625;
	assert_near(out.brier, (first + second) / 2, 1e-15, "brier");
	assert_near(out.ece, (0.5 + 0.75) / 2, 1e-15, "ece");
	assert_near(out.roc_auc, 1, 0, "roc_auc of class 0, which alone has both kinds");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(values_equal_scikit_learn),
		cmocka_unit_test(no_pairs_have_no_values),
		cmocka_unit_test(a_class_without_a_score_counts_as_probability_0),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
