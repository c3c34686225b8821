/* Events that are taken out of a model: of its rows, its windows and its record. */
#ifndef UPK_WRITER_ERASE_H
#define UPK_WRITER_ERASE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "core/core.h"
#include "core/model.h"
#include "core/steps.h"
#include "intake/known.h"

/* Within the writer's open transaction: the event's row, its labels and its place are removed, and
 * where it was complete a removal is added to the steps, to be fed after the commit
 * (upk_feed_prepare comes before all of it). The caller notes its place as removed.
 * Thread: the writer. false: the store's error, UPK_NOMEM or UPK_CORRUPT, the transaction is to be
 * rolled back. */
struct upk_erased {
	size_t labels;     /* how many of them there were, added to */
	int64_t places[2]; /* its own, and that as an example before, for the versions that were
			    * fitted on it; 0: none */
};
bool upk_erase_known(struct upk_engine *e, struct upk_model *m, const struct upk_known *known,
	int64_t now, struct upk_steps *steps, struct upk_erased *erased, struct upk_error *err);

/* The same of an id's labels alone, those whose event has gone before them too. labels: added to.
 */
bool upk_erase_labels(struct upk_engine *e, struct upk_model *m, struct upk_text id, size_t *labels,
	struct upk_error *err);

/* A removal of a complete event that has no labels but its own: all of the step, with the row's place and
 * time. Any transaction or none, during a scan too. */
bool upk_erase_describe(struct upk_engine *e, struct upk_model *m, const struct upk_event_row *row,
	struct upk_text class, int64_t now, struct upk_step *step, struct upk_error *err);

#endif
