/* Inside rebuild: an empty tail filled from rows. */
#ifndef UPK_WRITER_REFILL_H
#define UPK_WRITER_REFILL_H

#include <stdbool.h>

#include "base/error.h"
#include "core/core.h"
#include "core/model.h"
#include "core/steps.h"
#include "store/model.h"

/* Reads the state, loads the versions of the bench and the champion, and fills windows, record and
 * bench with the rows up to the state's place. Thread: the writer.
 * false: the store's error, UPK_NOMEM or UPK_CORRUPT; tail is then only good for destroy. */
bool upk_refill_tail(struct upk_engine *e, struct upk_model *m, struct upk_tail *tail,
	const struct upk_model_row *row, struct upk_error *err);

#endif
