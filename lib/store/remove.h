/* Rows taken out one by one: an event that was erased or is too old, and what belongs to it. */
#ifndef UPK_STORE_REMOVE_H
#define UPK_STORE_REMOVE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"
#include "store/store.h"

/* All within the caller's transaction. */

/* The event's row, and what says how it was revised and upgraded; its place and labels are the
 * caller's (upk_place_remove). */
bool upk_remove_event(struct upk_store *s, int64_t seq, struct upk_error *err);
bool upk_remove_label(struct upk_store *s, int64_t seq, struct upk_error *err);

/* The place that an event had as an example before it became a pair; 0: it was none, or it is not
 * known. */
bool upk_place_before(struct upk_store *s, int64_t event, int64_t *place, struct upk_error *err);

/* The first event or label after `after` and its arrival; 0: there is none. */
bool upk_oldest_item(
	struct upk_store *s, int64_t after, int64_t *seq, int64_t *arrival, struct upk_error *err);

#endif
