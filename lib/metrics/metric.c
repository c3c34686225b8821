#include "metrics/metric.h"

#include <math.h>
#include <string.h>

/* A class's metric is hit * TP / (actual * labelled so + predicted * predicted so). */
struct ratio {
	double hit, actual, predicted;
};

/* Derivative of a value by the count of cell (i, j):
 * base + actual[i] + predicted[j], and hit[i] more where i = j.
 * A value that depends on the shares of the cells alone has sum(count * derivative) = 0, so that
 * the influence of a pair is n times its cell's derivative, and the standard error, sd / sqrt(n),
 * is sqrt(sum(count * derivative^2)). */
struct gradient {
	double base;
	double hit[UPK_CLASSES_MAX], actual[UPK_CLASSES_MAX], predicted[UPK_CLASSES_MAX];
};

struct upk_metric {
	const char *name;
	enum upk_metric_needs needs;
	bool lower_is_better;
	double low, high;
	struct ratio ratio; /* of a class; all 0: the metric is of the whole window */
	/* Of the whole window, from counts; never called without pairs. */
	double (*value)(const struct upk_confusion *c);
	void (*derive)(const struct upk_confusion *c, struct gradient *g);
};

static double hits_of(const struct upk_confusion *c, size_t class)
{
	return (double)upk_confusion_cell(c, class, class);
}

static double actual_of(const struct upk_confusion *c, size_t class)
{
	return (double)upk_confusion_actual(c, class);
}

static double predicted_of(const struct upk_confusion *c, size_t class)
{
	return (double)upk_confusion_predicted(c, class);
}

static double pairs_of(const struct upk_confusion *c)
{
	return (double)upk_confusion_pairs(c);
}

static bool appears(const struct upk_confusion *c, size_t class)
{
	return upk_confusion_actual(c, class) || upk_confusion_predicted(c, class);
}

static double ratio_under(struct ratio r, const struct upk_confusion *c, size_t class)
{
	return r.actual * actual_of(c, class) + r.predicted * predicted_of(c, class);
}

/* NAN when 0/0. */
static double ratio_value(struct ratio r, const struct upk_confusion *c, size_t class)
{
	double under = ratio_under(r, c, class);
	return under > 0 ? r.hit * hits_of(c, class) / under : NAN;
}

static double zero_for_nan(double x)
{
	return isnan(x) ? 0 : x;
}

/* Adds weight times the derivative of the class's ratio, whose 0/0 is a constant 0. */
static void derive_ratio(struct ratio r, const struct upk_confusion *c, size_t class, double weight,
	struct gradient *g)
{
	double under = ratio_under(r, c, class);
	if (under == 0)
		return;

	double value = r.hit * hits_of(c, class) / under;
	g->hit[class] += weight * r.hit / under;
	g->actual[class] -= weight * value * r.actual / under;
	g->predicted[class] -= weight * value * r.predicted / under;
}

static double accuracy(const struct upk_confusion *c)
{
	return (double)upk_confusion_hits(c) / pairs_of(c);
}

static void derive_accuracy(const struct upk_confusion *c, struct gradient *g)
{
	for (size_t k = 0; k < upk_confusion_classes(c); k++)
		g->hit[k] = 1 / pairs_of(c);
	g->base = -accuracy(c) / pairs_of(c);
}

static double classes_that_appear(const struct upk_confusion *c)
{
	double count = 0;
	for (size_t k = 0; k < upk_confusion_classes(c); k++)
		count += appears(c, k);
	return count;
}

static double macro(struct ratio r, const struct upk_confusion *c)
{
	double sum = 0;
	for (size_t k = 0; k < upk_confusion_classes(c); k++)
		sum += zero_for_nan(ratio_value(r, c, k));
	return sum / classes_that_appear(c);
}

