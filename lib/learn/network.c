#include "learn/network.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include <cblas.h>

#include "base/wide.h"

/* Rows that are answered side by side, so that a weight is read once for all of them. */
enum { BESIDE = 8 };

/* A row's part of a tile, in pieces that one instruction works on: of any processor, and of one
 * whose registers are wide. */
enum { COLUMNS = 16, LANE = 4, TILE = COLUMNS / LANE, WIDE = 8 };
typedef float lane __attribute__((vector_size(LANE * sizeof(float))));
typedef float wide __attribute__((vector_size(WIDE * sizeof(float)), aligned(4), may_alias));
struct tile {
	lane of[TILE];
};

/* A layer's gradient is worked out in parts of about so many weights, and at most so many parts. */
enum { PART = 8192, PIECES = UPK_NETWORK_PARTS / (UPK_NETWORK_HIDDEN + 1) };

/* Least probability whose log is taken: that of doubles' 1 - 1e-15 and scikit-learn's. */
static const double least = 1e-10;

static size_t greatest_size(const struct upk_network *n)
{
	size_t greatest = 0;

	for (size_t l = 0; l <= n->layers; l++)
		greatest = n->sizes[l] > greatest ? n->sizes[l] : greatest;
	return greatest;
}

bool upk_network_init(struct upk_network *n, size_t features, size_t classes, const size_t *hidden,
	size_t count, struct upk_error *err)
{
	struct upk_network made = { .classes = classes, .layers = count + 1 };

	made.sizes[0] = features;
	for (size_t l = 0; l < count; l++)
		made.sizes[l + 1] = hidden[l];
	made.sizes[made.layers] = classes == 2 ? 1 : classes;
	for (size_t l = 0; l < made.layers; l++)
		made.count += (made.sizes[l] + 1) * made.sizes[l + 1];

	made.params = calloc(made.count, sizeof *made.params);
	if (!made.params)
		return upk_fail(
			err, UPK_NOMEM, "no memory for a network of %zu weights", made.count);
	*n = made;
	return true;
}

void upk_network_finish(struct upk_network *n)
{
	free(n->params);
	*n = (struct upk_network){ 0 };
}

float *upk_network_weights(const struct upk_network *n, size_t layer)
{
	float *at = n->params;

	for (size_t l = 0; l < layer; l++)
		at += (n->sizes[l] + 1) * n->sizes[l + 1];
	return at;
}

float *upk_network_biases(const struct upk_network *n, size_t layer)
{
	return upk_network_weights(n, layer) + n->sizes[layer] * n->sizes[layer + 1];
}

void upk_network_draw(struct upk_network *n, struct upk_random *random)
{
	float *p = n->params;

	for (size_t l = 0; l < n->layers; l++) {
		bool logistic = l + 1 == n->layers && n->classes == 2;
		double f = logistic ? 2 : 6;
		double bound = sqrt(f / (double)(n->sizes[l] + n->sizes[l + 1]));
		size_t count = (n->sizes[l] + 1) * n->sizes[l + 1];
		for (size_t i = 0; i < count; i++)
			*p++ = (float)(bound * (2 * upk_random_unit(random) - 1));
	}
}

bool upk_network_batch_init(struct upk_network_batch *b, const struct upk_network *n, size_t room,
	const struct upk_sparse *sparse, struct upk_error *err)
{
	size_t dense = n->sizes[0] - (sparse ? sparse->columns : 0), all = dense;
	float *at;

	for (size_t l = 1; l <= n->layers; l++)
		all += 2 * n->sizes[l];
	*b = (struct upk_network_batch){ .room = room, .dense = dense, .sparse = sparse };
	b->block = calloc(room, all * sizeof *b->block);
	if (sparse)
		b->row = calloc(room, sizeof *b->row);
	if (!b->block || (sparse && !b->row)) {
		upk_network_batch_finish(b);
		return upk_fail(err, UPK_NOMEM, "no memory for a batch of %zu rows", room);
	}

	b->values[0] = b->block;
	at = b->block + room * dense;
	for (size_t l = 1; l <= n->layers; l++) {
		b->values[l] = at;
		at += room * n->sizes[l];
	}
	for (size_t l = 0; l < n->layers; l++) {
		b->slopes[l] = at;
		at += room * n->sizes[l + 1];
	}
	return true;
}

