#include "learn/gate.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/random.h"
#include "learn/oracle_gate.h"
#include "learn/sample.h"

enum { MOST = 1000 };

static struct upk_measure measure(const char *name, enum upk_average average, uint16_t class)
{
	return (struct upk_measure){ upk_metric_find(name), average, class };
}

static struct upk_measure macro(void)
{
	return measure("f1", UPK_AVERAGE_MACRO, 0);
}

static double score(struct upk_measure m, const struct upk_answers *a, double *v)
{
	double score = NAN;

	assert_true(upk_gate_score(m, a, &score, v, NULL));
	return score;
}

static void equals_scikit_learn(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof oracle / sizeof *oracle; i++) {
		uint16_t actual[MOST], predicted[MOST];
		double v[MOST];
		struct upk_answers a = { oracle[i].n, oracle[i].classes, actual, predicted };
		sample_answers(actual, predicted, a.n, a.classes, oracle[i].seed);
		assert_true(fabs(score(macro(), &a, v) - oracle[i].macro) < 1e-12);
		assert_true(fabs(score(measure("f1", UPK_AVERAGE_CLASS, 0), &a, v) -
				    oracle[i].first) < 1e-12);
	}
}

/* The score as its formula has it, row i counted weight[i] times. */
static double naive(struct upk_measure m, const struct upk_answers *a, const double *weight)
{
	double sum = 0, seen = 0, all = 0, hits = 0;

	for (size_t k = 0; k < a->classes; k++) {
		double hit = 0, d = 0;
		for (size_t i = 0; i < a->n; i++) {
			hit += weight[i] * (a->actual[i] == k && a->predicted[i] == k);
			d += weight[i] * ((a->actual[i] == k) + (a->predicted[i] == k));
		}
		if (m.average == UPK_AVERAGE_CLASS && k == m.class)
			return 2 * hit / d;
		sum += d > 0 ? 2 * hit / d : 0;
		seen += d > 0;
	}
	for (size_t i = 0; i < a->n; i++) {
		all += weight[i];
		hits += weight[i] * (a->actual[i] == a->predicted[i]);
	}
	return m.average == UPK_AVERAGE_MACRO ? sum / seen : hits / all;
}

/* v of a row is the slope of the score by the row's weight; for accuracy, whose v is not centred,
 * less the score's share. */
static void influence_is_the_slope_by_a_rows_weight(void **state)
{
	const struct upk_measure measures[] = {
		macro(),
		measure("f1", UPK_AVERAGE_CLASS, 1),
		measure("accuracy", UPK_AVERAGE_NONE, 0),
	};

	(void)state;
	for (size_t m = 0; m < 3; m++) {
		uint16_t actual[200], predicted[200];
		double v[200], weight[200];
		struct upk_answers a = { 200, 5, actual, predicted };
		sample_answers(actual, predicted, a.n, a.classes, 9);
		double at = score(measures[m], &a, v);
		for (size_t i = 0; i < a.n; i++)
			weight[i] = 1;
		assert_true(fabs(naive(measures[m], &a, weight) - at) < 1e-12);
		for (size_t i = 0; i < a.n; i++) {
			weight[i] = 1 + 1e-5;
			double high = naive(measures[m], &a, weight);
			weight[i] = 1 - 1e-5;
			double slope = (high - naive(measures[m], &a, weight)) / 2e-5;
			weight[i] = 1;
			assert_true(fabs(v[i] - (m == 2 ? at / 200 : 0) - slope) < 1e-8);
		}
	}
}

/* Two classifiers on the same rows: `same` of 100 answers are shared, the others each their own. */
struct pair_of_answers {
	uint16_t actual[MOST], a[MOST], b[MOST];
};

static uint16_t answer(struct upk_random *r, uint16_t actual, size_t classes, double right)
{
	if (upk_random_unit(r) < right)
		return actual;
	return (uint16_t)((actual + 1 + upk_random_below(r, classes - 1)) % classes);
}

