/* The table of metrics: their names, values and intervals, from confusion counts. */
#ifndef UPK_METRICS_METRIC_H
#define UPK_METRICS_METRIC_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "metrics/confusion.h"
#include "metrics/interval.h"

enum upk_average {
	UPK_AVERAGE_NONE, /* the metric is of the whole window (accuracy, mcc, ...) */
	UPK_AVERAGE_CLASS, /* of one class */
	UPK_AVERAGE_MACRO, /* over the classes that appear as label or prediction, 0/0 counted as 0 */
	UPK_AVERAGE_MICRO,
	UPK_AVERAGE_WEIGHTED, /* by support */
};

enum upk_metric_needs {
	UPK_METRIC_COUNTS, /* confusion counts */
	UPK_METRIC_SCORES, /* the pairs' scores: see metrics/score.h */
};

/* One row of the table; static, never freed. */
struct upk_metric;

/* A metric with its average or class: what rules, history and the gate name. */
struct upk_measure {
	const struct upk_metric *metric;
	enum upk_average average;
	uint16_t class; /* with UPK_AVERAGE_CLASS */
};

/* The i-th row, NULL after the last one; by name, NULL when there is none. */
const struct upk_metric *upk_metric_at(size_t i);
const struct upk_metric *upk_metric_find(const char *name);
const char *upk_metric_name(const struct upk_metric *m);
enum upk_metric_needs upk_metric_needs(const struct upk_metric *m);
bool upk_metric_per_class(const struct upk_metric *m); /* precision, recall, f1 */
bool upk_metric_lower_is_better(const struct upk_metric *m); /* log_loss, brier, ece */
/* The values it can take, for checking thresholds: 0..1, mcc and kappa -1..1, log_loss 0..inf. */
void upk_metric_range(const struct upk_metric *m, double *low, double *high);

/* Value on these counts; NAN when 0/0 or when it needs scores. Equals scikit-learn's value where it
 * has one. O(classes), O(1) for one class. */
double upk_measure_value(struct upk_measure measure, const struct upk_confusion *c);

/* Standard error of the value under multinomial sampling of the pairs (delta method; for macro F1
 * the influence values of docs/gate.md); NAN when undefined. O(classes^2) for averages. */
double upk_measure_se(struct upk_measure measure, const struct upk_confusion *c);

/* Two-sided interval: Wilson for accuracy, precision, recall and micro averages, the mapped Wilson
 * for F1 of one class, normal with the delta method's error for everything else. */
struct upk_interval upk_measure_interval(
	struct upk_measure measure, const struct upk_confusion *c, double level);

/* Pairs that the measure rests on: of a class's metric those labelled or predicted so, else all. */
uint64_t upk_measure_pairs(struct upk_measure measure, const struct upk_confusion *c);

#endif
