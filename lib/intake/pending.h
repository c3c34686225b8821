/* Rows that a group of posts has decided on and the store does not have yet. */
#ifndef UPK_INTAKE_PENDING_H
#define UPK_INTAKE_PENDING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "store/event.h"
#include "store/label.h"
#include "store/place.h"
#include "store/store.h"

enum { UPK_PENDING_MOST = 2048 }; /* rows of a table that wait for one insert */

/* Thread: the writer. About 1.4 MB. Rows borrow the texts of their batches and of their model's
 * schema until they are flushed. */
struct upk_pending {
	struct upk_event_row *events;
	struct upk_label_row *labels;
	struct upk_place_row *places;
	double *scores; /* of the events */
	size_t events_count, labels_count, places_count, scores_count;
	int64_t first; /* least sequence number among them; 0: there are none */
};

struct upk_pending *upk_pending_create(struct upk_error *err); /* NULL: UPK_NOMEM */
void upk_pending_destroy(struct upk_pending *p);               /* NULL is fine */

/* Room for what one item adds; flushes when there is none. */
bool upk_pending_ready(struct upk_pending *p, struct upk_store *store, struct upk_error *err);

/* Each copies the row, not its texts; the scores of an event are copied. */
void upk_pending_event(struct upk_pending *p, const struct upk_event_row *row);
void upk_pending_label(struct upk_pending *p, const struct upk_label_row *row);
void upk_pending_place(struct upk_pending *p, const struct upk_place_row *row);

/* Into the open transaction. false: the store's error, roll back and clear. */
bool upk_pending_flush(struct upk_pending *p, struct upk_store *store, struct upk_error *err);
void upk_pending_clear(struct upk_pending *p);

#endif
