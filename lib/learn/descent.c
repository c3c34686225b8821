#include "learn/descent.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "learn/balance.h"
#include "learn/crew.h"
#include "learn/subnormal.h"

/* Rows of a batch that go to one thread. */
enum { BLOCK = 64 };

/* Every tenth row is kept from training to stop by, when there are so many rows. */
enum { KEPT_ONE_IN = 10, KEPT_FROM = 200 };

/* Adam's memory of the slopes and of their squares. */
static const double b1 = 0.9, b2 = 0.999;

/* A fit under way. */
struct fitting {
	const struct upk_fit_input *in;
	const struct upk_descent *settings;
	struct upk_network *network;
	struct upk_random *random;
	struct upk_network_batch batch;
	double *weights;                        /* (classes) NULL: all 1 */
	float *gradient, *mean, *square, *best; /* (params) gradient owns the block */
	float *x;                               /* (in->rows, features) */
	uint32_t *rows; /* (in->rows) in the order of this epoch, those kept to stop by last */
	uint16_t *y;    /* (batch) */
	size_t training, steps;
	/* of the batch under way, for the crew */
	size_t first, count;
	void (*work)(struct fitting *f, size_t block);
	double *losses; /* (blocks of a batch) */
	struct upk_network_part parts[UPK_NETWORK_PARTS];
	size_t parts_count;
	double penalties[UPK_NETWORK_PARTS];
	float rate;
	uint64_t seed; /* of what is dropped */
};

static void order_rows(struct fitting *f)
{
	size_t rows = f->in->rows, kept = 0;
	bool keep = f->settings->patience > 0 && rows >= KEPT_FROM;

	for (size_t i = 0; i < rows; i++)
		if (keep && i % KEPT_ONE_IN == KEPT_ONE_IN / 2)
			f->rows[rows - ++kept] = (uint32_t)i;
		else
			f->rows[i - kept] = (uint32_t)i;
	f->training = rows - kept;
}

static bool prepare(struct fitting *f, struct upk_error *err)
{
	const struct upk_fit_input *in = f->in;
	size_t count = f->network->count;
	size_t batch = f->settings->batch < in->rows ? f->settings->batch : in->rows;

	f->gradient = calloc(count, 4 * sizeof *f->gradient);
	f->x = malloc((in->rows * in->features + 1) * sizeof *f->x);
	f->rows = malloc(in->rows * sizeof *f->rows);
	f->y = malloc(batch * sizeof *f->y);
	f->losses = malloc((batch / BLOCK + 1) * sizeof *f->losses);
	if (!f->gradient || !f->x || !f->rows || !f->y || !f->losses)
		return upk_fail(err, UPK_NOMEM, "no memory to fit %zu weights to %zu rows", count,
			in->rows);
	f->mean = f->gradient + count;
	f->square = f->mean + count;
	f->best = f->square + count;
	for (size_t i = 0; i < in->rows * in->features; i++)
		f->x[i] = (float)in->x[i];
	order_rows(f);
	f->parts_count = upk_network_parts(f->network, f->parts);
	return upk_balance_weigh(f->in->y, f->in->rows, f->in->classes, f->settings->balance,
		       &f->weights, err) &&
		upk_network_batch_init(&f->batch, f->network, batch, in->sparse, err);
}

static void finish(struct fitting *f)
{
	upk_network_batch_finish(&f->batch);
	free(f->gradient);
	free(f->x);
	free(f->rows);
	free(f->y);
	free(f->losses);
	free(f->weights);
}

static bool is_cancelled(const struct fitting *f)
{
	return f->in->cancel && atomic_load_explicit(f->in->cancel, memory_order_relaxed);
}

static struct upk_network_slice load(struct fitting *f, size_t block)
{
	struct upk_network_slice slice = { block * BLOCK, f->count - block * BLOCK };
	size_t features = f->in->features;
	float *out = f->batch.values[0] + slice.first * features;

	slice.count = slice.count < BLOCK ? slice.count : BLOCK;
	for (size_t i = slice.first; i < slice.first + slice.count; i++, out += features) {
		uint32_t row = f->rows[f->first + i];
		memcpy(out, f->x + row * features, features * sizeof *out);
		if (f->in->sparse)
			f->batch.row[i] = row;
		f->y[i] = f->in->y[row];
	}
	return slice;
}

/* Once cancelled, blocks are left undone: nobody looks at what has become of them. */
static void train_block(struct fitting *f, size_t block)
{
	struct upk_network_slice slice = load(f, block);
	double dropout = f->settings->dropout;
	struct upk_random random;

	if (is_cancelled(f))
		return;
	if (dropout > 0)
		upk_random_seed(&random, f->seed + block);
	upk_network_forward(f->network, &f->batch, slice, dropout, &random);
	f->losses[block] = upk_network_loss(f->network, &f->batch, slice, f->y, f->weights);
	upk_network_backward(f->network, &f->batch, slice, f->count, f->y, f->weights, dropout);
}

static void judge_block(struct fitting *f, size_t block)
{
	struct upk_network_slice slice = load(f, block);

	if (is_cancelled(f))
		return;
	upk_network_forward(f->network, &f->batch, slice, 0, NULL);
	f->losses[block] = upk_network_loss(f->network, &f->batch, slice, f->y, f->weights);
}

