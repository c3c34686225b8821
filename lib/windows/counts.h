/* What a window counts: its pairs, in all and by who predicted them, and their label delays. */
#ifndef UPK_WINDOWS_COUNTS_H
#define UPK_WINDOWS_COUNTS_H

#include <stdbool.h>
#include <stddef.h>

#include "base/error.h"
#include "metrics/confusion.h"
#include "windows/seat.h"

/* Memory: lean counts (metrics/confusion.h) in all, and once more for each tag that has pairs where
 * there is more than one; delays (windows/delays.h).
 * Thread: the writer changes it; readers hold the model's lock. */
struct upk_counts;

struct upk_counts *upk_counts_create(size_t classes, struct upk_error *err); /* NULL: UPK_NOMEM */
void upk_counts_destroy(struct upk_counts *c);                               /* NULL is fine */
bool upk_counts_grow(struct upk_counts *c, size_t classes, struct upk_error *err);

/* false: UPK_NOMEM, nothing changed. O(log tags), but O(cells) when a second tag comes. */
bool upk_counts_add(struct upk_counts *c, const struct upk_seat *seat, struct upk_error *err);
/* The seat's label is another: `seat` is as it was counted. */
bool upk_counts_revise(struct upk_counts *c, const struct upk_seat *seat, uint16_t actual,
	struct upk_error *err);
/* What was counted; can't fail. */
void upk_counts_remove(struct upk_counts *c, const struct upk_seat *seat);

/* Borrowed, until the next change. Of a tag without pairs: no pairs. */
const struct upk_confusion *upk_counts_all(const struct upk_counts *c);
const struct upk_confusion *upk_counts_of(const struct upk_counts *c, upk_tag tag);

double upk_counts_delay(const struct upk_counts *c, double q);

#endif
