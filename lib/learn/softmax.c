#include "learn/softmax.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include <cblas.h>

/* BLOCK rows at a time go through BLAS. Rows are cut into pieces, each with a gradient of its own,
 * that are added in order: how many depends on the rows and variables alone. */
enum { BLOCK = 256, PIECES = 16, PIECES_ROOM = 1 << 21 /* doubles of all their gradients */ };

static size_t min(size_t a, size_t b)
{
	return a < b ? a : b;
}

static size_t weights_of(const struct upk_softmax *s)
{
	return s->outputs * (s->features + (s->sparse ? s->sparse->columns : 0));
}

size_t upk_softmax_count(const struct upk_softmax *s)
{
	return s->outputs + weights_of(s);
}

/* Of one piece: its loss, its gradient, the scores of a block. */
static size_t room_of_piece(const struct upk_softmax *s)
{
	return 1 + upk_softmax_count(s) + BLOCK * s->outputs;
}

bool upk_softmax_init(struct upk_softmax *s, struct upk_error *err)
{
	size_t blocks = (s->rows + BLOCK - 1) / BLOCK, most = PIECES_ROOM / upk_softmax_count(s);

	s->pieces = min(min(PIECES, blocks), most > 1 ? most : 1);
	s->room = calloc(s->pieces, room_of_piece(s) * sizeof *s->room);
	return s->room ||
		upk_fail(err, UPK_NOMEM, "no memory to fit %zu weights", upk_softmax_count(s));
}

void upk_softmax_finish(struct upk_softmax *s)
{
	free(s->room);
	s->room = NULL;
}

/* log(f1) + log(f2) + ... of factors from 1 to 1,024: their product is kept, and its log taken
 * before it can overflow, since a log costs as much as everything else in a row. */
struct logs {
	double sum, product;
	unsigned count;
};

static void logs_add(struct logs *l, double factor)
{
	l->product *= factor;
	if (++l->count == 64) {
		l->sum += log(l->product);
		l->product = 1;
		l->count = 0;
	}
}

/* Loss of n rows; each score becomes its residual. */
static double binary_loss(double *scores, const uint16_t *y, size_t n)
{
	struct logs logs = { .product = 1 };
	double sum = 0;

	for (size_t i = 0; i < n; i++) {
		double z = scores[i];
		double e = exp(-fabs(z));
		double p = (z >= 0 ? 1 : e) / (1 + e);
		logs_add(&logs, 1 + e);
		sum += (fabs(z) - z * (2 * y[i] - 1)) / 2; /* |z| on the wrong side, else 0 */
		scores[i] = p - y[i];
	}
	return sum + logs.sum + log(logs.product);
}

double upk_softmax_row(double *scores, size_t k, double *sum)
{
	double greatest = scores[0];

	for (size_t i = 1; i < k; i++)
		greatest = scores[i] > greatest ? scores[i] : greatest;
	*sum = 0;
	for (size_t i = 0; i < k; i++) {
		scores[i] = exp(scores[i] - greatest);
		*sum += scores[i];
	}
	for (size_t i = 0; i < k; i++)
		scores[i] *= 1 / *sum;
	return greatest;
}

static double softmax_loss(double *scores, size_t k, const uint16_t *y, size_t n)
{
	struct logs logs = { .product = 1 };
	double sum = 0;

	for (size_t i = 0; i < n; i++) {
		double *row = scores + i * k;
		double truth = row[y[i]], factor;
		sum += upk_softmax_row(row, k, &factor) - truth;
		logs_add(&logs, factor);
		row[y[i]] -= 1;
	}
	return sum + logs.sum + log(logs.product);
}

/* Adds what the sparse inputs say to the scores of rows first .. first + n - 1. */
static void add_sparse_scores(
	const struct upk_softmax *s, const double *w, size_t first, size_t n, double *scores)
{
	const struct upk_sparse *x = s->sparse;

	w += s->outputs * s->features;
	for (size_t i = first; i < first + n; i++, scores += s->outputs)
		for (size_t j = x->starts[i]; j < x->starts[i + 1]; j++) {
			const double *of = w + x->column[j] * s->outputs;
			for (size_t k = 0; k < s->outputs; k++)
				scores[k] += (double)x->value[j] * of[k];
		}
}

