/* The trials of a run on their way to the store, and back after a restart. */
#ifndef UPK_RUNS_TRIALS_H
#define UPK_RUNS_TRIALS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "core/core.h"
#include "core/model.h"
#include "learn/search.h"
#include "store/store.h"

struct upk_trials;

/* Those of the run that are stored already, read from `rows`. NULL: the store's error or UPK_NOMEM.
 * Thread: the trainer, which also asks what watch returns. */
struct upk_trials *upk_trials_read(struct upk_engine *e, struct upk_model *m, int64_t run,
	struct upk_store *rows, struct upk_error *err);
void upk_trials_destroy(struct upk_trials *t); /* NULL is fine */

/* Recalls a stored trial when settings, rows and seed are the same; sends each new one to the writer,
 * which stores it in a transaction of its own. */
struct upk_search_watch upk_trials_watch(struct upk_trials *t);

#endif