void upk_network_batch_finish(struct upk_network_batch *b)
{
	free(b->block);
	free(b->row);
	*b = (struct upk_network_batch){ 0 };
}

/* Scores become probabilities. */
static void squash(float *scores, size_t rows, size_t outputs)
{
	for (size_t i = 0; i < rows; i++, scores += outputs) {
		float greatest = scores[0], sum = 0;
		if (outputs == 1) {
			scores[0] = 1 / (1 + expf(-scores[0]));
			continue;
		}
		for (size_t k = 1; k < outputs; k++)
			greatest = fmaxf(greatest, scores[k]);
		for (size_t k = 0; k < outputs; k++)
			sum += scores[k] = expf(scores[k] - greatest);
		for (size_t k = 0; k < outputs; k++)
			scores[k] /= sum;
	}
}

static void rectify(float *values, size_t count)
{
	for (size_t i = 0; i < count; i++)
		values[i] = values[i] > 0 ? values[i] : 0;
}

static void drop(float *values, size_t count, double share, struct upk_random *random)
{
	float grown = (float)(1 / (1 - share));

	for (size_t i = 0; i < count; i++)
		values[i] = upk_random_unit(random) < share ? 0 : values[i] * grown;
}

static float *rows_of(float *values, struct upk_network_slice slice, size_t width)
{
	return values + slice.first * width;
}

/* sums (out) += a sparse row times the weights (columns, out). */
static void add_sparse(
	const struct upk_sparse *s, size_t row, const float *weights, size_t out, float *sums)
{
	for (size_t j = s->starts[row]; j < s->starts[row + 1]; j++)
		cblas_saxpy((int)out, s->value[j], weights + s->column[j] * out, 1, sums, 1);
}

/* values (slice, out) = biases + inputs times weights. */
static void sum_layer(const struct upk_network *n, const struct upk_network_batch *b,
	struct upk_network_slice slice, size_t l, float *values)
{
	size_t in = l == 0 ? b->dense : n->sizes[l], out = n->sizes[l + 1];
	const float *w = upk_network_weights(n, l);

	for (size_t i = 0; i < slice.count; i++)
		memcpy(values + i * out, upk_network_biases(n, l), out * sizeof *values);
	if (in)
		cblas_sgemm(CblasRowMajor, CblasNoTrans, CblasNoTrans, (int)slice.count, (int)out,
			(int)in, 1, rows_of(b->values[l], slice, in), (int)in, w, (int)out, 1,
			values, (int)out);
	for (size_t i = 0; l == 0 && b->sparse && i < slice.count; i++)
		add_sparse(b->sparse, b->row[slice.first + i], w + in * out, out, values + i * out);
}

void upk_network_forward(const struct upk_network *n, struct upk_network_batch *b,
	struct upk_network_slice slice, double dropout, struct upk_random *random)
{
	for (size_t l = 0; l < n->layers; l++) {
		size_t out = n->sizes[l + 1];
		float *values = rows_of(b->values[l + 1], slice, out);
		sum_layer(n, b, slice, l, values);
		if (l + 1 == n->layers) {
			squash(values, slice.count, out);
			return;
		}
		rectify(values, slice.count * out);
		if (dropout > 0)
			drop(values, slice.count * out, dropout, random);
	}
}

static double weight_of(const double *weights, uint16_t class)
{
	return weights ? weights[class] : 1;
}

double upk_network_loss(const struct upk_network *n, const struct upk_network_batch *b,
	struct upk_network_slice slice, const uint16_t *y, const double *weights)
{
	size_t outputs = n->sizes[n->layers];
	const float *p = rows_of(b->values[n->layers], slice, outputs);
	double loss = 0;

	y += slice.first;
	for (size_t i = 0; i < slice.count; i++, p += outputs) {
		double truth = outputs > 1 ? (double)p[y[i]]
			: y[i]             ? (double)p[0]
					   : 1 - (double)p[0];
		loss -= weight_of(weights, y[i]) * log(fmax(truth, least));
	}
	return loss;
}

