#include "infer/tensor.h"

#include <endian.h>
#include <float.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/floats.h"
#include "base/number.h"
#include "base/wide.h"
#include "config/value.h"

static const struct upk_tensor_type types[] = {
	{ "FP64", -DBL_MAX, DBL_MAX, 8, .whole = false },
	{ "FP32", -(double)FLT_MAX, (double)FLT_MAX, 4, .single = true },
	{ "INT64", -0x1p63, 0x1p63, 8, .whole = true },
	{ "INT32", INT32_MIN, INT32_MAX, 4, .whole = true },
	{ "INT16", INT16_MIN, INT16_MAX, 2, .whole = true },
	{ "INT8", INT8_MIN, INT8_MAX, 1, .whole = true },
	{ "UINT64", 0, 0x1p64, 8, .whole = true },
	{ "UINT32", 0, UINT32_MAX, 4, .whole = true },
	{ "UINT16", 0, UINT16_MAX, 2, .whole = true },
	{ "UINT8", 0, UINT8_MAX, 1, .whole = true },
	{ "BOOL", 0, 1, 1, .whole = true, .flags = true },
	{ "BYTES", 0, 0, 0, .texts = true },
};
enum { TYPES = sizeof types / sizeof *types, DIMENSIONS = 2 };

static const char wanted_shape[] = "[rows] or [rows, values], integers from 1";

struct reading {
	struct upk_json_reader *r;
	struct upk_text body;
	struct upk_arena *arena;
	struct upk_tensor *t;
	bool filled;          /* the data has been read */
	struct upk_text late; /* data that came before shape or datatype */
};

const char *upk_tensor_show_shape(const struct upk_tensor *t, char shown[UPK_TENSOR_SHAPE])
{
	if (t->dimensions == 1)
		snprintf(shown, UPK_TENSOR_SHAPE, "[%zu]", t->rows);
	else
		snprintf(shown, UPK_TENSOR_SHAPE, "[%zu, %zu]", t->rows, t->width);
	return shown;
}

struct upk_text upk_tensor_keep(struct upk_text text, struct upk_text body, struct upk_arena *arena)
{
	uintptr_t begin = (uintptr_t)body.data, at = (uintptr_t)text.data;
	char *copy;

	if (at >= begin && at < begin + body.size)
		return text;
	copy = upk_arena_take(arena, text.size + 1);
	if (!copy)
		return (struct upk_text){ 0 };
	memcpy(copy, text.data, text.size);
	copy[text.size] = '\0';
	return (struct upk_text){ copy, text.size };
}

static bool no_memory(struct upk_error *err)
{
	return upk_fail(err, UPK_NOMEM, "no memory for an input");
}

static bool read_name(struct reading *g, struct upk_error *err)
{
	struct upk_text text;
	enum upk_json_token token = upk_json_next(g->r, &text);

	if (token != UPK_JSON_STRING)
		return upk_value_wrong(g->r, "name", token, text, "a string", err);
	g->t->name = upk_tensor_keep(text, g->body, g->arena);
	return g->t->name.data || no_memory(err);
}

static bool read_datatype(struct reading *g, struct upk_error *err)
{
	struct upk_text text;
	enum upk_json_token token = upk_json_next(g->r, &text);

	for (size_t i = 0; token == UPK_JSON_STRING && i < TYPES; i++)
		if (upk_text_is(text, types[i].name))
			g->t->type = &types[i];
	return g->t->type ||
		upk_value_wrong(g->r, "datatype", token, text,
			"FP64, FP32, INT64, INT32, INT16, INT8, UINT64, UINT32, UINT16, UINT8, "
			"BOOL or BYTES",
			err);
}

/* ---- shape ---- */

/* The array began at `start`, and `token` is the last one of it that was read. */
static bool wrong_shape(
	struct reading *g, size_t start, enum upk_json_token token, struct upk_error *err)
{
	char shown[UPK_VALUE_SHOWN];
	size_t depth = 1;