/* A step of Adam, in lanes that the compiler may work out side by side. */
static void move(const float *restrict g, size_t count, float rate, float *restrict p,
	float *restrict m, float *restrict v)
{
	static const float keep1 = (float)b1, keep2 = (float)b2, small = 1e-8F;
	enum { LANES = 8 };
	size_t i = 0;

	for (; i + LANES <= count; i += LANES)
		for (size_t k = 0; k < LANES; k++) {
			m[i + k] = keep1 * m[i + k] + (1 - keep1) * g[i + k];
			v[i + k] = keep2 * v[i + k] + (1 - keep2) * g[i + k] * g[i + k];
			p[i + k] -= rate * m[i + k] / (sqrtf(v[i + k]) + small);
		}
	for (; i < count; i++) {
		m[i] = keep1 * m[i] + (1 - keep1) * g[i];
		v[i] = keep2 * v[i] + (1 - keep2) * g[i] * g[i];
		p[i] -= rate * m[i] / (sqrtf(v[i]) + small);
	}
}

static void step_part(struct fitting *f, size_t index)
{
	const struct upk_network_part *part = &f->parts[index];
	size_t at = part->first;

	if (is_cancelled(f))
		return;
	f->penalties[index] = upk_network_gradient(
		f->network, &f->batch, f->count, part, f->settings->l2, f->gradient);
	move(f->gradient + at, part->count, f->rate, f->network->params + at, f->mean + at,
		f->square + at);
}

static void work_without_subnormals(void *context, size_t block)
{
	struct fitting *f = context;
	uint64_t was = upk_subnormal_drop();

	f->work(f, block);
	upk_subnormal_restore(was);
}

static void share(struct fitting *f, size_t blocks, void (*work)(struct fitting *f, size_t block))
{
	f->work = work;
	upk_crew_run(f->in->crew, blocks, work_without_subnormals, f);
}

/* Has the crew work on all rows of a batch; the sum of their losses. */
static double share_rows(
	struct fitting *f, size_t first, size_t to, void (*work)(struct fitting *f, size_t block))
{
	size_t blocks;
	double sum = 0;

	f->first = first;
	f->count = to - first < f->batch.room ? to - first : f->batch.room;
	blocks = (f->count + BLOCK - 1) / BLOCK;
	share(f, blocks, work);
	for (size_t i = 0; i < blocks; i++)
		sum += f->losses[i];
	return sum;
}

/* One step of Adam; the sum of the batch's losses with the penalty. */
static double step(struct fitting *f, size_t first)
{
	double t = (double)++f->steps, sum, penalty = 0;

	f->rate = (float)(f->settings->rate * sqrt(1 - pow(b2, t)) / (1 - pow(b1, t)));
	if (f->settings->dropout > 0)
		f->seed = upk_random_next(f->random);
	sum = share_rows(f, first, f->training, train_block);
	share(f, f->parts_count, step_part);
	for (size_t i = 0; i < f->parts_count; i++)
		penalty += f->penalties[i];
	return sum + (double)f->count * penalty;
}

static bool goes_on(const struct fitting *f, struct upk_error *err)
{
	return !is_cancelled(f) || upk_fail(err, UPK_CANCELLED, "cancelled while fitting");
}

/* One pass over the training rows; the mean of their losses as they were met. */
static bool epoch(struct fitting *f, double *loss, struct upk_error *err)
{
	double sum = 0;

	upk_random_shuffle(f->random, f->rows, f->training);
	for (size_t first = 0; first < f->training; first += f->batch.room) {
		sum += step(f, first);
		if (!goes_on(f, err))
			return false;
	}
	*loss = sum / (double)f->training;
	return true;
}

/* The loss of the rows kept to stop by, without penalty. */
static bool judge(struct fitting *f, double *loss, struct upk_error *err)
{
	size_t rows = f->in->rows;
	double sum = 0;

	for (size_t first = f->training; first < rows; first += f->batch.room) {
		sum += share_rows(f, first, rows, judge_block);
		if (!goes_on(f, err))
			return false;
	}
	*loss = sum / (double)(rows - f->training);
	return true;
}

static bool add_to_curve(const struct fitting *f, double loss, struct upk_error *err)
{
	return !f->in->curve || upk_curve_add(f->in->curve, loss, err);
}

static bool descend(struct fitting *f, struct upk_error *err)
{
	size_t bytes = f->network->count * sizeof *f->best;
	bool stops = f->training < f->in->rows;
	double loss = INFINITY, least = INFINITY;
	int since = 0;

	for (int i = 0; i < f->settings->epochs; i++) {
		if (!epoch(f, &loss, err))
			return false;
		if (!isfinite(loss))
			return upk_fail(err, UPK_INVALID, "the fit does not converge");
		if ((stops && !judge(f, &loss, err)) || !add_to_curve(f, loss, err))
			return false;
		if (loss < least) {
			least = loss;
			since = 0;
			memcpy(f->best, f->network->params, bytes);
		} else if (stops && ++since >= f->settings->patience) {
			break;
		}
	}
	if (stops)
		memcpy(f->network->params, f->best, bytes);
	return true;
}

bool upk_descend(struct upk_network *n, const struct upk_fit_input *in,
	const struct upk_descent *settings, struct upk_random *random, struct upk_error *err)
{
	struct fitting f = { .in = in, .settings = settings, .network = n, .random = random };
	bool ok = prepare(&f, err) && descend(&f, err);

	finish(&f);
	return ok;
}
