#include "learn/shadow.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/json_writer.h"
#include "base/pack.h"
#include "learn/encode.h"
#include "learn/linear.h"
#include "learn/predictor_inside.h"

/* Outputs are padded to a multiple of LANES, so that the compiler vectorises the loops over them.
 */
enum { MEMBERS = UPK_SHADOW_MEMBERS, PASSES = 4, LANES = 4, LOOK_EVERY = 1024 };

static const double rates[MEMBERS] = { .003, .01, .03, .1, .3 };
static const double l2 = 1e-5, moment_rate = .002, moment_keep = .998, accuracy_rows = 300;

/* Output o = class * MEMBERS + member. Everything from `weights` on is one block of doubles, of
 * which the first `kept` are the state; the rest is used within a step. */
struct upk_shadow {
	size_t features, classes, outputs; /* outputs: padded */
	size_t kept;
	double *weights;   /* (features, outputs) */
	double *intercept; /* (outputs) */
	double *mean;      /* (features); NAN: no value yet */
	double *variance;  /* (features); 0: never varied, gives 0 */
	double *accuracy;  /* (MEMBERS), decayed */
	double *scale;     /* (features): root of the variance */
	double *inputs;    /* (features): standardised */
	double *scores;    /* (outputs), then the residuals */
	double *keep;      /* (outputs): what L2 leaves of a weight */
	double *rate;      /* (outputs); 0: padding */
};

static size_t outputs_of(size_t classes)
{
	return (classes * MEMBERS + LANES - 1) / LANES * LANES;
}

size_t upk_shadow_size(size_t features, size_t classes)
{
	size_t size;
	if (classes > SIZE_MAX / (2 * MEMBERS * sizeof(double)) || features == SIZE_MAX ||
		__builtin_mul_overflow(features + 1, classes * MEMBERS * sizeof(double), &size))
		return SIZE_MAX;
	return size;
}

static void place_arrays(struct upk_shadow *s)
{
	s->intercept = s->weights + s->features * s->outputs;
	s->mean = s->intercept + s->outputs;
	s->variance = s->mean + s->features;
	s->accuracy = s->variance + s->features;
	s->scale = s->accuracy + MEMBERS;
	s->kept = (size_t)(s->scale - s->weights);
	s->inputs = s->scale + s->features;
	s->scores = s->inputs + s->features;
	s->keep = s->scores + s->outputs;
	s->rate = s->keep + s->outputs;
	for (size_t o = 0; o < s->classes * MEMBERS; o++)
		s->rate[o] = rates[o % MEMBERS];
	for (size_t o = 0; o < s->outputs; o++)
		s->keep[o] = 1 - s->rate[o] * l2;
}

static struct upk_shadow *allocate(size_t features, size_t classes, struct upk_error *err)
{
	size_t outputs = outputs_of(classes), doubles;
	struct upk_shadow *s = calloc(1, sizeof *s);

	if (!s)
		goto fail;
	if (upk_shadow_size(features, classes) == SIZE_MAX ||
		__builtin_mul_overflow(features + 4, outputs + 4, &doubles))
		goto free_shadow;
	s->features = features;
	s->classes = classes;
	s->outputs = outputs;
	s->weights = calloc(doubles + MEMBERS, sizeof *s->weights);
	if (!s->weights)
		goto free_shadow;
	place_arrays(s);
	return s;

free_shadow:
	free(s);
fail:
	upk_fail(err, UPK_NOMEM, "no memory for live adjustment of %zu features", features);
	return NULL;
}

void upk_shadow_destroy(struct upk_shadow *s)
{
	if (!s)
		return;
	free(s->weights);
	free(s);
}

size_t upk_shadow_features(const struct upk_shadow *s)
{
	return s->features;
}

size_t upk_shadow_classes(const struct upk_shadow *s)
{
	return s->classes;
}

