/* Scores of the pairs that rules on score metrics look at, in memory in the order of places. */
#ifndef UPK_WINDOWS_SCORE_RING_H
#define UPK_WINDOWS_SCORE_RING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "items/schema.h"
#include "store/event.h"
#include "store/store.h"
#include "windows/score_copy.h"
#include "windows/scores.h"

/* Holds pairs that have scores, whoever predicted them. Begins empty, and reads from the store what
 * it lacks when it is asked: after the first time only the new places. Memory: 24 bytes a pair and
 * 8 for each class (two at least), in arrays that double, at most UPK_SCORE_RING_BYTES in use.
 * Thread: its owner's, which is the writer but while it is filled beside it (writer/building.h). */
struct upk_score_ring;

enum { UPK_SCORE_RING_BYTES = 64 << 20 };

/* NULL: no memory. */
struct upk_score_ring *upk_score_ring_create(void);
void upk_score_ring_destroy(struct upk_score_ring *r); /* NULL is fine */

/* Whether it can hold a window of so many pairs, and those that it keeps behind it. */
bool upk_score_ring_fits(const struct upk_schema *schema, size_t pairs);

/* What a change of a pair does to it, which the store has already. O(log n); r may be NULL. */
void upk_score_ring_revise(struct upk_score_ring *r, int64_t place, uint16_t actual);
void upk_score_ring_remove(struct upk_score_ring *r, int64_t place);

/* By which classes, and from which place on any window still needs pairs. */
struct upk_score_ring_want {
	const struct upk_schema *schema;
	int64_t oldest;
};

/* Reads what it lacks of the range; of classes that came since, what it has says nothing. In short
 * transactions where the store is outside one. On failure it is empty: UPK_NOMEM, UPK_TOO_LARGE
 * (more pairs than fit), or the store's. */
bool upk_score_ring_fill(struct upk_score_ring *r, struct upk_store *store,
	const struct upk_score_ring_want *want, const struct upk_scores_range *range,
	struct upk_error *err);

/* After filling it: the pairs of the range that made_by predicted. */
bool upk_score_ring_copy(struct upk_score_ring *r, struct upk_store *store,
	const struct upk_score_ring_want *want, const struct upk_scores_range *range,
	const struct upk_made_by *made_by, struct upk_score_copy *out, struct upk_error *err);

#endif
