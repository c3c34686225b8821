#include "learn/encode.h"

#include <float.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/floats.h"
#include "base/wide.h"
#include "learn/numbers.h"

/* A little less, whichever way it is rounded. */
#define SAFELY (1 - 0x1p-20)

/* One block holds the four arrays; mean is its start. */
static bool allocate(struct upk_encode *e, size_t features, struct upk_error *err)
{
	double *block = calloc(features ? features : 1, 4 * sizeof *block);

	if (!block)
		return upk_fail(err, UPK_NOMEM, "no memory to encode %zu features", features);
	*e = (struct upk_encode){
		.features = features,
		.mean = block,
		.scale = block + features,
		.impute = block + 2 * features,
		.reach = block + 3 * features,
		.limit = UPK_ENCODE_LIMIT,
	};
	return true;
}

void upk_encode_finish(struct upk_encode *e)
{
	free(e->mean);
	*e = (struct upk_encode){ 0 };
}

/* Running sums of one column while rows go by, so that x is read along its rows. */
struct column {
	size_t values;
	double sum, squares, low, high;
};

static void add_values(struct column *columns, const double *row, size_t features)
{
	for (size_t j = 0; j < features; j++) {
		struct column *c = &columns[j];
		if (!(fabs(row[j]) <= UPK_ENCODE_MOST))
			continue;
		c->low = c->values && c->low < row[j] ? c->low : row[j];
		c->high = c->values && c->high > row[j] ? c->high : row[j];
		c->sum += row[j];
		c->values++;
	}
}

static void add_squares(
	struct column *columns, const double *row, const double *mean, size_t features)
{
	for (size_t j = 0; j < features; j++) {
		double difference = row[j] - mean[j];
		if (fabs(row[j]) <= UPK_ENCODE_MOST)
			columns[j].squares += difference * difference;
	}
}

/* Two passes over x: squares about the mean lose nothing to cancellation. */
static void take_moments(
	const struct upk_encode *e, struct column *columns, const double *x, size_t rows)
{
	for (size_t i = 0; i < rows; i++)
		add_values(columns, x + i * e->features, e->features);
	for (size_t j = 0; j < e->features; j++)
		e->mean[j] = columns[j].values ? columns[j].sum / (double)columns[j].values : 0;
	for (size_t i = 0; i < rows; i++)
		add_squares(columns, x + i * e->features, e->mean, e->features);

	for (size_t j = 0; j < e->features; j++) {
		double scale = sqrt(columns[j].squares / (double)rows);
		bool constant = columns[j].values == 0 || columns[j].low == columns[j].high;
		if (!isfinite(e->mean[j]))
			e->mean[j] = 0;
		e->scale[j] = constant || !isfinite(scale) ? 0 : scale;
		e->impute[j] = e->mean[j];
	}
}

/* The largest input of a value that the moments are of, at least 1. */
static double furthest_within(const struct upk_encode *e, const double *x, size_t rows)
{
	double furthest = 1;

	for (size_t i = 0; i < rows; i++)
		for (size_t j = 0; j < e->features; j++) {
			double value = x[i * e->features + j];
			if (e->scale[j] > 0 && fabs(value) <= UPK_ENCODE_MOST)
				furthest = fmax(furthest, fabs(value - e->mean[j]) / e->scale[j]);
		}
	return furthest;
}

static bool has_beyond(const double *x, size_t count)
{
	double most = 0;

	for (size_t i = 0; i < count; i++)
		most = fabs(x[i]) > most ? fabs(x[i]) : most;
	return most > UPK_ENCODE_MOST;
}

static void find_reach(struct upk_encode *e)
{
	double uncut = (double)FLT_MAX;

	for (size_t j = 0; j < e->features; j++) {
		e->reach[j] = e->limit * e->scale[j];
		if (e->scale[j] > 0)
			uncut = fmin(uncut, (e->reach[j] - fabs(e->mean[j])) * SAFELY);
	}
	e->uncut = (float)fmax(uncut * SAFELY, 0);
}

bool upk_encode_fit(
	struct upk_encode *e, const double *x, size_t rows, size_t features, struct upk_error *err)
{
	struct upk_encode made;
	struct column *columns = calloc(features ? features : 1, sizeof *columns);

	if (!columns)
		return upk_fail(err, UPK_NOMEM, "no memory to encode %zu features", features);
	if (!allocate(&made, features, err)) {
		free(columns);
		return false;
	}

	take_moments(&made, columns, x, rows);
	/* One of them would weigh more than all rows together. */
	if (has_beyond(x, rows * features))
		made.limit = fmin(furthest_within(&made, x, rows), UPK_ENCODE_LIMIT);
	find_reach(&made);
	free(columns);
	*e = made;
	return true;
}

/* Without a branch a value, so that the compiler does several at once. */
UPK_INLINED void standardise(const struct upk_encode *e, const double *x, double *out)
{
	const double *mean = e->mean, *scale = e->scale, *impute = e->impute;
	double high = e->limit, low = -high;

	for (size_t j = 0; j < e->features; j++) {
		double value = x[j], filler = impute[j], wide = scale[j];
		double by = wide == 0 ? 1 : wide;
		value = isnan(value) ? filler : value;
		value = (value - mean[j]) / by;
		value = value > high ? high : value;
		value = value < low ? low : value;
		out[j] = wide == 0 ? 0 : value;
	}
}

UPK_INLINED void apply(const struct upk_encode *e, const double *x, size_t rows, double *out)
{
	for (size_t i = 0; i < rows; i++)
		standardise(e, x + i * e->features, out + i * e->features);
}

