/* Multilayer perceptron: Adam (Kingma and Ba 2015) on minibatches, dropout, early stopping. */
#include "learn/learner.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include <cblas.h>

#include "base/random.h"
#include "learn/balance.h"
#include "learn/crew.h"
#include "learn/network.h"
#include "learn/numbers.h"
#include "learn/settings.h"
#include "learn/subnormal.h"

/* Rows of a batch that go to one thread. */
enum { BLOCK = 64 };

/* Every tenth row is kept from training to stop by, when there are so many rows. */
enum { KEPT_ONE_IN = 10, KEPT_FROM = 200 };

enum {
	LAYERS,
	NEURONS,
	NEURONS_2,
	NEURONS_3,
	NEURONS_4,
	RATE,
	BATCH,
	EPOCHS,
	PATIENCE,
	DROPOUT,
	L2,
	BALANCE,
	SETTINGS
};

static const struct upk_setting table[SETTINGS + 1] = {
	[LAYERS] = { "layers", 1, 1, UPK_NETWORK_HIDDEN, true },
	[NEURONS] = { "neurons", 64, 1, 4096,
		true }, /* of each layer that has no number of its own */
	[NEURONS_2] = { "neurons_2", 0, 0, 4096, true }, /* of the second layer; 0: as the first */
	[NEURONS_3] = { "neurons_3", 0, 0, 4096, true },
	[NEURONS_4] = { "neurons_4", 0, 0, 4096, true },
	[RATE] = { "learning_rate", 0.003, 1e-6, 1, false },
	[BATCH] = { "batch", 64, 1, 65536, true },
	[EPOCHS] = { "epochs", 100, 1, 10000, true },
	[PATIENCE] = { "patience", 10, 0, 10000, true }, /* epochs without a better loss; 0: all */
	[DROPOUT] = { "dropout", 0, 0, 0.9, false },
	[L2] = { "l2", 0.1, 0, 1e9, false },
	[BALANCE] = { "balance", 0, 0, 1, false }, /* classes weigh (rows of it)^-balance */
};

enum { WIDE = 256 }; /* what a search tries at most; more is for who has the time */

static const struct upk_parameter space[] = {
	{ .name = "layers", .kind = UPK_SPACE_INT, .low = 1, .high = 3, .step = 1 },
	{ .name = "neurons",
		.kind = UPK_SPACE_INT,
		.low = 16,
		.high = WIDE,
		.step = 16,
		.log = true },
	{ .name = "neurons_2",
		.kind = UPK_SPACE_INT,
		.low = 16,
		.high = WIDE,
		.step = 16,
		.log = true,
		.when = "layers",
		.when_values = { 2, 3 },
		.when_count = 2 },
	{ .name = "neurons_3",
		.kind = UPK_SPACE_INT,
		.low = 16,
		.high = WIDE,
		.step = 16,
		.log = true,
		.when = "layers",
		.when_values = { 3 },
		.when_count = 1 },
	{ .name = "learning_rate",
		.kind = UPK_SPACE_FLOAT,
		.low = 3e-4,
		.high = 0.03,
		.log = true },
	{ .name = "batch", .kind = UPK_SPACE_CHOICE, .values = { 32, 64, 128, 256 }, .count = 4 },
	{ .name = "dropout", .kind = UPK_SPACE_FLOAT, .high = 0.5, .step = 0.1 },
	{ .name = "l2", .kind = UPK_SPACE_FLOAT, .low = 1e-3, .high = 100, .log = true },
	{ .name = NULL },
};

static const struct upk_parameter adjust[] = {
	{ .name = "learning_rate",
		.kind = UPK_SPACE_FLOAT,
		.low = 1e-4,
		.high = 0.01,
		.log = true },
	{ .name = "batch", .kind = UPK_SPACE_CHOICE, .values = { 32, 64, 128 }, .count = 3 },
	{ .name = "epochs", .kind = UPK_SPACE_INT, .low = 1, .high = 50, .step = 1, .log = true },
	{ .name = NULL },
};

static bool check(const cJSON *settings, struct upk_error *err)
{
	double values[SETTINGS];

	return upk_settings_read(settings, "mlp", table, SETTINGS, values, err);
}

static void release(void *fitted)
{
	struct upk_network *n = fitted;

	if (!n)
		return;
	upk_network_finish(n);
	free(n);
}

