/* The newest ids in memory: a ring of entries, chained by hash. */
#ifndef UPK_IDS_ID_RING_H
#define UPK_IDS_ID_RING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "store/id_run.h"

/* One thread changes it; others may read while none changes. 24 bytes an entry of its capacity,
 * touched as entries come. An entry overwrites the oldest one; one that is only here is never
 * overwritten: then the ring doubles. */
struct upk_id_ring;

/* capacity: a power of two. lost: as if all values up to there had been overwritten.
 * NULL: UPK_NOMEM. */
struct upk_id_ring *upk_id_ring_create(size_t capacity, uint64_t lost, struct upk_error *err);
void upk_id_ring_destroy(struct upk_id_ring *r); /* NULL is fine */

/* O(1), however many entries have the key. UPK_NOMEM: it could not double, and is as it was. */
bool upk_id_ring_add(struct upk_id_ring *r, struct upk_id_entry entry, struct upk_error *err);

/* Takes the entries from position on back out. Entries that they overwrote are not restored. */
void upk_id_ring_cut(struct upk_id_ring *r, uint64_t position);

/* Positions count entries from 1 on; the next entry gets this one. */
uint64_t upk_id_ring_next(const struct upk_id_ring *r);

/* Entries before the position are elsewhere, too, and may be overwritten. */
void upk_id_ring_release(struct upk_id_ring *r, uint64_t position);
uint64_t upk_id_ring_released(const struct upk_id_ring *r);

/* A position that is still there. */
struct upk_id_entry upk_id_ring_at(const struct upk_id_ring *r, uint64_t position);

/* The greatest value that was overwritten; 0: none was. All that were added above are here. */
uint64_t upk_id_ring_lost(const struct upk_id_ring *r);

/* Walks the entries of a key, newest first: position 0 begins, and false ends it. */
bool upk_id_ring_walk(
	const struct upk_id_ring *r, uint64_t key, uint64_t *position, uint64_t *value);

/* Loads what a walk and an add of the key will touch first, and what a walk touches then. */
void upk_id_ring_prefetch(const struct upk_id_ring *r, uint64_t key);
void upk_id_ring_prefetch_newest(const struct upk_id_ring *r, uint64_t key);

#endif