/* Adds the slopes in their weights, by the residuals of those rows. */
static void add_sparse_slopes(
	const struct upk_softmax *s, const double *residuals, size_t first, size_t n, double *g)
{
	const struct upk_sparse *x = s->sparse;

	g += s->outputs * s->features;
	for (size_t i = first; i < first + n; i++, residuals += s->outputs)
		for (size_t j = x->starts[i]; j < x->starts[i + 1]; j++) {
			double *of = g + x->column[j] * s->outputs;
			for (size_t k = 0; k < s->outputs; k++)
				of[k] += (double)x->value[j] * residuals[k];
		}
}

/* scores (n, outputs) = x w + intercepts, of rows first .. first + n - 1. */
static void score_block(
	const struct upk_softmax *s, const double *w, size_t first, size_t n, double *scores)
{
	int features = (int)s->features, outputs = (int)s->outputs;
	const double *x = s->x + first * s->features, *intercepts = w + weights_of(s);

	for (size_t i = 0; i < n; i++)
		memcpy(scores + i * s->outputs, intercepts, s->outputs * sizeof *w);
	if (s->sparse)
		add_sparse_scores(s, w, first, n, scores);
	if (features == 0)
		return;
	if (outputs == 1)
		cblas_dgemv(CblasRowMajor, CblasNoTrans, (int)n, features, 1, x, features, w, 1, 1,
			scores, 1);
	else
		cblas_dgemm(CblasRowMajor, CblasNoTrans, CblasTrans, (int)n, outputs, features, 1,
			x, features, w, features, 1, scores, outputs);
}

static double plain_loss(const struct upk_softmax *s, double *scores, const uint16_t *y, size_t n)
{
	return s->outputs == 1 ? binary_loss(scores, y, n) : softmax_loss(scores, s->outputs, y, n);
}

/* Row by row, each times its label's weight. */
static double weighted_loss(
	const struct upk_softmax *s, double *scores, const uint16_t *y, size_t n)
{
	double sum = 0;

	for (size_t i = 0; i < n; i++, scores += s->outputs) {
		double weight = s->weights[y[i]];
		sum += weight * plain_loss(s, scores, y + i, 1);
		for (size_t k = 0; k < s->outputs; k++)
			scores[k] *= weight;
	}
	return sum;
}

/* Adds the slopes of rows first .. first + n - 1 to g; returns their loss. */
static double add_block(
	const struct upk_softmax *s, size_t first, size_t n, double *scores, double *g)
{
	int features = (int)s->features, outputs = (int)s->outputs;
	const double *x = s->x + first * s->features;
	double loss, *intercepts = g + weights_of(s);

	score_block(s, s->w, first, n, scores);
	loss = s->weights ? weighted_loss(s, scores, s->y + first, n)
			  : plain_loss(s, scores, s->y + first, n);
	if (outputs == 1 && features > 0)
		cblas_dgemv(CblasRowMajor, CblasTrans, (int)n, features, 1, x, features, scores, 1,
			1, g, 1);
	else if (features > 0)
		cblas_dgemm(CblasRowMajor, CblasTrans, CblasNoTrans, outputs, features, (int)n, 1,
			scores, outputs, x, features, 1, g, features);
	if (s->sparse)
		add_sparse_slopes(s, scores, first, n, g);
	for (size_t i = 0; i < n * s->outputs; i += s->outputs)
		for (size_t k = 0; k < s->outputs; k++)
			intercepts[k] += scores[i + k];
	return loss;
}

/* First row of a piece, which is a block's. */
static size_t start_of(const struct upk_softmax *s, size_t piece)
{
	size_t blocks = (s->rows + BLOCK - 1) / BLOCK;

	return min(blocks * piece / s->pieces * BLOCK, s->rows);
}

static bool is_cancelled(const struct upk_softmax *s)
{
	return s->cancel && atomic_load_explicit(s->cancel, memory_order_relaxed);
}

static void work_on_piece(void *context, size_t piece)
{
	const struct upk_softmax *s = context;
	size_t count = upk_softmax_count(s), end = start_of(s, piece + 1);
	double *loss = s->room + piece * room_of_piece(s), *g = loss + 1, *scores = g + count;

	memset(loss, 0, (1 + count) * sizeof *loss);
	for (size_t i = start_of(s, piece); i < end && !is_cancelled(s); i += BLOCK)
		*loss += add_block(s, i, min(BLOCK, end - i), scores, g);
}

