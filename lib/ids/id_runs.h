/* The runs of the id index: which there are, and their merging. */
#ifndef UPK_IDS_ID_RUNS_H
#define UPK_IDS_ID_RUNS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "ids/id_filter.h"
#include "ids/id_merge.h"
#include "store/id_run.h"

/* The writer's alone. Runs of one tier become one of the next, 16 of the first and 4 of each later
 * one, so that there are at most 15 small ones and 3 of each size above. Merging reads and writes
 * in the writer's transactions, a bounded step at a time; a run is in use from its whole state on,
 * and what it was made of goes away afterwards. Memory: the filters, and 300 kB for each merge. */
struct upk_id_runs;

/* Reads the runs that are whole with their filters, and forgets the others. Outside a transaction.
 * NULL: UPK_NOMEM or the store's error. */
struct upk_id_runs *upk_id_runs_open(struct upk_store *store, struct upk_error *err);
void upk_id_runs_close(struct upk_id_runs *r); /* NULL is fine */

/* Newest first; until the next commit. */
struct upk_id_run_use {
	struct upk_id_run run;
	struct upk_id_filter *filter;
	bool leaving;
};
size_t upk_id_runs_count(const struct upk_id_runs *r);
const struct upk_id_run_use *upk_id_runs_at(const struct upk_id_runs *r, size_t i);

/* Begins a new run of sorted entries, which it frees. One at a time. */
bool upk_id_runs_spill(
	struct upk_id_runs *r, struct upk_id_entry *entries, size_t count, struct upk_error *err);
enum upk_id_spill { UPK_ID_NO_SPILL, UPK_ID_SPILLING, UPK_ID_SPILLED };
/* UPK_ID_SPILLED: written to the end, until the commit. */
enum upk_id_spill upk_id_runs_spilling(const struct upk_id_runs *r);

/* Works on what there is to do, inside a transaction, with about `budget` entries; what is left of
 * the budget was not needed. */
bool upk_id_runs_step(struct upk_id_runs *r, const struct upk_id_leave_out *out, int64_t *budget,
	struct upk_error *err);

/* Whether it changed which runs there are. */
bool upk_id_runs_commit(struct upk_id_runs *r);
void upk_id_runs_rollback(struct upk_id_runs *r);

#endif
