/* Picks the features that a run or a version wants out of encoded rows, whatever list they follow. */
#ifndef UPK_ITEMS_PICK_H
#define UPK_ITEMS_PICK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "base/text.h"
#include "config/feature.h"
#include "learn/table.h"

/* Starts as { 0 }; one thread. Rows of one list are picked for the columns of one table. */
struct upk_pick {
	struct upk_features *list; /* a reference; NULL: not set yet */
	const struct upk_columns *columns; /* borrowed */
	int32_t *inputs; /* (columns) a number's index among the list's numbers, any other's among its
			    features; -1: the list does not have it */
	double *listed, *numbers; /* (the list's numbers), (columns' numbers) */
	struct upk_text *others;  /* (the list's features) */
};

/* The features of a model as columns. NULL: UPK_NOMEM. */
struct upk_columns *upk_pick_columns(const struct upk_features *list, struct upk_error *err);

/* A feature of the list is a column's when name, type and size are the same. false: UPK_NOMEM, p as
 * it was. */
bool upk_pick_set(struct upk_pick *p, const struct upk_features *list,
	const struct upk_columns *columns, struct upk_error *err);
void upk_pick_finish(struct upk_pick *p);

/* The columns are the list's numbers, in its order, and no more. */
bool upk_pick_is_whole(const struct upk_pick *p);

/* The list has none of the columns: to them all its rows are one of missing values. */
bool upk_pick_is_strange(const struct upk_pick *p);

/* A row's numbers, given in the list's order, in that of the columns, NAN where the list has them
 * not; they live until the next call. */
const double *upk_pick_listed(struct upk_pick *p, const double *listed);

/* The numbers of one encoded row, NAN where the list has them not; they live until the next call.
 * NULL: UPK_CORRUPT (not an encoding of the list). */
const double *upk_pick_numbers(
	struct upk_pick *p, struct upk_text encoded, struct upk_error *err);

/* The other values of that row into a row of a table with these columns, in which they are missing.
 * false: UPK_CORRUPT, UPK_NOMEM. */
bool upk_pick_others(struct upk_pick *p, struct upk_text encoded, struct upk_table *t, size_t row,
	struct upk_error *err);

#endif
