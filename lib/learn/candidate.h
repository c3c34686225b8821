/* Which rows a run holds out, and how far back its candidates train. docs/policy.md section 2. */
#ifndef UPK_LEARN_CANDIDATE_H
#define UPK_LEARN_CANDIDATE_H

#include <stddef.h>
#include <stdint.h>

#include "learn/dataset.h"

enum { UPK_CANDIDATE_WINDOWS = 8 };

/* Rows of d held out, the newest: h. `change` is the index of c's row. `rarest` is the class with
 * the fewest labels in the whole dataset among those that have some. */
size_t upk_candidate_holdout(const struct upk_dataset *d, size_t change);

/* How many rows before the holdout were not known when its rows were predicted (upk_dataset_lag); where
 * hardly anything was, as when a past is posted before its labels, half of the rows before it. */
size_t upk_candidate_lag(const struct upk_dataset *d, size_t holdout);

/* Rows (indices) of a window: what is promoted is fitted on from .. rows - 1, and is judged by a
 * fit on judged_from .. rows - holdout - lag - 1. */
struct upk_candidate_window {
	size_t from, judged_from;
};

/* The windows to fit: from c, then the last 500, 1000, 2000, 5000, 20000 rows, then all. `lag` rows
 * before the holdout were not known when its rows were predicted: a window of so many rows is
 * judged by one that is as long, so many rows earlier. Skipped: shorter than holdout + 100, within
 * 20 % of one taken, fewer than 100 rows or one class only to be judged by. Returns how many were
 * written. */
size_t upk_candidate_windows(const struct upk_dataset *d, size_t change, size_t holdout, size_t lag,
	struct upk_candidate_window windows[UPK_CANDIDATE_WINDOWS]);

#endif
