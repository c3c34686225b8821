/* Read-only connections, lent to whoever has something to look up. */
#ifndef UPK_CORE_READERS_H
#define UPK_CORE_READERS_H

#include "base/error.h"
#include "store/store.h"

/* Any thread. Connections are opened as they are needed and kept. */
struct upk_readers;

struct upk_readers *upk_readers_create(const char *folder, struct upk_error *err);
void upk_readers_destroy(struct upk_readers *r); /* all lent ones must be back; NULL is fine */

/* A connection for this thread alone until it is given back. NULL: the store's error. */
struct upk_store *upk_readers_take(struct upk_readers *r, struct upk_error *err);
void upk_readers_give_back(struct upk_readers *r, struct upk_store *s);

#endif
