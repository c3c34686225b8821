/* A CSV file of past predictions and labels, as items of a model. */
#ifndef UPK_CLIENT_CSV_ITEMS_H
#define UPK_CLIENT_CSV_ITEMS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buffer.h"
#include "base/error.h"
#include "base/spelling.h"
#include "client/csv.h"
#include "client/loader.h"
#include "client/target.h"

/* Columns by name; all that are not named here are features. NULL: there is none. */
struct upk_csv_items_options {
	const char *path;
	const char *label, *predicted, *score, *id, *time;
	const char *const *drop; /* columns left out */
	size_t drop_count;
};

/* Reads on as items are asked for. One thread at a time. Memory: the first rows, up to 1,000 or
 * 16 MiB, from which the types of columns are seen. */
struct upk_csv_items;

/* NULL: what upk_csv_next says of the header or the row behind it, or UPK_INVALID: no header, a
 * column that is not there, has no name or a name twice, neither --label nor a prediction.
 * `options` stays the caller's and alive. */
struct upk_csv_items *upk_csv_items_open(
	const struct upk_csv_items_options *options, struct upk_error *err);
void upk_csv_items_close(struct upk_csv_items *t); /* NULL is fine */

/* Types as the model has them; what it does not have, and all without a model, as the first rows
 * look: a column with a value that is no number is a category. */
void upk_csv_items_fit(struct upk_csv_items *t, const struct upk_target *target);

/* The features of a model for it: a JSON array; nothing: there are no feature columns. */
void upk_csv_items_write_features(const struct upk_csv_items *t, struct upk_buffer *out);
/* The same in words, "len number, subject category", as upk_spelling_list has names; "": none. */
void upk_csv_items_list_features(const struct upk_csv_items *t, char out[UPK_SPELLING_SIZE]);

/* The next row; one that can't be read ends the file, as those of upk_csv_next do. Without an id
 * column its id is `name`:LINE, the file's name without its folder. *fault: why it is no item, with
 * neither label nor prediction; NULL: it is one. Texts live until the next call. */
enum upk_csv_got upk_csv_items_next(struct upk_csv_items *t, struct upk_load_item *item,
	const char **fault, struct upk_error *err);

/* Bytes of the file read so far, as it lies there; -1: not known. */
int64_t upk_csv_items_at(const struct upk_csv_items *t);

#endif
