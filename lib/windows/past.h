/* Stored pairs as windows take them in. */
#ifndef UPK_WINDOWS_PAST_H
#define UPK_WINDOWS_PAST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "config/config.h"
#include "items/schema.h"
#include "store/place.h"
#include "store/store.h"
#include "windows/seat.h"
#include "windows/tags.h"

/* Whose pairs; all borrowed. Versions that the tags do not know yet get theirs.
 * Thread: that of the store and the tags. */
struct upk_past {
	struct upk_store *store;
	int64_t model;
	const struct upk_schema *schema;
	struct upk_tags *tags;
};

/* Calls take for each pair of the scan, by place; pairs_only is understood. take may not call the store
 * again; when it returns false it has filled in the error. */
bool upk_past_each(const struct upk_past *past, const struct upk_scan *scan,
	bool (*take)(void *context, const struct upk_seat *seat, struct upk_error *err), void *context,
	struct upk_error *err);

/* From where on pairs of the scan are in one of the configuration's windows by that clock, and one more
 * of the longest count: so that windows know that there are older ones. INT64_MAX: no windows. */
bool upk_past_oldest(const struct upk_past *past, const struct upk_scan *scan,
	const struct upk_config *config, int64_t clock, int64_t *from, struct upk_error *err);

/* Starts as { 0 }. */
struct upk_seats {
	struct upk_seat *items;
	size_t count, room;
};
void upk_seats_finish(struct upk_seats *s);

/* The same, those whose time is after `after`, added to a list. */
bool upk_past_read(const struct upk_past *past, const struct upk_scan *scan, int64_t after,
	struct upk_seats *out, struct upk_error *err);

#endif
