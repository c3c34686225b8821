#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/random.h"
#include "metrics/metric.h"
#include "oracle.h"

static struct oracle theirs;

static const struct {
	const char *suffix;
	enum upk_average average;
} averages[] = {
	{ ".macro", UPK_AVERAGE_MACRO },
	{ ".micro", UPK_AVERAGE_MICRO },
	{ ".weighted", UPK_AVERAGE_WEIGHTED },
};

static struct upk_measure measure(const char *name, enum upk_average average, size_t class)
{
	struct upk_measure m = { upk_metric_find(name), average, (uint16_t) class };
	assert_non_null(m.metric);
	return m;
}

/* Right with probability `right`, else any class; squares make later classes rare. Only the first
 * `labelled` classes are labels. */
struct traffic {
	size_t n, classes, labelled;
	double right;
};

static struct upk_pair draw(struct upk_random *r, const struct traffic *t)
{
	double u = upk_random_unit(r);
	uint16_t actual = (uint16_t)(u * u * (double)t->labelled);
	bool right = upk_random_unit(r) < t->right;
	return (struct upk_pair){ actual,
		right ? actual : (uint16_t)upk_random_below(r, t->classes) };
}

static struct upk_confusion *simulate(const struct traffic *t, uint64_t seed)
{
	struct upk_random r;
	upk_random_seed(&r, seed);
	struct upk_confusion *c = upk_confusion_create(t->classes, NULL);
	assert_non_null(c);
	char path[64];
	FILE *f = oracle_input(path);
	for (size_t i = 0; i < t->n; i++) {
		struct upk_pair pair = draw(&r, t);
		upk_confusion_add(c, pair);
		fprintf(f, "%d %d\n", pair.actual, pair.predicted);
	}
	fclose(f);
	oracle_run(&theirs, "counts.py", path);
	return c;
}

static void assert_whole(const struct upk_confusion *c, const char *name)
{
	struct upk_measure m = measure(name, UPK_AVERAGE_NONE, 0);
	assert_near(upk_measure_value(m, c), oracle_value(&theirs, "%s", name), 1e-12, name);
	assert_near(upk_measure_se(m, c), oracle_value(&theirs, "se.%s", name), 1e-9, name);
	assert_int_equal(upk_measure_pairs(m, c), upk_confusion_pairs(c));
}

static void assert_averages(const struct upk_confusion *c, const char *name)
{
	for (size_t i = 0; i < 3; i++) {
		struct upk_measure m = measure(name, averages[i].average, 0);
		assert_near(upk_measure_value(m, c),
			oracle_value(&theirs, "%s%s", name, averages[i].suffix), 1e-12, name);
		assert_near(upk_measure_se(m, c),
			oracle_value(&theirs, "se.%s%s", name, averages[i].suffix), 1e-9, name);
	}
}

static bool has_row(const char *name)
{
	for (size_t i = 0; i < theirs.n; i++)
		if (strcmp(theirs.rows[i].name, name) == 0)
			return true;
	return false;
}

static void assert_classes(const struct upk_confusion *c, const char *name)
{
	for (size_t k = 0; k < upk_confusion_classes(c); k++) {
		char row[64];
		struct upk_measure m = measure(name, UPK_AVERAGE_CLASS, k);
		snprintf(row, sizeof row, "%s.%zu", name, k);
		/* The script goes up to the last class that appears. */
		double value = has_row(row) ? oracle_value(&theirs, "%s", row) : NAN;
		assert_near(upk_measure_value(m, c), value, 1e-12, row);
		snprintf(row, sizeof row, "se.%s.%zu", name, k);
		if (has_row(row) && !isnan(value))
			assert_near(
				upk_measure_se(m, c), oracle_value(&theirs, "%s", row), 1e-9, row);
		snprintf(row, sizeof row, "pairs.%zu", k);
		assert_int_equal(upk_measure_pairs(m, c),
			has_row(row) ? oracle_value(&theirs, "%s", row) : 0);
	}
}

