/* A labelled CSV file as a stream of rows: features, a class, and the line each came from. */
#ifndef UPK_CLIENT_STREAM_H
#define UPK_CLIENT_STREAM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "base/json_writer.h"

struct upk_stream_options {
	const char *path;
	const char *label;       /* the class column; NULL: the last one that is not dropped */
	const char *const *drop; /* columns left out */
	size_t drop_count;
	uint64_t skip; /* rows left out at the start */
	bool shuffle;  /* random order, by seed */
	uint64_t seed;
};

/* The whole file in memory: every fault of it shows before anything is sent.
 * Any thread may read it; upk_stream_class changes it. */
struct upk_stream;

/* NULL: what upk_csv_next says, or UPK_INVALID: a column that is not there or has no name or a
 * name twice, names that are all numbers, no feature column, a row with too few or too many fields
 * or without a class, more than 1,024 classes, no rows left. */
struct upk_stream *upk_stream_read(const struct upk_stream_options *options, struct upk_error *err);
void upk_stream_destroy(struct upk_stream *s); /* NULL is fine */

/* Rows are numbered in the order in which they are played, after skipping and shuffling. */
size_t upk_stream_rows(const struct upk_stream *s);
uint16_t upk_stream_label(const struct upk_stream *s, size_t row);

/* The name of the n-th feature column; NULL: there are no more. */
const char *upk_stream_feature(const struct upk_stream *s, size_t n);

/* The name of the class column. */
const char *upk_stream_label_column(const struct upk_stream *s);

/* Classes in the order of first sight in the file, the skipped rows' too. */
size_t upk_stream_classes(const struct upk_stream *s);
const char *upk_stream_class_name(const struct upk_stream *s, size_t class);

/* Index of the class of that name, added when it is new (a model may know more than the file).
 * false: UPK_NOMEM or UPK_TOO_LARGE (over 1,024). */
bool upk_stream_class(
	struct upk_stream *s, const char *name, uint16_t *class, struct upk_error *err);

/* "FILE:LINE" without the folder: the same row has the same id in every replay. */
void upk_stream_write_id(const struct upk_stream *s, size_t row, struct upk_json_writer *w);
/* The label, under `key`. */
void upk_stream_write_label(
	const struct upk_stream *s, size_t row, const char *key, struct upk_json_writer *w);
/* "features": an array in the order of the columns; missing values are null. */
void upk_stream_write_features(const struct upk_stream *s, size_t row, struct upk_json_writer *w);

/* "classes" and "features" of a model's configuration. A column with a value that is no number is a
 * category. */
void upk_stream_write_schema(const struct upk_stream *s, struct upk_json_writer *w);

#endif