static struct upk_network *create(
	size_t features, size_t classes, const size_t *hidden, size_t layers, struct upk_error *err)
{
	struct upk_network *n = calloc(1, sizeof *n);

	if (!n) {
		upk_fail(err, UPK_NOMEM, "no memory for a network");
		return NULL;
	}
	if (upk_network_init(n, features, classes, hidden, layers, err))
		return n;
	free(n);
	return NULL;
}

/* Adam's memory of the slopes and of their squares. */
static const double b1 = 0.9, b2 = 0.999;

/* A fit under way. */
struct fitting {
	const struct upk_fit_input *in;
	double values[SETTINGS];
	struct upk_network *network;
	struct upk_network_batch batch;
	struct upk_random random;
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
	bool keep = f->values[PATIENCE] > 0 && rows >= KEPT_FROM;

	for (size_t i = 0; i < rows; i++)
		if (keep && i % KEPT_ONE_IN == KEPT_ONE_IN / 2)
			f->rows[rows - ++kept] = (uint32_t)i;
		else
			f->rows[i - kept] = (uint32_t)i;
	f->training = rows - kept;
}

static size_t sparse_of(const struct upk_sparse *sparse)
{
	return sparse ? sparse->columns : 0;
}

/* A network to begin with: drawn, or a copy of the one that the fit goes on from. */
static struct upk_network *begin(struct fitting *f, struct upk_error *err)
{
	const struct upk_fit_input *in = f->in;
	const struct upk_network *from = in->from;
	size_t hidden[UPK_NETWORK_HIDDEN], layers = (size_t)f->values[LAYERS];
	struct upk_network *n;

	if (from)
		layers = from->layers - 1;
	for (size_t l = 0; l < layers; l++) {
		double own = l == 0 ? 0 : f->values[NEURONS + l];
		hidden[l] =
			from ? from->sizes[l + 1] : (size_t)(own > 0 ? own : f->values[NEURONS]);
	}
	n = create(in->features + sparse_of(in->sparse), in->classes, hidden, layers, err);
	if (n && from)
		memcpy(n->params, from->params, n->count * sizeof *n->params);
	else if (n)
		upk_network_draw(n, &f->random);
	return n;
}

static bool prepare(struct fitting *f, struct upk_error *err)
{
	const struct upk_fit_input *in = f->in;
	size_t count, batch = (size_t)f->values[BATCH];

	if (in->rows > UINT32_MAX)
		return upk_fail(err, UPK_INVALID, "%zu rows are too many for mlp", in->rows);
	upk_random_seed(&f->random, in->seed);
	f->network = begin(f, err);
	if (!f->network)
		return false;

	count = f->network->count;
	batch = batch < in->rows ? batch : in->rows;
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
	return upk_balance_weigh(f->in->y, f->in->rows, f->in->classes, f->values[BALANCE],
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
	double dropout = f->values[DROPOUT];
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
		f->network, &f->batch, f->count, part, f->values[L2], f->gradient);
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

	f->rate = (float)(f->values[RATE] * sqrt(1 - pow(b2, t)) / (1 - pow(b1, t)));
	if (f->values[DROPOUT] > 0)
		f->seed = upk_random_next(&f->random);
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

	upk_random_shuffle(&f->random, f->rows, f->training);
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

	for (int i = 0; i < (int)f->values[EPOCHS]; i++) {
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
		} else if (stops && ++since >= (int)f->values[PATIENCE]) {
			break;
		}
	}
	if (stops)
		memcpy(f->network->params, f->best, bytes);
	return true;
}

/* Of a network with these settings. */
struct shape {
	double weights, widths; /* widths: of its inputs that are dense, and twice of all layers */
};

static struct shape shape_of(const struct upk_fit_size *size, const double *values)
{
	struct shape s = { 0, (double)size->width.dense };
	double in = (double)(size->width.dense + size->width.sparse);

	for (int l = 0; l <= (int)values[LAYERS]; l++) {
		bool hidden = l < (int)values[LAYERS];
		double own = l > 0 && hidden ? values[NEURONS + l] : 0;
		double out = !hidden ? (double)size->classes : own > 0 ? own : values[NEURONS];
		s.weights += (in + 1) * out;
		s.widths += 2 * out;
		in = out;
	}
	return s;
}

