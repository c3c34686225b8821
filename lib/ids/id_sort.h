/* Sorts entries of the id index by key. */
#ifndef UPK_IDS_ID_SORT_H
#define UPK_IDS_ID_SORT_H

#include <stddef.h>

#include "store/id_run.h"

/* Entries of one key keep their order. other: room for as many; holds nothing of use afterwards.
 * O(count), about 15 ns an entry (least significant digits first). */
void upk_id_sort(struct upk_id_entry *entries, struct upk_id_entry *other, size_t count);

#endif