static void derive_macro(struct ratio r, const struct upk_confusion *c, struct gradient *g)
{
	double classes = classes_that_appear(c);
	for (size_t k = 0; k < upk_confusion_classes(c); k++)
		derive_ratio(r, c, k, 1 / classes, g);
}

static double weighted(struct ratio r, const struct upk_confusion *c)
{
	double sum = 0;
	for (size_t k = 0; k < upk_confusion_classes(c); k++)
		sum += actual_of(c, k) * zero_for_nan(ratio_value(r, c, k));
	return sum / pairs_of(c);
}

/* The weights, support / n, move with the counts too. */
static void derive_weighted(struct ratio r, const struct upk_confusion *c, struct gradient *g)
{
	double n = pairs_of(c);
	for (size_t k = 0; k < upk_confusion_classes(c); k++) {
		derive_ratio(r, c, k, actual_of(c, k) / n, g);
		g->actual[k] += zero_for_nan(ratio_value(r, c, k)) / n;
	}
	g->base -= weighted(r, c) / n;
}

static const struct ratio recall = { .hit = 1, .actual = 1 };

static double classes_with_support(const struct upk_confusion *c)
{
	double count = 0;
	for (size_t k = 0; k < upk_confusion_classes(c); k++)
		count += upk_confusion_actual(c, k) > 0;
	return count;
}

static double balanced_accuracy(const struct upk_confusion *c)
{
	double sum = 0;
	for (size_t k = 0; k < upk_confusion_classes(c); k++)
		sum += zero_for_nan(ratio_value(recall, c, k));
	return sum / classes_with_support(c);
}

static void derive_balanced_accuracy(const struct upk_confusion *c, struct gradient *g)
{
	double classes = classes_with_support(c);
	for (size_t k = 0; k < upk_confusion_classes(c); k++)
		derive_ratio(recall, c, k, 1 / classes, g);
}

/* n^2 times the covariances of the classes' indicators, summed over the classes: of labels with
 * predictions, labels with themselves, predictions with themselves. Integers, so exact up to 2^53.
 */
struct covariances {
	double both, actual, predicted;
	double chance; /* sum of labelled so * predicted so */
};

static struct covariances covariances(const struct upk_confusion *c)
{
	double n = pairs_of(c);
	struct covariances v = { .both = n * (double)upk_confusion_hits(c), n * n, n * n, 0 };
	for (size_t k = 0; k < upk_confusion_classes(c); k++) {
		double a = actual_of(c, k), p = predicted_of(c, k);
		v.chance += a * p;
		v.actual -= a * a;
		v.predicted -= p * p;
	}
	v.both -= v.chance;
	return v;
}

/* Gorodkin 2004: the correlation of labels and predictions. */
static double mcc(const struct upk_confusion *c)
{
	struct covariances v = covariances(c);
	double under = sqrt(v.actual) * sqrt(v.predicted);
	return under > 0 ? v.both / under : NAN;
}

static void derive_mcc(const struct upk_confusion *c, struct gradient *g)
{
	struct covariances v = covariances(c);
	double under = sqrt(v.actual) * sqrt(v.predicted);
	double value = v.both / under, n = pairs_of(c);
	for (size_t k = 0; k < upk_confusion_classes(c); k++) {
		double a = actual_of(c, k), p = predicted_of(c, k);
		g->hit[k] = n / under;
		g->actual[k] = value * a / v.actual - p / under;
		g->predicted[k] = value * p / v.predicted - a / under;
	}
	g->base = (double)upk_confusion_hits(c) / under -
		value * n * (1 / v.actual + 1 / v.predicted);
}

/* Cohen 1960: what the hits exceed chance by, as a share of the most they could. */
static double kappa(const struct upk_confusion *c)
{
	struct covariances v = covariances(c);
	double under = pairs_of(c) * pairs_of(c) - v.chance;
	return under > 0 ? v.both / under : NAN;
}

