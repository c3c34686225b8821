/* Counts by key in an open table: memory goes with the keys that occur, not with those that could. */
#ifndef UPK_METRICS_CELLS_H
#define UPK_METRICS_CELLS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"

/* Starts as { 0 }. 12 bytes a slot, at most 8 slots a key that has a count. Keys are below UINT32_MAX.
 * Thread: its owner's. */
struct upk_cells {
	uint32_t *keys; /* (slots); UINT32_MAX: free */
	uint64_t *counts;
	size_t slots; /* a power of two, or 0 */
	size_t taken; /* slots that have a key, those with count 0 among them */
};

void upk_cells_finish(struct upk_cells *c); /* leaves it as { 0 } */
void upk_cells_clear(struct upk_cells *c);  /* keeps the memory */
bool upk_cells_copy(struct upk_cells *to, const struct upk_cells *from, struct upk_error *err);

/* The next `keys` calls of upk_cells_at find room. false: UPK_NOMEM, c is as it was. */
bool upk_cells_reserve(struct upk_cells *c, size_t keys, struct upk_error *err);

/* The count of a key, 0 if it had none; after upk_cells_reserve, or of a key that is there. */
uint64_t *upk_cells_at(struct upk_cells *c, uint32_t key);
uint64_t upk_cells_count(const struct upk_cells *c, uint32_t key);

#endif