/* The rows as floats; four floats a weight beside the network; values and slopes of a batch. */
static double memory(const struct upk_fit_size *size, const cJSON *settings)
{
	double values[SETTINGS], rows = (double)size->rows;
	struct shape shape;

	if (!upk_settings_read(settings, "mlp", table, SETTINGS, values, NULL))
		return 0;
	shape = shape_of(size, values);
	return sizeof(float) *
		(rows * (double)(size->width.dense + 1) + 5 * shape.weights +
			fmin(values[BATCH], rows) * shape.widths);
}

/* Each row meets all weights and neurons, and draws which to drop; each batch all weights once
 * more. */
static double work(const struct upk_fit_size *size, const cJSON *settings)
{
	double values[SETTINGS];
	struct shape shape;

	if (!upk_settings_read(settings, "mlp", table, SETTINGS, values, NULL))
		return 1;
	shape = shape_of(size, values);
	return values[EPOCHS] *
		(shape.weights * (1 + 8 / values[BATCH]) +
			shape.widths * (values[DROPOUT] > 0 ? 20 : 4));
}

static bool fit(
	const struct upk_fit_input *in, const cJSON *settings, void **fitted, struct upk_error *err)
{
	struct fitting f = { .in = in };
	bool ok;

	if (!upk_settings_read(settings, "mlp", table, SETTINGS, f.values, err))
		return false;
	/* Two threads would add in another order than one. */
	openblas_set_num_threads(1);

	ok = prepare(&f, err) && descend(&f, err);
	finish(&f);
	if (ok)
		*fitted = f.network;
	else
		release(f.network);
	return ok;
}

static size_t scratch(const void *fitted)
{
	return upk_network_scratch(fitted) * sizeof(float);
}

static void scale(void *fitted, double factor)
{
	upk_network_scale(fitted, (float)factor);
}

static void predict(
	const void *fitted, const struct upk_inputs *in, void *memory, double *probabilities)
{
	upk_network_predict(fitted, in->x, in->sparse, in->rows, memory, probabilities);
}

static void write_layer(const struct upk_network *n, size_t l, struct upk_json_writer *w)
{
	const float *weights = upk_network_weights(n, l), *biases = upk_network_biases(n, l);
	size_t in = n->sizes[l], out = n->sizes[l + 1];

	upk_json_object(w, NULL);
	upk_json_array(w, "weights");
	for (size_t i = 0; i < in; i++) {
		upk_json_array(w, NULL);
		for (size_t k = 0; k < out; k++)
			upk_json_double(w, NULL, (double)weights[i * out + k]);
		upk_json_array_end(w);
	}
	upk_json_array_end(w);
	upk_json_array(w, "biases");
	for (size_t k = 0; k < out; k++)
		upk_json_double(w, NULL, (double)biases[k]);
	upk_json_array_end(w);
	upk_json_object_end(w);
}

static void write(const void *fitted, struct upk_json_writer *w)
{
	const struct upk_network *n = fitted;

	upk_json_array(w, "layers");
	for (size_t l = 0; l < n->layers; l++)
		write_layer(n, l, w);
	upk_json_array_end(w);
}

static const cJSON *layer_at(const cJSON *layers, size_t l)
{
	return cJSON_GetArrayItem(layers, (int)l);
}

/* The row of floats stands where the doubles were read to: each is a float's own value. */
static bool read_floats(const cJSON *array, const char *name, size_t n, float *out, double *room,
	struct upk_error *err)
{
	if (!upk_numbers_read(array, name, n, room, err))
		return false;
	for (size_t i = 0; i < n; i++) {
		out[i] = (float)room[i];
		if (!isfinite(out[i]))
			return upk_fail(err, UPK_CORRUPT, "%s[%zu] is too large", name, i);
	}
	return true;
}

static bool read_layer(
	struct upk_network *n, size_t l, const cJSON *json, double *room, struct upk_error *err)
{
	const cJSON *rows = cJSON_GetObjectItemCaseSensitive(json, "weights");
	size_t in = n->sizes[l], out = n->sizes[l + 1], i = 0;

