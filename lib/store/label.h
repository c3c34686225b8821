/* Labels as stored: append-only, so that what was known at any sequence can be asked again. */
#ifndef UPK_STORE_LABEL_H
#define UPK_STORE_LABEL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "base/text.h"
#include "store/store.h"

struct upk_label_row {
	int64_t seq;
	int64_t model;
	struct upk_text id;     /* of its event */
	int64_t event;          /* its event's sequence; 0: no such event has come, the label waits */
	int64_t place;          /* it came after its event and completed it; else 0 */
	struct upk_text class;
	int64_t time;           /* when it became known */
	int64_t arrival;
	struct upk_text source; /* absent: none was sent */
	bool carried;           /* it came in an item that was an event */
};

/* Rows in the order of their sequence, after all that are stored. All of them, or on failure none. */
bool upk_label_insert_many(struct upk_store *s, const struct upk_label_row *rows, size_t count,
	struct upk_error *err);

bool upk_label_get(struct upk_store *s, int64_t seq, bool *found, struct upk_label_row *row,
	struct upk_error *err);

/* Every label with from <= seq <= to, in that order; stops when take returns false. take may not
 * call this store again. */
bool upk_label_scan(struct upk_store *s, int64_t from, int64_t to,
	bool (*take)(void *context, const struct upk_label_row *row), void *context,
	struct upk_error *err);

/* A label that changed what was complete. */
struct upk_revision_row {
	int64_t event;
	int64_t seq;   /* of the label */
	int64_t place; /* of the event */
};
bool upk_revision_insert(struct upk_store *s, const struct upk_revision_row *row, struct upk_error *err);
/* The event's newest revision with seq < before. */
bool upk_revision_last(struct upk_store *s, int64_t event, int64_t before, bool *found,
	struct upk_revision_row *row, struct upk_error *err);

/* Its event has come. */
bool upk_label_join(struct upk_store *s, int64_t seq, int64_t event, struct upk_error *err);

#endif
