/* Classes of an item: names to indices, scores to a class, new classes learnt. Thread: the writer. */
#ifndef UPK_ITEMS_RESOLVE_H
#define UPK_ITEMS_RESOLVE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "items/batch.h"
#include "items/schema.h"

/* An item in terms of the model's classes. */
struct upk_resolved {
	int predicted; /* -1: none */
	int label;     /* -1: none */
	bool stated;   /* predicted was sent, not derived from the scores */
};

/* Looks the item's classes up and, where classes are learnt, adds them: *schema, which is `before`
 * when called, is then a grown one with a reference of its own, on failure too. scores (room for
 * UPK_CLASSES_MAX) receives the probabilities in class order, when the item has some. ask: a reason
 * names the class that may have been meant.
 * false with UPK_INVALID: the item is rejected for that reason; with UPK_NOMEM: no memory. */
bool upk_resolve(const struct upk_item *item, struct upk_schema **schema,
	const struct upk_schema *before, bool ask, struct upk_resolved *out, double *scores,
	struct upk_error *err);

#endif
