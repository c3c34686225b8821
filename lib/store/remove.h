/* Rows taken out: an event that was erased, or events and labels that are too old. */
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
bool upk_remove_revisions(struct upk_store *s, int64_t event, struct upk_error *err);

/* Every row of the sequence numbers from .. to, whosever it is: nothing else may belong to these events
 * any more. */
bool upk_remove_events(struct upk_store *s, int64_t from, int64_t to, struct upk_error *err);
bool upk_remove_labels(struct upk_store *s, int64_t from, int64_t to, struct upk_error *err);

/* Sequence numbers after < n <= to, in their order, at most so many. */
struct upk_links {
	int64_t after, to, most;
};
/* Those that labels have, each with that of its event, 0 while it waits; and events that were examples
 * first, each as both. take may not call this store again; false ends the scan. */
bool upk_label_links(struct upk_store *s, const struct upk_links *links,
	bool (*take)(void *context, int64_t seq, int64_t event), void *context,
	struct upk_error *err);
bool upk_upgraded_events(struct upk_store *s, const struct upk_links *links,
	bool (*take)(void *context, int64_t seq, int64_t event), void *context,
	struct upk_error *err);

/* The place that an event had as an example before it became a pair; 0: it was none, or it is not
 * known. */
bool upk_place_before(struct upk_store *s, int64_t event, int64_t *place, struct upk_error *err);

/* The first event or label after `after` and its arrival; 0: there is none. */
bool upk_oldest_item(
	struct upk_store *s, int64_t after, int64_t *seq, int64_t *arrival, struct upk_error *err);

#endif
