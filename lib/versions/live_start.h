/* How live adjustment begins: a shadow made from a run's rows, beside the writer. */
#ifndef UPK_VERSIONS_LIVE_START_H
#define UPK_VERSIONS_LIVE_START_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buffer.h"
#include "base/error.h"
#include "base/text.h"
#include "learn/dataset.h"
#include "learn/expand.h"
#include "learn/shadow.h"

enum { UPK_LIVE_REASON = 160 };
enum { UPK_LIVE_SIZE_MOST = 2 << 20 }; /* bytes of a shadow's parameters */

/* What a run hands over. Starts as { 0 }. */
struct upk_live_start {
	struct upk_shadow *shadow; /* NULL: none, and why says so when there is something to say */
	struct upk_buffer version; /* bytes of its first copy */
	int64_t from, rows;        /* first place that it has seen, and how many rows */
	char why[UPK_LIVE_REASON];
};

/* From the rows from .. to - 1. A shadow that would be too large, or has nothing to begin with, is
 * no failure: why says it. false: UPK_CANCELLED or UPK_NOMEM. */
bool upk_live_start_make(struct upk_live_start *start, const struct upk_dataset *d, size_t from,
	size_t to, const struct upk_text *classes, const atomic_bool *cancel,
	struct upk_error *err);
void upk_live_start_finish(struct upk_live_start *start);

/* How many of expand's columns are the shadow's inputs: all but those of texts. */
size_t upk_live_inputs(const struct upk_expand *expand);

#endif