	for (;;) {
		if (token == UPK_JSON_ERROR)
			return upk_json_fail(g->r, err);
		depth += token == UPK_JSON_ARRAY || token == UPK_JSON_OBJECT;
		depth -= token == UPK_JSON_ARRAY_END || token == UPK_JSON_OBJECT_END;
		if (depth == 0)
			break;
		token = upk_json_next(g->r, NULL);
	}
	struct upk_text all = { g->body.data + start, upk_json_at(g->r) - start };
	return upk_fail(
		err, UPK_INVALID, "shape: %s: want %s", upk_text_show(all, shown), wanted_shape);
}

static bool take_shape(struct reading *g, const int64_t *sizes, size_t count, struct upk_error *err)
{
	if (sizes[0] > UPK_TENSOR_ROWS_MAX)
		return upk_fail(err, UPK_TOO_LARGE, "shape: %lld rows: at most %d are taken",
			(long long)sizes[0], UPK_TENSOR_ROWS_MAX);
	g->t->dimensions = count;
	g->t->rows = (size_t)sizes[0];
	g->t->width = count == DIMENSIONS ? (size_t)sizes[1] : 1;
	return true;
}

static bool read_shape(struct reading *g, struct upk_error *err)
{
	int64_t sizes[DIMENSIONS] = { 0 };
	size_t count = 0;
	struct upk_text text;
	enum upk_json_token token = upk_json_next(g->r, &text);
	size_t start = upk_json_at(g->r) - 1;

	if (token != UPK_JSON_ARRAY)
		return upk_value_wrong(g->r, "shape", token, text, wanted_shape, err);
	while ((token = upk_json_next(g->r, &text)) == UPK_JSON_NUMBER && count < DIMENSIONS &&
		upk_number_parse_int(text, &sizes[count]) && sizes[count] > 0)
		count++;
	if (token != UPK_JSON_ARRAY_END || count == 0)
		return wrong_shape(g, start, token, err);
	return take_shape(g, sizes, count, err);
}

/* ---- data ---- */

static bool read_value(struct reading *g, size_t at, enum upk_json_token token,
	struct upk_text text, struct upk_error *err)
{
	const struct upk_tensor *t = g->t;
	bool flag = token == UPK_JSON_TRUE || token == UPK_JSON_FALSE;
	char member[32];

	if (t->texts && token == UPK_JSON_STRING) {
		t->texts[at] = upk_tensor_keep(text, g->body, g->arena);
		return t->texts[at].data || no_memory(err);
	}
	if (t->texts && token == UPK_JSON_NULL)
		return true; /* as it began */
	if (t->numbers && token == UPK_JSON_NUMBER && upk_json_read_double(g->r, &t->numbers[at]))
		return true;
	if (t->numbers && (token == UPK_JSON_NULL || (flag && t->type->flags))) {
		t->numbers[at] = flag ? token == UPK_JSON_TRUE : (double)NAN;
		return true;
	}
	snprintf(member, sizeof member, "data[%zu]", at);
	return upk_value_wrong(g->r, member, token, text,
		t->texts ? "a string or null, as the datatype says" : "a number or null", err);
}

/* Values from `token` on up to the end of their array, which belong at `at` .. to - 1. */
static bool read_values(struct reading *g, enum upk_json_token token, struct upk_text text,
	size_t at, size_t to, struct upk_error *err)
{
	size_t from = at;

	while (token != UPK_JSON_ARRAY_END) {
		if (token == UPK_JSON_ERROR)
			return upk_json_fail(g->r, err);
		if (at == to)
			return upk_fail(err, UPK_INVALID,
				"data: over %zu values from data[%zu] on: want %zu, as the shape "
				"says",
				to - from, from, to - from);
		if (!read_value(g, at++, token, text, err))
			return false;
		if (g->t->numbers)
			at += upk_json_numbers(g->r, g->t->numbers + at, to - at);
		token = upk_json_next(g->r, &text);
	}
	return at == to ||
		upk_fail(err, UPK_INVALID,
			"data: %zu values from data[%zu] on: want %zu, as the shape says",
			at - from, from, to - from);
}

