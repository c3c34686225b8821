/* Makes a run of the id index out of sorted entries or of older runs, in bounded steps. */
#ifndef UPK_IDS_ID_MERGE_H
#define UPK_IDS_ID_MERGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "ids/id_filter.h"
#include "store/id_run.h"

enum { UPK_ID_MERGED_MOST = 16 };

/* The writer's alone. Memory: the filter of the new run and 16 kB for each older one. */
struct upk_id_merge;

/* Entries in the order of (key, value), which it frees: also when it fails. NULL: UPK_NOMEM. */
struct upk_id_merge *upk_id_merge_entries(
	struct upk_id_entry *entries, size_t count, struct upk_error *err);
/* 1 .. UPK_ID_MERGED_MOST whole runs, which stay as they are. */
struct upk_id_merge *upk_id_merge_runs(
	const struct upk_id_run *runs, size_t count, struct upk_error *err);
void upk_id_merge_destroy(struct upk_id_merge *m); /* NULL is fine */

/* What a merge leaves out. */
struct upk_id_leave_out {
	uint64_t below;       /* entries with lesser values */
	const uint64_t *kept; /* one bit for each low half word of a key: 0 is out; NULL: none is */
};

/* Writes pieces of the new run, inside a transaction, from about `budget` entries; less what it
 * took of them. At the end the run is whole in the store, or gone when no entry is left. */
bool upk_id_merge_step(struct upk_id_merge *m, struct upk_store *s,
	const struct upk_id_leave_out *out, int64_t *budget, struct upk_error *err);
bool upk_id_merge_done(const struct upk_id_merge *m);

/* With the transaction. Steps that were rolled back are made again. */
void upk_id_merge_commit(struct upk_id_merge *m);
void upk_id_merge_rollback(struct upk_id_merge *m);

/* The new run. Its filter is the caller's from then on. */
const struct upk_id_run *upk_id_merge_run(const struct upk_id_merge *m);
struct upk_id_filter *upk_id_merge_take_filter(struct upk_id_merge *m);

#endif
