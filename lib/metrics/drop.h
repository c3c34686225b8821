/* The rule kind `drop`: is a metric further below the record than it may be? */
#ifndef UPK_METRICS_DROP_H
#define UPK_METRICS_DROP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "metrics/confusion.h"
#include "metrics/metric.h"
#include "metrics/record.h"

/* Pairs below which no bound has any confidence. */
enum { UPK_DROP_WINDOW = 50, UPK_DROP_REFERENCE = 100, UPK_DROP_POINT_REFERENCE = 60 };

struct upk_drop {
	bool fires;
	double value,
		reference; /* of the window, of the reference; NAN: undefined, does not fire */
	double bound;      /* how far the metric fell at least, with the confidence asked for; NAN:
			      unknown, or not computed */
};

/* Fires when bound > drop. With `confidence` NAN bound is reference - value. Else it is that less
 * z * sqrt(se_r^2 + se_w^2): both sides are uncertain, so it is a test of two samples. se_r and
 * se_w are the delta method's, none below Wilson's for a share of 0 or 1, and se_w not below se_r *
 * sqrt(pairs_r / pairs_w). For metrics where lower is better the fall is value - reference.
 * O(classes^2) when the point values differ by more than drop; else O(classes), and bound is NAN
 * with a confidence.
 *
 * Measured (F1 0.90, balanced classes, drop 0.02 at 0.99 on 500 pairs, after every pair; records of
 * 250 + 5,000 to 250 + 100,000 pairs): 0.1 to 0.4 false alerts per 100,000 pairs, a fall of 0.10
 * found after 320 pairs (median). The same with min_pairs 200, or only full windows. Without the
 * two least numbers of pairs records that begin without holdout give 2 per 100,000, tiny windows 8.
 * Classes of 10 %: 1.9; of 2 %: 2.2, and 7 without the last condition on se_w. */
struct upk_drop upk_drop_test(struct upk_measure measure, const struct upk_confusion *reference,
	const struct upk_confusion *window, double drop, double confidence);

/* The counts of the first <= UPK_RECORD_FIRST pairs of a record that come before a window, and its
 * holdout. Starts as { 0 }; thread: the record's owner. */
struct upk_reference {
	struct upk_confusion *counts; /* NULL until the first update */
	size_t used;                  /* of the record's first pairs */
	uint64_t revisions;           /* of the record, when they were counted */
};

void upk_reference_finish(
	struct upk_reference *r); /* leaves it as { 0 }, as a new record needs it */

/* Follows the window: `oldest` is the place of its oldest pair. `classes` as in the window's
 * counts. O(1) a pair in the mean, O(UPK_RECORD_FIRST) after a revision or when the window reaches
 * back. false: UPK_NOMEM, and the next update begins anew. */
bool upk_reference_update(struct upk_reference *r, const struct upk_record *record, int64_t oldest,
	size_t classes, struct upk_error *err);

#endif
