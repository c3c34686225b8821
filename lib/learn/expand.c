#include "learn/expand.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/floats.h"
#include "learn/terms.h"
#include "learn/vocabulary.h"

/* What was fitted of one feature. Only the part of its type is used. */
struct coding {
	size_t first; /* its first column: a dense one of numbers and vectors, else a sparse one */
	bool gaps;    /* it has a column that says where it is missing */
	size_t indicator; /* that dense column */
	struct upk_vocabulary vocabulary;
	struct upk_tfidf tfidf;
};

struct upk_expand {
	struct upk_columns *columns;
	struct coding *codings; /* (columns->count) */
	struct upk_width width;
	size_t hot; /* the sparse columns that are categories' */
};

static struct upk_expand *create(
	const struct upk_column *items, size_t count, struct upk_error *err)
{
	struct upk_expand *e = calloc(1, sizeof *e);

	if (e)
		e->codings = calloc(count + 1, sizeof *e->codings);
	if (!e || !e->codings) {
		upk_fail(err, UPK_NOMEM, "no memory for %zu features", count);
		goto fail;
	}
	e->columns = upk_columns_create(items, count, err);
	if (e->columns)
		return e;
fail:
	upk_expand_destroy(e);
	return NULL;
}

void upk_expand_destroy(struct upk_expand *e)
{
	if (!e)
		return;
	for (size_t i = 0; e->columns && i < e->columns->count; i++) {
		upk_vocabulary_finish(&e->codings[i].vocabulary);
		upk_tfidf_finish(&e->codings[i].tfidf);
	}
	free(e->codings);
	upk_columns_destroy(e->columns);
	free(e);
}

static size_t values_of(const struct upk_column *c)
{
	return c->type == UPK_COLUMN_VECTOR ? c->size : 1;
}

static bool is_dense(const struct upk_column *c)
{
	return c->type == UPK_COLUMN_NUMBER || c->type == UPK_COLUMN_VECTOR;
}

/* Columns of one type, behind those that were laid before. */
static void lay(struct upk_expand *e, enum upk_column_type type)
{
	for (size_t i = 0; i < e->columns->count; i++) {
		struct coding *c = &e->codings[i];
		if (e->columns->items[i].type != type)
			continue;
		c->first = e->width.sparse;
		e->width.sparse +=
			type == UPK_COLUMN_CATEGORY ? c->vocabulary.count + 1 : c->tfidf.count;
	}
}

/* Where each feature's columns are, once all codings are known. */
static void lay_out(struct upk_expand *e)
{
	for (size_t i = 0; i < e->columns->count; i++)
		if (is_dense(&e->columns->items[i])) {
			e->codings[i].first = e->width.dense;
			e->width.dense += values_of(&e->columns->items[i]);
		}
	for (size_t i = 0; i < e->columns->count; i++)
		if (e->codings[i].gaps)
			e->codings[i].indicator = e->width.dense++;
	lay(e, UPK_COLUMN_CATEGORY);
	e->hot = e->width.sparse;
	lay(e, UPK_COLUMN_TEXT);
}

/* The column's first value of a row, which is NAN where all are missing. */
static double first_value(const struct upk_table *t, size_t row, size_t column)
{
	if (t->columns->items[column].type == UPK_COLUMN_NUMBER)
		return upk_table_number(t, row, column);
	return (double)upk_table_floats(t, row, column)[0];
}

static bool has_gaps(const struct upk_table *t, size_t column, size_t from, size_t to)
{
	for (size_t i = from; i < to; i++)
		if (isnan(first_value(t, i, column)))
			return true;
	return false;
}

static bool fit_column(struct upk_expand *e, size_t i, const struct upk_table *t, size_t from,
	size_t to, const struct upk_expand_options *options, struct upk_error *err)
{
	struct coding *c = &e->codings[i];

	switch (e->columns->items[i].type) {
	case UPK_COLUMN_CATEGORY:
		return upk_vocabulary_fit(&c->vocabulary, t, i, from, to, options->values, err);
	case UPK_COLUMN_TEXT:
		return upk_tfidf_fit(&c->tfidf, t, i, from, to, &options->text, err);
	default:
		c->gaps = options->gaps && has_gaps(t, i, from, to);
		return true;
	}
}

