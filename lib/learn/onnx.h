/* A graph in ONNX's form (onnx.ai, opset 17, ai.onnx.ml 3) that grows node by node. */
#ifndef UPK_LEARN_ONNX_H
#define UPK_LEARN_ONNX_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buffer.h"
#include "base/error.h"
#include "base/text.h"

/* Owned by who made it; one thread. A failed allocation is remembered: later calls do nothing and
 * return "", and upk_onnx_write says UPK_NOMEM. Names that are returned live as long as the graph.
 */
struct upk_onnx;

enum upk_onnx_type {
	UPK_ONNX_FLOAT = 1,
	UPK_ONNX_INT64 = 7,
	UPK_ONNX_STRING = 8,
	UPK_ONNX_DOUBLE = 11,
};

struct upk_onnx *upk_onnx_create(const char *name, struct upk_error *err); /* NULL: UPK_NOMEM */
void upk_onnx_destroy(struct upk_onnx *g);                                 /* NULL is fine */

/* An input or output of [rows, columns]; 0 columns: of [rows]. Rows are any number. */
const char *upk_onnx_input(
	struct upk_onnx *g, const char *name, enum upk_onnx_type type, int64_t columns);
void upk_onnx_output(
	struct upk_onnx *g, const char *name, enum upk_onnx_type type, int64_t columns);

/* Constants of [rows, columns], row-major; 0 rows: of [columns]. */
const char *upk_onnx_doubles(struct upk_onnx *g, const double *values, size_t rows, size_t columns);
const char *upk_onnx_floats(struct upk_onnx *g, const float *values, size_t rows, size_t columns);
const char *upk_onnx_ints(struct upk_onnx *g, const int64_t *values, size_t count);
const char *upk_onnx_strings(struct upk_onnx *g, const struct upk_text *values, size_t count);

/* A node of ONNX's own operators, with up to four inputs (NULL ends them); returns its output. */
const char *upk_onnx_node(struct upk_onnx *g, const char *operator, const char * a, const char *b,
	const char *c, const char *d);
/* The same, its output named: an output of the graph. */
void upk_onnx_node_as(struct upk_onnx *g, const char *output, const char *operator, const char * a,
	const char *b);

/* Tensors side by side, along axis 1; one alone is given back as it is. */
const char *upk_onnx_concat(struct upk_onnx *g, const char *const *parts, size_t count);

/* (rows, 2) of a column p: 1 - p, p; `one` is a constant 1 of its type. */
const char *upk_onnx_complement(struct upk_onnx *g, const char *p, const char *one);

/* One of ai.onnx.ml with one input and so many outputs; the last is returned. */
const char *upk_onnx_ml_node(
	struct upk_onnx *g, const char *operator, const char * input, size_t outputs);

/* Attributes of the node that was added last. */
void upk_onnx_set_int(struct upk_onnx *g, const char *name, int64_t value);
void upk_onnx_set_string(struct upk_onnx *g, const char *name, const char *value);
void upk_onnx_set_ints(struct upk_onnx *g, const char *name, const int64_t *values, size_t count);
void upk_onnx_set_floats(struct upk_onnx *g, const char *name, const float *values, size_t count);
void upk_onnx_set_strings(
	struct upk_onnx *g, const char *name, const char *const *values, size_t count);

void upk_onnx_set_texts(
	struct upk_onnx *g, const char *name, const struct upk_text *values, size_t count);

/* A caller had no memory for what it was to add. */
void upk_onnx_fail(struct upk_onnx *g);

/* The model's bytes. false: UPK_NOMEM. */
bool upk_onnx_write(const struct upk_onnx *g, struct upk_buffer *out, struct upk_error *err);

#endif
