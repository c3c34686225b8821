/* Rows that go away in the background, in steps that hold up nobody. */
#ifndef UPK_CORE_SWEEPER_H
#define UPK_CORE_SWEEPER_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "core/background.h"

struct upk_engine;

/* Starts as { 0 }. Thread: the writer, but for `left`. */
struct upk_sweeper {
	struct upk_background pace;
	bool any;          /* something is left */
	atomic_llong left; /* sequence numbers that deleted models' sweeps have still to look at */
};

/* At the start, when a model was deleted, and now and then: something may be there to do. */
void upk_sweeper_wake(struct upk_engine *e);

/* Whether a step is due: at once while nobody waits for the writer, else one in a while. */
bool upk_sweeper_due(const struct upk_engine *e, bool busy);

/* One step in a transaction of its own. What fails is said in the log and tried again later. */
void upk_sweeper_run(struct upk_engine *e);

#endif