struct upk_expand *upk_expand_fit(const struct upk_table *t, size_t from, size_t to,
	const struct upk_expand_options *options, struct upk_error *err)
{
	struct upk_expand *e = create(t->columns->items, t->columns->count, err);

	for (size_t i = 0; e && i < e->columns->count; i++)
		if (!fit_column(e, i, t, from, to, options, err)) {
			upk_expand_destroy(e);
			return NULL;
		}
	if (e)
		lay_out(e);
	return e;
}

const struct upk_columns *upk_expand_columns(const struct upk_expand *e)
{
	return e->columns;
}

size_t upk_expand_values(const struct upk_expand *e)
{
	for (size_t i = 0; i < e->columns->count; i++)
		if (e->columns->items[i].type == UPK_COLUMN_CATEGORY)
			return e->codings[i].vocabulary.most;
	return 0;
}

struct upk_width upk_expand_width(const struct upk_expand *e)
{
	return e->width;
}

/* ---- applying ---- */

/* column: the table's; -1: it has none. */
static void expand_dense(const struct upk_column *feature, const struct coding *c,
	const struct upk_table *t, size_t row, int32_t column, double *x)
{
	size_t n = values_of(feature);

	if (column < 0)
		for (size_t k = 0; k < n; k++)
			x[c->first + k] = NAN;
	else if (feature->type == UPK_COLUMN_NUMBER)
		x[c->first] = upk_table_number(t, row, (size_t)column);
	else
		for (size_t k = 0; k < n; k++)
			x[c->first + k] = (double)upk_table_floats(t, row, (size_t)column)[k];
	if (c->gaps)
		x[c->indicator] = isnan(x[c->first]);
}

/* The sparse column of a category that is 1. */
static size_t hot_column(
	const struct coding *c, const struct upk_table *t, size_t row, int32_t column)
{
	struct upk_text value = { 0 };

	if (column >= 0)
		value = upk_table_value(t, upk_table_code(t, row, (size_t)column));
	return c->first + upk_vocabulary_find(&c->vocabulary, value);
}

static int32_t mapped(const int32_t *map, size_t i)
{
	return map ? map[i] : (int32_t)i;
}

size_t upk_expand_row_width(const struct upk_expand *e)
{
	return e->width.dense + e->hot;
}

void upk_expand_row(const struct upk_expand *e, const struct upk_table *t, size_t row, double *out)
{
	double *hot = out + e->width.dense;

	memset(hot, 0, e->hot * sizeof *hot);
	for (size_t i = 0; i < e->columns->count; i++) {
		const struct upk_column *feature = &e->columns->items[i];
		const struct coding *c = &e->codings[i];
		if (is_dense(feature))
			expand_dense(feature, c, t, row, (int32_t)i, out);
		else if (feature->type == UPK_COLUMN_CATEGORY)
			hot[hot_column(c, t, row, (int32_t)i)] = 1;
	}
}

bool upk_expand_map(const struct upk_expand *e, const struct upk_columns *columns, int32_t **map,
	struct upk_error *err)
{
	*map = NULL;
	if (columns == e->columns)
		return true;
	*map = calloc(e->columns->count + 1, sizeof **map);
	if (!*map)
		return upk_fail(err, UPK_NOMEM, "no memory for %zu features", e->columns->count);
	for (size_t i = 0; i < e->columns->count; i++)
		(*map)[i] = upk_columns_find(columns, &e->columns->items[i], i);
	return true;
}

