/* Rows that are mostly nought, kept as their other values: compressed sparse rows. */
#ifndef UPK_LEARN_SPARSE_H
#define UPK_LEARN_SPARSE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* How many inputs there are of each kind. */
struct upk_width {
	size_t dense, sparse;
};

/* Starts with upk_sparse_init; one thread. Row i has values starts[i] .. starts[i + 1] - 1. A
 * failed allocation is remembered: later calls do nothing, and the caller checks once at the end.
 */
struct upk_sparse {
	size_t rows, columns;
	size_t *starts;     /* (rows + 1) */
	uint32_t *column;   /* (starts[rows]) of each value */
	float *value;       /* (starts[rows]) */
	size_t count, room; /* values, of which those from starts[rows] on are a row under way */
	size_t rows_room;
	bool failed;
};

void upk_sparse_init(struct upk_sparse *s, size_t columns);
void upk_sparse_finish(struct upk_sparse *s);
void upk_sparse_clear(struct upk_sparse *s); /* no rows; keeps the memory */

/* Sets a row's values in out (columns); the others stay as they are. unspread makes them `value`. */
void upk_sparse_spread(const struct upk_sparse *s, size_t row, double *out);
void upk_sparse_unspread(const struct upk_sparse *s, size_t row, double value, double *out);

/* A value of the row under way, its columns in rising order; end_row begins the next. */
void upk_sparse_add(struct upk_sparse *s, uint32_t column, float value);
void upk_sparse_end_row(struct upk_sparse *s);

#endif
