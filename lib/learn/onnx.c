#include "learn/onnx.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "onnx.pb-c.h"

enum { OPSET = 17, ML_OPSET = 3, IR_VERSION = 8 };

/* Pieces of the message are chained, to be freed together. */
struct piece {
	struct piece *next;
	max_align_t bytes[];
};

struct upk_onnx {
	Onnx__GraphProto graph;
	size_t names; /* given out so far */
	struct piece *pieces;
	bool failed;
};

static void *keep(struct upk_onnx *g, size_t size)
{
	struct piece *piece = calloc(1, sizeof *piece + size);

	if (!piece) {
		g->failed = true;
		return NULL;
	}
	piece->next = g->pieces;
	g->pieces = piece;
	return piece->bytes;
}

static void *keep_copy(struct upk_onnx *g, const void *from, size_t size)
{
	void *copy = keep(g, size);

	if (copy && size > 0)
		memcpy(copy, from, size);
	return copy;
}

static char *keep_string(struct upk_onnx *g, const char *text)
{
	return keep_copy(g, text, strlen(text) + 1);
}

static bool is_input(const struct upk_onnx *g, const char *name)
{
	for (size_t i = 0; i < g->graph.n_input; i++)
		if (g->graph.input[i]->name && strcmp(g->graph.input[i]->name, name) == 0)
			return true;
	return false;
}

/* Inputs are named by others, before anything else. */
static char *new_name(struct upk_onnx *g)
{
	char name[32];

	do
		snprintf(name, sizeof name, "t%zu", ++g->names);
	while (is_input(g, name));
	return keep_string(g, name);
}

/* Appends to a list of pointers, whose room doubles: it is full at each power of two. */
static void append(struct upk_onnx *g, void *list, size_t *count, void *item)
{
	void **items;

	if (!item)
		return;
	memcpy(&items, list, sizeof items);
	if ((*count & (*count - 1)) == 0) {
		void **grown = keep(g, (*count ? 2 * *count : 1) * sizeof *grown);
		if (!grown)
			return;
		if (*count)
			memcpy(grown, items, *count * sizeof *grown);
		items = grown;
		memcpy(list, &items, sizeof items);
	}
	items[(*count)++] = item;
}

struct upk_onnx *upk_onnx_create(const char *name, struct upk_error *err)
{
	struct upk_onnx *g = calloc(1, sizeof *g);

	if (!g) {
		upk_fail(err, UPK_NOMEM, "no memory for an ONNX graph");
		return NULL;
	}
	onnx__graph_proto__init(&g->graph);
	g->graph.name = keep_string(g, name);
	return g;
}

void upk_onnx_destroy(struct upk_onnx *g)
{
	if (!g)
		return;
	while (g->pieces) {
		struct piece *next = g->pieces->next;
		free(g->pieces);
		g->pieces = next;
	}
	free(g);
}

/* ---- inputs, outputs, constants ---- */

static void set_dimension(struct upk_onnx *g, Onnx__TensorShapeProto *shape, int64_t size)
{
	Onnx__TensorShapeProto__Dimension *d = keep(g, sizeof *d);

	if (!d)
		return;
	onnx__tensor_shape_proto__dimension__init(d);
	if (size > 0) {
		d->value_case = ONNX__TENSOR_SHAPE_PROTO__DIMENSION__VALUE_DIM_VALUE;
		d->dim_value = size;
	} else {
		d->value_case = ONNX__TENSOR_SHAPE_PROTO__DIMENSION__VALUE_DIM_PARAM;
		d->dim_param = keep_string(g, "rows");
	}
	append(g, &shape->dim, &shape->n_dim, d);
}

static Onnx__ValueInfoProto *describe(
	struct upk_onnx *g, const char *name, enum upk_onnx_type type, int64_t columns)
{
	Onnx__ValueInfoProto *info = keep(g, sizeof *info);
	Onnx__TypeProto *of = keep(g, sizeof *of);
	Onnx__TypeProto__Tensor *tensor = keep(g, sizeof *tensor);
	Onnx__TensorShapeProto *shape = keep(g, sizeof *shape);