/* Categories first, then texts, so that a row's columns rise. */
static bool expand_sparse(const struct upk_expand *e, const struct upk_table *t, size_t row,
	const int32_t *map, struct upk_sparse *sparse, struct upk_terms *terms,
	struct upk_error *err)
{
	for (size_t i = 0; e->hot && i < e->columns->count; i++)
		if (e->columns->items[i].type == UPK_COLUMN_CATEGORY)
			upk_sparse_add(sparse,
				(uint32_t)hot_column(&e->codings[i], t, row, mapped(map, i)), 1);
	for (size_t i = 0; e->columns->texts && i < e->columns->count; i++) {
		int32_t column = mapped(map, i);
		if (e->columns->items[i].type == UPK_COLUMN_TEXT && column >= 0 &&
			!upk_tfidf_weigh(&e->codings[i].tfidf,
				upk_table_text(t, row, (size_t)column), terms, e->codings[i].first,
				sparse, err))
			return false;
	}
	upk_sparse_end_row(sparse);
	return !sparse->failed ||
		upk_fail(err, UPK_NOMEM, "no memory for %zu values", sparse->count);
}

static bool is_plain(const struct upk_expand *e, const int32_t *map)
{
	size_t numbers = e->columns->numbers;

	return !map && numbers == e->columns->count && numbers == e->width.dense;
}

const char *upk_expand_packed(
	const struct upk_expand *e, const struct upk_table *t, const int32_t *map, size_t row)
{
	return is_plain(e, map) && t->packed ? t->packed + row * e->columns->numbers * sizeof(float)
					     : NULL;
}

const double *upk_expand_plain(const struct upk_expand *e, const struct upk_table *t,
	const int32_t *map, size_t row, size_t rows, double *room)
{
	const char *floats = upk_expand_packed(e, t, map, row);

	if (!is_plain(e, map))
		return NULL;
	if (!floats)
		return t->numbers + row * e->columns->numbers;
	upk_floats_load(floats, rows * e->columns->numbers, room);
	return room;
}

bool upk_expand_rows(const struct upk_expand *e, const struct upk_table *t, const int32_t *map,
	size_t from, size_t rows, double *x, struct upk_sparse *sparse, struct upk_terms *terms,
	struct upk_error *err)
{
	for (size_t row = from; row < from + rows; row++, x += e->width.dense) {
		for (size_t i = 0; i < e->columns->count; i++)
			if (is_dense(&e->columns->items[i]))
				expand_dense(&e->columns->items[i], &e->codings[i], t, row,
					mapped(map, i), x);
		if (e->width.sparse && !expand_sparse(e, t, row, map, sparse, terms, err))
			return false;
	}
	return true;
}

/* ---- as JSON ---- */

static const char *const types[UPK_COLUMN_TYPES] = {
	[UPK_COLUMN_NUMBER] = "number",
	[UPK_COLUMN_CATEGORY] = "category",
	[UPK_COLUMN_TEXT] = "text",
	[UPK_COLUMN_VECTOR] = "vector",
};

static void write_feature(
	const struct upk_column *feature, const struct coding *c, struct upk_json_writer *w)
{
	if (feature->type == UPK_COLUMN_NUMBER && !c->gaps) {
		upk_json_text(w, NULL, feature->name);
		return;
	}
	upk_json_object(w, NULL);
	upk_json_text(w, "name", feature->name);
	upk_json_string(w, "type", types[feature->type]);
	if (feature->type == UPK_COLUMN_VECTOR)
		upk_json_int(w, "size", feature->size);
	if (feature->type == UPK_COLUMN_CATEGORY)
		upk_vocabulary_write(&c->vocabulary, w);
	else if (feature->type == UPK_COLUMN_TEXT)
		upk_tfidf_write(&c->tfidf, w);
	else
		upk_json_bool(w, "gaps", c->gaps);
	upk_json_object_end(w);
}

void upk_expand_write(const struct upk_expand *e, struct upk_json_writer *w)
{
	upk_json_array(w, "features");
	for (size_t i = 0; i < e->columns->count; i++)
		write_feature(&e->columns->items[i], &e->codings[i], w);
	upk_json_array_end(w);
}

