/* An item of POST .../events: an event or an example. */
#ifndef UPK_INTAKE_INTAKE_EVENT_H
#define UPK_INTAKE_INTAKE_EVENT_H

#include <stdbool.h>

#include "base/error.h"
#include "intake/intake.h"

/* Sets k->fate. Thread: the writer. false: the store's error or UPK_NOMEM, the transaction has
 * failed. */
bool upk_intake_event(struct upk_intake *k, struct upk_error *err);

/* The item's features are those of the stored event. */
bool upk_intake_same_features(
	struct upk_intake *k, const struct upk_event_row *row, bool *same, struct upk_error *err);

#endif
