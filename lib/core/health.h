/* Whether an engine can serve. */
#ifndef UPK_CORE_HEALTH_H
#define UPK_CORE_HEALTH_H

#include <stdbool.h>

#include "base/error.h"

struct upk_engine;

/* Any thread may ask, both. True from when the models are rebuilt after the start on. */
bool upk_engine_ready(const struct upk_engine *e);

/* True once the engine can't go on: the writer's read, write or sync has failed (what of the last
 * writes is on the disk is not known then, so nothing more is taken and answered), or the store
 * can't be read at the start. The process should end with a failure; a start anew reads what is
 * there. *err says why. */
bool upk_engine_broken(struct upk_engine *e, struct upk_error *err);

#endif