/* Arrays of one row each, the first of which is open. */
static bool read_nested(struct reading *g, struct upk_error *err)
{
	const struct upk_tensor *t = g->t;
	struct upk_text text;
	enum upk_json_token token = UPK_JSON_ARRAY;
	size_t row = 0;

	for (; token == UPK_JSON_ARRAY && row < t->rows; row++) {
		token = upk_json_next(g->r, &text);
		if (!read_values(g, token, text, row * t->width, (row + 1) * t->width, err))
			return false;
		token = upk_json_next(g->r, &text);
	}
	if (token == UPK_JSON_ERROR)
		return upk_json_fail(g->r, err);
	if (token != UPK_JSON_ARRAY_END && row < t->rows)
		return upk_value_wrong(g->r, "data", token, text, "an array for each row", err);
	return (token == UPK_JSON_ARRAY_END && row == t->rows) ||
		upk_fail(err, UPK_INVALID, "data: %s%zu rows: want %zu, as the shape says",
			row == t->rows ? "over " : "", row, t->rows);
}

/* Every value takes a byte of the body at least, so that the shape can't ask for more memory. */
static bool make_room(struct reading *g, struct upk_error *err)
{
	struct upk_tensor *t = g->t;
	size_t size = t->type->texts ? sizeof *t->texts : sizeof *t->numbers;
	char shown[UPK_TENSOR_SHAPE];
	void *room;

	if (t->width > g->body.size / t->rows)
		return upk_fail(err, UPK_INVALID,
			"shape: %s: the body is too short for so many values",
			upk_tensor_show_shape(t, shown));
	room = upk_arena_take(g->arena, t->rows * t->width * size);
	if (!room)
		return no_memory(err);
	if (t->type->texts)
		t->texts = memset(room, 0, t->rows * t->width * size);
	else
		t->numbers = room;
	return true;
}

static bool read_data(struct reading *g, struct upk_error *err)
{
	struct upk_text text;
	enum upk_json_token token = upk_json_next(g->r, &text);

	if (token != UPK_JSON_ARRAY)
		return upk_value_wrong(g->r, "data", token, text, "an array", err);
	if (g->t->dimensions == 0 || !g->t->type)
		return upk_json_skip(g->r, token, &g->late) || upk_json_fail(g->r, err);
	g->filled = true;
	if (!make_room(g, err))
		return false;
	token = upk_json_next(g->r, &text);
	if (token == UPK_JSON_ARRAY && g->t->dimensions == DIMENSIONS)
		return read_nested(g, err);
	return read_values(g, token, text, 0, g->t->rows * g->t->width, err);
}

static bool holds(const struct upk_tensor_type *type, double x)
{
	return isnan(x) || (x >= type->low && x <= type->high && (!type->whole || x == trunc(x)));
}

/* Whether all are missing or in the range: without a branch a value, for the many. */
static bool all_in_range(const double *x, size_t count, double low, double high)
{
	int in_range = 1;

	for (size_t i = 0; i < count; i++)
		in_range &= (x[i] != x[i]) | ((x[i] >= low) & (x[i] <= high));
	return in_range;
}

static bool check_numbers(const struct upk_tensor *t, struct upk_error *err)
{
	const struct upk_tensor_type *type = t->type;
	size_t count = t->rows * t->width, i = 0;
	char shown[UPK_NUMBER_SIZE] = "infinity";

	if (!type->whole && all_in_range(t->numbers, count, type->low, type->high))
		return true;
	while (i < count && holds(type, t->numbers[i]))
		i++;
	if (i == count)
		return true;
	if (isfinite(t->numbers[i]))
		upk_number_print(t->numbers[i], shown);
	return upk_fail(err, UPK_INVALID, "data[%zu]: %s: want a %s number that %s holds", i, shown,
		type->whole ? "whole" : "finite", type->name);
}

/* The numbers as their datatype has them. */
static bool settle_numbers(struct upk_tensor *t, struct upk_error *err)
{
	for (size_t k = 0; t->type->single && k < t->rows * t->width; k++)
		t->numbers[k] = (double)(float)t->numbers[k];
	return check_numbers(t, err);
}

