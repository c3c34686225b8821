/* Events and waiting labels that are older than their model's retention go away, in small steps. */
#ifndef UPK_WRITER_RETENTION_H
#define UPK_WRITER_RETENTION_H

#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"

struct upk_engine;

/* Thread: the writer. Starts with nothing to do. NULL: UPK_NOMEM. */
struct upk_retention;

struct upk_retention *upk_retention_create(struct upk_error *err);
void upk_retention_destroy(struct upk_retention *r); /* NULL is fine */

/* Once a second: which models have a retention, and whether something may be old enough. */
void upk_retention_look(struct upk_engine *e);

/* Whether a step is due: at once while nobody waits for the writer, else one in a while. */
bool upk_retention_due(const struct upk_engine *e, bool busy);

/* One step in a transaction of its own, then through the windows of the models that lose pairs,
 * whose states are stored in a second one. Rows of a model whose run is open wait for it, at most
 * ten minutes. */
void upk_retention_run(struct upk_engine *e);

/* Arrival of the oldest stored item, ms; 0: none. Any thread. */
int64_t upk_retention_oldest(const struct upk_engine *e);

#endif