UPK_WIDE static void apply_wide(
	const struct upk_encode *e, const double *x, size_t rows, double *out)
{
	apply(e, x, rows, out);
}

void upk_encode_apply(const struct upk_encode *e, const double *x, size_t rows, double *out)
{
	if (upk_wide())
		apply_wide(e, x, rows, out);
	else
		apply(e, x, rows, out);
}

UPK_INLINED double centre(const struct upk_encode *e, size_t j, double value)
{
	double most = e->reach[j], filler = e->impute[j];

	value = isnan(value) ? filler : value;
	value -= e->mean[j];
	value = value > most ? most : value;
	return value < -most ? -most : value;
}

UPK_INLINED void centre_rows(const struct upk_encode *e, const double *x, size_t rows, double *out)
{
	size_t n = e->features;

	for (size_t i = 0; i < rows; i++, x += n, out += n)
		for (size_t j = 0; j < n; j++)
			out[j] = centre(e, j, x[j]);
}

UPK_INLINED void centre_floats(
	const struct upk_encode *e, const char *bytes, size_t rows, double *restrict out)
{
	size_t n = e->features;

	for (size_t i = 0; i < rows; i++, bytes += n * sizeof(float), out += n)
		for (size_t j = 0; j < n; j++)
			out[j] = centre(e, j, (double)upk_float_at(bytes, j));
}

UPK_WIDE static void centre_wide(
	const struct upk_encode *e, const double *x, size_t rows, double *out)
{
	centre_rows(e, x, rows, out);
}

UPK_WIDE static void centre_floats_wide(
	const struct upk_encode *e, const char *bytes, size_t rows, double *out)
{
	centre_floats(e, bytes, rows, out);
}

void upk_encode_centre(const struct upk_encode *e, const double *x, size_t rows, double *out)
{
	if (upk_wide())
		centre_wide(e, x, rows, out);
	else
		centre_rows(e, x, rows, out);
}

void upk_encode_centre_floats(
	const struct upk_encode *e, const char *bytes, size_t rows, double *out)
{
	if (upk_wide())
		centre_floats_wide(e, bytes, rows, out);
	else
		centre_floats(e, bytes, rows, out);
}

void upk_encode_write(const struct upk_encode *e, struct upk_json_writer *w)
{
	upk_numbers_write(w, "mean", e->mean, e->features);
	upk_numbers_write(w, "scale", e->scale, e->features);
	upk_numbers_write(w, "impute", e->impute, e->features);
	if (e->limit != UPK_ENCODE_LIMIT)
		upk_json_double(w, "limit", e->limit);
}

static bool read_limit(struct upk_encode *e, const cJSON *limit, struct upk_error *err)
{
	if (!limit)
		return true;
	if (!cJSON_IsNumber(limit) || !(limit->valuedouble > 0) ||
		limit->valuedouble > UPK_ENCODE_LIMIT)
		return upk_fail(err, UPK_CORRUPT, "limit is not a number up to %g, and above 0",
			UPK_ENCODE_LIMIT);
	e->limit = limit->valuedouble;
	return true;
}

static bool read_members(struct upk_encode *e, const cJSON *json, struct upk_error *err)
{
	struct {
		const char *name;
		double *out;
	} members[] = { { "mean", e->mean }, { "scale", e->scale }, { "impute", e->impute } };

	for (size_t i = 0; i < sizeof members / sizeof *members; i++)
		if (!upk_numbers_read(cJSON_GetObjectItemCaseSensitive(json, members[i].name),
			    members[i].name, e->features, members[i].out, err))
			return false;
	for (size_t j = 0; j < e->features; j++)
		if (e->scale[j] < 0)
			return upk_fail(err, UPK_CORRUPT, "scale[%zu] is %g: want 0 or more", j,
				e->scale[j]);
	return read_limit(e, cJSON_GetObjectItemCaseSensitive(json, "limit"), err);
}

bool upk_encode_read(
	struct upk_encode *e, const cJSON *json, size_t features, struct upk_error *err)
{
	struct upk_encode made;

	if (!allocate(&made, features, err))
		return false;
	if (!read_members(&made, json, err)) {
		upk_encode_finish(&made);
		return false;
	}
	find_reach(&made);
	*e = made;
	return true;
}

const char *upk_encode_onnx(const struct upk_encode *e, struct upk_onnx *g, const char *input)
{
	const double low = -e->limit, high = e->limit;
	double *factor = calloc(e->features ? e->features : 1, sizeof *factor);
	const char *x;

	if (!factor) {
		upk_onnx_fail(g);
		return "";
	}
	for (size_t j = 0; j < e->features; j++)
		factor[j] = e->scale[j] > 0 ? 1 / e->scale[j] : 0;

	x = upk_onnx_node(g, "Cast", input, NULL, NULL, NULL);
	upk_onnx_set_int(g, "to", UPK_ONNX_DOUBLE);
	x = upk_onnx_node(g, "Where", upk_onnx_node(g, "IsNaN", x, NULL, NULL, NULL),
		upk_onnx_doubles(g, e->impute, 0, e->features), x, NULL);
	x = upk_onnx_node(g, "Sub", x, upk_onnx_doubles(g, e->mean, 0, e->features), NULL, NULL);
	x = upk_onnx_node(g, "Mul", x, upk_onnx_doubles(g, factor, 0, e->features), NULL, NULL);
	x = upk_onnx_node(g, "Max", x, upk_onnx_doubles(g, &low, 0, 1), NULL, NULL);
	x = upk_onnx_node(g, "Min", x, upk_onnx_doubles(g, &high, 0, 1), NULL, NULL);
	free(factor);
	return x;
}
