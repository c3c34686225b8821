/* Which slices the rows held out belong to: entries of a name ("country=de") and a row. */
#ifndef UPK_LEARN_SLICES_H
#define UPK_LEARN_SLICES_H

#include <stdbool.h>
#include <stddef.h>

#include "base/buffer.h"
#include "base/error.h"
#include "base/text.h"

/* Of `names` from `at` on, `size` bytes. */
struct upk_slice_entry {
	size_t at, size;
	size_t row; /* of the dataset */
};

/* Starts as { 0 }; one thread. */
struct upk_slices {
	struct upk_buffer names;
	struct upk_slice_entry *entries;
	size_t count, capacity;
};

void upk_slices_finish(struct upk_slices *s); /* frees; leaves it as { 0 } */

/* Rows come in increasing order. false: UPK_NOMEM. */
bool upk_slices_add(struct upk_slices *s, struct upk_text key, struct upk_text value, size_t row,
	struct upk_error *err);

/* By name, then by row. */
void upk_slices_sort(struct upk_slices *s);

/* After sorting: the end of the slice that begins at entry `from`, and its name, which lives until the
 * next add. */
size_t upk_slices_end(const struct upk_slices *s, size_t from, struct upk_text *name);

#endif
