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

/* First rows (indices) of the windows to fit, each up to rows - holdout: c first, then the last
 * 500, 1000, 2000, 5000, 20000 rows, then all. Skipped: shorter than holdout + 100, within 20 % of
 * one taken, one class only. Returns how many were written. */
size_t upk_candidate_windows(const struct upk_dataset *d, size_t change, size_t holdout,
	size_t starts[UPK_CANDIDATE_WINDOWS]);

#endif