static void values_and_errors_equal_the_oracle(void **state)
{
	(void)state;
	static const struct traffic traffic[] = {
		{ 1000, 2, 2, 0.8 }, { 30, 2, 2, 0.3 }, { 5000, 7, 7, 0.7 }, { 40, 7, 5, 0.5 },
		{ 20000, 60, 60, 0.6 }, { 300, 60, 40, 0.4 },
		{ 200, 2, 1, 0.9 }, /* one label only: mcc is 0/0 */
		{ 5, 2, 1, 1.0 },   /* one cell only: kappa too */
	};
	for (size_t i = 0; i < sizeof traffic / sizeof traffic[0]; i++) {
		struct upk_confusion *c = simulate(&traffic[i], i);
		assert_whole(c, "accuracy");
		assert_whole(c, "balanced_accuracy");
		assert_whole(c, "mcc");
		assert_whole(c, "kappa");
		assert_averages(c, "precision");
		assert_averages(c, "recall");
		assert_averages(c, "f1");
		assert_classes(c, "precision");
		assert_classes(c, "recall");
		assert_classes(c, "f1");
		upk_confusion_destroy(c);
	}
}

static void nothing_counted_has_no_value(void **state)
{
	(void)state;
	struct upk_confusion *empty = upk_confusion_create(3, NULL);
	assert_non_null(empty);
	for (size_t i = 0; upk_metric_at(i); i++) {
		for (int average = UPK_AVERAGE_NONE; average <= UPK_AVERAGE_WEIGHTED; average++) {
			struct upk_measure m = { upk_metric_at(i), (enum upk_average)average, 1 };
			assert_true(isnan(upk_measure_value(m, empty)));
			assert_true(isnan(upk_measure_se(m, empty)));
			assert_true(isnan(upk_measure_interval(m, empty, 0.95).low));
			assert_int_equal(upk_measure_pairs(m, empty), 0);
		}
	}
	upk_confusion_destroy(empty);
}

static void a_class_that_is_not_there_yet_has_no_value(void **state)
{
	(void)state;
	struct upk_confusion *c = upk_confusion_create(1, NULL);
	assert_non_null(c);
	upk_confusion_add(c, (struct upk_pair){ 0, 0 });
	struct upk_measure m = measure("f1", UPK_AVERAGE_CLASS, 5);
	assert_true(isnan(upk_measure_value(m, c)));
	assert_true(isnan(upk_measure_interval(m, c, 0.9).high));
	assert_int_equal(upk_measure_pairs(m, c), 0);
	upk_confusion_destroy(c);
}

static void metrics_are_found_by_name_and_know_their_range(void **state)
{
	(void)state;
	size_t n = 0;
	for (; upk_metric_at(n); n++)
		assert_ptr_equal(
			upk_metric_find(upk_metric_name(upk_metric_at(n))), upk_metric_at(n));
	assert_int_equal(n, 12);
	assert_null(upk_metric_find("f2"));

	double low, high;
	upk_metric_range(upk_metric_find("mcc"), &low, &high);
	assert_true(low == -1 && high == 1);
	upk_metric_range(upk_metric_find("log_loss"), &low, &high);
	assert_true(low == 0 && isinf(high));
	assert_true(upk_metric_per_class(upk_metric_find("recall")));
	assert_false(upk_metric_per_class(upk_metric_find("balanced_accuracy")));
	assert_true(upk_metric_lower_is_better(upk_metric_find("ece")));
	assert_false(upk_metric_lower_is_better(upk_metric_find("roc_auc")));
	assert_int_equal(upk_metric_needs(upk_metric_find("brier")), UPK_METRIC_SCORES);
	assert_int_equal(upk_metric_needs(upk_metric_find("kappa")), UPK_METRIC_COUNTS);
}

