/* The first pairs of a record as text, for the state. */
#ifndef UPK_WINDOWS_RECORD_TEXT_H
#define UPK_WINDOWS_RECORD_TEXT_H

#include <stdbool.h>

#include "base/buffer.h"
#include "base/error.h"
#include "base/text.h"
#include "metrics/record.h"

/* A pair that comes one place after the one before it takes one character when both its classes are
 * among the first three, two when they are among the first sixteen: 2,000 pairs are 2 to 4 kB, the
 * most that a rare class may have 20 to 40 kB. A failed allocation shows in out->failed. */
void upk_record_text_write(const struct upk_record *r, struct upk_buffer *out);

/* Into a record without pairs; classes are below `classes`. false: UPK_CORRUPT (no such text) or
 * UPK_NOMEM. */
bool upk_record_text_read(
	struct upk_text text, size_t classes, struct upk_record *r, struct upk_error *err);

#endif
