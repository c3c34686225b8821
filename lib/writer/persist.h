/* Puts into the store what a tail ordered, and the tail's state with it. */
#ifndef UPK_WRITER_PERSIST_H
#define UPK_WRITER_PERSIST_H

#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"
#include "core/core.h"
#include "core/model.h"
#include "store/version.h"
#include "tail/orders.h"

/* Thread: the writer. All within its open transaction; false: roll back, the model is stale. */

/* Alerts, runs, promotions and points of history, in their order. */
bool upk_persist_orders(struct upk_engine *e, struct upk_model *m, const struct upk_orders *orders,
	struct upk_error *err);

/* Alerts, runs or promotions among them: they can't wait for the next transaction. */
bool upk_persist_urgent(const struct upk_model *m, const struct upk_orders *orders);

/* The tail's state, and that of live adjustment. */
bool upk_persist_state(struct upk_engine *e, struct upk_model *m, struct upk_error *err);

/* That of live adjustment alone. */
bool upk_persist_live(struct upk_engine *e, struct upk_model *m, struct upk_error *err);

/* After the commit: says in the log what happened, and hands runs to the trainer. */
void upk_persist_follow(struct upk_engine *e, struct upk_model *m, const struct upk_orders *orders);

/* An entry of the promotion log; the model's champion is the tail's to set. */
bool upk_persist_promotion(struct upk_engine *e, struct upk_model *m, int64_t version,
	const char *by, const char *reason, int64_t run, struct upk_error *err);

/* The same with all its words; number, time and place are filled in. */
bool upk_persist_promotion_row(struct upk_engine *e, struct upk_model *m,
	struct upk_promotion_row row, struct upk_error *err);

/* An order's run, by its number, has another state; verdict NULL leaves the others as they are. */
bool upk_persist_run_state(struct upk_engine *e, struct upk_model *m, int64_t run,
	const char *state, const char *verdict, struct upk_error *err);

#endif
