/* Inside ingest: one item on its way to rows. Thread: the writer. */
#ifndef UPK_INTAKE_INTAKE_H
#define UPK_INTAKE_INTAKE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/core.h"
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

/* Each sets fate. false: the transaction has failed. */
bool upk_intake_event(struct upk_intake *k, struct upk_error *err);
bool upk_intake_label(struct upk_intake *k, struct upk_error *err);
bool upk_intake_predict(struct upk_intake *k, struct upk_error *err);

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

/* Stores the item as a new event (its prediction in k->resolved and k->scores, made by `version`),
 * joins the label that waits for it (known NULL: none), and adds the steps. */
bool upk_intake_insert(struct upk_intake *k, const struct upk_known *known,
	struct upk_made_by version, struct upk_error *err);

/* The stored example gets the item's prediction and becomes a pair. */
bool upk_intake_upgrade(struct upk_intake *k, struct upk_known *known, struct upk_made_by version,
	struct upk_error *err);

struct upk_new_label {
	struct upk_text class;
	int class_index;
	int64_t time;
	bool timed; /* its sender said when */
	struct upk_text source;
	bool carried; /* it came in an event item */
};

/* It was sent before, whatever came after it: a carried one is a label of that class which the event
 * has had, another one that of the same class and time. Without an event, labels that wait for it
 * are looked at. Reads 256 labels of the id at most, and none for one that is neither carried nor timed. */
bool upk_intake_heard(struct upk_intake *k, const struct upk_known *known,
	const struct upk_new_label *label, bool *heard, struct upk_error *err);

/* A label for a stored event: joins, revises or is a duplicate. */
bool upk_intake_apply_label(struct upk_intake *k, const struct upk_known *known,
	const struct upk_new_label *label, struct upk_error *err);

/* The same for an event that waits for its first label, by what memory has of it. */
bool upk_intake_complete_recent(struct upk_intake *k, const struct upk_recent_event *event,
	const struct upk_new_label *label, struct upk_error *err);

/* The event of the item's id, when it has no label yet and memory has it; NULL: ask the store. */
bool upk_intake_recent(
	struct upk_intake *k, const struct upk_recent_event **event, struct upk_error *err);

/* Adds a step; features (absent: none) are copied when `kept`, else they live in the batch.
 * false: UPK_NOMEM. */
bool upk_intake_step(struct upk_intake *k, const struct upk_step *step, struct upk_text features,
	int64_t list, bool kept, struct upk_error *err);

/* The item's features are those of the stored event. */
bool upk_intake_same_features(struct upk_intake *k, const struct upk_event_row *row, bool *same,
	struct upk_error *err);

#endif
