/* What the store knows of an id: its event, its newest label, its place. */
#ifndef UPK_INTAKE_KNOWN_H
#define UPK_INTAKE_KNOWN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buffer.h"
#include "base/error.h"
#include "ids/ids.h"
#include "store/event.h"
#include "store/label.h"
#include "store/place.h"

/* A copy of an event's row that outlives further calls of the store. */
struct upk_kept_event {
	struct upk_event_row row;
	struct upk_buffer memory;
};
bool upk_keep_event(struct upk_kept_event *kept, const struct upk_event_row *row, struct upk_error *err);
void upk_kept_finish(struct upk_kept_event *kept);

/* Labels are append-only, so the newest one of an id tells whether its event has come, and that of a
 * complete event says what its label is, unless it was complete on arrival and never revised: all in
 * a constant number of rows, however often it was revised. */
struct upk_known {
	bool found; /* the event is there */
	struct upk_kept_event event;
	bool labelled; /* label is the newest label of the id that came after its event; or, without an
	                  event, the newest one that waits for it */
	struct upk_label_row label; /* its texts are gone but for class */
	struct upk_buffer class;    /* label.class's memory */
};

/* Searches rows that are in the store, in the writer's transaction or outside one. Thread: the
 * writer. On failure it needs no finish. */
bool upk_known_find(struct upk_ids *ids, struct upk_store *store, int64_t model, struct upk_text id,
	struct upk_known *known, struct upk_error *err);
void upk_known_finish(struct upk_known *known);

/* The event's label now; absent: none. Lives as long as known and until the next call on the store. */
bool upk_known_class(const struct upk_known *known, struct upk_store *store, struct upk_text *class,
	struct upk_error *err);

/* The event's place; 0: it is not complete. */
bool upk_known_place(const struct upk_known *known, struct upk_store *store, int64_t *place,
	struct upk_error *err);

/* Every row with the id, newest first: one of event and label is NULL; stops when take returns
 * false. take may read from the store. With `reader` any thread with a read-only store of its own, in
 * a transaction that has read nothing yet; else the writer. */
bool upk_known_each(struct upk_ids *ids, struct upk_store *store, bool reader, int64_t model,
	struct upk_text id,
	bool (*take)(void *context, const struct upk_event_row *event,
		const struct upk_label_row *label),
	void *context, struct upk_error *err);

#endif
