/* One step of retention: the rows of some sequence numbers that are too old go. */
#ifndef UPK_WRITER_AGED_H
#define UPK_WRITER_AGED_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "core/background.h"
#include "core/model.h"
#include "ids/labelled.h"

struct upk_engine;

/* What a step looks at; all borrowed. */
struct upk_aged {
	struct upk_model *const *models; /* (models_count) with a retention, by number */
	size_t models_count;
	const struct upk_labelled *labelled; /* has read all labels */
	const struct upk_background *pace;
	int64_t age;  /* ms: of the models whose rows go */
	int64_t now;  /* ms */
	int64_t from; /* the first sequence number */
	int64_t to;   /* the last one */
};

/* Takes them away in a transaction of its own, then out of the windows of the models that lose
 * pairs, whose states are stored in a second one. Ends before the first row that is too young, or
 * has to wait: *to is the last sequence number that was done. *took: ns, but for commits. Thread:
 * the writer, outside a transaction. false: the store's error or UPK_NOMEM.
 *
 * Rows that lie together go together. A label that came after its event goes when it is too old
 * itself, and takes the place with it that it completed: until then neither is seen by anybody who
 * asks for an event or for pairs. For the windows that label is looked up by the event's id. An
 * event whose label came first, or that was an example first, goes by itself with all that belongs
 * to it. */
bool upk_aged_step(struct upk_engine *e, const struct upk_aged *what, int64_t *to, int64_t *took,
	struct upk_error *err);

#endif
