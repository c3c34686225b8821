/* New events, and labels that complete or revise stored ones: rows and the steps that follow. */
#ifndef UPK_INTAKE_INTAKE_INSERT_H
#define UPK_INTAKE_INTAKE_INSERT_H

#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"
#include "intake/intake.h"
#include "intake/known.h"
#include "intake/recent.h"
#include "store/event.h"

/* Each but upk_intake_heard sets k->fate. Thread: the writer. false: the
 * store's error or UPK_NOMEM, the transaction has failed. */

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

/* It was sent before, whatever came after it: a carried one is a label of that class which the
 * event has had, another one that of the same class and time. Without an event, labels that wait
 * for it are looked at. Reads 256 labels of the id at most, and none for one that is neither
 * carried nor timed. */
bool upk_intake_heard(struct upk_intake *k, const struct upk_known *known,
	const struct upk_new_label *label, bool *heard, struct upk_error *err);

/* A label for a stored event: joins, revises or is a duplicate. */
bool upk_intake_apply_label(struct upk_intake *k, const struct upk_known *known,
	const struct upk_new_label *label, struct upk_error *err);

/* The same for an event that waits for its first label, by what memory has of it. */
bool upk_intake_complete_recent(struct upk_intake *k, const struct upk_recent_event *event,
	const struct upk_new_label *label, struct upk_error *err);

#endif
