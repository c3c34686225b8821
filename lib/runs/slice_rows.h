/* The slices of the rows that a run holds out, out of the store. */
#ifndef UPK_RUNS_SLICE_ROWS_H
#define UPK_RUNS_SLICE_ROWS_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"
#include "config/config.h"
#include "learn/slices.h"
#include "runs/rows.h"
#include "store/store.h"

/* What of a run's rows is wanted; all borrowed. Thread: the trainer. */
struct upk_slice_scan {
	int64_t model;
	int64_t now, as_of; /* as the rows were read */
	int64_t change;     /* the run's c, a place: it says how many rows are held out */
	const struct upk_config *config; /* its slice keys count */
	const atomic_bool *cancel;
};

/* Fills slices, which starts as { 0 }, sorted; the caller finishes it in any case. Without slice keys
 * it stays empty. false: UPK_CANCELLED, UPK_NOMEM or the store's error. */
bool upk_slice_rows_read(struct upk_store *store, const struct upk_slice_scan *scan,
	const struct upk_dataset *data, struct upk_slices *slices, struct upk_error *err);

#endif
