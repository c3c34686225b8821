/* Committed steps through a model's tail, and what that orders into the store. */
#ifndef UPK_WRITER_FEED_H
#define UPK_WRITER_FEED_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/core.h"
#include "core/model.h"
#include "core/steps.h"

/* Thread: the writer, outside a transaction. None of them fails to its caller: a model whose tail
 * could not follow, or whose orders could not be stored, is stale and gets rebuilt (writer/rebuild.h)
 * before anything else of it is done. */

/* `counted`: the steps count in the model's totals too (not when a restart repeats them). */
void upk_feed_steps(
	struct upk_engine *e, struct upk_model *m, const struct upk_steps *steps, bool counted);

/* Pairs that leave duration windows by `now` have left them, and what has to be known of those that leave
 * next has been read. Before the rows of pairs are deleted, and then each as a removal: a window could
 * not find what is out of the store already. Other steps do it themselves. */
void upk_feed_prepare(struct upk_engine *e, struct upk_model *m, int64_t now);

/* Time has passed. Also stores points of history that wait for a transaction. */
void upk_feed_tick(struct upk_engine *e, struct upk_model *m, int64_t now);

/* Stores what m->orders holds, together with the tail's state: of one model, or of several in one
 * transaction; none of them is stale. */
void upk_feed_orders(struct upk_engine *e, struct upk_model *m);
void upk_feed_orders_of(struct upk_engine *e, struct upk_model *const *models, size_t count);

#endif