/* A missing value and one of an input that never varied are 0. */
static void standardise(struct upk_shadow *s, const double *x)
{
	const struct upk_encode e = { .features = s->features,
		.mean = s->mean,
		.scale = s->scale,
		.impute = s->mean,
		.limit = UPK_SHADOW_LIMIT };
	upk_encode_apply(&e, x, 1, s->inputs);
}

/* out[o] += z * w[o], a multiple of LANES. */
static void add_scaled(double *restrict out, const double *restrict w, double z, size_t n)
{
	for (size_t o = 0; o < n; o += LANES)
		for (size_t i = 0; i < LANES; i++)
			out[o + i] += z * w[o + i];
}

static void score(struct upk_shadow *s)
{
	memcpy(s->scores, s->intercept, s->outputs * sizeof *s->scores);
	for (size_t j = 0; j < s->features; j++)
		add_scaled(s->scores, s->weights + j * s->outputs, s->inputs[j], s->outputs);
}

/* Arg max of one member's scores: every MEMBERS-th. */
static size_t choose(const double *scores, size_t classes)
{
	size_t best = 0;

	for (size_t k = 1; k < classes; k++)
		if (scores[k * MEMBERS] > scores[best * MEMBERS])
			best = k;
	return best;
}

/* One member's scores become probabilities. */
static void softmax(double *scores, size_t classes)
{
	size_t best = choose(scores, classes);
	double sum = 0;

	double greatest = scores[best * MEMBERS];
	for (size_t k = 0; k < classes; k++) {
		double *p = &scores[k * MEMBERS];
		*p = k == best ? 1 : exp(*p - greatest);
		sum += *p;
	}
	for (size_t k = 0; k < classes; k++)
		scores[k * MEMBERS] /= sum;
}

/* Scores become residuals, probability - truth. */
static void find_residuals(struct upk_shadow *s, uint16_t y)
{
	for (size_t m = 0; m < MEMBERS; m++) {
		softmax(s->scores + m, s->classes);
		s->scores[y * MEMBERS + m] -= 1;
	}
}

/* w[o] = keep[o] w[o] - z step[o], a multiple of LANES. */
static void descend(double *restrict w, const double *restrict keep, const double *restrict step,
	double z, size_t n)
{
	for (size_t o = 0; o < n; o += LANES)
		for (size_t i = 0; i < LANES; i++)
			w[o + i] = keep[o + i] * w[o + i] - z * step[o + i];
}

static void descend_all(struct upk_shadow *s)
{
	for (size_t o = 0; o < s->outputs; o++)
		s->scores[o] *= s->rate[o];
	for (size_t o = 0; o < s->outputs; o++)
		s->intercept[o] -= s->scores[o];
	for (size_t j = 0; j < s->features; j++)
		descend(s->weights + j * s->outputs, s->keep, s->scores, s->inputs[j], s->outputs);
}

/* How far x is from the mean, as far as the moments take it: an outlier would flatten what follows
 * for thousands of pairs. Of an input that never varied nobody knows what is far. */
static double distance(double x, double mean, double scale)
{
	double far = x - mean, most = UPK_SHADOW_LIMIT * scale;
	if (!(fabs(far) > most) || scale == 0)
		return far;
	return far > 0 ? most : -most;
}

/* A missing value leaves its moments, as does one that is too far off for doubles. */
static void run_moments(struct upk_shadow *s, const double *x)
{
	for (size_t j = 0; j < s->features; j++) {
		if (isnan(s->mean[j]) && isfinite(x[j]))
			s->mean[j] = x[j];
		double far = distance(x[j], s->mean[j], s->scale[j]);
		double mean = s->mean[j] + moment_rate * far;
		far -= moment_rate * far;
		double variance = moment_keep * s->variance[j] + moment_rate * far * far;
		if (!isfinite(variance))
			continue;
		s->mean[j] = mean;
		s->variance[j] = variance;
		s->scale[j] = sqrt(variance);
	}
}

void upk_shadow_answer(struct upk_shadow *s, const double *x, uint16_t *answers)
{
	run_moments(s, x);
	standardise(s, x);
	score(s);
	for (size_t m = 0; m < MEMBERS; m++)
		answers[m] = (uint16_t)choose(s->scores + m, s->classes);
}

