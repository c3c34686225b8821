/* The values of a category that have a column of their own; all others share one, `other`. */
#ifndef UPK_LEARN_VOCABULARY_H
#define UPK_LEARN_VOCABULARY_H

#include <stdbool.h>
#include <stddef.h>

#include <cjson/cJSON.h>

#include "base/error.h"
#include "base/json_writer.h"
#include "learn/table.h"

/* Starts as { 0 }; not changed once made, so any thread may look up. */
struct upk_vocabulary {
	size_t count;
	size_t most; /* that it was to have */
	struct upk_text *values; /* (count) in the order of their bytes */
	char *bytes;
};

/* The `most` most frequent values of a column in rows from .. to - 1, of equals those first in the
 * order of bytes. One with a NUL in it, which JSON readers may cut, stays in `other`. false: UPK_NOMEM,
 * v as it was. */
bool upk_vocabulary_fit(struct upk_vocabulary *v, const struct upk_table *t, size_t column,
	size_t from, size_t to, size_t most, struct upk_error *err);
void upk_vocabulary_finish(struct upk_vocabulary *v);

/* Index of a value; count: it is `other`, as an absent one is. O(log). */
size_t upk_vocabulary_find(const struct upk_vocabulary *v, struct upk_text value);

/* Members "most" and "values" of an open object, and back. read: false is UPK_CORRUPT or UPK_NOMEM,
 * v as it was.
 */
void upk_vocabulary_write(const struct upk_vocabulary *v, struct upk_json_writer *w);
bool upk_vocabulary_read(struct upk_vocabulary *v, const cJSON *json, struct upk_error *err);

#endif