	if (!info || !of || !tensor || !shape)
		return NULL;
	onnx__value_info_proto__init(info);
	onnx__type_proto__init(of);
	onnx__type_proto__tensor__init(tensor);
	onnx__tensor_shape_proto__init(shape);
	set_dimension(g, shape, 0);
	if (columns > 0)
		set_dimension(g, shape, columns);
	tensor->has_elem_type = true;
	tensor->elem_type = type;
	tensor->shape = shape;
	of->value_case = ONNX__TYPE_PROTO__VALUE_TENSOR_TYPE;
	of->tensor_type = tensor;
	info->name = keep_string(g, name);
	info->type = of;
	return info;
}

const char *upk_onnx_input(
	struct upk_onnx *g, const char *name, enum upk_onnx_type type, int64_t columns)
{
	Onnx__ValueInfoProto *info = describe(g, name, type, columns);

	append(g, &g->graph.input, &g->graph.n_input, info);
	return info && info->name ? info->name : "";
}

void upk_onnx_output(struct upk_onnx *g, const char *name, enum upk_onnx_type type, int64_t columns)
{
	append(g, &g->graph.output, &g->graph.n_output, describe(g, name, type, columns));
}

static Onnx__TensorProto *add_tensor(
	struct upk_onnx *g, enum upk_onnx_type type, size_t rows, size_t columns)
{
	Onnx__TensorProto *t = keep(g, sizeof *t);
	int64_t *dims = keep(g, 2 * sizeof *dims);

	if (!t || !dims)
		return NULL;
	onnx__tensor_proto__init(t);
	t->has_data_type = true;
	t->data_type = type;
	if (rows > 0)
		dims[t->n_dims++] = (int64_t)rows;
	dims[t->n_dims++] = (int64_t)columns;
	t->dims = dims;
	t->name = new_name(g);
	append(g, &g->graph.initializer, &g->graph.n_initializer, t);
	return t;
}

static const char *name_of(const Onnx__TensorProto *t)
{
	return t && t->name ? t->name : "";
}

static size_t values_of(size_t rows, size_t columns)
{
	return rows > 0 ? rows * columns : columns;
}

const char *upk_onnx_doubles(struct upk_onnx *g, const double *values, size_t rows, size_t columns)
{
	Onnx__TensorProto *t = add_tensor(g, UPK_ONNX_DOUBLE, rows, columns);
	size_t n = values_of(rows, columns);

	if (t) {
		t->double_data = keep_copy(g, values, n * sizeof *values);
		t->n_double_data = t->double_data ? n : 0;
	}
	return name_of(t);
}

const char *upk_onnx_floats(struct upk_onnx *g, const float *values, size_t rows, size_t columns)
{
	Onnx__TensorProto *t = add_tensor(g, UPK_ONNX_FLOAT, rows, columns);
	size_t n = values_of(rows, columns);

	if (t) {
		t->float_data = keep_copy(g, values, n * sizeof *values);
		t->n_float_data = t->float_data ? n : 0;
	}
	return name_of(t);
}

const char *upk_onnx_ints(struct upk_onnx *g, const int64_t *values, size_t count)
{
	Onnx__TensorProto *t = add_tensor(g, UPK_ONNX_INT64, 0, count);

	if (t) {
		t->int64_data = keep_copy(g, values, count * sizeof *values);
		t->n_int64_data = t->int64_data ? count : 0;
	}
	return name_of(t);
}

static void *keep_binary(struct upk_onnx *g, struct upk_text text, ProtobufCBinaryData *out)
{
	out->data = keep_copy(g, text.data, text.size);
	out->len = out->data ? text.size : 0;
	return out->data;
}

const char *upk_onnx_strings(struct upk_onnx *g, const struct upk_text *values, size_t count)
{
	Onnx__TensorProto *t = add_tensor(g, UPK_ONNX_STRING, 0, count);
	ProtobufCBinaryData *items = t ? keep(g, count * sizeof *items) : NULL;

	if (!items)
		return "";
	for (size_t i = 0; i < count; i++)
		if (!keep_binary(g, values[i], &items[i]))
			return "";
	t->string_data = items;
	t->n_string_data = count;
	return name_of(t);
}