static void derive_kappa(const struct upk_confusion *c, struct gradient *g)
{
	struct covariances v = covariances(c);
	double n = pairs_of(c), under = n * n - v.chance, value = v.both / under;
	for (size_t k = 0; k < upk_confusion_classes(c); k++) {
		g->hit[k] = n / under;
		g->actual[k] = -(1 - value) * predicted_of(c, k) / under;
		g->predicted[k] = -(1 - value) * actual_of(c, k) / under;
	}
	g->base = ((double)upk_confusion_hits(c) - 2 * n * value) / under;
}

static const struct upk_metric metrics[] = {
	{ .name = "accuracy", .high = 1, .value = accuracy, .derive = derive_accuracy },
	{ .name = "precision", .high = 1, .ratio = { .hit = 1, .predicted = 1 } },
	{ .name = "recall", .high = 1, .ratio = { .hit = 1, .actual = 1 } },
	{ .name = "f1", .high = 1, .ratio = { .hit = 2, .actual = 1, .predicted = 1 } },
	{ .name = "balanced_accuracy",
		.high = 1,
		.value = balanced_accuracy,
		.derive = derive_balanced_accuracy },
	{ .name = "mcc", .low = -1, .high = 1, .value = mcc, .derive = derive_mcc },
	{ .name = "kappa", .low = -1, .high = 1, .value = kappa, .derive = derive_kappa },
	{ .name = "roc_auc", .needs = UPK_METRIC_SCORES, .high = 1 },
	{ .name = "average_precision", .needs = UPK_METRIC_SCORES, .high = 1 },
	{ .name = "log_loss",
		.needs = UPK_METRIC_SCORES,
		.lower_is_better = true,
		.high = INFINITY },
	{ .name = "brier", .needs = UPK_METRIC_SCORES, .lower_is_better = true, .high = 2 },
	{ .name = "ece", .needs = UPK_METRIC_SCORES, .lower_is_better = true, .high = 1 },
};

const struct upk_metric *upk_metric_at(size_t i)
{
	return i < sizeof metrics / sizeof metrics[0] ? &metrics[i] : NULL;
}

const struct upk_metric *upk_metric_find(const char *name)
{
	for (size_t i = 0; i < sizeof metrics / sizeof metrics[0]; i++)
		if (strcmp(metrics[i].name, name) == 0)
			return &metrics[i];
	return NULL;
}

const char *upk_metric_name(const struct upk_metric *m)
{
	return m->name;
}

enum upk_metric_needs upk_metric_needs(const struct upk_metric *m)
{
	return m->needs;
}

bool upk_metric_per_class(const struct upk_metric *m)
{
	return m->ratio.hit > 0;
}

bool upk_metric_lower_is_better(const struct upk_metric *m)
{
	return m->lower_is_better;
}

void upk_metric_range(const struct upk_metric *m, double *low, double *high)
{
	*low = m->low;
	*high = m->high;
}

double upk_measure_value(struct upk_measure measure, const struct upk_confusion *c)
{
	const struct upk_metric *m = measure.metric;
	if (m->needs != UPK_METRIC_COUNTS || upk_confusion_pairs(c) == 0)
		return NAN;
	if (!upk_metric_per_class(m))
		return m->value(c);

	switch (measure.average) {
	case UPK_AVERAGE_CLASS:
		return measure.class < upk_confusion_classes(c)
			? ratio_value(m->ratio, c, measure.class)
			: NAN;
	case UPK_AVERAGE_MACRO:
		return macro(m->ratio, c);
	case UPK_AVERAGE_MICRO:
		return accuracy(c); /* each pair has one label: all three are the share of hits */
	case UPK_AVERAGE_WEIGHTED:
		return weighted(m->ratio, c);
	case UPK_AVERAGE_NONE:
		break;
	}
	return NAN;
}

