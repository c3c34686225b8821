/* The gate: whether a challenger is better than the champion on rows that neither was fitted on. */
#ifndef UPK_LEARN_GATE_H
#define UPK_LEARN_GATE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "metrics/metric.h"

/* Answers on the same n rows. */
struct upk_answers {
	size_t n, classes;
	const uint16_t *actual;    /* (n) */
	const uint16_t *predicted; /* (n) */
};

/* The gate's metric on these rows: macro F1, one class's F1, or accuracy; for two classes with fewer
 * than 10 rows of the rarer label: accuracy. v (n) becomes each row's influence on it, so that
 * upk_gate_sd is the paired standard error of a difference. docs/policy.md section 2.
 * false: UPK_NOMEM or UPK_INVALID (a metric the gate does not have). */
bool upk_gate_score(struct upk_measure measure, const struct upk_answers *answers, double *score,
	double *v, struct upk_error *err);

/* The same by the metric that is asked for, however few the rows. */
bool upk_gate_score_asked(struct upk_measure measure, const struct upk_answers *answers,
	double *score, double *v, struct upk_error *err);

/* Whether upk_gate_score compares these by accuracy: asked to, or too few rows of a label. */
bool upk_gate_by_accuracy(struct upk_measure measure, const struct upk_answers *answers);

/* What two versions' answers on a part of the rows are compared by: accuracy where `measure`
 * averages over the classes, there are more than two, and one that occurs among labels or answers
 * has fewer than 10 rows: macro F1 is then decided by a handful of rows, and its paired error is
 * too small. By the F1 of a class only that class counts. Else `measure`. false: UPK_NOMEM. */
bool upk_gate_measure_part(const struct upk_answers *first, const struct upk_answers *second,
	struct upk_measure *measure, struct upk_error *err);

/* sqrt(sum (a - b)^2) */
double upk_gate_sd(const double *a, const double *b, size_t n);

enum upk_gate_kind {
	UPK_GATE_ALERT,  /* z = 0 */
	UPK_GATE_GROWTH, /* z = 1 */
	UPK_GATE_MANUAL, /* z = 1.645 */
};

/* z of a kind ("confidence": "auto"). Whatever the kind it is 1.645 when two classes have fewer than
 * 30 rows of the rarer label among `actual`, or fewer than 60 that are under a tenth of all, and
 * 2.326 when fewer than 10. A confidence of 0.5..1 given instead (else 0) is its own quantile. */
double upk_gate_z(enum upk_gate_kind kind, double confidence, const struct upk_answers *answers);

#endif
