/* A model's memory made anew from the store: at a start, after a PUT, and when it fell behind. */
#ifndef UPK_WRITER_REBUILD_H
#define UPK_WRITER_REBUILD_H

#include <stdbool.h>

#include "base/error.h"
#include "core/core.h"
#include "core/model.h"
#include "store/model.h"

/* Thread: the writer. */

/* Schema and tail from the model's row (configuration, what was learnt, state): versions of the
 * bench are loaded, windows, record and bench are filled up to the state's place. Within the
 * caller's transaction (a feature list may be stored for the first time, alerts of rules that are no
 * more are resolved); the row's texts are the caller's, not the store's. On failure the model is as
 * it was. */
bool upk_rebuild_model(struct upk_engine *e, struct upk_model *m, const struct upk_model_row *row,
	struct upk_error *err);

/* All models of the store, at the start. false: the first error; nothing is served then. */
bool upk_rebuild_all(struct upk_engine *e, struct upk_error *err);

/* A stale model, in place: until it has caught up with the store, who asks for it waits. false: it
 * still is, and shows no less than before. */
bool upk_rebuild_stale(struct upk_engine *e, struct upk_model *m, struct upk_error *err);

/* The same when its repair is due; what fails is in the log. */
void upk_rebuild_if_due(struct upk_engine *e, struct upk_model *m);

#endif
