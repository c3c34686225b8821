/* Rows to train on: features, labels and what was served on them, in the order of their places. */
#ifndef UPK_LEARN_DATASET_H
#define UPK_LEARN_DATASET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "learn/table.h"

enum { UPK_DATASET_EXAMPLE = -1 }; /* nothing was predicted in production */

/* Owned by who made it; the trainer thread. Grows with upk_dataset_add. */
struct upk_dataset {
	size_t rows, capacity;
	size_t classes; /* labels are 0 .. classes - 1 */
	struct upk_table table; /* (rows) their features */
	uint16_t *y;     /* (rows): label */
	int32_t *served; /* (rows): class that was predicted in production, upk_dataset_anothers of
			    it where that is not the answer of whom it is asked of, or
			    UPK_DATASET_EXAMPLE */
	int64_t *place;  /* (rows): increasing */
	size_t *known;   /* (rows): how many rows were complete when its event came, at most those
			    before it */
};

/* columns is borrowed until finish. */
void upk_dataset_init(struct upk_dataset *d, const struct upk_columns *columns, size_t classes);
void upk_dataset_finish(struct upk_dataset *d);

/* Copies the row's numbers, in the order of their columns; features of other types are missing
 * until they are set in d->table, and all rows before it were known until d->known is set. false:
 * UPK_NOMEM, d unchanged. */
bool upk_dataset_add(struct upk_dataset *d, const double *numbers, uint16_t y, int32_t served,
	int64_t place, struct upk_error *err);

/* What another answered: below UPK_DATASET_EXAMPLE; and the class of any answer, whoever gave it,
 * -1 for an example. */
int32_t upk_dataset_anothers(int32_t class);
int32_t upk_dataset_answer(int32_t served);

/* Index of the first row whose place is >= place; rows when there is none. */
size_t upk_dataset_at(const struct upk_dataset *d, int64_t place);

/* Labels in rows from .. to - 1 by class, into counts (classes). */
void upk_dataset_count(const struct upk_dataset *d, size_t from, size_t to, size_t *counts);

/* How many rows became complete while one of from .. to - 1 waited for its label: the median of
 * those that were predicted in production. 0 where half of them were predicted when all rows before
 * `from` were complete, as where labels come at once. */
size_t upk_dataset_lag(const struct upk_dataset *d, size_t from, size_t to);

#endif
