/* From features of every type to columns of numbers, fitted on the training rows alone.
 *
 * Dense columns, in this order: for each number and each vector, in the order of the features, its
 * value or values (NAN where they are missing); then for each of them that had missing values in
 * the training rows (and `gaps` was asked for) a column that is 1 where it is missing, else 0.
 * Sparse columns: for each category one a value and one for `other` (learn/vocabulary.h), of which
 * one is 1 and the rest 0; then for each text its terms' weights (learn/tfidf.h). */
#ifndef UPK_LEARN_EXPAND_H
#define UPK_LEARN_EXPAND_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <cjson/cJSON.h>

#include "base/error.h"
#include "base/json_writer.h"
#include "learn/onnx.h"
#include "learn/sparse.h"
#include "learn/table.h"
#include "learn/tfidf.h"

/* Immutable once made: any thread may expand. */
struct upk_expand;

struct upk_expand_options {
	bool gaps;     /* columns that say what is missing */
	size_t values; /* of a category that get a column */
	struct upk_tfidf_options text;
};

/* On rows from .. to - 1; the table's columns are copied. NULL: UPK_NOMEM. */
struct upk_expand *upk_expand_fit(const struct upk_table *t, size_t from, size_t to,
	const struct upk_expand_options *options, struct upk_error *err);
void upk_expand_destroy(struct upk_expand *e); /* NULL is fine */

const struct upk_columns *upk_expand_columns(const struct upk_expand *e);
size_t upk_expand_values(const struct upk_expand *e); /* its options'; 0: it has no category */
struct upk_width upk_expand_width(const struct upk_expand *e);

/* A row of a table whose columns are upk_expand_columns' own as plain numbers, for learners that
 * take one row at a time: the dense columns (NAN for missing), then those of the categories. Texts
 * have no part in it. out has room for upk_expand_row_width doubles. */
size_t upk_expand_row_width(const struct upk_expand *e);
void upk_expand_row(const struct upk_expand *e, const struct upk_table *t, size_t row, double *out);

/* Which column of `columns` each of its own is, for upk_expand_rows; -1: none, so it is missing.
 * *map stays NULL where they are upk_expand_columns' own; else the caller frees it. false:
 * UPK_NOMEM.
 */
bool upk_expand_map(const struct upk_expand *e, const struct upk_columns *columns, int32_t **map,
	struct upk_error *err);

/* The inputs of a row and of those behind it, as upk_expand_rows would give them, where they stand in
 * the table as they are, or in room (rows, dense) where that is packed: all its features are numbers
 * without gaps. NULL: they do not. */
const double *upk_expand_plain(const struct upk_expand *e, const struct upk_table *t,
	const int32_t *map, size_t row, size_t rows, double *room);

/* Those of a packed table where they lie: floats (base/floats.h) from that row on. NULL as above,
 * or the table is not packed. */
const char *upk_expand_packed(
	const struct upk_expand *e, const struct upk_table *t, const int32_t *map, size_t row);

/* Rows from .. from + rows - 1 into x (rows, dense), and appended to sparse (NULL when width.sparse
 * is 0). terms is room for it to work in. false: UPK_NOMEM. */
struct upk_terms;
bool upk_expand_rows(const struct upk_expand *e, const struct upk_table *t, const int32_t *map,
	size_t from, size_t rows, double *x, struct upk_sparse *sparse, struct upk_terms *terms,
	struct upk_error *err);

/* Adds the graph's inputs and what upk_expand_rows does to them. Without texts. `dense` are floats
 * (rows, dense), `hot` floats of 0 and 1 (rows, categories' columns); NULL: there are none. */
struct upk_expand_onnx {
	const char *dense, *hot;
};
struct upk_expand_onnx upk_expand_onnx(const struct upk_expand *e, struct upk_onnx *g);

/* Member "features" of an open object, and back: "len" for a number without gaps, else
 * {"name", "type", ...} with what was fitted. read: NULL is UPK_CORRUPT or UPK_NOMEM. */
void upk_expand_write(const struct upk_expand *e, struct upk_json_writer *w);
struct upk_expand *upk_expand_read(const cJSON *json, struct upk_error *err);

#endif
