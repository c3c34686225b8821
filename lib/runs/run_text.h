/* A run's candidates, gate and verdict as stored with it. */
#ifndef UPK_RUNS_RUN_TEXT_H
#define UPK_RUNS_RUN_TEXT_H

#include "base/buffer.h"
#include "config/config.h"
#include "runs/outcome.h"

/* JSON; a failed allocation shows in out->failed. */

/* [{"learner", "from", "to", "rows", "score", "picked"} or {"version", "score", "picked"}] */
void upk_run_candidates_write(const struct upk_outcome *o, struct upk_buffer *out);

/* {"metric", "champion", "challenger", "difference", "standard_error", "z", "limit", "holdout",
 * "pairs", "holdout_from", "holdout_to", "passed", "choice"}: the last is what the learner was
 * chosen by, [{"learner", "score"}] or null, and reported beside the gate. */
void upk_run_gate_write(const struct upk_outcome *o, struct upk_buffer *out);

#endif
