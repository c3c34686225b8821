/* One item on its way to rows, and what each way has in common. */
#ifndef UPK_INTAKE_INTAKE_H
#define UPK_INTAKE_INTAKE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/core.h"
#include "core/post.h"
#include "intake/ingest.h"
#include "intake/known.h"
#include "intake/recent.h"
#include "items/resolve.h"
#include "store/event.h"
#include "store/label.h"

enum upk_fate {
	UPK_FATE_NEW,       /* stored, nothing else to say */
	UPK_FATE_DUPLICATE, /* nothing changed */
	UPK_FATE_JOINED,    /* it completed a pair */
	UPK_FATE_REVISED,   /* it changed a pair or an example */
	UPK_FATE_WAITING,   /* a label without its event */
	UPK_FATE_REJECTED,  /* item->error says why */
};

/* Lasts as long as the item is taken; all that it points to is borrowed. Thread: the writer. */
struct upk_intake {
	struct upk_engine *engine;
	struct upk_ingest *in;
	struct upk_post *post;
	struct upk_item *item;
	size_t index;
	int64_t now;
	uint64_t key; /* of the item's id in the index; 0 without one */
	uint64_t absent; /* what is known of it: upk_ahead_absent */
	struct upk_resolved resolved;
	double *scores; /* (UPK_CLASSES_MAX) of the item, in class order */
	enum upk_fate fate;
};

/* Where a function says no more, false is the store's error or UPK_NOMEM: the transaction has
 * failed. */

/* The item is refused; the reason names field and value. Returns true: the transaction goes on. */
bool upk_intake_reject(struct upk_intake *k, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

/* The number of the item: the next sequence number. */
int64_t upk_intake_seq(struct upk_intake *k);

/* What is known of the item's id. A new id, by far the most frequent, costs a look into the index;
 * otherwise rows are read, after those that wait have been flushed where they are concerned. */
bool upk_intake_known(struct upk_intake *k, struct upk_known *known, struct upk_error *err);

/* A row that goes into the store with the group's others, and its id into the index. */
bool upk_intake_add_event(struct upk_intake *k, const struct upk_event_row *row, struct upk_error *err);
bool upk_intake_add_label(struct upk_intake *k, const struct upk_label_row *row, struct upk_error *err);

/* The event of the item's id, when it has no label yet and memory has it; NULL: ask the store. */
bool upk_intake_recent(
	struct upk_intake *k, const struct upk_recent_event **event, struct upk_error *err);

/* Adds a step; features (absent: none) are copied when `kept`, else they live in the batch.
 * false: UPK_NOMEM. */
bool upk_intake_step(struct upk_intake *k, const struct upk_step *step, struct upk_text features,
	int64_t list, bool kept, struct upk_error *err);

#endif