void upk_shadow_learn(struct upk_shadow *s, const double *x, uint16_t y, const uint16_t *answers)
{
	for (size_t m = 0; answers && m < MEMBERS; m++)
		s->accuracy[m] += ((answers[m] == y) - s->accuracy[m]) / accuracy_rows;
	if (y >= s->classes)
		return;
	if (x) {
		standardise(s, x);
		score(s);
	}
	find_residuals(s, y);
	descend_all(s);
}

/* An input that is constant in the rows has that constant for a mean, to the bit, so that the same
 * value again does not vary it. */
static void begin_constant(struct upk_shadow *s, size_t j, const double *x, size_t rows)
{
	size_t i = 0;
	double first;

	while (i < rows && isnan(x[i * s->features + j]))
		i++;
	s->mean[j] = first = i < rows ? x[i * s->features + j] : (double)NAN;
	for (; i < rows; i++)
		if (!isnan(x[i * s->features + j]) && x[i * s->features + j] != first)
			s->mean[j] = 0;
}

static bool begin_moments(
	struct upk_shadow *s, const struct upk_shadow_rows *d, struct upk_error *err)
{
	struct upk_encode e = { 0 };

	if (!upk_encode_fit(&e, d->x, d->rows, s->features, err))
		return false;
	for (size_t j = 0; j < s->features; j++) {
		s->mean[j] = e.mean[j];
		s->scale[j] = e.scale[j];
		s->variance[j] = e.scale[j] * e.scale[j];
		if (e.scale[j] == 0)
			begin_constant(s, j, d->x, d->rows);
	}
	upk_encode_finish(&e);
	return true;
}

static bool begin_weights(struct upk_shadow *s, const struct upk_shadow_rows *d,
	const atomic_bool *cancel, struct upk_error *err)
{
	for (size_t pass = 0; pass < PASSES; pass++)
		for (size_t i = 0; i < d->rows; i++) {
			if (i % LOOK_EVERY == 0 && cancel && atomic_load(cancel))
				return upk_fail(err, UPK_CANCELLED, "cancelled");
			upk_shadow_learn(s, d->x + i * d->features, d->y[i], NULL);
		}
	return true;
}

struct upk_shadow *upk_shadow_create(
	const struct upk_shadow_rows *rows, const atomic_bool *cancel, struct upk_error *err)
{
	if (rows->features == 0 || rows->classes < 2 || rows->rows == 0) {
		upk_fail(err, UPK_INVALID, "nothing to begin live adjustment with");
		return NULL;
	}
	struct upk_shadow *s = allocate(rows->features, rows->classes, err);
	if (!s)
		return NULL;
	if (begin_moments(s, rows, err) && begin_weights(s, rows, cancel, err))
		return s;
	upk_shadow_destroy(s);
	return NULL;
}

size_t upk_shadow_speaker(const struct upk_shadow *s)
{
	size_t best = 0;
	for (size_t m = 1; m < MEMBERS; m++)
		if (s->accuracy[m] > s->accuracy[best])
			best = m;
	return best;
}

/* What is kept began at 0, which the weights of the rows so far take out. */
double upk_shadow_accuracy(const struct upk_shadow *s, size_t member, int64_t judged)
{
	double weights = -expm1((double)judged * log1p(-1 / accuracy_rows));

	return judged > 0 ? fmin(s->accuracy[member] / weights, 1) : (double)NAN;
}

double upk_shadow_rate(size_t member)
{
	return rates[member];
}

/* ---- bytes ---- */

/* Means may be NAN, nothing may be infinite. */
static bool are_fine(const double *values, size_t n)
{
	bool fine = true;
	for (size_t i = 0; i < n; i++)
		fine = fine && !isinf(values[i]);
	return fine;
}