/* ---- nodes ---- */

static Onnx__NodeProto *add_node(struct upk_onnx *g, const char *operator)
{
	Onnx__NodeProto *node = keep(g, sizeof *node);

	if (!node)
		return NULL;
	onnx__node_proto__init(node);
	node->op_type = keep_string(g, operator);
	append(g, &g->graph.node, &g->graph.n_node, node);
	return node;
}

static void add_inputs(
	struct upk_onnx *g, Onnx__NodeProto *node, const char *const *inputs, size_t n)
{
	for (size_t i = 0; i < n && inputs[i]; i++)
		append(g, &node->input, &node->n_input, keep_string(g, inputs[i]));
}

static const char *add_output(struct upk_onnx *g, Onnx__NodeProto *node, char *name)
{
	append(g, &node->output, &node->n_output, name);
	return name ? name : "";
}

const char *upk_onnx_node(struct upk_onnx *g, const char *operator, const char * a, const char *b,
	const char *c, const char *d)
{
	const char *const inputs[] = { a, b, c, d };
	Onnx__NodeProto *node = add_node(g, operator);

	if (!node)
		return "";
	add_inputs(g, node, inputs, 4);
	return add_output(g, node, new_name(g));
}

void upk_onnx_node_as(
	struct upk_onnx *g, const char *output, const char *operator, const char * a, const char *b)
{
	const char *const inputs[] = { a, b };
	Onnx__NodeProto *node = add_node(g, operator);

	if (!node)
		return;
	add_inputs(g, node, inputs, 2);
	add_output(g, node, keep_string(g, output));
}

const char *upk_onnx_concat(struct upk_onnx *g, const char *const *parts, size_t count)
{
	Onnx__NodeProto *node = count == 1 ? NULL : add_node(g, "Concat");
	const char *output;

	if (!node)
		return count == 1 ? parts[0] : "";
	add_inputs(g, node, parts, count);
	output = add_output(g, node, new_name(g));
	upk_onnx_set_int(g, "axis", 1);
	return output;
}

const char *upk_onnx_ml_node(
	struct upk_onnx *g, const char *operator, const char * input, size_t outputs)
{
	const char *last = "";
	Onnx__NodeProto *node = add_node(g, operator);

	if (!node)
		return "";
	node->domain = keep_string(g, "ai.onnx.ml");
	add_inputs(g, node, &input, 1);
	for (size_t i = 0; i < outputs; i++)
		last = add_output(g, node, new_name(g));
	return last;
}

/* NULL when there is no node or no memory. */
static Onnx__AttributeProto *add_attribute(
	struct upk_onnx *g, const char *name, Onnx__AttributeProto__AttributeType type)
{
	Onnx__AttributeProto *a = g->graph.n_node ? keep(g, sizeof *a) : NULL;
	Onnx__NodeProto *node;

	if (!a)
		return NULL;
	onnx__attribute_proto__init(a);
	a->name = keep_string(g, name);
	a->has_type = true;
	a->type = type;
	node = g->graph.node[g->graph.n_node - 1];
	append(g, &node->attribute, &node->n_attribute, a);
	return a;
}

void upk_onnx_set_int(struct upk_onnx *g, const char *name, int64_t value)
{
	Onnx__AttributeProto *a =
		add_attribute(g, name, ONNX__ATTRIBUTE_PROTO__ATTRIBUTE_TYPE__INT);

	if (!a)
		return;
	a->has_i = true;
	a->i = value;
}

void upk_onnx_set_string(struct upk_onnx *g, const char *name, const char *value)
{
	Onnx__AttributeProto *a =
		add_attribute(g, name, ONNX__ATTRIBUTE_PROTO__ATTRIBUTE_TYPE__STRING);

	if (a)
		a->has_s = keep_binary(g, upk_text_of(value), &a->s) != NULL;
}

