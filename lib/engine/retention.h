/* Events and waiting labels that are older than their model's retention go away, in small steps. */
#ifndef UPK_ENGINE_RETENTION_H
#define UPK_ENGINE_RETENTION_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "engine/background.h"
#include "engine/labelled.h"
#include "engine/model.h"

struct upk_engine;

/* All models with one retention share a cursor: rows are looked at in the order in which they came.
 */
struct upk_retention_cursor {
	int64_t age;   /* ms: older rows go */
	int64_t after; /* rows up to this sequence number were looked at */
	bool idle;     /* nothing is old enough, until the next look */
};

/* Starts as { 0 }. Thread: the writer, but for `oldest`. */
struct upk_retention {
	struct upk_model **models; /* with a retention, by number: a reference each */
	size_t models_count;
	struct upk_retention_cursor *cursors;
	size_t cursors_count, turn;
	struct upk_labelled labelled;
	struct upk_background pace;
	int64_t seen;        /* sequence number at the last step */
	int64_t clock;       /* at the last look, ms */
	bool held;           /* the clock has jumped ahead */
	atomic_llong oldest; /* arrival of the oldest stored item, ms; 0: none */
};

/* Once a second: which models have a retention, and whether something may be old enough. */
void upk_retention_look(struct upk_engine *e);

/* Whether a step is due: at once while nobody waits for the writer, else one in a while. */
bool upk_retention_due(const struct upk_engine *e, bool busy);

/* One step in a transaction of its own, then through the windows of the models that lose pairs,
 * whose states are stored in a second one. Rows of a model whose run is open wait for it, at most
 * ten minutes. */
void upk_retention_run(struct upk_engine *e);

void upk_retention_finish(struct upk_retention *r);

#endif
