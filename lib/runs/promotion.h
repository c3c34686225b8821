/* What becomes of a run: a version stored, promoted, left for a person, or the reason why not. */
#ifndef UPK_RUNS_PROMOTION_H
#define UPK_RUNS_PROMOTION_H

#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"
#include "config/person.h"
#include "core/core.h"
#include "core/model.h"
#include "writer/writer.h"

/* Thread: the writer. */

/* Applies a struct upk_outcome that the trainer pushed, in one transaction, and frees it. */
void upk_promotion_apply(struct upk_engine *e, struct upk_task *task);

/* By hand, each in its own transaction. UPK_NOT_FOUND: no such version. UPK_CONFLICT: it is the
 * champion already; the gate has refused or held it and the person does not tell name and reason;
 * nothing to roll back to, or what there was is no longer kept. */
bool upk_promotion_by_hand(struct upk_engine *e, struct upk_model *m, int64_t version,
	const struct upk_person *person, struct upk_error *err);
bool upk_promotion_rollback(struct upk_engine *e, struct upk_model *m, int64_t *version,
	struct upk_error *err);

/* A run by a person: stopped, taken out of the queue, or, when it waits, refused. */
bool upk_promotion_cancel(struct upk_engine *e, struct upk_model *m, int64_t run,
	const struct upk_person *person, struct upk_error *err);

#endif
