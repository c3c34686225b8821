/* The newest pairs of a model in the order of their places: what its count windows hold. */
#ifndef UPK_WINDOWS_RING_H
#define UPK_WINDOWS_RING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "windows/seat.h"

/* All count windows of a model end at the newest pair, so they share one ring. Memory: 20 bytes a
 * pair and 16 a block of UPK_RING_BLOCK, taken and given back a block at a time: no step moves pairs,
 * and only the blocks' addresses are ever copied. Pair times are not kept.
 * Positions count up with places; one whose pair was removed stays, vacant, until it is the oldest.
 * Thread: the writer changes it; readers hold the model's lock. */
struct upk_ring;

enum { UPK_RING_BLOCK = 256 };

struct upk_ring *upk_ring_create(struct upk_error *err); /* NULL: UPK_NOMEM */
void upk_ring_destroy(struct upk_ring *r);               /* NULL is fine */

/* At the newer or the older end, by place. false: UPK_NOMEM, r is as it was. */
bool upk_ring_push(struct upk_ring *r, const struct upk_seat *seat, struct upk_error *err);
bool upk_ring_unshift(struct upk_ring *r, const struct upk_seat *seat, struct upk_error *err);

/* Forgets what is before the position. */
void upk_ring_trim(struct upk_ring *r, uint64_t first);

/* Positions from first to end - 1 are held. */
uint64_t upk_ring_first(const struct upk_ring *r);
uint64_t upk_ring_end(const struct upk_ring *r);

/* false: vacant. The seat's time is 0. */
bool upk_ring_at(const struct upk_ring *r, uint64_t position, struct upk_seat *seat);

/* The pair with that place, vacant ones left out. O(log). */
bool upk_ring_find(const struct upk_ring *r, int64_t place, uint64_t *position);

void upk_ring_revise(struct upk_ring *r, uint64_t position, uint16_t actual);
void upk_ring_vacate(struct upk_ring *r, uint64_t position);

/* Least event number from the position on; 0: no pair. O(UPK_RING_BLOCK + blocks). */
int64_t upk_ring_least_event(const struct upk_ring *r, uint64_t from);

#endif
