#include "learn/network.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include <cblas.h>

/* Rows that are answered side by side, so that a weight is read once for all of them. */
enum { BESIDE = 8 };

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
	struct upk_error *err)
{
	size_t greatest = greatest_size(n), all = 2 * greatest;
	float *at;

	for (size_t l = 0; l <= n->layers; l++)
		all += n->sizes[l];
	*b = (struct upk_network_batch){ .room = room };
	b->block = calloc(room, all * sizeof *b->block);
	if (!b->block)
		return upk_fail(err, UPK_NOMEM, "no memory for a batch of %zu rows", room);

	at = b->block;
	for (size_t l = 0; l <= n->layers; l++) {
		b->values[l] = at;
		at += room * n->sizes[l];
	}
	b->delta = at;
	b->above = at + room * greatest;
	return true;
}

void upk_network_batch_finish(struct upk_network_batch *b)
{
	free(b->block);
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

void upk_network_forward(const struct upk_network *n, struct upk_network_batch *b, size_t rows,
	double dropout, struct upk_random *random)
{
	for (size_t l = 0; l < n->layers; l++) {
		size_t in = n->sizes[l], out = n->sizes[l + 1];
		const float *biases = upk_network_biases(n, l);
		float *values = b->values[l + 1];
		for (size_t i = 0; i < rows; i++)
			memcpy(values + i * out, biases, out * sizeof *values);
		cblas_sgemm(CblasRowMajor, CblasNoTrans, CblasNoTrans, (int)rows, (int)out, (int)in,
			1, b->values[l], (int)in, upk_network_weights(n, l), (int)out, 1, values,
			(int)out);
		if (l + 1 == n->layers) {
			squash(values, rows, out);
			return;
		}
		rectify(values, rows * out);
		if (dropout > 0)
			drop(values, rows * out, dropout, random);
	}
}

static double weight_of(const double *weights, uint16_t class)
{
	return weights ? weights[class] : 1;
}

double upk_network_loss(const struct upk_network *n, const struct upk_network_batch *b, size_t rows,
	const uint16_t *y, const double *weights)
{
	size_t outputs = n->sizes[n->layers];
	const float *p = b->values[n->layers];
	double loss = 0;

	for (size_t i = 0; i < rows; i++, p += outputs) {
		double truth = outputs > 1 ? (double)p[y[i]]
			: y[i]             ? (double)p[0]
					   : 1 - (double)p[0];
		loss -= weight_of(weights, y[i]) * log(fmax(truth, least));
	}
	return loss;
}

/* The slope of the rows' mean loss in the scores, into delta (rows, outputs). */
static void slope_of_output(const struct upk_network *n, const float *p, size_t rows,
	const uint16_t *y, const double *weights, float *delta)
{
	size_t outputs = n->sizes[n->layers];

	for (size_t i = 0; i < rows; i++, p += outputs, delta += outputs) {
		float share = (float)(weight_of(weights, y[i]) / (double)rows);
		for (size_t k = 0; k < outputs; k++)
			delta[k] = p[k] * share;
		if (outputs > 1)
			delta[y[i]] -= share;
		else if (y[i])
			delta[0] -= share;
	}
}

static double penalty(const float *w, size_t count, double l2, size_t rows, float *gradient)
{
	double squares = 0;
	float slope = (float)(l2 / (double)rows);

	for (size_t i = 0; i < count; i++) {
		squares += (double)w[i] * (double)w[i];
		gradient[i] += slope * w[i];
	}
	return l2 / 2 * squares / (double)rows;
}

static void add_rows(const float *delta, size_t rows, size_t out, float *sums)
{
	memset(sums, 0, out * sizeof *sums);
	for (size_t i = 0; i < rows; i++)
		for (size_t k = 0; k < out; k++)
			sums[k] += delta[i * out + k];
}

/* Slope in the values of layer l's inputs, which were rectified: where one is 0 nothing passes. A
 * value that was dropped is 0, too, and one that was kept grew with its layer's factor already. */
static void pass_down(const struct upk_network *n, struct upk_network_batch *b, size_t l,
	size_t rows, float grown)
{
	size_t in = n->sizes[l], out = n->sizes[l + 1];
	float *swap = b->delta;

	cblas_sgemm(CblasRowMajor, CblasNoTrans, CblasTrans, (int)rows, (int)in, (int)out, grown,
		b->delta, (int)out, upk_network_weights(n, l), (int)out, 0, b->above, (int)in);
	for (size_t i = 0; i < rows * in; i++)
		b->above[i] = b->values[l][i] > 0 ? b->above[i] : 0;
	b->delta = b->above;
	b->above = swap;
}

double upk_network_backward(const struct upk_network *n, struct upk_network_batch *b, size_t rows,
	const uint16_t *y, const double *weights, double l2, double dropout, float *gradient)
{
	float grown = (float)(1 / (1 - dropout));
	double loss = upk_network_loss(n, b, rows, y, weights) / (double)rows;

	slope_of_output(n, b->values[n->layers], rows, y, weights, b->delta);
	for (size_t l = n->layers; l-- > 0;) {
		size_t in = n->sizes[l], out = n->sizes[l + 1];
		const float *w = upk_network_weights(n, l);
		float *g = gradient + (w - n->params);
		cblas_sgemm(CblasRowMajor, CblasTrans, CblasNoTrans, (int)in, (int)out, (int)rows,
			1, b->values[l], (int)in, b->delta, (int)out, 0, g, (int)out);
		loss += penalty(w, in * out, l2, rows, g);
		add_rows(b->delta, rows, out, g + in * out);
		if (l > 0)
			pass_down(n, b, l, rows, grown);
	}
	return loss;
}

size_t upk_network_scratch(const struct upk_network *n)
{
	return 2 * BESIDE * greatest_size(n);
}

/* out (BESIDE, outputs) = b + x w: each row's sums go by its inputs in order, whatever rows stand
 * beside it. */
static void answer_layer(const struct upk_network *n, size_t l, const float *x, float *out)
{
	size_t in = n->sizes[l], width = n->sizes[l + 1];
	const float *w = upk_network_weights(n, l), *biases = upk_network_biases(n, l);

	for (size_t r = 0; r < BESIDE; r++)
		memcpy(out + r * width, biases, width * sizeof *out);
	for (size_t i = 0; i < in; i++, w += width)
		for (size_t r = 0; r < BESIDE; r++) {
			float value = x[r * in + i], *sums = out + r * width;
			for (size_t k = 0; k < width; k++)
				sums[k] += value * w[k];
		}
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

void upk_network_predict(const struct upk_network *n, const double *x, size_t rows, float *scratch,
	double *probabilities)
{
	size_t features = n->sizes[0];
	float *from = scratch, *to = scratch + BESIDE * greatest_size(n);

	for (size_t first = 0; first < rows; first += BESIDE) {
		size_t count = rows - first < BESIDE ? rows - first : BESIDE;
		for (size_t i = 0; i < BESIDE * features; i++)
			from[i] = i < count * features ? (float)x[first * features + i] : 0;
		for (size_t l = 0; l < n->layers; l++) {
			float *swap = from;
			answer_layer(n, l, from, to);
			if (l + 1 < n->layers)
				rectify(to, BESIDE * n->sizes[l + 1]);
			from = to;
			to = swap;
		}
		squash(from, count, n->sizes[n->layers]);
		give(n, from, count, probabilities + first * n->classes);
	}
}