/* The slope in the scores: probability - truth, as much as the row weighs. */
static void slope_of_output(const struct upk_network *n, struct upk_network_batch *b,
	struct upk_network_slice slice, size_t rows, const uint16_t *y, const double *weights)
{
	size_t outputs = n->sizes[n->layers];
	const float *p = rows_of(b->values[n->layers], slice, outputs);
	float *slopes = rows_of(b->slopes[n->layers - 1], slice, outputs);

	y += slice.first;
	for (size_t i = 0; i < slice.count; i++, p += outputs, slopes += outputs) {
		float share = (float)(weight_of(weights, y[i]) / (double)rows);
		for (size_t k = 0; k < outputs; k++)
			slopes[k] = p[k] * share;
		if (outputs > 1)
			slopes[y[i]] -= share;
		else if (y[i])
			slopes[0] -= share;
	}
}

/* From layer l to the one below, whose values were rectified: where one is 0 nothing passes. A
 * value that was dropped is 0, too, and one that was kept grew with its layer's factor already. */
static void pass_down(const struct upk_network *n, struct upk_network_batch *b,
	struct upk_network_slice slice, size_t l, float grown)
{
	size_t in = n->sizes[l], out = n->sizes[l + 1];
	const float *values = rows_of(b->values[l], slice, in);
	float *below = rows_of(b->slopes[l - 1], slice, in);

	cblas_sgemm(CblasRowMajor, CblasNoTrans, CblasTrans, (int)slice.count, (int)in, (int)out,
		grown, rows_of(b->slopes[l], slice, out), (int)out, upk_network_weights(n, l),
		(int)out, 0, below, (int)in);
	for (size_t i = 0; i < slice.count * in; i++)
		below[i] = values[i] > 0 ? below[i] : 0;
}

void upk_network_backward(const struct upk_network *n, struct upk_network_batch *b,
	struct upk_network_slice slice, size_t rows, const uint16_t *y, const double *weights,
	double dropout)
{
	slope_of_output(n, b, slice, rows, y, weights);
	for (size_t l = n->layers - 1; l > 0; l--)
		pass_down(n, b, slice, l, (float)(1 / (1 - dropout)));
}

size_t upk_network_parts(
	const struct upk_network *n, struct upk_network_part parts[UPK_NETWORK_PARTS])
{
	size_t count = 0, at = 0;

	for (size_t l = 0; l < n->layers; l++) {
		size_t in = n->sizes[l], out = n->sizes[l + 1];
		size_t pieces = 1 + in * out / PART < PIECES ? 1 + in * out / PART : PIECES;
		for (size_t i = 0; i < pieces; i++) {
			struct upk_network_part *part = &parts[count++];
			size_t biases = i + 1 == pieces ? out : 0;
			*part = (struct upk_network_part){ .layer = l,
				.from = in * i / pieces,
				.to = in * (i + 1) / pieces,
				.first = at };
			part->count = (part->to - part->from) * out + biases;
			at += part->count;
		}
	}
	return count;
}

/* g becomes slope * w; the sum of w's squares, in lanes that the compiler may add side by side. */
static double start_gradient(const float *restrict w, size_t count, float slope, float *restrict g)
{
	enum { LANES = 8 };
	double lanes[LANES] = { 0 }, sum = 0;
	size_t i = 0;

	for (; i + LANES <= count; i += LANES)
		for (size_t k = 0; k < LANES; k++) {
			g[i + k] = slope * w[i + k];
			lanes[k] += (double)w[i + k] * (double)w[i + k];
		}
	for (; i < count; i++) {
		g[i] = slope * w[i];
		sum += (double)w[i] * (double)w[i];
	}
	for (size_t k = 0; k < LANES; k++)
		sum += lanes[k];
	return sum;
}

static void add_rows(const float *slopes, size_t rows, size_t out, float *sums)
{
	memset(sums, 0, out * sizeof *sums);
	for (size_t i = 0; i < rows; i++)
		for (size_t k = 0; k < out; k++)
			sums[k] += slopes[i * out + k];
}

