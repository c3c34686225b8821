/* When a firing rule's run is due. */
#ifndef UPK_TAIL_DUE_H
#define UPK_TAIL_DUE_H

#include <stdbool.h>
#include <stdint.h>

#include "tail/rule.h"
#include "tail/tail.h"

/* Thread: the writer; readers hold the model's lock. */

/* The place of the pair with which the run comes, as far as can be said: when its places and a
 * token are there and its rest is over. 0: the alert orders none. */
int64_t upk_due_at(const struct upk_tail *t, const struct upk_rule *rule);

/* Whether an alert waits for its run: it cannot resolve then. */
bool upk_due_waits(const struct upk_rule *rule);

#endif