static bool read_column(struct upk_column *out, const cJSON *json, struct upk_error *err)
{
	const cJSON *name = cJSON_GetObjectItemCaseSensitive(json, "name");
	const cJSON *type = cJSON_GetObjectItemCaseSensitive(json, "type");
	const cJSON *size = cJSON_GetObjectItemCaseSensitive(json, "size");

	*out = (struct upk_column){ .name = upk_text_of(cJSON_GetStringValue(json)) };
	if (out->name.data)
		return true;
	out->name = upk_text_of(cJSON_GetStringValue(name));
	while (out->type < UPK_COLUMN_TYPES &&
		!upk_text_is(upk_text_of(cJSON_GetStringValue(type)), types[out->type]))
		out->type++;
	if (!out->name.data || out->type == UPK_COLUMN_TYPES)
		return upk_fail(err, UPK_CORRUPT, "is not a name, nor a name and a type");
	if (out->type != UPK_COLUMN_VECTOR)
		return true;
	if (!cJSON_IsNumber(size) || !(size->valuedouble >= 1 && size->valuedouble <= 1 << 24))
		return upk_fail(err, UPK_CORRUPT, "has no size");
	out->size = (uint32_t)size->valuedouble;
	return true;
}

static bool read_coding(struct upk_expand *e, size_t i, const cJSON *json, struct upk_error *err)
{
	struct coding *c = &e->codings[i];

	if (e->columns->items[i].type == UPK_COLUMN_CATEGORY)
		return upk_vocabulary_read(&c->vocabulary, json, err);
	if (e->columns->items[i].type == UPK_COLUMN_TEXT)
		return upk_tfidf_read(&c->tfidf, json, err);
	c->gaps = cJSON_IsTrue(cJSON_GetObjectItemCaseSensitive(json, "gaps"));
	return true;
}

static struct upk_expand *read_features(
	const cJSON *array, struct upk_column *items, struct upk_error *err)
{
	struct upk_expand *e;
	size_t n = 0;

	for (const cJSON *i = array->child; i; i = i->next, n++)
		if (!read_column(&items[n], i, err)) {
			upk_fail_in(err, "features[%zu] ", n);
			return NULL;
		}
	e = create(items, n, err);
	n = 0;
	for (const cJSON *i = array->child; e && i; i = i->next, n++)
		if (!read_coding(e, n, i, err)) {
			upk_fail_in(err, "features[%zu].", n);
			upk_expand_destroy(e);
			return NULL;
		}
	if (e)
		lay_out(e);
	return e;
}

struct upk_expand *upk_expand_read(const cJSON *json, struct upk_error *err)
{
	const cJSON *array = cJSON_GetObjectItemCaseSensitive(json, "features");
	struct upk_column *items;
	struct upk_expand *e = NULL;

	if (!cJSON_IsArray(array) || !array->child) {
		upk_fail(err, UPK_CORRUPT, "features is not an array of features");
		return NULL;
	}
	items = calloc((size_t)cJSON_GetArraySize(array) + 1, sizeof *items);
	if (items)
		e = read_features(array, items, err);
	else
		upk_fail(err, UPK_NOMEM, "no memory for the features of a version");
	free(items);
	return e;
}

/* ---- as ONNX ---- */

/* Strings (rows, 1) to 0 and 1 (rows, values + 1), `other` last. Only strings that are values make
 * a 1 among them, so `other` is what is left of 1. */
static const char *category_onnx(
	const struct upk_vocabulary *v, struct upk_onnx *g, const char *input)
{
	static const int64_t shape_from[] = { 0, -1 }, one_axis = 1;
	static const float one = 1;
	const struct upk_text empty = { "", 0 };
	const char *values = upk_onnx_ml_node(g, "OneHotEncoder", input, 1), *sum, *parts[2];

	upk_onnx_set_texts(
		g, "cats_strings", v->count ? v->values : &empty, v->count ? v->count : 1);
	upk_onnx_set_int(g, "zeros", 1);
	values = upk_onnx_node(g, "Reshape", values, upk_onnx_ints(g, shape_from, 2), NULL, NULL);
	if (v->count == 0) {
		sum = upk_onnx_node(g, "Sub", values, values, NULL, NULL);
		return upk_onnx_node(g, "Sub", upk_onnx_floats(g, &one, 0, 1), sum, NULL, NULL);
	}
	sum = upk_onnx_node(g, "ReduceSum", values, upk_onnx_ints(g, &one_axis, 1), NULL, NULL);
	upk_onnx_set_int(g, "keepdims", 1);
	parts[0] = values;
	parts[1] = upk_onnx_node(g, "Sub", upk_onnx_floats(g, &one, 0, 1), sum, NULL, NULL);
	return upk_onnx_concat(g, parts, 2);
}

