/* Score metrics for rules: small windows at once, larger ones beside the writer. */
#ifndef UPK_CORE_SCORER_H
#define UPK_CORE_SCORER_H

#include "core/core.h"
#include "core/model.h"

/* Up to so many pairs are sorted on the writer's thread, in about 0.2 ms. Of a larger window the
 * first value is as well; then the pairs are copied each time a value is due, the thread of
 * windows/score_task.h computes it, and the rule gets it when the next one is due: whatever the
 * speed of that thread, rules see the same values at the same pairs. A value under way is lost in a
 * restart: the next one is then a first one. */
enum { UPK_SCORER_AT_ONCE = 10000 };

/* Most pairs in a count window of a rule on a score metric. */
enum { UPK_SCORER_PAIRS = 1000000 };

/* For a tail of the model; both outlive it. It reads with the writer's connection, so the tail may
 * be fed on the writer's thread alone, not within a scan, and with the model's lock held: that is
 * given back meanwhile. Its ring is the tail's. */
struct upk_scorer upk_scorer_of(struct upk_engine *e, struct upk_model *m);

/* false: UPK_INVALID, a rule on a score metric has a larger window than that, or a number as its
 * confidence, or is a drop rule. Any thread. */
bool upk_scorer_check(const struct upk_config *config, struct upk_error *err);

/* Reads into the ring what rules on score metrics of that configuration need of the windows, whose
 * last place is `place`: so that the first of them to be judged finds it there. Windows that hold
 * more pairs than the ring are left out: their rules have no value. Thread: that of the ring and
 * the store. */
bool upk_scorer_fill(struct upk_score_ring *ring, struct upk_store *store, int64_t model,
	const struct upk_config *config, const struct upk_schema *schema,
	const struct upk_windows *ws, int64_t place, struct upk_error *err);

#endif
