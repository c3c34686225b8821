/* Rows to train on, out of the store: pairs and examples with features, as known at a sequence. */
#ifndef UPK_RUNS_ROWS_H
#define UPK_RUNS_ROWS_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "items/schema.h"
#include "learn/dataset.h"
#include "store/store.h"

struct upk_rows {
	struct upk_dataset data;
	struct upk_columns *columns; /* data's, the features of the model now */
};

/* Places below `now`, labels as known at as_of. champion: the version that is asked of, the answers of
 * others being another's (learn/dataset.h); 0: whoever answered. What was an example
 * before its prediction came stays one here: somebody may have been fitted on it. Reads in short
 * transactions on a read-only store, which is the calling thread's: the trainer's, or a command's.
 * false: UPK_INVALID (the model has no features), UPK_CANCELLED, UPK_NOMEM or the
 * store's error; rows is then empty. */
bool upk_rows_read(struct upk_store *store, int64_t model, const struct upk_schema *schema,
	int64_t now, int64_t as_of, int64_t champion, const atomic_bool *cancel,
	struct upk_rows *rows, struct upk_error *err);
void upk_rows_finish(struct upk_rows *rows);

#endif
