/* Rows of features of every type: numbers, categories, texts, vectors. */
#ifndef UPK_LEARN_TABLE_H
#define UPK_LEARN_TABLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buffer.h"
#include "base/error.h"
#include "base/text.h"

enum upk_column_type {
	UPK_COLUMN_NUMBER,
	UPK_COLUMN_CATEGORY,
	UPK_COLUMN_TEXT,
	UPK_COLUMN_VECTOR,
	UPK_COLUMN_TYPES,
};

/* One feature. `at` is where its values begin in the block of its type: upk_columns_create sets it.
 */
struct upk_column {
	struct upk_text name;
	enum upk_column_type type;
	uint32_t size; /* of a vector */
	size_t at;
};

/* Immutable once made: any thread. A model's list of features is another (config/feature.h). */
struct upk_columns {
	size_t count;
	size_t numbers, categories, texts; /* columns of each type */
	size_t floats;                     /* values of all vectors of a row */
	struct upk_column *items;          /* (count) */
	char *bytes;                       /* of the names */
};

/* Copies items with their names. NULL: UPK_NOMEM. */
struct upk_columns *upk_columns_create(
	const struct upk_column *items, size_t count, struct upk_error *err);
void upk_columns_destroy(struct upk_columns *c); /* NULL is fine */

/* Index of the column of that name, type and size, tried first at `guess`; -1: there is none. */
int32_t upk_columns_find(
	const struct upk_columns *c, const struct upk_column *wanted, size_t guess);

/* Where a text lies in the table's bytes. */
struct upk_table_span {
	size_t offset;
	uint32_t size;
	bool there;
};

/* Owned by who made it; one thread changes it, any may read it while nobody does. Row-major blocks,
 * one a type; the values of a category are kept once each. */
struct upk_table {
	const struct upk_columns *columns; /* borrowed */
	size_t rows, capacity;
	double *numbers;              /* (rows, numbers): NAN is missing */
	const char *packed;           /* borrowed, instead of numbers: floats (base/floats.h) */
	uint32_t *codes;              /* (rows, categories): 1 + index into values; 0: missing */
	struct upk_table_span *texts; /* (rows, texts) */
	float *floats;                /* (rows, floats): a missing vector's are NAN, no other's is */
	struct upk_table_span *values; /* (values_count) of the categories */
	size_t values_count, values_room;
	uint32_t *slots; /* (slots_count) open addressing: 1 + index into values; 0: free */
	size_t slots_count;
	struct upk_buffer bytes;
};

void upk_table_init(struct upk_table *t, const struct upk_columns *columns);
void upk_table_finish(struct upk_table *t);
void upk_table_clear(struct upk_table *t); /* no rows; keeps the memory */

/* A row with these numbers (columns->numbers of them), everything else missing. false: UPK_NOMEM, t
 * unchanged. */
bool upk_table_add(struct upk_table *t, const double *numbers, struct upk_error *err);

/* Sets one value of a row; column is an index into columns->items, of the type in the name. Category
 * and text are set once a row. A category of no bytes is missing. text: false is UPK_NOMEM. floats:
 * column's size of them, little endian, unaligned; all finite. */
bool upk_table_set_category(struct upk_table *t, size_t row, size_t column, struct upk_text value,
	struct upk_error *err);
bool upk_table_set_text(struct upk_table *t, size_t row, size_t column, struct upk_text value,
	struct upk_error *err);
void upk_table_set_floats(struct upk_table *t, size_t row, size_t column, const char *floats);

/* Values of a row; absent or NAN: missing. Texts live until the table changes. */
double upk_table_number(const struct upk_table *t, size_t row, size_t column);
struct upk_text upk_table_text(const struct upk_table *t, size_t row, size_t column);
const float *upk_table_floats(const struct upk_table *t, size_t row, size_t column);
/* 0: missing; else 1 + an index below values_count, the same for the same text. */
uint32_t upk_table_code(const struct upk_table *t, size_t row, size_t column);
struct upk_text upk_table_value(const struct upk_table *t, uint32_t code);

#endif
