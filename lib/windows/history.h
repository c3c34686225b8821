/* A point of a window's history as bytes: what every metric of counts can be computed from again.
 */
#ifndef UPK_WINDOWS_HISTORY_H
#define UPK_WINDOWS_HISTORY_H

#include <stdbool.h>

#include "base/buffer.h"
#include "base/error.h"
#include "base/text.h"
#include "metrics/confusion.h"

/* Appends how many classes, then hits, labels and predictions of each, all as varints (LEB128);
 * classes at the end that do not appear are left out, so that the bytes do not depend on how many
 * the model has learnt. A failed allocation shows in out->failed. */
void upk_history_encode(const struct upk_confusion *c, struct upk_buffer *out);

/* Into counts that hold margins alone (see upk_confusion_set_margins), grown where needed; what was
 * there is replaced. false: UPK_CORRUPT (no such encoding) or UPK_NOMEM. */
bool upk_history_decode(struct upk_text counts, struct upk_confusion *into, struct upk_error *err);

#endif
