/* How much of the store is filled, and the bytes on the disk that are kept for clearing it. */
#ifndef UPK_STORE_SPACE_H
#define UPK_STORE_SPACE_H

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

/* All in bytes. */
struct upk_disk_space {
	int64_t disk;
	int64_t left;    /* free on the disk */
	int64_t missing; /* of what copying the WAL back needs, not to be had; 0: nothing */
	int64_t wal;     /* that emptying the WAL would free */
	int64_t used;    /* as upk_store_used has it */
	int64_t unused;  /* in upkeepd.db, filled before it grows */
};

/* Writer: makes sure of the space on the disk that copying the WAL back needs, and looks at what is
 * left. false: not known. */
bool upk_store_space(struct upk_store *s, struct upk_disk_space *space);

/* Writer, outside transactions: copies all of the WAL back and makes its file empty. false: a
 * reader or another checkpoint is in the way (UPK_BUSY), or it failed; nothing is lost then. */
bool upk_store_empty_wal(struct upk_store *s, struct upk_error *err);

#endif
