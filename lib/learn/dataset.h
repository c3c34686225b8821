/* Rows to train on: numbers, classes and what was served on them, in the order of their places. */
#ifndef UPK_LEARN_DATASET_H
#define UPK_LEARN_DATASET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"

/* Owned by who made it; the trainer thread. Grows with upk_dataset_add. */
struct upk_dataset {
	size_t rows, capacity;
	size_t features; /* columns of x */
	size_t classes;  /* labels are 0 .. classes - 1 */
	double *x;       /* (rows, features), row-major; NAN is missing */
	uint16_t *y;     /* (rows): label */
	int32_t *served; /* (rows): class that was predicted in production; -1: an example */
	int64_t *place;  /* (rows): increasing */
};

void upk_dataset_init(struct upk_dataset *d, size_t features, size_t classes);
void upk_dataset_finish(struct upk_dataset *d);

/* Copies `features` doubles. false: UPK_NOMEM, d unchanged. */
bool upk_dataset_add(struct upk_dataset *d, const double *x, uint16_t y, int32_t served,
	int64_t place, struct upk_error *err);

/* Index of the first row whose place is >= place; rows when there is none. */
size_t upk_dataset_at(const struct upk_dataset *d, int64_t place);

/* Labels in rows from .. to - 1 by class, into counts (classes). */
void upk_dataset_count(const struct upk_dataset *d, size_t from, size_t to, size_t *counts);

#endif
