/* What was committed after the models' states were stored: read once for all models at a start. */
#ifndef UPK_WRITER_LATER_H
#define UPK_WRITER_LATER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buffer.h"
#include "base/error.h"
#include "core/core.h"
#include "core/model.h"
#include "core/steps.h"

/* Thread: the writer. Starts as { 0 }. Memory: 96 bytes an event or revision since. */
struct upk_later {
	int64_t after; /* what was read */
	struct upk_later_item *items; /* (count) by model and sequence: the module's own */
	size_t count, capacity;
	struct upk_later_upgrade *upgrades; /* by model and event */
	size_t upgrades_count, upgrades_capacity;
	struct upk_buffer names; /* of the senders' versions, of classes */
};

/* Every row after that sequence number. false: the store's error or UPK_NOMEM; finish it then too. */
bool upk_later_read(
	struct upk_engine *e, int64_t after, struct upk_later *later, struct upk_error *err);
void upk_later_finish(struct upk_later *later);

/* Those of the model that its tail has not seen, in the order of their sequence. */
bool upk_later_steps(struct upk_engine *e, struct upk_model *m, const struct upk_later *later,
	struct upk_steps *steps, struct upk_error *err);

#endif
