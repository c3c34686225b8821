#include "learn/linear.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/floats.h"
#include "base/wide.h"
#include "learn/numbers.h"
#include "learn/softmax.h"

/* What weights are divided by. */
#define LEAST_SCALE 0x1p-500
#define MOST_SCALE 0x1p500

size_t upk_linear_outputs(size_t classes)
{
	return classes == 2 ? 1 : classes;
}

void upk_linear_destroy(struct upk_linear *l)
{
	if (!l)
		return;
	free(l->weights);
	free(l);
}

size_t upk_linear_count(const struct upk_linear *l)
{
	return l->outputs * (l->width.dense + l->width.sparse + 1);
}

struct upk_linear *upk_linear_create(struct upk_width width, size_t classes, struct upk_error *err)
{
	struct upk_linear *l = calloc(1, sizeof *l);

	if (!l)
		goto fail;
	l->width = width;
	l->classes = classes;
	l->outputs = upk_linear_outputs(classes);

	l->weights = calloc(upk_linear_count(l) + l->outputs * width.dense, sizeof *l->weights);
	if (!l->weights)
		goto free_linear;
	l->sparse = l->weights + l->outputs * width.dense;
	l->intercept = l->sparse + l->outputs * width.sparse;
	l->folded = l->intercept + l->outputs;
	l->slopes = l->weights;
	return l;

free_linear:
	free(l);
fail:
	upk_fail(err, UPK_NOMEM, "no memory for %zu classes of %zu weights", classes,
		width.dense + width.sparse);
	return NULL;
}

/* Plain sums, not BLAS: there a row's last bits depend on the rows beside it. Lanes that the
 * processor adds side by side. */
enum { LANES = 8 };

UPK_INLINED double add_lanes(const double *lanes, double rest, double intercept)
{
	for (size_t k = 0; k < LANES; k++)
		rest += lanes[k];
	return rest + intercept;
}

UPK_INLINED double score(const double *w, const double *x, size_t n, double intercept)
{
	double lanes[LANES] = { 0 }, rest = 0;
	size_t i = 0;

	for (; i + LANES <= n; i += LANES)
		for (size_t k = 0; k < LANES; k++)
			lanes[k] += w[i + k] * x[i + k];
	for (; i < n; i++)
		rest += w[i] * x[i];
	return add_lanes(lanes, rest, intercept);
}

UPK_INLINED double score_floats(
	const double *w, const double *mean, const char *x, size_t n, double intercept)
{
	double lanes[LANES] = { 0 }, rest = 0;
	size_t i = 0;

	for (; i + LANES <= n; i += LANES)
		for (size_t k = 0; k < LANES; k++)
			lanes[k] += w[i + k] * ((double)upk_float_at(x, i + k) - mean[i + k]);
	for (; i < n; i++)
		rest += w[i] * ((double)upk_float_at(x, i) - mean[i]);
	return add_lanes(lanes, rest, intercept);
}

/* Adds a row's sparse inputs to its scores. */
static void add_sparse_row(
	const struct upk_linear *l, const struct upk_sparse *s, size_t row, double *scores)
{
	for (size_t j = s->starts[row]; j < s->starts[row + 1]; j++)
		for (size_t k = 0; k < l->outputs; k++)
			scores[k] += (double)s->value[j] * l->sparse[s->column[j] * l->outputs + k];
}

/* scores of the dense inputs, a row's at the beginning of its place in (rows, classes). */
UPK_INLINED void score_rows(
	const struct upk_linear *l, const double *x, size_t rows, double *scores)
{
	size_t dense = l->width.dense;

	for (size_t i = 0; i < rows; i++, x += dense, scores += l->classes)
		for (size_t k = 0; k < l->outputs; k++)
			scores[k] = score(l->slopes + k * dense, x, dense, l->intercept[k]);
}

UPK_WIDE static void score_rows_wide(
	const struct upk_linear *l, const double *x, size_t rows, double *scores)
{
	score_rows(l, x, rows, scores);
}

UPK_INLINED void score_float_rows(const struct upk_linear *l, const double *mean,
	const char *floats, size_t rows, double *scores)
{
	size_t dense = l->width.dense;

	for (size_t i = 0; i < rows; i++, floats += dense * sizeof(float), scores += l->classes)
		for (size_t k = 0; k < l->outputs; k++)
			scores[k] = score_floats(
				l->slopes + k * dense, mean, floats, dense, l->intercept[k]);
}

UPK_WIDE static void score_float_rows_wide(const struct upk_linear *l, const double *mean,
	const char *floats, size_t rows, double *scores)
{
	score_float_rows(l, mean, floats, rows, scores);
}

/* One row's scores at the beginning of its place. */
static void settle(const struct upk_linear *l, double *probabilities)
{
	double sum;

	if (l->outputs > 1) {
		upk_softmax_row(probabilities, l->classes, &sum);
	} else {
		probabilities[1] = 1 / (1 + exp(-probabilities[0]));
		probabilities[0] = 1 - probabilities[1];
	}
}

void upk_linear_predict_floats(const struct upk_linear *l, const double *mean, const char *floats,
	size_t rows, double *probabilities)
{
	if (upk_wide())
		score_float_rows_wide(l, mean, floats, rows, probabilities);
	else
		score_float_rows(l, mean, floats, rows, probabilities);
	for (size_t i = 0; i < rows; i++)
		settle(l, probabilities + i * l->classes);
}