/* Of one class only three kinds of pairs count: hits, misses, false alarms. */
static double class_se(struct ratio r, const struct upk_confusion *c, size_t class)
{
	double under = ratio_under(r, c, class);
	double value = ratio_value(r, c, class), hits = hits_of(c, class);
	double of_hit = r.hit - value * (r.actual + r.predicted);
	double of_miss = value * r.actual, of_alarm = value * r.predicted;
	return sqrt(hits * of_hit * of_hit + (actual_of(c, class) - hits) * of_miss * of_miss +
		       (predicted_of(c, class) - hits) * of_alarm * of_alarm) /
		under;
}

static double gradient_se(const struct gradient *g, const struct upk_confusion *c)
{
	double sum = 0;
	size_t classes = upk_confusion_classes(c);
	for (size_t i = 0; i < classes; i++) {
		for (size_t j = 0; j < classes; j++) {
			double by =
				g->base + g->actual[i] + g->predicted[j] + (i == j ? g->hit[i] : 0);
			sum += (double)upk_confusion_cell(c, i, j) * by * by;
		}
	}
	return sqrt(sum);
}

double upk_measure_se(struct upk_measure measure, const struct upk_confusion *c)
{
	const struct upk_metric *m = measure.metric;
	if (isnan(upk_measure_value(measure, c)))
		return NAN;
	if (upk_metric_per_class(m) && measure.average == UPK_AVERAGE_CLASS)
		return class_se(m->ratio, c, measure.class);

	struct gradient g = { 0 };
	if (!upk_metric_per_class(m))
		m->derive(c, &g);
	else if (measure.average == UPK_AVERAGE_MACRO)
		derive_macro(m->ratio, c, &g);
	else if (measure.average == UPK_AVERAGE_MICRO)
		derive_accuracy(c, &g);
	else
		derive_weighted(m->ratio, c, &g);
	return gradient_se(&g, c);
}

static struct upk_interval class_interval(
	struct ratio r, const struct upk_confusion *c, size_t class, double level)
{
	uint64_t tp = upk_confusion_cell(c, class, class);
	uint64_t actual = upk_confusion_actual(c, class),
		 predicted = upk_confusion_predicted(c, class);
	if (r.actual > 0 && r.predicted > 0)
		return upk_interval_f1(tp, predicted - tp, actual - tp, level);
	return upk_interval_wilson(tp, r.actual > 0 ? actual : predicted, level);
}

/* The normal interval is cut to 0..1: there and back for the metrics that reach below 0. */
static struct upk_interval delta_interval(
	struct upk_measure measure, const struct upk_confusion *c, double level)
{
	double low = measure.metric->low, width = measure.metric->high - low;
	double value = upk_measure_value(measure, c), se = upk_measure_se(measure, c);
	struct upk_interval i = upk_interval_normal((value - low) / width, se / width, level);
	return (struct upk_interval){ low + width * i.low, low + width * i.high };
}

struct upk_interval upk_measure_interval(
	struct upk_measure measure, const struct upk_confusion *c, double level)
{
	const struct upk_metric *m = measure.metric;
	if (isnan(upk_measure_value(measure, c)))
		return (struct upk_interval){ NAN, NAN };
	if (m->value == accuracy ||
		(upk_metric_per_class(m) && measure.average == UPK_AVERAGE_MICRO))
		return upk_interval_wilson(upk_confusion_hits(c), upk_confusion_pairs(c), level);
	if (upk_metric_per_class(m) && measure.average == UPK_AVERAGE_CLASS)
		return class_interval(m->ratio, c, measure.class, level);
	return delta_interval(measure, c, level);
}

uint64_t upk_measure_pairs(struct upk_measure measure, const struct upk_confusion *c)
{
	if (!upk_metric_per_class(measure.metric) || measure.average != UPK_AVERAGE_CLASS)
		return upk_confusion_pairs(c);
	if (measure.class >= upk_confusion_classes(c))
		return 0;
	return upk_confusion_actual(c, measure.class) + upk_confusion_predicted(c, measure.class) -
		upk_confusion_cell(c, measure.class, measure.class);
}
