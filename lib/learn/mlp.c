/* Multilayer perceptron: a network, fitted by descent. */
#include "learn/learner.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include <cblas.h>

#include "base/random.h"
#include "learn/descent.h"
#include "learn/network.h"
#include "learn/network_json.h"
#include "learn/settings.h"

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

static size_t sparse_of(const struct upk_sparse *sparse)
{
	return sparse ? sparse->columns : 0;
}

/* A network to begin with: drawn, or a copy of the one that the fit goes on from. */
static struct upk_network *begin(const struct upk_fit_input *in, const double *values,
	struct upk_random *random, struct upk_error *err)
{
	const struct upk_network *from = in->from;
	size_t hidden[UPK_NETWORK_HIDDEN], layers = (size_t)values[LAYERS];
	struct upk_network *n;

	if (from)
		layers = from->layers - 1;
	for (size_t l = 0; l < layers; l++) {
		double own = l == 0 ? 0 : values[NEURONS + l];
		hidden[l] = from ? from->sizes[l + 1] : (size_t)(own > 0 ? own : values[NEURONS]);
	}
	n = create(in->features + sparse_of(in->sparse), in->classes, hidden, layers, err);
	if (n && from)
		memcpy(n->params, from->params, n->count * sizeof *n->params);
	else if (n)
		upk_network_draw(n, random);
	return n;
}

static bool fit(
	const struct upk_fit_input *in, const cJSON *settings, void **fitted, struct upk_error *err)
{
	double values[SETTINGS];
	struct upk_random random;
	struct upk_network *n;

	if (!upk_settings_read(settings, "mlp", table, SETTINGS, values, err))
		return false;
	if (in->rows > UINT32_MAX)
		return upk_fail(err, UPK_INVALID, "%zu rows are too many for mlp", in->rows);
	/* Two threads would add in another order than one. */
	openblas_set_num_threads(1);

	upk_random_seed(&random, in->seed);
	n = begin(in, values, &random, err);
	if (!n)
		return false;
	const struct upk_descent descent = { .rate = values[RATE],
		.batch = (size_t)values[BATCH],
		.epochs = (int)values[EPOCHS],
		.patience = (int)values[PATIENCE],
		.dropout = values[DROPOUT],
		.l2 = values[L2],
		.balance = values[BALANCE] };
	if (!upk_descend(n, in, &descent, &random, err)) {
		release(n);
		return false;
	}
	*fitted = n;
	return true;
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

static void write(const void *fitted, struct upk_json_writer *w)
{
	upk_network_write(fitted, w);
}

static bool read(const cJSON *json, struct upk_width width, size_t classes, void **fitted,
	struct upk_error *err)
{
	struct upk_network *n = calloc(1, sizeof *n);

	if (!n)
		return upk_fail(err, UPK_NOMEM, "no memory for a network");
	if (!upk_network_read(n, json, width.dense + width.sparse, classes,
		    (size_t)table[NEURONS].high, err)) {
		free(n);
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