void upk_linear_predict(
	const struct upk_linear *l, const struct upk_inputs *in, double *probabilities)
{
	if (upk_wide())
		score_rows_wide(l, in->x, in->rows, probabilities);
	else
		score_rows(l, in->x, in->rows, probabilities);
	for (size_t i = 0; i < in->rows; i++, probabilities += l->classes) {
		if (in->sparse)
			add_sparse_row(l, in->sparse, i, probabilities);
		settle(l, probabilities);
	}
}

void upk_linear_scale(struct upk_linear *l, double factor)
{
	for (size_t i = 0; i < upk_linear_count(l); i++)
		l->weights[i] *= factor;
}

bool upk_linear_fold(struct upk_linear *l, const double *scale)
{
	size_t dense = l->width.dense;

	for (size_t j = 0; j < dense; j++)
		if (scale[j] != 0 && !(scale[j] >= LEAST_SCALE && scale[j] <= MOST_SCALE))
			return false;
	for (size_t k = 0; k < l->outputs; k++)
		for (size_t j = 0; j < dense; j++)
			l->folded[k * dense + j] =
				scale[j] > 0 ? l->weights[k * dense + j] / scale[j] : 0;
	l->slopes = l->folded;
	return true;
}

/* The weights of one output: dense inputs, then sparse ones. */
static void write_output(const struct upk_linear *l, size_t k, struct upk_json_writer *w)
{
	upk_json_array(w, NULL);
	for (size_t j = 0; j < l->width.dense; j++)
		upk_json_double(w, NULL, l->weights[k * l->width.dense + j]);
	for (size_t j = 0; j < l->width.sparse; j++)
		upk_json_double(w, NULL, l->sparse[j * l->outputs + k]);
	upk_json_array_end(w);
}

void upk_linear_write(const struct upk_linear *l, struct upk_json_writer *w)
{
	upk_json_array(w, "coefficients");
	for (size_t k = 0; k < l->outputs; k++)
		write_output(l, k, w);
	upk_json_array_end(w);
	upk_numbers_write(w, "intercepts", l->intercept, l->outputs);
}

static bool read_output(
	struct upk_linear *l, size_t k, const cJSON *row, double *room, struct upk_error *err)
{
	size_t dense = l->width.dense, sparse = l->width.sparse;

	if (!upk_numbers_read(row, "coefficients[]", dense + sparse, room, err))
		return false;
	if (dense)
		memcpy(l->weights + k * dense, room, dense * sizeof *room);
	for (size_t j = 0; j < sparse; j++)
		l->sparse[j * l->outputs + k] = room[dense + j];
	return true;
}

static bool read_outputs(
	struct upk_linear *l, const cJSON *rows, double *room, struct upk_error *err)
{
	size_t k = 0;

	for (const cJSON *row = rows->child; row; row = row->next, k++) {
		if (k == l->outputs)
			return upk_fail(err, UPK_CORRUPT, "coefficients has over %zu rows", k);
		if (!read_output(l, k, row, room, err))
			return false;
	}
	return k == l->outputs ||
		upk_fail(err, UPK_CORRUPT, "coefficients has %zu rows instead of %zu", k,
			l->outputs);
}

static bool read_members(struct upk_linear *l, const cJSON *json, struct upk_error *err)
{
	const cJSON *rows = cJSON_GetObjectItemCaseSensitive(json, "coefficients");
	double *room;
	bool ok;

	if (!cJSON_IsArray(rows))
		return upk_fail(err, UPK_CORRUPT, "coefficients is not an array");
	room = calloc(l->width.dense + l->width.sparse + 1, sizeof *room);
	if (!room)
		return upk_fail(err, UPK_NOMEM, "no memory for %zu weights",
			l->width.dense + l->width.sparse);
	ok = read_outputs(l, rows, room, err);
	free(room);
	return ok &&
		upk_numbers_read(cJSON_GetObjectItemCaseSensitive(json, "intercepts"), "intercepts",
			l->outputs, l->intercept, err);
}

struct upk_linear *upk_linear_read(
	const cJSON *json, struct upk_width width, size_t classes, struct upk_error *err)
{
	struct upk_linear *l = upk_linear_create(width, classes, err);

	if (!l || read_members(l, json, err))
		return l;
	upk_linear_destroy(l);
	return NULL;
}

/* The weights as (inputs, outputs), the dense inputs first. */
static const char *weights_onnx(const struct upk_linear *l, struct upk_onnx *g)
{
	size_t inputs = l->width.dense + l->width.sparse;
	double *turned = calloc(inputs + 1, l->outputs * sizeof *turned);
	const char *name;

	if (!turned) {
		upk_onnx_fail(g);
		return "";
	}
	for (size_t j = 0; j < l->width.dense; j++)
		for (size_t k = 0; k < l->outputs; k++)
			turned[j * l->outputs + k] = l->weights[k * l->width.dense + j];
	memcpy(turned + l->width.dense * l->outputs, l->sparse,
		l->width.sparse * l->outputs * sizeof *turned);
	name = upk_onnx_doubles(g, turned, inputs, l->outputs);
	free(turned);
	return name;
}

const char *upk_linear_onnx(const struct upk_linear *l, struct upk_onnx *g, const char *input)
{
	const double one = 1;
	const char *scores, *positive;

	scores = upk_onnx_node(g, "Gemm", input, weights_onnx(l, g),
		upk_onnx_doubles(g, l->intercept, 0, l->outputs), NULL);
	if (l->outputs > 1) {
		const char *all = upk_onnx_node(g, "Softmax", scores, NULL, NULL, NULL);
		upk_onnx_set_int(g, "axis", 1);
		return all;
	}
	positive = upk_onnx_node(g, "Sigmoid", scores, NULL, NULL, NULL);
	return upk_onnx_complement(g, positive, upk_onnx_doubles(g, &one, 0, 1));
}
