#include "infer/infer_request.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "config/feature_list.h"
#include "config/value.h"

enum { INPUTS_AT_FIRST = 16 };

struct reading {
	struct upk_json_reader *r;
	struct upk_text body;
	struct upk_infer_request *q;
	bool came; /* `inputs` */
	struct upk_text behind;
	int binary;                     /* of the outputs that do not say; -1: it is not said */
	int outputs[UPK_INFER_OUTPUTS]; /* the same of each */
};

static bool read_id(struct reading *g, struct upk_error *err)
{
	struct upk_text text;
	enum upk_json_token token = upk_json_next(g->r, &text);

	if (token == UPK_JSON_NULL)
		return true;
	if (token != UPK_JSON_STRING)
		return upk_value_wrong(g->r, "id", token, text, "a string", err);
	g->q->id = upk_tensor_keep(text, g->body, &g->q->arena);
	return g->q->id.data || upk_fail(err, UPK_NOMEM, "no memory for a request's id");
}

/* ---- inputs ---- */

static bool add_input(struct upk_infer_request *q, struct upk_error *err)
{
	size_t count = q->inputs_count;
	bool full = count == 0 || (count >= INPUTS_AT_FIRST && (count & (count - 1)) == 0);
	size_t room = count == 0 ? INPUTS_AT_FIRST : 2 * count;

	if (count == UPK_FEATURES_MAX)
		return upk_fail(
			err, UPK_TOO_LARGE, "inputs: at most %d are taken", UPK_FEATURES_MAX);
	if (full) {
		struct upk_tensor *inputs = realloc(q->inputs, room * sizeof *inputs);
		if (!inputs)
			return upk_fail(err, UPK_NOMEM, "no memory for %zu inputs", room);
		q->inputs = inputs;
	}
	q->inputs_count++;
	return true;
}

static bool read_input(
	struct reading *g, enum upk_json_token token, struct upk_text text, struct upk_error *err)
{
	struct upk_infer_request *q = g->q;
	size_t i = q->inputs_count;

	if (token != UPK_JSON_OBJECT)
		return upk_value_wrong(g->r, "inputs", token, text, "objects in the array", err);
	if (!add_input(q, err))
		return false;
	if (!upk_tensor_read(g->r, g->body, &q->arena, &q->inputs[i], err))
		return upk_json_reason(g->r) ? false : upk_fail_in(err, "inputs[%zu].", i);
	if (i > 0 && q->inputs[i].rows != q->rows)
		return upk_fail(err, UPK_INVALID,
			"inputs[%zu].shape: %zu rows: want %zu, as inputs[0] has", i,
			q->inputs[i].rows, q->rows);
	q->rows = q->inputs[i].rows;
	return true;
}

static bool read_inputs(struct reading *g, struct upk_error *err)
{
	struct upk_text text;
	enum upk_json_token token = upk_json_next(g->r, &text);

	if (token != UPK_JSON_ARRAY)
		return upk_value_wrong(g->r, "inputs", token, text, "an array of tensors", err);
	while ((token = upk_json_next(g->r, &text)) != UPK_JSON_ARRAY_END)
		if (token == UPK_JSON_ERROR ? !upk_json_fail(g->r, err)
					    : !read_input(g, token, text, err))
			return false;
	g->came = true;
	return g->q->inputs_count > 0 ||
		upk_fail(err, UPK_INVALID, "inputs: []: want a tensor at least");
}

/* ---- outputs ---- */

static const char *const outputs[UPK_INFER_OUTPUTS] = {
	[UPK_INFER_LABEL] = "label",
	[UPK_INFER_PROBABILITIES] = "probabilities",
};

/* The flag of that name among the parameters, if it is there; others are passed over. */
static bool read_parameters(struct reading *g, const char *name, int *flag, struct upk_error *err)
{
	struct upk_text text;
	enum upk_json_token token = upk_json_next(g->r, &text);

	if (token != UPK_JSON_OBJECT)
		return token == UPK_JSON_NULL ||
			upk_value_wrong(g->r, "parameters", token, text, "an object", err);
	while ((token = upk_json_next(g->r, &text)) == UPK_JSON_KEY) {
		bool named = upk_text_is(text, name);
		token = upk_json_next(g->r, &text);
		if (named && token != UPK_JSON_TRUE && token != UPK_JSON_FALSE)
			return upk_value_wrong(g->r, name, token, text, "true or false", err);
		if (named)
			*flag = token == UPK_JSON_TRUE;
		if (!upk_value_skip(g->r, token, text, err))
			return upk_json_reason(g->r) ? upk_json_fail(g->r, err) : false;
	}
	return token == UPK_JSON_OBJECT_END || upk_json_fail(g->r, err);
}

