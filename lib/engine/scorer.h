/* Score metrics for rules: from memory, or of windows too large for that out of the stored rows. */
#ifndef UPK_ENGINE_SCORER_H
#define UPK_ENGINE_SCORER_H

#include "engine/core.h"
#include "engine/model.h"

/* For a tail of the model; both outlive it. It reads with the writer's connection, so the tail may
 * be fed on the writer's thread alone, not within a scan, and with the model's lock held: that is
 * given back meanwhile. Its ring is the tail's. */
struct upk_scorer upk_scorer_of(struct upk_engine *e, struct upk_model *m);

/* Reads into the ring what rules on score metrics of that configuration need of the windows, whose
 * last place is `place`: so that the first of them to be judged finds it there. Rows of windows
 * that are too large are left. Thread: that of the ring and the store. */
bool upk_scorer_fill(struct upk_score_ring *ring, struct upk_store *store, int64_t model,
	const struct upk_config *config, const struct upk_schema *schema,
	const struct upk_windows *ws, int64_t place, struct upk_error *err);

#endif