void upk_shadow_write(const struct upk_shadow *s, struct upk_buffer *out)
{
	upk_pack_int(out, (int64_t)s->features);
	upk_pack_int(out, (int64_t)s->classes);
	upk_pack_doubles(out, s->weights, s->kept);
}

static void fail_bytes(struct upk_error *err)
{
	upk_fail(err, UPK_CORRUPT, "the bytes of live adjustment are not what they should be");
}

static bool read_kept(struct upk_shadow *s, struct upk_unpack *u)
{
	upk_unpack_doubles(u, s->weights, s->kept);
	if (!upk_unpack_whole(u) || !are_fine(s->weights, s->kept))
		return false;
	for (size_t j = 0; j < s->features; j++) {
		if (!(s->variance[j] >= 0))
			return false;
		s->scale[j] = sqrt(s->variance[j]);
	}
	return true;
}

struct upk_shadow *upk_shadow_read(struct upk_text bytes, struct upk_error *err)
{
	struct upk_unpack u = { .left = bytes };
	int64_t features = upk_unpack_int(&u), classes = upk_unpack_int(&u);

	if (features < 1 || (uint64_t)features > bytes.size || classes < 2 ||
		classes > UINT16_MAX ||
		upk_shadow_size((size_t)features, (size_t)classes) > bytes.size) {
		fail_bytes(err);
		return NULL;
	}
	struct upk_shadow *s = allocate((size_t)features, (size_t)classes, err);
	if (!s)
		return NULL;
	if (read_kept(s, &u))
		return s;
	fail_bytes(err);
	upk_shadow_destroy(s);
	return NULL;
}

/* ---- copies ---- */

/* As a version has it; the block begins with the mean, and what stands for missing is that. */
struct upk_shadow_copy {
	struct upk_encode encode;
	struct upk_linear *linear; /* all inputs are dense */
	double *inputs;            /* (features): room to predict in */
};

static struct upk_shadow_copy *allocate_copy(const struct upk_shadow *s, struct upk_error *err)
{
	const struct upk_width width = { .dense = s->features };
	struct upk_shadow_copy *c = calloc(1, sizeof *c);
	double *block;

	if (!c)
		goto fail;
	block = calloc(s->features, 3 * sizeof *block);
	if (!block)
		goto free_copy;
	c->encode = (struct upk_encode){ .features = s->features,
		.mean = block,
		.scale = block + s->features,
		.impute = block,
		.limit = UPK_SHADOW_LIMIT };
	c->inputs = block + 2 * s->features;
	c->linear = upk_linear_create(width, s->classes, NULL);
	if (!c->linear)
		goto free_block;
	return c;

free_block:
	free(block);
free_copy:
	free(c);
fail:
	upk_fail(err, UPK_NOMEM, "no memory for a copy of %zu features", s->features);
	return NULL;
}

struct upk_shadow_copy *upk_shadow_copy_create(const struct upk_shadow *s, struct upk_error *err)
{
	struct upk_shadow_copy *c = allocate_copy(s, err);
	if (c)
		upk_shadow_copy_take(c, s);
	return c;
}

void upk_shadow_copy_destroy(struct upk_shadow_copy *c)
{
	if (!c)
		return;
	upk_linear_destroy(c->linear);
	upk_encode_finish(&c->encode);
	free(c);
}

/* With two classes one row of weights, the second's less the first's. */
void upk_shadow_copy_take(struct upk_shadow_copy *c, const struct upk_shadow *s)
{
	size_t speaker = upk_shadow_speaker(s);
	const double *from = s->weights + speaker, *base = s->intercept + speaker;
	struct upk_linear *l = c->linear;
	bool two = s->classes == 2;

	for (size_t j = 0; j < s->features; j++) {
		c->encode.mean[j] = isnan(s->mean[j]) ? 0 : s->mean[j];
		c->encode.scale[j] = s->scale[j];
	}
	for (size_t k = 0; k < l->outputs; k++) {
		size_t at = two ? MEMBERS : k * MEMBERS;
		for (size_t j = 0; j < s->features; j++) {
			const double *w = from + j * s->outputs;
			l->weights[k * s->features + j] = two ? w[at] - w[0] : w[at];
		}
		l->intercept[k] = two ? base[at] - base[0] : base[at];
	}
}