static bool read_output_name(struct reading *g, size_t *output, struct upk_error *err)
{
	struct upk_text text;
	enum upk_json_token token = upk_json_next(g->r, &text);

	*output = 0;
	while (*output < UPK_INFER_OUTPUTS &&
		(token != UPK_JSON_STRING || !upk_text_is(text, outputs[*output])))
		++*output;
	return *output < UPK_INFER_OUTPUTS ||
		upk_value_wrong(g->r, "outputs: name", token, text, "label or probabilities", err);
}

static bool skip(struct reading *g, struct upk_error *err)
{
	struct upk_text text;
	enum upk_json_token token = upk_json_next(g->r, &text);

	if (upk_value_skip(g->r, token, text, err))
		return true;
	return upk_json_reason(g->r) ? upk_json_fail(g->r, err) : false;
}

static bool read_output_member(
	struct reading *g, struct upk_text key, size_t *output, int *binary, struct upk_error *err)
{
	if (upk_text_is(key, "name"))
		return read_output_name(g, output, err);
	if (upk_text_is(key, "parameters"))
		return read_parameters(g, "binary_data", binary, err);
	return skip(g, err);
}

static bool read_output(struct reading *g, struct upk_error *err)
{
	size_t output = UPK_INFER_OUTPUTS;
	int binary = -1;
	struct upk_text key;
	enum upk_json_token token;

	while ((token = upk_json_next(g->r, &key)) == UPK_JSON_KEY)
		if (!read_output_member(g, key, &output, &binary, err))
			return false;
	if (token != UPK_JSON_OBJECT_END)
		return upk_json_fail(g->r, err);
	if (output == UPK_INFER_OUTPUTS)
		return upk_fail(err, UPK_INVALID, "outputs: one has no name");
	if (g->q->outputs[output].wanted)
		return upk_fail(err, UPK_INVALID, "outputs: \"%s\" came before", outputs[output]);
	g->q->outputs[output].wanted = true;
	g->outputs[output] = binary;
	return true;
}

static bool read_outputs(struct reading *g, struct upk_error *err)
{
	struct upk_text text;
	enum upk_json_token token = upk_json_next(g->r, &text);

	if (token == UPK_JSON_NULL)
		return true;
	if (token != UPK_JSON_ARRAY)
		return upk_value_wrong(g->r, "outputs", token, text, "an array of objects", err);
	while ((token = upk_json_next(g->r, &text)) == UPK_JSON_OBJECT)
		if (!read_output(g, err))
			return false;
	if (token == UPK_JSON_ERROR)
		return upk_json_fail(g->r, err);
	return token == UPK_JSON_ARRAY_END ||
		upk_value_wrong(g->r, "outputs", token, text, "objects in the array", err);
}

/* ---- the request ---- */

static bool read_request_parameters(struct reading *g, struct upk_error *err)
{
	return read_parameters(g, "binary_data_output", &g->binary, err);
}

static const struct {
	const char *name;
	bool (*read)(struct reading *g, struct upk_error *err);
} members[] = {
	{ "id", read_id },
	{ "inputs", read_inputs },
	{ "outputs", read_outputs },
	{ "parameters", read_request_parameters },
};
enum { MEMBERS = sizeof members / sizeof *members };

static bool read_member(struct reading *g, struct upk_text key, struct upk_error *err)
{
	for (size_t i = 0; i < MEMBERS; i++)
		if (upk_text_is(key, members[i].name))
			return members[i].read(g, err);
	return skip(g, err);
}

static bool read_request(struct reading *g, struct upk_error *err)
{
	struct upk_text text;
	enum upk_json_token token = upk_json_next(g->r, &text);

	if (token != UPK_JSON_OBJECT)
		return upk_value_wrong(g->r, "the body", token, text, "an object with inputs", err);
	while ((token = upk_json_next(g->r, &text)) == UPK_JSON_KEY)
		if (!read_member(g, text, err))
			return false;
	if (token != UPK_JSON_OBJECT_END || upk_json_next(g->r, NULL) != UPK_JSON_END)
		return upk_json_fail(g->r, err);
	return g->came || upk_fail(err, UPK_INVALID, "inputs: missing");
}

/* In the order of the inputs, and nothing else. */
static bool take_binary(struct reading *g, struct upk_error *err)
{
	struct upk_infer_request *q = g->q;

	for (size_t i = 0; i < q->inputs_count; i++)
		if (q->inputs[i].binary >= 0 &&
			!upk_tensor_take_binary(&q->inputs[i], &g->behind, &q->arena, err))
			return upk_fail_in(err, "inputs[%zu].", i);
	return g->behind.size == 0 ||
		upk_fail(err, UPK_INVALID, "%zu bytes behind the JSON are of no input",
			g->behind.size);
}