static void draw(struct pair_of_answers *p, struct upk_random *r, size_t n, size_t classes,
	double right, double same)
{
	for (size_t i = 0; i < n; i++) {
		p->actual[i] = (uint16_t)upk_random_below(r, classes);
		p->a[i] = answer(r, p->actual[i], classes, right);
		p->b[i] = upk_random_unit(r) < same ? p->a[i]
						    : answer(r, p->actual[i], classes, right);
	}
}

/* Difference of the scores (b - a), and its paired standard error. */
static double compare(const struct pair_of_answers *p, size_t n, size_t classes, double *sd)
{
	static double v[2][MOST];
	struct upk_answers a = { n, classes, p->actual, p->a }, b = { n, classes, p->actual, p->b };
	double difference = score(macro(), &b, v[1]) - score(macro(), &a, v[0]);

	*sd = upk_gate_sd(v[0], v[1], n);
	return difference;
}

static void standard_error_equals_the_bootstrap(void **state)
{
	enum { N = 250, RESAMPLES = 2000 };
	struct upk_random r;

	(void)state;
	upk_random_seed(&r, 7);
	for (size_t classes = 2; classes <= 4; classes++) {
		static struct pair_of_answers p, again;
		double sum = 0, squares = 0, sd, ignored;
		draw(&p, &r, N, classes, 0.8, 0.5);
		compare(&p, N, classes, &sd);
		for (int t = 0; t < RESAMPLES; t++) {
			for (size_t i = 0; i < N; i++) {
				size_t from = upk_random_below(&r, N);
				again.actual[i] = p.actual[from];
				again.a[i] = p.a[from];
				again.b[i] = p.b[from];
			}
			double d = compare(&again, N, classes, &ignored);
			sum += d;
			squares += d * d;
		}
		sum /= RESAMPLES;
		assert_true(fabs(sqrt(squares / RESAMPLES - sum * sum) / sd - 1) < 0.08);
	}
}

/* Of equals, how many a gate lets pass on 250 rows. 4,000 draws: +- 0.4 points. */
static double promoted(enum upk_gate_kind kind, double same)
{
	enum { N = 250, DRAWS = 4000 };
	static struct pair_of_answers p;
	struct upk_random r;
	size_t passed = 0;

	upk_random_seed(&r, 11);
	for (int t = 0; t < DRAWS; t++) {
		double sd, difference;
		draw(&p, &r, N, 2, 0.85, same);
		struct upk_answers a = { N, 2, p.actual, p.a };
		difference = compare(&p, N, 2, &sd);
		passed += difference > fmax(0.002, upk_gate_z(kind, 0, &a) * sd);
	}
	return (double)passed / DRAWS;
}

static void equals_pass_as_seldom_as_the_gate_claims(void **state)
{
	(void)state;
	for (double same = 0; same < 1; same += 0.4) {
		double manual = promoted(UPK_GATE_MANUAL, same);
		double growth = promoted(UPK_GATE_GROWTH, same);
		assert_true(manual > 0.035 && manual < 0.065);
		assert_true(growth > 0.13 && growth < 0.18);
	}
}

/* n rows, `rare` of them of class 1, all answered 0. */
static struct upk_answers rare_rows(
	uint16_t actual[MOST], const uint16_t *zeros, size_t n, size_t rare)
{
	for (size_t i = 0; i < n; i++)
		actual[i] = i < rare;
	return (struct upk_answers){ n, 2, actual, zeros };
}

