/* When runs start: alerts that are due, the growth clock, the first run, the schedule, by hand. */
#ifndef UPK_TAIL_RETRAINING_H
#define UPK_TAIL_RETRAINING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "tail/alerting.h"
#include "tail/orders.h"
#include "tail/tail.h"

/* docs/policy.md sections 1 to 3. Nothing starts by itself while a run is open or waits for a
 * person, while a promoted version waits for its first event, or while retraining is paused.
 * Thread: the writer; readers hold the model's lock. */

/* After a step that gave a place: alerts that are due, then growth, then the first run. */
void upk_retraining_step(struct upk_tail *t, const struct upk_moment *m);

/* "every". */
void upk_retraining_tick(struct upk_tail *t, const struct upk_moment *m);

/* A run by hand: UPK_CONFLICT when one is open or waits. */
bool upk_retraining_by_hand(struct upk_tail *t, const struct upk_moment *m, struct upk_error *err);

enum upk_run_end {
	UPK_RUN_PASSED,
	UPK_RUN_REFUSED,
	UPK_RUN_FAILED,
	UPK_RUN_CANCELLED, /* or met a restart: gives its token back, changes nothing else */
};

/* The open run has ended at `time` (ms). `change`: the model's c when it passed. */
void upk_retraining_ended(
	struct upk_tail *t, enum upk_run_end end, int64_t change, int64_t time);

#endif