/* The columns that say what is missing, behind the values: a feature's first says it. */
static const char *gaps_onnx(
	const struct upk_expand *e, struct upk_onnx *g, const char *values, int64_t *firsts)
{
	size_t count = 0;
	const char *parts[2] = { values, NULL };

	for (size_t i = 0; i < e->columns->count; i++)
		if (e->codings[i].gaps)
			firsts[count++] = (int64_t)e->codings[i].first;
	if (count == 0)
		return values;
	parts[1] = upk_onnx_node(g, "Gather", values, upk_onnx_ints(g, firsts, count), NULL, NULL);
	upk_onnx_set_int(g, "axis", 1);
	parts[1] = upk_onnx_node(g, "IsNaN", parts[1], NULL, NULL, NULL);
	parts[1] = upk_onnx_node(g, "Cast", parts[1], NULL, NULL, NULL);
	upk_onnx_set_int(g, "to", UPK_ONNX_FLOAT);
	return upk_onnx_concat(g, parts, 2);
}

static const char *input_onnx(
	struct upk_onnx *g, const struct upk_column *feature, struct upk_buffer *name)
{
	bool category = feature->type == UPK_COLUMN_CATEGORY;

	upk_buffer_clear(name);
	upk_buffer_append(name, feature->name.data, feature->name.size);
	upk_buffer_putc(name, '\0');
	if (name->failed) {
		upk_onnx_fail(g);
		return "";
	}
	return upk_onnx_input(g, name->data, category ? UPK_ONNX_STRING : UPK_ONNX_FLOAT,
		(int64_t)values_of(feature));
}

/* inputs (count) of the graph, each by its feature's name. */
static void inputs_onnx(const struct upk_expand *e, struct upk_onnx *g, const char **inputs)
{
	struct upk_buffer name = { 0 };

	for (size_t i = 0; i < e->columns->count; i++)
		inputs[i] = input_onnx(g, &e->columns->items[i], &name);
	upk_buffer_finish(&name);
}

static struct upk_expand_onnx join_onnx(
	const struct upk_expand *e, struct upk_onnx *g, const char **inputs, int64_t *firsts)
{
	struct upk_expand_onnx made = { 0 };
	size_t dense = 0, hot = 0, count = e->columns->count;
	const char **hots = inputs + count, **values = hots + count;

	inputs_onnx(e, g, inputs);
	for (size_t i = 0; i < count; i++)
		if (is_dense(&e->columns->items[i]))
			values[dense++] = inputs[i];
		else
			hots[hot++] = category_onnx(&e->codings[i].vocabulary, g, inputs[i]);
	if (dense)
		made.dense = gaps_onnx(e, g, upk_onnx_concat(g, values, dense), firsts);
	if (hot)
		made.hot = upk_onnx_concat(g, hots, hot);
	return made;
}

struct upk_expand_onnx upk_expand_onnx(const struct upk_expand *e, struct upk_onnx *g)
{
	size_t count = e->columns->count;
	const char **names = calloc(3 * count + 1, sizeof *names);
	int64_t *firsts = calloc(count + 1, sizeof *firsts);
	struct upk_expand_onnx made = { "", NULL };

	if (!names || !firsts) {
		upk_onnx_fail(g);
	} else if (e->columns->numbers == count) {
		made.dense = upk_onnx_input(g, "features", UPK_ONNX_FLOAT, (int64_t)count);
		made.dense = gaps_onnx(e, g, made.dense, firsts);
	} else {
		made = join_onnx(e, g, names, firsts);
	}
	free(names);
	free(firsts);
	return made;
}
