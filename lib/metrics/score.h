/* Metrics of scores: ranking (AUC, average precision) and calibration (log loss, Brier, ECE). */
#ifndef UPK_METRICS_SCORE_H
#define UPK_METRICS_SCORE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"

/* n pairs. Two ways to give scores:
 * - classes >= 2, scores (n x classes): a probability for each class; actual 0 .. classes - 1.
 * - classes == 1, scores (n): the probability of the positive class; actual 1 is positive, 0 not.
 * A pair whose actual class is classes or more (it came after) counts as probability 0. */
struct upk_scored {
	size_t n, classes;
	const uint16_t *actual;
	const double *scores;
	int positive; /* binary with classes == 2: index of the positive class, -1: none declared */
};

/* NAN: undefined on these pairs. */
struct upk_score_metrics {
	double roc_auc; /* of the positive class of two; none declared, or more classes: one
			   against the rest, macro over the classes that have both kinds */
	double average_precision; /* likewise; step-wise, as scikit-learn's */
	double log_loss; /* rows divided by their sum, clipped at 2.2e-16 (float64 epsilon) */
	double brier;    /* binary: mean (p - y)^2; more: mean over rows of the sum over classes */
	double ece;      /* 15 equal bins of the highest probability. Guo et al. 2017 */
};

/* Sorts copies: O(classes * n). false: UPK_NOMEM. Any thread. */
bool upk_score_metrics(
	const struct upk_scored *scored, struct upk_score_metrics *out, struct upk_error *err);

/* The same value of the one that is called so alone; NAN: none is. About 2 ms for 100,000 pairs of two
 * classes, and as much for each further class that has to be ranked. */
bool upk_score_metric(const struct upk_scored *scored, const char *name, double *value,
	struct upk_error *err);

/* The one of them that is called so; NAN: none is. */
double upk_score_value(const struct upk_score_metrics *m, const char *name);

#endif