/* Of a row's values, the first whose column is `column` or more. */
static size_t find_column(const struct upk_sparse *s, size_t row, size_t column)
{
	size_t low = s->starts[row], high = s->starts[row + 1];

	while (low < high) {
		size_t middle = low + (high - low) / 2;
		if (s->column[middle] < column)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

/* g (to - from, out) += the values of sparse columns from .. to - 1 times their rows' slopes. */
static void scatter(const struct upk_network_batch *b, size_t rows, size_t from, size_t to,
	size_t out, float *g)
{
	const struct upk_sparse *s = b->sparse;

	for (size_t i = 0; i < rows; i++) {
		size_t row = b->row[i], end = s->starts[row + 1];
		const float *slopes = b->slopes[0] + i * out;
		for (size_t j = find_column(s, row, from); j < end && s->column[j] < to; j++)
			cblas_saxpy((int)out, s->value[j], slopes, 1,
				g + (s->column[j] - from) * out, 1);
	}
}

double upk_network_gradient(const struct upk_network *n, const struct upk_network_batch *b,
	size_t rows, const struct upk_network_part *part, double l2, float *gradient)
{
	size_t l = part->layer, in = l == 0 ? b->dense : n->sizes[l], out = n->sizes[l + 1],
	       inputs = part->to - part->from, dense_to = part->to < in ? part->to : in;
	float *g = gradient + part->first;
	double squares = start_gradient(
		n->params + part->first, inputs * out, (float)(l2 / (double)rows), g);

	if (part->from < dense_to)
		cblas_sgemm(CblasRowMajor, CblasTrans, CblasNoTrans, (int)(dense_to - part->from),
			(int)out, (int)rows, 1, b->values[l] + part->from, (int)in, b->slopes[l],
			(int)out, 1, g, (int)out);
	if (part->to > in) {
		size_t from = part->from > in ? part->from : in;
		scatter(b, rows, from - in, part->to - in, out, g + (from - part->from) * out);
	}
	if (part->count > inputs * out)
		add_rows(b->slopes[l], rows, out, g + inputs * out);
	return l2 / 2 * squares / (double)rows;
}

void upk_network_scale(struct upk_network *n, float factor)
{
	size_t last = n->layers - 1;
	float *weights = upk_network_weights(n, last);

	for (size_t i = 0; i < (n->sizes[last] + 1) * n->sizes[n->layers]; i++)
		weights[i] *= factor;
}

size_t upk_network_scratch(const struct upk_network *n)
{
	return 2 * BESIDE * greatest_size(n);
}

/* COLUMNS outputs of two rows, whose sums stay in registers. */
static void answer_tile(
	const float *w, const float *biases, size_t in, size_t width, const float *x, float *out)
{
	struct tile a, b;

	memcpy(&a, biases, sizeof a);
	b = a;
	for (size_t i = 0; i < in; i++, w += width) {
		struct tile weights;
		memcpy(&weights, w, sizeof weights);
		for (size_t k = 0; k < TILE; k++) {
			a.of[k] += x[i] * weights.of[k];
			b.of[k] += x[in + i] * weights.of[k];
		}
	}
	memcpy(out, &a, sizeof a);
	memcpy(out + width, &b, sizeof b);
}

/* The same of four rows. */
UPK_WIDE static void answer_tile_wide(
	const float *w, const float *biases, size_t in, size_t width, const float *x, float *out)
{
	const float *y = x + in, *z = y + in, *last = z + in;
	wide low = *(const wide *)biases, high = *(const wide *)(biases + WIDE);
	wide x_low = low, y_low = low, z_low = low, last_low = low;
	wide x_high = high, y_high = high, z_high = high, last_high = high;

	for (size_t i = 0; i < in; i++, w += width) {
		low = *(const wide *)w;
		high = *(const wide *)(w + WIDE);
		x_low += x[i] * low;
		x_high += x[i] * high;
		y_low += y[i] * low;
		y_high += y[i] * high;
		z_low += z[i] * low;
		z_high += z[i] * high;
		last_low += last[i] * low;
		last_high += last[i] * high;
	}
	*(wide *)out = x_low;
	*(wide *)(out + WIDE) = x_high;
	*(wide *)(out + width) = y_low;
	*(wide *)(out + width + WIDE) = y_high;
	*(wide *)(out + 2 * width) = z_low;
	*(wide *)(out + 2 * width + WIDE) = z_high;
	*(wide *)(out + 3 * width) = last_low;
	*(wide *)(out + 3 * width + WIDE) = last_high;
}

/* One output of all the rows. */
UPK_INLINED void answer_output(
	const float *w, float bias, size_t in, size_t width, const float *x, float *out)
{
	float sums[BESIDE];

	for (size_t r = 0; r < BESIDE; r++)
		sums[r] = bias;
	for (size_t i = 0; i < in; i++)
		for (size_t r = 0; r < BESIDE; r++)
			sums[r] += x[r * in + i] * w[i * width];
	for (size_t r = 0; r < BESIDE; r++)
		out[r * width] = sums[r];
}

/* The outputs from `first` on, which are too few for a tile. */
UPK_INLINED void answer_rest(
	const struct upk_network *n, size_t l, size_t in, size_t first, const float *x, float *out)
{
	size_t width = n->sizes[l + 1];

	for (size_t k = first; k < width; k++)
		answer_output(upk_network_weights(n, l) + k, upk_network_biases(n, l)[k], in, width,
			x, out + k);
}

UPK_WIDE static void answer_layer_wide(
	const struct upk_network *n, size_t l, size_t in, const float *x, float *out)
{
	size_t width = n->sizes[l + 1], k = 0;
	const float *w = upk_network_weights(n, l), *biases = upk_network_biases(n, l);

	for (; k + COLUMNS <= width; k += COLUMNS)
		for (size_t r = 0; r < BESIDE; r += 4)
			answer_tile_wide(
				w + k, biases + k, in, width, x + r * in, out + r * width + k);
	answer_rest(n, l, in, k, x, out);
}

static void answer_layer_plain(
	const struct upk_network *n, size_t l, size_t in, const float *x, float *out)
{
	size_t width = n->sizes[l + 1], k = 0;
	const float *w = upk_network_weights(n, l), *biases = upk_network_biases(n, l);

	for (; k + COLUMNS <= width; k += COLUMNS)
		for (size_t r = 0; r < BESIDE; r += 2)
			answer_tile(w + k, biases + k, in, width, x + r * in, out + r * width + k);
	answer_rest(n, l, in, k, x, out);
}

/* out (BESIDE, outputs) = b + x (BESIDE, in) w: each row's sums go by its inputs in order, whatever
 * rows stand beside it, and however many at a time the processor adds. */
static void answer_layer(
	const struct upk_network *n, size_t l, size_t in, const float *x, float *out)
{
	if (upk_wide())
		answer_layer_wide(n, l, in, x, out);
	else
		answer_layer_plain(n, l, in, x, out);
}

static void give(const struct upk_network *n, const float *p, size_t rows, double *probabilities)
{
	size_t outputs = n->sizes[n->layers];

	for (size_t i = 0; i < rows; i++, p += outputs, probabilities += n->classes) {
		double sum = 0;
		if (outputs == 1) {
			probabilities[1] = (double)p[0];
			probabilities[0] = 1 - (double)p[0];
			continue;
		}
		for (size_t k = 0; k < outputs; k++)
			sum += (double)p[k];
		for (size_t k = 0; k < outputs; k++)
			probabilities[k] = (double)p[k] / sum;
	}
}

void upk_network_predict(const struct upk_network *n, const double *x,
	const struct upk_sparse *sparse, size_t rows, float *scratch, double *probabilities)
{
	size_t features = n->sizes[0] - (sparse ? sparse->columns : 0), width = n->sizes[1];
	float *from = scratch, *to = scratch + BESIDE * greatest_size(n);

	for (size_t first = 0; first < rows; first += BESIDE) {
		size_t count = rows - first < BESIDE ? rows - first : BESIDE;
		for (size_t i = 0; i < BESIDE * features; i++)
			from[i] = i < count * features ? (float)x[first * features + i] : 0;
		for (size_t l = 0; l < n->layers; l++) {
			float *swap = from;
			answer_layer(n, l, l == 0 ? features : n->sizes[l], from, to);
			for (size_t i = 0; l == 0 && sparse && i < count; i++)
				add_sparse(sparse, first + i,
					upk_network_weights(n, 0) + features * width, width,
					to + i * width);
			if (l + 1 < n->layers)
				rectify(to, BESIDE * n->sizes[l + 1]);
			from = to;
			to = swap;
		}
		squash(from, count, n->sizes[n->layers]);
		give(n, from, count, probabilities + first * n->classes);
	}
}
