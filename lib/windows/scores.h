/* Metrics of scores: from the stored rows of a window's pairs. */
#ifndef UPK_WINDOWS_SCORES_H
#define UPK_WINDOWS_SCORES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "items/schema.h"
#include "metrics/score.h"
#include "store/place.h"
#include "store/store.h"
#include "windows/window.h"

/* Which rows are a window's pairs: those of its places whose pair time is within its reach. */
struct upk_scores_range {
	int64_t model;
	int64_t first_place, last_place; /* 0: the window is empty */
	int64_t after;                   /* pair times are after this */
};

/* `last_place` is the tail's. Under the model's lock, or on the writer's thread. O(1). */
struct upk_scores_range upk_scores_range(
	const struct upk_window *window, int64_t model, int64_t last_place);

/* On the pairs of the range that have scores, *scored of them. A single score counts as
 * probabilities of two classes; where the model has more, it says too little, and the pair is left
 * out. All NAN when there is none. O(rows) plus upk_score_metrics. Any thread with its own store.
 */
bool upk_scores_read(struct upk_store *store, const struct upk_schema *schema,
	const struct upk_scores_range *range, struct upk_score_metrics *out, size_t *scored,
	struct upk_error *err);

/* What that rests on, row by row: how many columns of scores the classes have, whether a row counts,
 * and its scores in these columns. */
size_t upk_scores_columns(const struct upk_schema *schema);
bool upk_scores_usable(const struct upk_schema *schema, const struct upk_known_row *row);
void upk_scores_spread(
	const struct upk_schema *schema, const struct upk_known_row *row, double *out);

#endif
