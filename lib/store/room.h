/* How much of the store is filled, and the bytes on the disk that are kept for clearing it. */
#ifndef UPK_STORE_ROOM_H
#define UPK_STORE_ROOM_H

#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"
#include "store/store.h"

/* Bytes of upkeepd.db that hold something: what was deleted is filled again before the file grows.
 * What is in the WAL alone counts. */
bool upk_store_used(struct upk_store *s, int64_t *bytes, struct upk_error *err);

/* Writer: folder/reserve takes up 8 MiB that nobody else can have, less on a small disk. Without
 * them a full disk could not be cleared: deletions and checkpoints write too. false: there is not
 * three times as much left, or it can't be made. Nothing happens when it is there. */
bool upk_store_take_reserve(struct upk_store *s);
void upk_store_give_reserve(struct upk_store *s);

#endif
