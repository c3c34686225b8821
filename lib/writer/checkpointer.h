/* Copies the WAL back into the database beside the writer, so that it stays small under load. */
#ifndef UPK_WRITER_CHECKPOINTER_H
#define UPK_WRITER_CHECKPOINTER_H

#include "base/error.h"
#include "core/core.h"

/* A thread with a connection of its own. It copies again and again until little is left: the writer
 * copies that rest, between two transactions, because only when all is copied does the WAL begin
 * anew, and under load the thread alone never gets there. A reader that stays holds both up, and the
 * WAL grows until it ends; that is logged, and WAL and reader show as `upkeepd_wal_bytes`. When the
 * disk can't follow, the writer waits for it: a WAL that no reader holds stays below about 256 MiB. */
struct upk_checkpointer;

/* NULL: the store's error, or UPK_IO when there is no thread. */
struct upk_checkpointer *upk_checkpointer_start(struct upk_engine *e, struct upk_error *err);
void upk_checkpointer_stop(struct upk_checkpointer *c); /* ends the thread, frees; NULL is fine */

/* The writer, after each of its rounds and outside transactions. false: an error of the thread's
 * connection or the writer's; UPK_IO broke the store. */
bool upk_checkpointer_follow(struct upk_checkpointer *c, struct upk_error *err);

/* The writer, instead of that when it has no time to copy: whether upk_checkpointer_follow has
 * something to do or to say. */
bool upk_checkpointer_look(struct upk_checkpointer *c);

/* Bytes in the WAL. Any thread. */
int64_t upk_checkpointer_wal_bytes(struct upk_checkpointer *c);

#endif
