#include "learn/objective.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "learn/oracle_objective.h"
#include "learn/sample.h"

enum { ROWS = 300, FIRST = 100, CLASSES_MOST = 5 };

/* A learner whose probabilities are a row's numbers. */
static const struct upk_setting none[] = { { NULL, 0, 0, 0, false } };

static bool fit(
	const struct upk_fit_input *in, const cJSON *settings, void **fitted, struct upk_error *err)
{
	size_t *classes = malloc(sizeof *classes);

	(void)settings;
	(void)err;
	assert_non_null(classes);
	*classes = in->classes;
	*fitted = classes;
	return true;
}

static void predict(
	const void *fitted, const struct upk_inputs *in, void *scratch, double *probabilities)
{
	size_t classes = *(const size_t *)fitted;

	(void)scratch;
	memcpy(probabilities, in->x, in->rows * classes * sizeof *probabilities);
}

static const struct upk_learner told = {
	.name = "told", .raw = true, .settings = none, .fit = fit, .predict = predict, .free = free
};

static const struct upk_text names[CLASSES_MOST] = { { "a", 1 }, { "b", 1 }, { "c", 1 }, { "d", 1 },
	{ "e", 1 } };

static double unit(uint32_t *state)
{
	*state = (*state * UINT32_C(1103515245) + 12345) & 0x7fffffff;
	return (double)(*state >> 8) / 8388608;
}

/* As oracle_objective.py's. */
static void make_rows(struct upk_dataset *d, size_t classes, uint32_t seed)
{
	upk_dataset_init(d, sample_columns(classes), classes);
	for (int64_t i = 0; i < ROWS; i++) {
		double p[CLASSES_MOST], sum = 0;
		uint16_t y = (uint16_t)(unit(&seed) * (double)classes);
		for (size_t k = 0; k < classes; k++) {
			p[k] = unit(&seed) + 0.05 + (k == y ? 0.4 : 0);
			sum += p[k];
		}
		for (size_t k = 0; k < classes; k++)
			p[k] /= sum;
		assert_true(upk_dataset_add(d, p, y, -1, i + 1, NULL));
	}
}

static struct upk_predictor *fit_on(const struct upk_dataset *d)
{
	const struct upk_predictor_setup setup = { .learner = &told, .classes = names, .seed = 1 };
	struct upk_predictor *p = upk_predictor_fit(&setup, d, 0, d->rows, NULL);

	assert_non_null(p);
	return p;
}

static struct upk_decision decision_of(double threshold)
{
	return (struct upk_decision){ .positive = threshold > 0 ? 1 : -1, .threshold = threshold };
}

static void metrics_are_scikit_learns(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof oracle / sizeof oracle[0]; i++) {
		struct upk_dataset d;
		double score = NAN;
		make_rows(&d, oracle[i].classes, oracle[i].seed);
		struct upk_predictor *p = fit_on(&d);
		const struct upk_measure measure = { upk_metric_find(oracle[i].name),
			oracle[i].average, 1 };
		assert_true(upk_objective(measure, decision_of(oracle[i].threshold), p, &d, FIRST,
			ROWS, &score, NULL));
		if (!(fabs(score - oracle[i].value) < 1e-12))
			fail_msg("%s of %zu classes is %.17g, scikit-learn's %.17g", oracle[i].name,
				oracle[i].classes, score, oracle[i].value);
		upk_predictor_unref(p);
		upk_dataset_finish(&d);
	}
}

/* A row's decision is that of the class with the greatest probability, here always right. */
static void only_the_rows_between_count(void **state)
{
	struct upk_dataset d;
	double score;

	(void)state;
	upk_dataset_init(&d, sample_columns(2), 2);
	for (int64_t i = 0; i < 60; i++) {
		bool right = i >= 20 && i < 40;
		double p[2] = { i % 2 == right ? 0.2 : 0.8, i % 2 == right ? 0.8 : 0.2 };
		assert_true(upk_dataset_add(&d, p, i % 2, -1, i + 1, NULL));
	}
	struct upk_predictor *p = fit_on(&d);
	const struct upk_measure accuracy = { upk_metric_find("accuracy"), UPK_AVERAGE_NONE, 0 };
	static const struct {
		size_t from, to;
		double share;
	} cases[] = { { 20, 40, 1 }, { 0, 20, 0 }, { 10, 30, 0.5 }, { 39, 40, 1 },
		{ 0, 60, 1.0 / 3 } };
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		assert_true(upk_objective(
			accuracy, decision_of(0), p, &d, cases[i].from, cases[i].to, &score, NULL));
		assert_true(fabs(score - cases[i].share) < 1e-15);
	}
	upk_predictor_unref(p);
	upk_dataset_finish(&d);
}

/* Ranks of one class alone say nothing, nor does the F1 of a class that is nowhere. */
static void what_is_undefined_is_nan(void **state)
{
	struct upk_dataset d;
	double score = 0;

	(void)state;
	upk_dataset_init(&d, sample_columns(3), 3);
	for (int64_t i = 0; i < 40; i++) {
		const double p[] = { 0.6, 0.3, 0.1 };
		assert_true(upk_dataset_add(
			&d, p, i < 30 ? 0 : (uint16_t)(1 + i % 2), -1, i + 1, NULL));
	}
	struct upk_predictor *p = fit_on(&d);
	const struct upk_measure undefined[] = {
		{ upk_metric_find("roc_auc"), UPK_AVERAGE_NONE, 0 },
		{ upk_metric_find("f1"), UPK_AVERAGE_CLASS, 2 },
	};
	for (size_t i = 0; i < 2; i++) {
		assert_true(
			upk_objective(undefined[i], decision_of(0), p, &d, 0, 30, &score, NULL));
		assert_true(isnan(score));
	}
	upk_predictor_unref(p);
	upk_dataset_finish(&d);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(metrics_are_scikit_learns),
		cmocka_unit_test(only_the_rows_between_count),
		cmocka_unit_test(what_is_undefined_is_nan),
	};

	return cmocka_run_group_tests_name("learn/objective", tests, NULL, NULL);
}
