/* The decision threshold of two classes by which the positive one's F1 is best. */
#ifndef UPK_LEARN_THRESHOLD_H
#define UPK_LEARN_THRESHOLD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "base/text.h"

enum { UPK_THRESHOLD_WORDS = 512 };

/* Scores in 0..1 of n rows, and whether each is of the positive class; positive is answered for a
 * score >= the threshold. The one with the greatest F1 of all: halfway between the last score that
 * is accepted and the next (0 below the last of all), of equals the one nearest to 0.5, and 0.5
 * itself where it parts the rows as well as any. NAN where the rows are of one class, or none.
 * Equals the best of scikit-learn's precision_recall_curve. false: UPK_NOMEM. */
bool upk_threshold_best(const double *scores, const bool *positive, size_t n, double *threshold,
	struct upk_error *err);

/* What came of looking for one. */
struct upk_threshold {
	size_t rows, positives;
	double tried; /* the best on all rows; NAN: none was looked for */
	/* F1 at 0.5, and of answers by thresholds that the rows they are given for had no say in */
	double before, after;
	double sd, limit; /* of the difference; it is kept when that is above the limit */
	bool kept;
};

/* p (rows, 2) are probabilities of rows that the fit has not seen, y (rows) their labels,
 * `positive` one of the two. Looks for none where either class has under 50 rows.
 *
 * A threshold is the best of many on the same rows, so there it is always as good as 0.5. What is
 * tested is therefore the choosing: the rows are cut into 5 blocks in their order, each is answered
 * by the best threshold of the other four, and these answers together are compared with those at
 * 0.5 by the gate's paired test of F1 (learn/gate.h): better by more than 0.002 and 1.645 sd,
 * one-sided 95 %. Where 0.5 is as good as any threshold at most 5 % are kept (tests/learn/
 * test_threshold_rates.c). false: UPK_NOMEM. */
bool upk_threshold_choose(const double *p, const uint16_t *y, size_t rows, uint16_t positive,
	struct upk_threshold *out, struct upk_error *err);

/* A sentence: what was tried and why it is kept or not. class: the positive one's name. */
void upk_threshold_say(
	const struct upk_threshold *t, struct upk_text class, char words[UPK_THRESHOLD_WORDS]);

#endif