static void settle_outputs(struct reading *g)
{
	struct upk_infer_request *q = g->q;
	bool any = false;

	for (size_t i = 0; i < UPK_INFER_OUTPUTS; i++)
		any = any || q->outputs[i].wanted;
	for (size_t i = 0; i < UPK_INFER_OUTPUTS; i++) {
		int binary = g->outputs[i] >= 0 ? g->outputs[i] : g->binary;
		q->outputs[i].wanted = q->outputs[i].wanted || !any;
		q->outputs[i].binary = binary > 0;
	}
}

bool upk_infer_request_read(struct upk_infer_request *q, struct upk_text json,
	struct upk_text behind, struct upk_error *err)
{
	struct reading g = {
		.body = json, .q = q, .behind = behind, .binary = -1, .outputs = { -1, -1 }
	};
	bool read;

	*q = (struct upk_infer_request){ 0 };
	g.r = upk_json_reader_create(json);
	if (!g.r)
		return upk_fail(err, UPK_NOMEM, "no memory to read a request");
	read = read_request(&g, err) && take_binary(&g, err);
	settle_outputs(&g);
	upk_json_reader_destroy(g.r);
	return read;
}

void upk_infer_request_finish(struct upk_infer_request *q)
{
	free(q->inputs);
	upk_arena_finish(&q->arena);
	*q = (struct upk_infer_request){ 0 };
}

/* ---- rows ---- */

static double *take_matrix(
	const struct upk_tensor *t, const struct upk_features *list, struct upk_error *err)
{
	size_t count = upk_features_count(list);
	char shown[UPK_TENSOR_SHAPE];

	if (t->numbers && t->width == count)
		return t->numbers;
	if (!t->numbers)
		upk_fail(err, UPK_INVALID, "inputs[0].datatype: %s: features has numbers",
			t->type->name);
	else
		upk_fail(err, UPK_INVALID, "inputs[0].shape: %s: features has [rows, %zu]",
			upk_tensor_show_shape(t, shown), count);
	return NULL;
}

static bool check_texts(
	const struct upk_tensor *t, const struct upk_feature *feature, struct upk_error *err)
{
	bool category = feature->type == UPK_FEATURE_CATEGORY;
	size_t most = category ? UPK_CATEGORY_MAX : UPK_TEXT_MAX;

	for (size_t i = 0; i < t->rows; i++)
		if (t->texts[i].size > most)
			return upk_fail(err, UPK_INVALID,
				"data[%zu]: %zu bytes: want at most %zu in a %s", i,
				t->texts[i].size, most, category ? "category" : "text");
	return true;
}

/* Floats hold a vector's numbers; one that is missing is null in all of them. */
static bool check_vectors(const struct upk_tensor *t, struct upk_error *err)
{
	for (size_t i = 0; i < t->rows * t->width; i++) {
		bool missing = isnan(t->numbers[i - i % t->width]);
		if (missing ? !isnan(t->numbers[i]) : !isfinite((float)t->numbers[i]))
			return upk_fail(err, UPK_INVALID,
				"data[%zu]: want a number that a float32 holds, or null in all of "
				"the row",
				i);
	}
	return true;
}

static bool check_input(
	const struct upk_tensor *t, const struct upk_feature *feature, struct upk_error *err)
{
	bool texts = feature->type == UPK_FEATURE_CATEGORY || feature->type == UPK_FEATURE_TEXT;
	size_t width = feature->type == UPK_FEATURE_VECTOR ? feature->size : 1;
	char shown[UPK_TENSOR_SHAPE];

	if (texts != (t->texts != NULL))
		return upk_fail(err, UPK_INVALID, "datatype: %s: %s has %s", t->type->name,
			feature->name, texts ? "BYTES" : "numbers");
	if (t->width != width)
		return upk_fail(err, UPK_INVALID, "shape: %s: %s has [rows, %zu]",
			upk_tensor_show_shape(t, shown), feature->name, width);
	if (texts)
		return check_texts(t, feature, err);
	return feature->type != UPK_FEATURE_VECTOR || check_vectors(t, err);
}

static bool fail_unknown(
	struct upk_text name, const struct upk_features *list, struct upk_error *err)
{
	char shown[UPK_VALUE_SHOWN], near[UPK_SPELLING_SIZE], known[UPK_SPELLING_SIZE];
	struct upk_spelling spelling = { .word = upk_text_show(name, shown) };