static bool read_late(struct reading *g, struct upk_error *err)
{
	struct upk_json_reader *outer = g->r;
	bool read;

	g->r = upk_json_reader_create(g->late);
	if (!g->r)
		return no_memory(err);
	read = read_data(g, err);
	upk_json_reader_destroy(g->r);
	g->r = outer;
	return read;
}

static bool complete(struct reading *g, struct upk_error *err)
{
	bool came = g->filled || g->late.data, binary = g->t->binary >= 0;
	const char *missing = !g->t->name.data ? "name"
		: g->t->dimensions == 0        ? "shape"
		: !g->t->type                  ? "datatype"
		: !came && !binary             ? "data"
					       : NULL;

	if (missing)
		return upk_fail(err, UPK_INVALID, "%s: missing", missing);
	if (came && binary)
		return upk_fail(err, UPK_INVALID, "data: here, and binary_data_size beside it");
	if (binary)
		return true;
	if (!g->filled && !read_late(g, err))
		return false;
	return g->t->type->texts || settle_numbers(g->t, err);
}

/* ---- binary data ---- */

static bool read_parameters(struct reading *g, struct upk_error *err)
{
	struct upk_text text;
	enum upk_json_token token = upk_json_next(g->r, &text);

	if (token != UPK_JSON_OBJECT)
		return token == UPK_JSON_NULL ||
			upk_value_wrong(g->r, "parameters", token, text, "an object", err);
	while ((token = upk_json_next(g->r, &text)) == UPK_JSON_KEY) {
		bool size = upk_text_is(text, "binary_data_size");
		token = upk_json_next(g->r, &text);
		if (size &&
			(token != UPK_JSON_NUMBER || !upk_number_parse_int(text, &g->t->binary) ||
				g->t->binary < 0))
			return upk_value_wrong(g->r, "parameters.binary_data_size", token, text,
				"a number of bytes", err);
		if (!upk_value_skip(g->r, token, text, err))
			return upk_json_reason(g->r) ? upk_json_fail(g->r, err) : false;
	}
	return token == UPK_JSON_OBJECT_END || upk_json_fail(g->r, err);
}

static uint64_t load(const char *from, size_t bytes)
{
	uint64_t bits = 0;

	memcpy(&bits, from, bytes);
	return le64toh(bits);
}

/* false: one of them is infinite. */
UPK_INLINED bool load_doubles(const char *from, size_t count, double *out)
{
	uint64_t infinite = 0;

	for (size_t i = 0; i < count; i++) {
		uint64_t bits;
		memcpy(&bits, from + i * sizeof bits, sizeof bits);
		bits = le64toh(bits);
		memcpy(&out[i], &bits, sizeof bits);
		infinite |= bits << 1 == UINT64_C(0x7FF) << 53;
	}
	return infinite == 0;
}

UPK_WIDE static bool load_doubles_wide(const char *from, size_t count, double *out)
{
	return load_doubles(from, count, out);
}

static bool load_reals(
	const struct upk_tensor_type *type, const char *from, size_t count, double *out)
{
	if (!type->single)
		return upk_wide() ? load_doubles_wide(from, count, out)
				  : load_doubles(from, count, out);
	upk_floats_load(from, count, out);
	return upk_floats_bounded(from, count);
}

static void load_integers(
	const struct upk_tensor_type *type, const char *from, size_t count, double *out)
{
	uint64_t sign = UINT64_C(1) << (8 * type->bytes - 1);

	for (size_t i = 0; i < count; i++) {
		uint64_t bits = load(from + i * type->bytes, type->bytes);
		out[i] = type->low < 0 ? (double)(int64_t)((bits ^ sign) - sign) : (double)bits;
	}
}

static bool take_numbers(struct upk_tensor *t, struct upk_text data, struct upk_error *err)
{
	const struct upk_tensor_type *type = t->type;
	size_t count = t->rows * t->width;
	bool fine = false;

	if (type->whole)
		load_integers(type, data.data, count, t->numbers);
	else
		fine = load_reals(type, data.data, count, t->numbers);
	return fine || check_numbers(t, err);
}