static void few_rows_of_one_of_two_classes_are_compared_by_accuracy(void **state)
{
	const uint16_t zeros[MOST] = { 0 };
	uint16_t actual[MOST];
	double v[MOST];

	(void)state;
	struct upk_answers a = rare_rows(actual, zeros, 100, 9);
	assert_true(upk_gate_by_accuracy(macro(), &a));
	assert_true(fabs(score(macro(), &a, v) - 0.91) < 1e-15);
	assert_true(v[0] == 0 && v[99] == 0.01);

	a = rare_rows(actual, zeros, 100, 10);
	assert_false(upk_gate_by_accuracy(macro(), &a));
	assert_true(fabs(score(macro(), &a, v) - 0.9 / 1.9) < 1e-15);
	a = rare_rows(actual, zeros, 100, 91);
	assert_true(upk_gate_by_accuracy(macro(), &a));

	a = rare_rows(actual, zeros, 100, 9);
	a.classes = 3;
	assert_false(upk_gate_by_accuracy(macro(), &a));
}

static void z_is_that_of_the_kind_and_strict_with_few_rows(void **state)
{
	const uint16_t zeros[MOST] = { 0 };
	uint16_t actual[MOST];

	(void)state;
	struct upk_answers a = rare_rows(actual, zeros, 250, 30);
	assert_true(upk_gate_z(UPK_GATE_ALERT, 0, &a) == 0);
	assert_true(upk_gate_z(UPK_GATE_GROWTH, 0, &a) == 1);
	assert_true(upk_gate_z(UPK_GATE_MANUAL, 0, &a) == 1.645);
	assert_true(fabs(upk_gate_z(UPK_GATE_ALERT, 0.975, &a) - 1.959963984540054) < 1e-12);
	assert_true(upk_gate_z(UPK_GATE_MANUAL, 0.5, &a) == 0);

	a = rare_rows(actual, zeros, 250, 29);
	assert_true(upk_gate_z(UPK_GATE_ALERT, 0, &a) == 1.645);
	assert_true(upk_gate_z(UPK_GATE_GROWTH, 0, &a) == 1.645);
	a = rare_rows(actual, zeros, 250, 9);
	assert_true(upk_gate_z(UPK_GATE_ALERT, 0, &a) == 2.326);
	a = rare_rows(actual, zeros, 500, 49); /* under a tenth */
	assert_true(upk_gate_z(UPK_GATE_ALERT, 0, &a) == 1.645);
	a = rare_rows(actual, zeros, 500, 50);
	assert_true(upk_gate_z(UPK_GATE_ALERT, 0, &a) == 0);
	a = rare_rows(actual, zeros, 1000, 60);
	assert_true(upk_gate_z(UPK_GATE_ALERT, 0, &a) == 0);
	a.classes = 3;
	assert_true(upk_gate_z(UPK_GATE_ALERT, 0, &a) == 0);
}

static void other_metrics_are_refused(void **state)
{
	const struct upk_measure measures[] = {
		measure("precision", UPK_AVERAGE_MACRO, 0),
		measure("mcc", UPK_AVERAGE_NONE, 0),
		measure("f1", UPK_AVERAGE_WEIGHTED, 0),
		measure("f1", UPK_AVERAGE_CLASS, 2),
	};
	const uint16_t zeros[MOST] = { 0 };
	uint16_t actual[MOST];

	(void)state;
	struct upk_answers a = rare_rows(actual, zeros, 100, 50);
	for (size_t i = 0; i < sizeof measures / sizeof *measures; i++) {
		struct upk_error err = { 0 };
		double score, v[MOST];
		assert_false(upk_gate_score(measures[i], &a, &score, v, &err));
		assert_int_equal(err.code, UPK_INVALID);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(equals_scikit_learn),
		cmocka_unit_test(influence_is_the_slope_by_a_rows_weight),
		cmocka_unit_test(standard_error_equals_the_bootstrap),
		cmocka_unit_test(equals_pass_as_seldom_as_the_gate_claims),
		cmocka_unit_test(few_rows_of_one_of_two_classes_are_compared_by_accuracy),
		cmocka_unit_test(z_is_that_of_the_kind_and_strict_with_few_rows),
		cmocka_unit_test(other_metrics_are_refused),
	};

	return cmocka_run_group_tests_name("learn/gate", tests, NULL, NULL);
}
