/* The data folder's SQLite file: open, migrate, lock, commit. */
#ifndef UPK_STORE_STORE_H
#define UPK_STORE_STORE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"

/* One connection with its prepared statements; one thread at a time. The functions of store/<noun>.h
 * take it. Errors of all of them: UPK_FULL (no space), UPK_IO, UPK_CORRUPT, UPK_NOMEM, and
 * UPK_BUSY on a reader that met a checkpoint lock; output parameters are untouched on failure.
 * Pointers in rows that were read live until the next call on the same store, unless said
 * otherwise. */
struct upk_store;

enum upk_store_mode {
	UPK_STORE_WRITE, /* the one writer: takes the folder's lock, creates, migrates */
	UPK_STORE_READ,  /* read-only */
	UPK_STORE_COPY,  /* beside the writer: upk_store_checkpoint alone; writes no rows */
};

/* folder/upkeepd.db: WAL, synchronous=FULL, foreign keys, defensive, strict tables. The writer
 * creates the folder (0700) and file when absent, holds folder/lock for as long as it is open
 * (UPK_CONFLICT names the process that has it), applies migrations in order, one transaction each,
 * and refuses a newer or a damaged file, and one that is behind folder/committed
 * (UPK_CORRUPT with what to do). NULL on failure. */
struct upk_store *upk_store_open(const char *folder, enum upk_store_mode mode, struct upk_error *err);
/* folder/committed was absent or damaged when the writer opened a file that had commits: had it lost
 * some, nobody would have noticed. */
bool upk_store_unguarded(const struct upk_store *s);
void upk_store_close(struct upk_store *s); /* NULL is fine; an open transaction is rolled back */

/* Writer: one transaction at a time; what changes rows must be inside one (else UPK_CONFLICT). After
 * a failed commit everything of it is undone. When SQLite undoes a transaction by itself (no space,
 * no memory), all calls up to its commit or rollback fail with the same error. */
bool upk_store_begin(struct upk_store *s, struct upk_error *err);
bool upk_store_commit(struct upk_store *s, struct upk_error *err);
void upk_store_rollback(struct upk_store *s);

/* Writer: true once a read, a write or a sync of it has failed, after which nobody knows what of the
 * last writes is on the disk: do not go on, open the store anew. Closing then leaves the WAL as it is.
 * *err says what it was. */
bool upk_store_broken(const struct upk_store *s, struct upk_error *err);

/* Reader: all reads between begin_read and end_read see one state of the file. */
bool upk_store_begin_read(struct upk_store *s, struct upk_error *err);
void upk_store_end_read(struct upk_store *s);

/* The greatest sequence number that was ever stored (deleted rows count), 0 when none was: events
 * and labels share one growing sequence, given out by the writer's owner. */
bool upk_store_last_seq(struct upk_store *s, int64_t *seq, struct upk_error *err);

/* The greatest arrival that was ever stored, 0 when none was: the clock of arrivals never steps back. */
bool upk_store_last_arrival(struct upk_store *s, int64_t *arrival, struct upk_error *err);

/* Every model's stored state has seen what is up to this sequence number. */
bool upk_store_saved(struct upk_store *s, int64_t *seq, struct upk_error *err);
bool upk_store_set_saved(struct upk_store *s, int64_t seq, struct upk_error *err);

enum { UPK_STORE_PAGE = 16384 }; /* bytes */

/* Pages in the WAL after the writer's last commit. It begins anew with the first commit after a
 * checkpoint that copied all of it. */
int upk_store_wal_pages(const struct upk_store *s);

struct upk_wal {
	int pages;  /* in the WAL when the checkpoint began */
	int copied; /* of them, are in the file now; fewer when a reader still needs an older state */
};

/* Copies what readers allow from the WAL into the file and syncs it; holds up nobody but the caller.
 * Outside transactions. *wal stays as it is when another connection is at it already. */
bool upk_store_checkpoint(struct upk_store *s, struct upk_wal *wal, struct upk_error *err);

#endif
