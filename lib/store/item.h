/* A model's events and labels in the order of their sequence. */
#ifndef UPK_STORE_ITEM_H
#define UPK_STORE_ITEM_H

#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"
#include "store/event.h"
#include "store/label.h"
#include "store/store.h"

/* An event or a label. `number` of an event is not read. */
struct upk_item_row {
	bool is_label;
	struct upk_event_row event;
	struct upk_label_row label;
	int64_t event_time; /* a label's event's timestamp; 0: none has come, or not asked */
};

struct upk_item_scan {
	int64_t model;
	int64_t after, to; /* sequence numbers after + 1 .. to */
	bool with_event_time;
};

/* Calls take for each; stops when it returns false (that is no error). take may not call this
 * store. O(rows of all models in the range). */
bool upk_item_scan(struct upk_store *s, const struct upk_item_scan *scan,
	bool (*take)(void *context, const struct upk_item_row *row), void *context,
	struct upk_error *err);

#endif