static void one_class_has_the_wilson_interval_of_its_proportion(void **state)
{
	(void)state;
	struct upk_confusion *c = upk_confusion_create(2, NULL);
	assert_non_null(c);
	for (int i = 0; i < 90; i++)
		upk_confusion_add(c, (struct upk_pair){ 1, i % 3 != 0 }); /* 60 hits, 30 misses */
	for (int i = 0; i < 50; i++)
		upk_confusion_add(c, (struct upk_pair){ 0, i % 5 == 0 }); /* 10 false alarms */

	struct upk_interval ours, wilson;
	ours = upk_measure_interval(measure("recall", UPK_AVERAGE_CLASS, 1), c, 0.9);
	wilson = upk_interval_wilson(60, 90, 0.9);
	assert_true(ours.low == wilson.low && ours.high == wilson.high);
	ours = upk_measure_interval(measure("precision", UPK_AVERAGE_CLASS, 1), c, 0.9);
	wilson = upk_interval_wilson(60, 70, 0.9);
	assert_true(ours.low == wilson.low && ours.high == wilson.high);
	ours = upk_measure_interval(measure("f1", UPK_AVERAGE_CLASS, 1), c, 0.9);
	wilson = upk_interval_wilson(60, 100, 0.9);
	assert_near(ours.low, 2 * wilson.low / (1 + wilson.low), 1e-15, "f1 low");
	assert_near(ours.high, 2 * wilson.high / (1 + wilson.high), 1e-15, "f1 high");
	ours = upk_measure_interval(measure("accuracy", UPK_AVERAGE_NONE, 0), c, 0.9);
	wilson = upk_interval_wilson(100, 140, 0.9);
	assert_true(ours.low == wilson.low && ours.high == wilson.high);
	ours = upk_measure_interval(measure("f1", UPK_AVERAGE_MICRO, 0), c, 0.9);
	assert_true(ours.low == wilson.low && ours.high == wilson.high);
	upk_confusion_destroy(c);
}

static void mcc_interval_reaches_below_zero(void **state)
{
	(void)state;
	struct upk_confusion *c = upk_confusion_create(2, NULL);
	assert_non_null(c);
	for (int i = 0; i < 40; i++)
		upk_confusion_add(c, (struct upk_pair){ i % 2, i % 4 < 2 });
	struct upk_measure m = measure("mcc", UPK_AVERAGE_NONE, 0);
	struct upk_interval i = upk_measure_interval(m, c, 0.95);
	assert_near(i.high, 1.9599639845400545 * upk_measure_se(m, c), 1e-12, "high");
	assert_near(i.low, -i.high, 1e-12, "low");
	upk_confusion_destroy(c);
}

/* 1,000 windows of 400 pairs in 4 classes: standard error of a share of 0.95 is 0.007. */
static void ninety_five_of_a_hundred_delta_intervals_hold_the_true_value(void **state)
{
	(void)state;
	static const char *const names[] = { "f1", "precision", "recall", "mcc", "kappa" };
	const struct traffic traffic = { 400, 4, 4, 0.7 };
	struct upk_random r;
	upk_random_seed(&r, 3);
	struct upk_confusion *truth = upk_confusion_create(4, NULL);
	struct upk_confusion *c = upk_confusion_create(4, NULL);
	assert_true(truth && c);
	for (int i = 0; i < 500000; i++)
		upk_confusion_add(truth, draw(&r, &traffic));

	int held[5][2] = { 0 };
	for (int window = 0; window < 1000; window++) {
		upk_confusion_clear(c);
		for (size_t i = 0; i < traffic.n; i++)
			upk_confusion_add(c, draw(&r, &traffic));
		for (size_t k = 0; k < 5; k++) {
			for (size_t a = 0; a < 2; a++) {
				struct upk_measure m =
					measure(names[k], averages[2 * a].average, 0);
				struct upk_interval i = upk_measure_interval(m, c, 0.95);
				double value = upk_measure_value(m, truth);
				held[k][a] += i.low <= value && value <= i.high;
			}
		}
	}
	for (size_t k = 0; k < 5; k++)
		for (size_t a = 0; a < 2; a++)
			assert_in_range(held[k][a], 920, 970);
	upk_confusion_destroy(truth);
	upk_confusion_destroy(c);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(values_and_errors_equal_the_oracle),
		cmocka_unit_test(nothing_counted_has_no_value),
		cmocka_unit_test(a_class_that_is_not_there_yet_has_no_value),
		cmocka_unit_test(metrics_are_found_by_name_and_know_their_range),
		cmocka_unit_test(one_class_has_the_wilson_interval_of_its_proportion),
		cmocka_unit_test(mcc_interval_reaches_below_zero),
		cmocka_unit_test(ninety_five_of_a_hundred_delta_intervals_hold_the_true_value),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