	for (const cJSON *row = cJSON_IsArray(rows) ? rows->child : NULL; row; row = row->next, i++)
		if (i == in ||
			!read_floats(row, "weights[]", out, upk_network_weights(n, l) + i * out,
				room, err))
			return upk_fail(err, UPK_CORRUPT,
				"layers[%zu].weights[%zu] is not one of %zu "
				"rows of %zu numbers",
				l, i, in, out);
	if (i != in)
		return upk_fail(err, UPK_CORRUPT, "layers[%zu].weights has %zu rows instead of %zu",
			l, i, in);
	return read_floats(cJSON_GetObjectItemCaseSensitive(json, "biases"), "biases", out,
		upk_network_biases(n, l), room, err);
}

/* How many neurons a hidden layer has, by its biases; false: not as many as there can be. */
static bool read_neurons(const cJSON *layers, size_t l, size_t *neurons)
{
	*neurons = (size_t)cJSON_GetArraySize(
		cJSON_GetObjectItemCaseSensitive(layer_at(layers, l), "biases"));
	return *neurons >= 1 && *neurons <= (size_t)table[NEURONS].high;
}

static bool read_layers(struct upk_network *n, const cJSON *layers, struct upk_error *err)
{
	size_t widest = 0;
	double *room;
	bool ok = true;

	for (size_t l = 1; l <= n->layers; l++)
		widest = n->sizes[l] > widest ? n->sizes[l] : widest;
	room = calloc(widest, sizeof *room);
	if (!room)
		return upk_fail(err, UPK_NOMEM, "no memory for a network");
	for (size_t l = 0; ok && l < n->layers; l++)
		ok = read_layer(n, l, layer_at(layers, l), room, err);
	free(room);
	return ok;
}

static bool read(const cJSON *json, struct upk_width width, size_t classes, void **fitted,
	struct upk_error *err)
{
	const cJSON *layers = cJSON_GetObjectItemCaseSensitive(json, "layers");
	size_t hidden = (size_t)cJSON_GetArraySize(layers) - 1;
	size_t neurons[UPK_NETWORK_HIDDEN];
	bool whole = cJSON_IsArray(layers) && hidden >= 1 && hidden <= UPK_NETWORK_HIDDEN;
	struct upk_network *n;

	for (size_t l = 0; whole && l < hidden; l++)
		whole = read_neurons(layers, l, &neurons[l]);
	if (!whole)
		return upk_fail(err, UPK_CORRUPT, "layers is not a network's");
	n = create(width.dense + width.sparse, classes, neurons, hidden, err);
	if (!n)
		return false;
	if (!read_layers(n, layers, err)) {
		release(n);
		return false;
	}
	*fitted = n;
	return true;
}

/* In floats, as predict. */
static const char *onnx(
	const void *fitted, struct upk_onnx *g, const char *input, enum upk_onnx_type *type)
{
	const struct upk_network *n = fitted;
	const float one = 1;
	const char *values = upk_onnx_node(g, "Cast", input, NULL, NULL, NULL);

	*type = UPK_ONNX_FLOAT;
	upk_onnx_set_int(g, "to", UPK_ONNX_FLOAT);
	for (size_t l = 0; l < n->layers; l++) {
		values = upk_onnx_node(g, "Gemm", values,
			upk_onnx_floats(g, upk_network_weights(n, l), n->sizes[l], n->sizes[l + 1]),
			upk_onnx_floats(g, upk_network_biases(n, l), 0, n->sizes[l + 1]), NULL);
		if (l + 1 < n->layers)
			values = upk_onnx_node(g, "Relu", values, NULL, NULL, NULL);
	}
	if (n->classes == 2)
		return upk_onnx_complement(g, upk_onnx_node(g, "Sigmoid", values, NULL, NULL, NULL),
			upk_onnx_floats(g, &one, 0, 1));
	values = upk_onnx_node(g, "Softmax", values, NULL, NULL, NULL);
	upk_onnx_set_int(g, "axis", 1);
	return values;
}

const struct upk_learner upk_mlp = {
	.name = "mlp",
	.text = { .bits = 18, .most = 1024 },
	.check = check,
	.settings = table,
	.space = space,
	.adjust = adjust,
	.resource = "epochs",
	.memory = memory,
	.work = work,
	.fit = fit,
	.scratch = scratch,
	.scale = scale,
	.predict = predict,
	.write = write,
	.read = read,
	.onnx = onnx,
	.free = release,
};