double upk_softmax_value(struct upk_softmax *s, const double *w, double *g)
{
	size_t count = upk_softmax_count(s), weights = weights_of(s);
	double loss = 0, squares = 0;

	s->w = w;
	upk_crew_run(s->crew, s->pieces, work_on_piece, s);
	memset(g, 0, count * sizeof *g);
	for (size_t i = 0; i < s->pieces; i++) {
		const double *piece = s->room + i * room_of_piece(s);
		loss += piece[0];
		for (size_t k = 0; k < count; k++)
			g[k] += piece[1 + k];
	}
	for (size_t i = 0; i < weights; i++) {
		squares += w[i] * w[i];
		g[i] += s->l2 * w[i];
	}
	return loss + s->l2 / 2 * squares;
}

/* ---- the Hessian, worked out with each output's intercept behind its weights ---- */

struct second {
	const struct upk_softmax *s;
	size_t wide, count; /* features + 1, outputs of it */
	double *h;          /* (count, count), the blocks of output j with k >= j */
	double *ones;       /* (BLOCK, wide) inputs and a 1; owns the block */
	double *scaled;     /* (BLOCK, wide) */
	double *p;          /* (BLOCK, outputs) */
	const uint16_t *y;  /* labels of the block */
};

static void fill_block(struct second *d, const double *w, size_t first, size_t n)
{
	const struct upk_softmax *s = d->s;
	double sum;

	d->y = s->y + first;
	score_block(s, w, first, n, d->p);
	for (size_t i = 0; i < n; i++) {
		double *row = d->p + i * s->outputs;
		memcpy(d->ones + i * d->wide, s->x + (first + i) * s->features,
			s->features * sizeof *d->ones);
		d->ones[(i + 1) * d->wide - 1] = 1;
		if (s->outputs > 1)
			upk_softmax_row(row, s->outputs, &sum);
		else
			row[0] = 1 / (1 + exp(-row[0]));
	}
}

/* Outputs j and k: sum over the rows of p_j ([j = k] - p_k) x x'. */
static void add_pair(struct second *d, size_t n, size_t j, size_t k)
{
	size_t outputs = d->s->outputs, wide = d->wide;

	for (size_t i = 0; i < n; i++) {
		const double *p = d->p + i * outputs;
		double factor = p[j] * ((j == k) - p[k]);
		factor *= d->s->weights ? d->s->weights[d->y[i]] : 1;
		for (size_t f = 0; f < wide; f++)
			d->scaled[i * wide + f] = factor * d->ones[i * wide + f];
	}
	cblas_dgemm(CblasRowMajor, CblasTrans, CblasNoTrans, (int)wide, (int)wide, (int)n, 1,
		d->ones, (int)wide, d->scaled, (int)wide, 1, d->h + j * wide * d->count + k * wide,
		(int)d->count);
}

/* Where a variable in that order stands in w. */
static size_t place_of(const struct second *d, size_t i)
{
	size_t output = i / d->wide, feature = i % d->wide, features = d->s->features;

	return feature < features ? output * features + feature : d->s->outputs * features + output;
}

static void put_in_order(const struct second *d, double *h)
{
	for (size_t a = 0; a < d->count; a++)
		for (size_t b = 0; b < d->count; b++) {
			bool above = b / d->wide >= a / d->wide;
			double value = above ? d->h[a * d->count + b] : d->h[b * d->count + a];
			size_t row = place_of(d, a), column = place_of(d, b);
			bool penalised = a == b && a % d->wide < d->s->features;
			h[row * d->count + column] = value + (penalised ? d->s->l2 : 0);
		}
}

bool upk_softmax_hessian(struct upk_softmax *s, const double *w, double *h, struct upk_error *err)
{
	struct second d = { .s = s, .wide = s->features + 1, .count = upk_softmax_count(s) };
	size_t squares = d.count * d.count, block = BLOCK * (2 * d.wide + s->outputs);

	d.ones = calloc(squares + block, sizeof *d.ones);
	if (!d.ones)
		return upk_fail(
			err, UPK_NOMEM, "no memory for the Hessian of %zu weights", d.count);
	d.scaled = d.ones + BLOCK * d.wide;
	d.p = d.scaled + BLOCK * d.wide;
	d.h = d.p + BLOCK * s->outputs;
	for (size_t i = 0; i < s->rows && !is_cancelled(s); i += BLOCK) {
		size_t n = min(BLOCK, s->rows - i);
		fill_block(&d, w, i, n);
		for (size_t j = 0; j < s->outputs; j++)
			for (size_t k = j; k < s->outputs; k++)
				add_pair(&d, n, j, k);
	}
	put_in_order(&d, h);
	free(d.ones);
	return true;
}
