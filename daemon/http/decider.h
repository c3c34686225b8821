/* Who decides by hand, and why: {"by": "anna", "reason": "..."}. */
#ifndef UPK_DAEMON_HTTP_DECIDER_H
#define UPK_DAEMON_HTTP_DECIDER_H

#include <stdbool.h>

#include <cjson/cJSON.h>

#include "base/error.h"
#include "base/text.h"
#include "engine/engine.h"

/* Starts as { 0 }; person's texts live as long as it. */
struct upk_decider {
	struct upk_person person;
	cJSON *json;
};

/* An empty body and absent members are fine: not told. false: UPK_INVALID or UPK_NOMEM; finish it in
 * any case. */
bool upk_decider_read(struct upk_decider *d, struct upk_text body, struct upk_error *err);
void upk_decider_finish(struct upk_decider *d);

#endif