static bool take_texts(struct upk_tensor *t, struct upk_text data, struct upk_error *err)
{
	for (size_t i = 0; i < t->rows * t->width; i++) {
		size_t size = data.size < 4 ? SIZE_MAX : load(data.data, 4);
		if (data.size < 4 || size > data.size - 4)
			return upk_fail(
				err, UPK_INVALID, "data[%zu]: the binary data ends too early", i);
		t->texts[i] = (struct upk_text){ data.data + 4, size };
		if (!upk_text_is_utf8(t->texts[i]))
			return upk_fail(err, UPK_INVALID, "data[%zu]: not UTF-8", i);
		data = (struct upk_text){ data.data + 4 + size, data.size - 4 - size };
	}
	return data.size == 0 ||
		upk_fail(err, UPK_INVALID, "data: %zu bytes follow the last text", data.size);
}

bool upk_tensor_take_binary(struct upk_tensor *t, struct upk_text *behind, struct upk_arena *arena,
	struct upk_error *err)
{
	struct reading g = { .body = *behind, .arena = arena, .t = t };
	struct upk_text data = { behind->data, (size_t)t->binary };

	if (data.size > behind->size)
		return upk_fail(err, UPK_INVALID,
			"parameters.binary_data_size: %zu: %zu bytes are left behind the JSON",
			data.size, behind->size);
	if (!t->type->texts &&
		(t->width > data.size || data.size != t->rows * t->width * t->type->bytes))
		return upk_fail(err, UPK_INVALID,
			"parameters.binary_data_size: %zu: want %zu rows of %zu times %zu bytes",
			data.size, t->rows, t->width, t->type->bytes);
	*behind = (struct upk_text){ behind->data + data.size, behind->size - data.size };
	if (t->type->single && upk_floats_bounded(data.data, t->rows * t->width)) {
		t->packed = data.data;
		return true;
	}
	if (!make_room(&g, err))
		return false;
	return t->type->texts ? take_texts(t, data, err) : take_numbers(t, data, err);
}

bool upk_tensor_unpack(struct upk_tensor *t, struct upk_arena *arena, struct upk_error *err)
{
	size_t count = t->rows * t->width;

	if (!t->packed)
		return true;
	t->numbers = upk_arena_take(arena, count * sizeof *t->numbers);
	if (!t->numbers)
		return no_memory(err);
	upk_floats_load(t->packed, count, t->numbers);
	t->packed = NULL;
	return true;
}

/* ---- the object ---- */

static const struct {
	const char *name;
	bool (*read)(struct reading *g, struct upk_error *err);
} members[] = {
	{ "name", read_name },
	{ "shape", read_shape },
	{ "datatype", read_datatype },
	{ "data", read_data },
	{ "parameters", read_parameters },
};
enum { MEMBERS = sizeof members / sizeof *members };

static bool read_member(struct reading *g, struct upk_text key, struct upk_error *err)
{
	struct upk_text text;
	enum upk_json_token token;

	for (size_t i = 0; i < MEMBERS; i++)
		if (upk_text_is(key, members[i].name))
			return members[i].read(g, err);
	token = upk_json_next(g->r, &text);
	if (upk_value_skip(g->r, token, text, err))
		return true;
	return upk_json_reason(g->r) ? upk_json_fail(g->r, err) : false;
}

bool upk_tensor_read(struct upk_json_reader *r, struct upk_text body, struct upk_arena *arena,
	struct upk_tensor *t, struct upk_error *err)
{
	struct reading g = { .r = r, .body = body, .arena = arena, .t = t };
	struct upk_text key;
	enum upk_json_token token;

	*t = (struct upk_tensor){ .binary = -1 };
	while ((token = upk_json_next(r, &key)) == UPK_JSON_KEY)
		if (!read_member(&g, key, err))
			return false;
	if (token != UPK_JSON_OBJECT_END)
		return upk_json_fail(r, err);
	return complete(&g, err);
}