	bool matrix = upk_features_numbers_count(list) == upk_features_count(list);
	if (matrix)
		upk_spelling_try(&spelling, upk_text_of("features"));
	upk_features_try(list, &spelling);
	upk_spelling_ask(&spelling, near);
	return upk_fail(err, UPK_INVALID, "name: \"%s\"%s want %sone of the model's features, %s",
		shown, near[0] ? near : ":", matrix ? "\"features\", all in one, or " : "",
		upk_features_list(list, known));
}

/* sources (features of the list): the input of each. */
static bool find_sources(const struct upk_infer_request *q, const struct upk_features *list,
	const struct upk_tensor **sources, struct upk_error *err)
{
	for (size_t i = 0; i < q->inputs_count; i++) {
		const struct upk_tensor *t = &q->inputs[i];
		int found = upk_features_find(list, t->name);
		char shown[UPK_VALUE_SHOWN];
		if (found < 0)
			return fail_unknown(t->name, list, err) ||
				upk_fail_in(err, "inputs[%zu].", i);
		if (sources[found])
			return upk_fail(err, UPK_INVALID, "inputs[%zu].name: \"%s\" came before", i,
				upk_text_show(t->name, shown));
		if (!check_input(t, upk_features_at(list, (size_t)found), err))
			return upk_fail_in(err, "inputs[%zu].", i);
		sources[found] = t;
	}
	for (size_t i = 0; i < upk_features_count(list); i++)
		if (!sources[i])
			return upk_fail(err, UPK_INVALID, "inputs: \"%s\" is missing",
				upk_features_at(list, i)->name);
	return true;
}

static void encode_row(const struct upk_features *list, const struct upk_tensor *const *sources,
	size_t row, struct upk_buffer *out)
{
	for (size_t i = 0; i < upk_features_count(list); i++) {
		const struct upk_tensor *t = sources[i];
		if (t->texts)
			upk_features_put_text(t->texts[row], out);
		else if (upk_features_at(list, i)->type == UPK_FEATURE_VECTOR)
			upk_features_put_vector(t->numbers + row * t->width, t->width, out);
		else
			upk_features_put_numbers(t->numbers + row, 1, out);
	}
}

static double *join_columns(struct upk_infer_request *q, const struct upk_features *list,
	const struct upk_tensor *const *sources, struct upk_error *err)
{
	size_t count = upk_features_count(list);
	double *joined = upk_arena_take(&q->arena, q->rows * count * sizeof *joined);

	if (!joined)
		upk_fail(err, UPK_NOMEM, "no memory for %zu rows", q->rows);
	for (size_t i = 0; joined && i < q->rows; i++)
		for (size_t j = 0; j < count; j++)
			joined[i * count + j] = sources[j]->numbers[i];
	return joined;
}

static bool is_matrix(const struct upk_infer_request *q)
{
	return q->inputs_count == 1 && upk_text_is(q->inputs[0].name, "features");
}

const char *upk_infer_request_packed(
	const struct upk_infer_request *q, const struct upk_features *list)
{
	bool fits = is_matrix(q) && q->inputs[0].width == upk_features_count(list);

	return fits ? q->inputs[0].packed : NULL;
}

static bool unpack(struct upk_infer_request *q, struct upk_error *err)
{
	for (size_t i = 0; i < q->inputs_count; i++)
		if (!upk_tensor_unpack(&q->inputs[i], &q->arena, err))
			return false;
	return true;
}

double *upk_infer_request_numbers(
	struct upk_infer_request *q, const struct upk_features *list, struct upk_error *err)
{
	const struct upk_tensor **sources;
	double *numbers = NULL;

	if (!unpack(q, err))
		return NULL;
	if (is_matrix(q))
		return take_matrix(&q->inputs[0], list, err);
	sources = calloc(upk_features_count(list) + 1, sizeof *sources);
	if (!sources)
		upk_fail(err, UPK_NOMEM, "no memory for a request's inputs");
	else if (find_sources(q, list, sources, err))
		numbers = join_columns(q, list, sources, err);
	free(sources);
	return numbers;
}

bool upk_infer_request_encode(struct upk_infer_request *q, const struct upk_features *list,
	struct upk_buffer *out, size_t *ends, struct upk_error *err)
{
	const struct upk_tensor **sources = calloc(upk_features_count(list) + 1, sizeof *sources);
	bool found;

	if (!sources)
		return upk_fail(err, UPK_NOMEM, "no memory for a request's inputs");
	found = unpack(q, err) && find_sources(q, list, sources, err);
	for (size_t i = 0; found && i < q->rows; i++) {
		encode_row(list, sources, i, out);
		ends[i] = out->size;
	}
	free(sources);
	if (found && out->failed)
		return upk_fail(err, UPK_NOMEM, "no memory for %zu rows", q->rows);
	return found;
}