void upk_onnx_set_ints(struct upk_onnx *g, const char *name, const int64_t *values, size_t count)
{
	Onnx__AttributeProto *a =
		add_attribute(g, name, ONNX__ATTRIBUTE_PROTO__ATTRIBUTE_TYPE__INTS);

	if (!a)
		return;
	a->ints = keep_copy(g, values, count * sizeof *values);
	a->n_ints = a->ints ? count : 0;
}

void upk_onnx_set_floats(struct upk_onnx *g, const char *name, const float *values, size_t count)
{
	Onnx__AttributeProto *a =
		add_attribute(g, name, ONNX__ATTRIBUTE_PROTO__ATTRIBUTE_TYPE__FLOATS);

	if (!a)
		return;
	a->floats = keep_copy(g, values, count * sizeof *values);
	a->n_floats = a->floats ? count : 0;
}

void upk_onnx_set_strings(
	struct upk_onnx *g, const char *name, const char *const *values, size_t count)
{
	Onnx__AttributeProto *a =
		add_attribute(g, name, ONNX__ATTRIBUTE_PROTO__ATTRIBUTE_TYPE__STRINGS);
	ProtobufCBinaryData *items = a ? keep(g, count * sizeof *items) : NULL;

	if (!items)
		return;
	for (size_t i = 0; i < count; i++)
		if (!keep_binary(g, upk_text_of(values[i]), &items[i]))
			return;
	a->strings = items;
	a->n_strings = count;
}

void upk_onnx_set_texts(
	struct upk_onnx *g, const char *name, const struct upk_text *values, size_t count)
{
	Onnx__AttributeProto *a =
		add_attribute(g, name, ONNX__ATTRIBUTE_PROTO__ATTRIBUTE_TYPE__STRINGS);
	ProtobufCBinaryData *items = a ? keep(g, count * sizeof *items) : NULL;

	if (!items)
		return;
	for (size_t i = 0; i < count; i++)
		if (values[i].size && !keep_binary(g, values[i], &items[i]))
			return;
	a->strings = items;
	a->n_strings = count;
}

const char *upk_onnx_complement(struct upk_onnx *g, const char *p, const char *one)
{
	const char *other = upk_onnx_node(g, "Sub", one, p, NULL, NULL);
	const char *both = upk_onnx_node(g, "Concat", other, p, NULL, NULL);

	upk_onnx_set_int(g, "axis", 1);
	return both;
}

void upk_onnx_fail(struct upk_onnx *g)
{
	g->failed = true;
}

bool upk_onnx_write(const struct upk_onnx *g, struct upk_buffer *out, struct upk_error *err)
{
	Onnx__OperatorSetIdProto sets[2], *imports[] = { &sets[0], &sets[1] };
	Onnx__ModelProto model;
	uint8_t *bytes;

	if (g->failed)
		return upk_fail(err, UPK_NOMEM, "no memory for an ONNX graph");
	onnx__operator_set_id_proto__init(&sets[0]);
	sets[0].domain = (char[]){ "" };
	sets[0].has_version = true;
	sets[0].version = OPSET;
	onnx__operator_set_id_proto__init(&sets[1]);
	sets[1].domain = (char[]){ "ai.onnx.ml" };
	sets[1].has_version = true;
	sets[1].version = ML_OPSET;

	onnx__model_proto__init(&model);
	model.has_ir_version = true;
	model.ir_version = IR_VERSION;
	model.producer_name = (char[]){ "upkeepd" };
	model.producer_version = (char[]){ UPK_PROJECT_VERSION };
	model.opset_import = imports;
	model.n_opset_import = 2;
	/* Packing only reads, but takes the message as what may be changed. */
	model.graph = (Onnx__GraphProto *)(uintptr_t)&g->graph;
	bytes = upk_buffer_grow(out, onnx__model_proto__get_packed_size(&model));
	if (!bytes)
		return upk_fail(err, UPK_NOMEM, "no memory for an ONNX model");
	onnx__model_proto__pack(&model, bytes);
	return true;
}