void upk_shadow_copy_predict(struct upk_shadow_copy *c, const double *x, double *probabilities)
{
	const struct upk_inputs in = { .rows = 1, .features = c->encode.features, .x = c->inputs };

	upk_encode_apply(&c->encode, x, 1, c->inputs);
	upk_linear_predict(c->linear, &in, probabilities);
}

/* What input j, 0 or 1, adds to score k at that value. */
static double part(const struct upk_shadow_copy *c, size_t k, size_t j, double value)
{
	const struct upk_encode one = { .features = 1,
		.mean = c->encode.mean + j,
		.scale = c->encode.scale + j,
		.impute = c->encode.mean + j,
		.limit = c->encode.limit };
	double z;

	upk_encode_apply(&one, &value, 1, &z);
	return c->linear->weights[k * c->encode.features + j] * z;
}

/* Inputs from `dense` on are 0 or 1, and nothing standardises a version's. NULL: no memory. */
static struct upk_linear *fold(const struct upk_shadow_copy *c, size_t dense)
{
	const struct upk_linear *from = c->linear;
	size_t features = c->encode.features;
	const struct upk_width width = { .dense = dense, .sparse = features - dense };
	struct upk_linear *l = upk_linear_create(width, from->classes, NULL);

	for (size_t k = 0; l && k < l->outputs; k++) {
		for (size_t j = 0; j < dense; j++)
			l->weights[k * dense + j] = from->weights[k * features + j];
		l->intercept[k] = from->intercept[k];
		for (size_t j = dense; j < features; j++) {
			double base = part(c, k, j, 0);
			l->sparse[(j - dense) * l->outputs + k] = part(c, k, j, 1) - base;
			l->intercept[k] += base;
		}
	}
	return l;
}

void upk_shadow_copy_write_version(const struct upk_shadow_copy *c, const struct upk_expand *expand,
	const struct upk_text *classes, struct upk_buffer *out)
{
	struct upk_encode encode = c->encode;
	struct upk_json_writer w = upk_json_writer_on(out);
	struct upk_linear *linear;

	encode.features = upk_expand_width(expand).dense;
	linear = fold(c, encode.features);
	if (linear) {
		const struct upk_predictor_parts parts = { .learner = &upk_logistic,
			.fitted = linear,
			.settings = "{}",
			.expand = expand,
			.classes = classes,
			.count = linear->classes,
			.encode = &encode };
		upk_json_object(&w, NULL);
		upk_predictor_write_parts(&parts, &w);
		upk_json_object_end(&w);
	}
	out->failed = out->failed || !linear;
	upk_linear_destroy(linear);
}

void upk_shadow_copy_write(const struct upk_shadow_copy *c, struct upk_buffer *out)
{
	upk_pack_doubles(out, c->encode.mean, 2 * c->encode.features);
	upk_pack_doubles(out, c->linear->weights, upk_linear_count(c->linear));
}

static bool read_copy(struct upk_shadow_copy *c, struct upk_text bytes)
{
	size_t moments = 2 * c->encode.features, weights = upk_linear_count(c->linear);
	struct upk_unpack u = { .left = bytes };

	upk_unpack_doubles(&u, c->encode.mean, moments);
	upk_unpack_doubles(&u, c->linear->weights, weights);
	return upk_unpack_whole(&u) && are_fine(c->encode.mean, moments) &&
		are_fine(c->linear->weights, weights);
}

struct upk_shadow_copy *upk_shadow_copy_read(
	const struct upk_shadow *s, struct upk_text bytes, struct upk_error *err)
{
	struct upk_shadow_copy *c = allocate_copy(s, err);
	if (!c || read_copy(c, bytes))
		return c;
	fail_bytes(err);
	upk_shadow_copy_destroy(c);
	return NULL;
}
