/* Input tensors of the Open Inference Protocol, read from JSON. */
#ifndef UPK_INFER_TENSOR_H
#define UPK_INFER_TENSOR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "base/json_reader.h"
#include "base/text.h"
#include "items/arena.h"

enum { UPK_TENSOR_ROWS_MAX = 100000 };

/* A row of the table of datatypes. Static. */
struct upk_tensor_type {
	const char *name;
	double low, high;   /* of its numbers */
	size_t bytes;       /* of one in binary data; 0: texts, each behind its length in 4 bytes */
	bool whole, single; /* integers; rounded to floats */
	bool flags;         /* true and false are numbers, too */
	bool texts;         /* strings, no numbers */
};

/* Its memory is the arena's. */
struct upk_tensor {
	struct upk_text name;
	const struct upk_tensor_type *type;
	size_t dimensions;  /* of the shape: 1 or 2 */
	size_t rows, width; /* shape [rows] has width 1 */
	double *numbers;    /* (rows, width), NAN for null; NULL: they are texts, or packed */
	const char *packed; /* (rows, width) floats where they came, none of them infinite, until
			       upk_tensor_unpack; else NULL */
	struct upk_text *texts; /* (rows, width), absent for null; NULL: they are numbers */
	int64_t binary;         /* bytes that stand behind the JSON instead of data; -1: none do */
};

/* Reads an object whose { has been read, up to its }; `body` is what the reader reads. Texts stay
 * where they lie in it. Data is flat, or nested as the shape says, or binary. Members that the
 * protocol does not have, and other parameters than binary_data_size, are passed over. false:
 * UPK_INVALID naming member and value, UPK_TOO_LARGE (rows) or UPK_NOMEM. */
bool upk_tensor_read(struct upk_json_reader *r, struct upk_text body, struct upk_arena *arena,
	struct upk_tensor *t, struct upk_error *err);

/* Takes a binary tensor's values (little endian; NaN is missing) off the beginning of what stands
 * behind the JSON; texts stay there, and FP32, which is then packed. false: UPK_INVALID or
 * UPK_NOMEM. */
bool upk_tensor_take_binary(struct upk_tensor *t, struct upk_text *behind, struct upk_arena *arena,
	struct upk_error *err);

/* What is packed becomes numbers. false: UPK_NOMEM. */
bool upk_tensor_unpack(struct upk_tensor *t, struct upk_arena *arena, struct upk_error *err);

/* The shape as it was sent; returns shown. */
enum { UPK_TENSOR_SHAPE = 48 };
const char *upk_tensor_show_shape(const struct upk_tensor *t, char shown[UPK_TENSOR_SHAPE]);

/* The text where it lies if that is the body, else a copy in the arena; absent: no memory. */
struct upk_text upk_tensor_keep(
	struct upk_text text, struct upk_text body, struct upk_arena *arena);

#endif
