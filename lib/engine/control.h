/* A control request on its way to the writer's thread and back. */
#ifndef UPK_ENGINE_CONTROL_H
#define UPK_ENGINE_CONTROL_H

#include <stdbool.h>

#include "base/error.h"
#include "core/core.h"
#include "core/model.h"
#include "writer/writer.h"

/* Its owner embeds it as the first member of what `act` needs, and sets act. */
struct upk_control {
	struct upk_task task; /* first: the writer gets this */
	/* What is asked, on the writer's thread. false: with err. */
	bool (*act)(struct upk_engine *e, struct upk_control *c, struct upk_error *err);

	/* the module's own */
	struct upk_error *err;
	bool done;
};

/* Any thread: has the writer's thread act, and waits for it. false: UPK_BUSY (the models have not
 * been rebuilt), why the engine is broken, or what act says. */
bool upk_control_call(struct upk_engine *e, struct upk_control *c, struct upk_error *err);

/* For act: a change of a model's rows, in a transaction of its own. Thread: the writer. What was
 * changed in memory before a failure is the caller's to put right.
 * false: what change says, or the store's error; nothing is stored. */
typedef bool upk_control_change(
	struct upk_engine *e, struct upk_model *m, struct upk_control *c, struct upk_error *err);
bool upk_control_transact(struct upk_engine *e, struct upk_model *m, struct upk_control *c,
	upk_control_change *change, struct upk_error *err);

#endif
