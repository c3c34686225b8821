/* Gradient-boosted trees: XGBoost's hist method grows them, a forest of our own keeps and asks
 * them. Missing values go the way that the training rows chose. */
#include "learn/learner.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <xgboost/c_api.h>

#include "base/json.h"
#include "base/number.h"
#include "learn/balance.h"
#include "learn/forest.h"
#include "learn/harvest.h"
#include "learn/settings.h"

enum { ROUNDS, LEAVES, BINS, RATE, L2, WEIGHT, BALANCE, SETTINGS };

/* Of a batch that XGBoost takes between two looks at the cancel flag: some 0.05 s. */
enum { BATCH_VALUES = 1 << 18, BATCH_ROWS = 256 };

/* Bins of a sparse column: four steps in each of the ten octaves that the weights of texts lie in. */
enum { STEPS = 40 };

static const struct upk_setting table[SETTINGS + 1] = {
	[ROUNDS] = { "rounds", 100, 1, 5000, true },
	[LEAVES] = { "leaves", 31, 2, 4096, true },
	[BINS] = { "bins", 255, 2, 1024, true },
	[RATE] = { "learning_rate", 0.1, 1e-4, 1, false },
	[L2] = { "l2", 1, 0, 1e9, false },
	[WEIGHT] = { "min_child_weight", 1, 0, 1e9, false }, /* sum of Hessians of a leaf */
	[BALANCE] = { "balance", 0, 0, 1, false }, /* classes weigh (rows of it)^-balance */
};

static const struct upk_parameter space[] = {
	{ .name = "rounds",
		.kind = UPK_SPACE_INT,
		.low = 25,
		.high = 400,
		.step = 25,
		.log = true },
	{ .name = "leaves", .kind = UPK_SPACE_INT, .low = 4, .high = 128, .step = 1, .log = true },
	{ .name = "learning_rate", .kind = UPK_SPACE_FLOAT, .low = 0.02, .high = 0.3, .log = true },
	{ .name = "l2", .kind = UPK_SPACE_FLOAT, .low = 0.1, .high = 100, .log = true },
	{ .name = "min_child_weight",
		.kind = UPK_SPACE_FLOAT,
		.low = 0.1,
		.high = 30,
		.log = true },
	{ .name = NULL },
};

/* More rounds on top of those that are there. */
static const struct upk_parameter adjust[] = {
	{ .name = "rounds", .kind = UPK_SPACE_INT, .low = 5, .high = 80, .step = 5, .log = true },
	{ .name = "learning_rate", .kind = UPK_SPACE_FLOAT, .low = 0.02, .high = 0.3, .log = true },
	{ .name = NULL },
};

static bool check(const cJSON *settings, struct upk_error *err)
{
	double values[SETTINGS];

	return upk_settings_read(settings, "trees", table, SETTINGS, values, err);
}

/* A fit under way; weights and both handles are NULL before they are made. */
struct growing {
	const struct upk_fit_input *in;
	double values[SETTINGS];
	size_t threads;
	float *weights; /* (rows); NULL: all alike */
	DMatrixHandle rows;
	BoosterHandle booster;
};

static bool fail(const char *what, struct upk_error *err)
{
	const char *why = XGBGetLastError();

	if (strstr(why, "bad_alloc"))
		return upk_fail(err, UPK_NOMEM, "no memory to %s", what);
	/* "[time] file:line: why", then a stack. */
	const char *begin = strstr(why, ": ");
	why = begin ? begin + 2 : why;
	size_t size = strcspn(why, "\n");
	return upk_fail(err, UPK_INVALID, "XGBoost can't %s: %.*s", what,
		(int)(size < 200 ? size : 200), why);
}

static bool is_cancelled(const struct upk_fit_input *in)
{
	return in->cancel && atomic_load(in->cancel);
}

static bool go_on(const struct upk_fit_input *in, struct upk_error *err)
{
	return !is_cancelled(in) || upk_fail(err, UPK_CANCELLED, "cancelled while fitting");
}

static size_t sparse_of(const struct upk_sparse *sparse)
{
	return sparse ? sparse->columns : 0;
}

/* The i-th row whole, what it does not say as NAN: XGBoost takes a sparse input that is absent for
 * missing. row (features + sparse inputs) keeps NAN behind the features from one call to the next.
 */
static void spread_row(const struct upk_inputs *in, size_t i, double *row)
{
	memcpy(row, in->x + i * in->features, in->features * sizeof *row);
	upk_sparse_spread(in->sparse, i, row + in->features);
}

static void clear_row(const struct upk_inputs *in, size_t i, double *row)
{
	upk_sparse_unspread(in->sparse, i, (double)NAN, row + in->features);
}

static void start_row(const struct upk_inputs *in, double *row)
{
	for (size_t j = 0; j < in->features + in->sparse->columns; j++)
		row[j] = (double)NAN;
}

static bool score_rows(
	const struct upk_fit_input *in, float start, float *scores, struct upk_error *err)
{
	const struct upk_inputs inputs = { in->rows, in->features, in->x, in->sparse };
	size_t outputs = in->classes == 2 ? 1 : in->classes;
	double *row;

	if (!in->sparse) {
		for (size_t i = 0; i < in->rows && !is_cancelled(in); i += BATCH_ROWS)
			upk_forest_scores(in->from, in->x + i * in->features,
				in->rows - i < BATCH_ROWS ? in->rows - i : BATCH_ROWS, start,
				scores + i * outputs);
		return go_on(in, err);
	}
	row = malloc((in->features + in->sparse->columns + 1) * sizeof *row);
	if (!row)
		return upk_fail(err, UPK_NOMEM, "no memory for a row");
	start_row(&inputs, row);
	for (size_t i = 0; i < in->rows && !is_cancelled(in); i++) {
		spread_row(&inputs, i, row);
		upk_forest_scores(in->from, row, 1, start, scores + i * outputs);
		clear_row(&inputs, i, row);
	}
	free(row);
	return go_on(in, err);
}

/* The scores that the new trees start from: those of the trees before them. */
static bool load_scores(struct growing *g, struct upk_error *err)
{
	const struct upk_fit_input *in = g->in;
	size_t count = in->rows * (in->classes == 2 ? 1 : in->classes);
	float *scores;
	bool ok;

	if (!in->from)
		return true;
	scores = malloc(count * sizeof *scores);
	if (!scores)
		return upk_fail(err, UPK_NOMEM, "no memory for the scores of %zu rows", in->rows);
	/* XGBoost's own start is base_score, as a score. */
	ok = score_rows(in, in->classes == 2 ? 0 : 0.5F, scores, err) &&
		(XGDMatrixSetFloatInfo(g->rows, "base_margin", scores, count) == 0 ||
			fail("take the scores", err));
	free(scores);
	return ok;
}

/* XGBoost's bins are cut by weight, so it is given these with the rows. */
static bool weigh(struct growing *g, struct upk_error *err)
{
	const struct upk_fit_input *in = g->in;
	double *weights;

	if (!upk_balance_weigh(in->y, in->rows, in->classes, g->values[BALANCE], &weights, err))
		return false;
	if (!weights)
		return true;
	g->weights = malloc(in->rows * sizeof *g->weights);
	for (size_t i = 0; g->weights && i < in->rows; i++)
		g->weights[i] = (float)weights[in->y[i]];
	free(weights);
	return g->weights || upk_fail(err, UPK_NOMEM, "no memory for %zu weights", in->rows);
}

static bool set_weights(DMatrixHandle rows, const float *weights, size_t count)
{
	return !weights || XGDMatrixSetFloatInfo(rows, "weight", weights, count) == 0;
}

/* The rows of a fit on their way into XGBoost's bins, batch by batch. */
struct feed {
	const struct upk_fit_input *in;
	const float *weights; /* (rows) or NULL */
	DMatrixHandle proxy;
	float *values;            /* (batch, features): the batch, where there are no sparse inputs */
	struct upk_sparse sparse; /* the batch, where there are */
	size_t next;              /* row that the next batch begins with */
	bool failed;              /* a batch was not taken */
};

/* An array as NumPy's interface has it: one dimension where columns is 0. */
static void describe(
	char out[160], const void *data, size_t rows, size_t columns, const char *type)
{
	char shape[64];

	snprintf(shape, sizeof shape, columns ? "%zu, %zu" : "%zu", rows, columns);
	snprintf(out, 160,
		"{\"data\": [%" PRIuPTR ", true], \"shape\": [%s], \"typestr\": \"%s\", "
		"\"version\": 3}",
		(uintptr_t)data, shape, type);
}

static bool show_dense(struct feed *f, size_t from, size_t to)
{
	const struct upk_fit_input *in = f->in;
	const double *x = in->x + from * in->features;
	char rows[160];

	for (size_t i = 0; i < (to - from) * in->features; i++)
		f->values[i] = upk_forest_value(x[i]);
	describe(rows, f->values, to - from, in->features, "<f4");
	return XGProxyDMatrixSetDataDense(f->proxy, rows) == 0;
}

/* A split search looks at every bin of every column, so sparse ones, of which there are many, have
 * few: values are cut down to the next of four steps between a power of two and the next. Then
 * thresholds are such steps too, and a value is on the same side of them as what it was cut to. */
static float step_below(float value)
{
	uint32_t bits;

	memcpy(&bits, &value, sizeof bits);
	bits &= 0xFFE00000;
	memcpy(&value, &bits, sizeof value);
	return value;
}

/* Dense inputs that are there, then the sparse ones. */
static void join_row(const struct upk_fit_input *in, size_t row, struct upk_sparse *out)
{
	const double *x = in->x + row * in->features;
	const struct upk_sparse *s = in->sparse;

	for (size_t j = 0; j < in->features; j++)
		if (!isnan(x[j]))
			upk_sparse_add(out, (uint32_t)j, upk_forest_value(x[j]));
	for (size_t j = s->starts[row]; j < s->starts[row + 1]; j++)
		upk_sparse_add(
			out, (uint32_t)in->features + s->column[j], step_below(s->value[j]));
	upk_sparse_end_row(out);
}

static bool show_sparse(struct feed *f, size_t from, size_t to)
{
	struct upk_sparse *s = &f->sparse;
	char starts[160], columns[160], values[160];

	upk_sparse_clear(s);
	for (size_t i = from; i < to; i++)
		join_row(f->in, i, s);
	if (s->failed)
		return false;
	describe(starts, s->starts, s->rows + 1, 0, "<u8");
	describe(columns, s->column, s->starts[s->rows], 0, "<u4");
	describe(values, s->value, s->starts[s->rows], 0, "<f4");
	return XGProxyDMatrixSetDataCSR(f->proxy, starts, columns, values, s->columns) == 0;
}

/* Where a batch that begins with a row ends. */
static size_t batch_end(const struct upk_fit_input *in, size_t from)
{
	size_t to = from, values = 0;

	while (to < in->rows && values < BATCH_VALUES) {
		values += in->features + 1;
		values += in->sparse ? in->sparse->starts[to + 1] - in->sparse->starts[to] : 0;
		to++;
	}
	return to;
}

/* XGBoost asks in four passes; one that ends early, since the fit is cancelled, it takes for an
 * error or for the end of the rows. */
static int next_batch(DataIterHandle handle)
{
	struct feed *f = handle;
	size_t from = f->next, to = batch_end(f->in, from);

	if (from == to || f->failed || is_cancelled(f->in))
		return 0;
	f->next = to;
	f->failed = !(f->in->sparse ? show_sparse(f, from, to) : show_dense(f, from, to)) ||
		!set_weights(f->proxy, f->weights ? f->weights + from : NULL, to - from);
	return !f->failed;
}

static void first_batch(DataIterHandle handle)
{
	((struct feed *)handle)->next = 0;
}

static bool take_batches(struct growing *g, struct feed *f, struct upk_error *err)
{
	char config[96];

	snprintf(config, sizeof config, "{\"missing\": NaN, \"nthread\": %zu, \"max_bin\": %.0f}",
		g->threads, g->values[BINS]);
	if (XGQuantileDMatrixCreateFromCallback(
		    f, f->proxy, NULL, first_batch, next_batch, config, &g->rows) == 0 &&
		!f->failed)
		return true;
	if (f->sparse.failed)
		return upk_fail(err, UPK_NOMEM, "no memory for a batch of rows");
	return is_cancelled(g->in) || fail("take the rows", err);
}

/* Cuts the rows into bins, the same as XGBoost cuts a matrix of them all. */
static bool load_rows(struct growing *g, struct upk_error *err)
{
	const struct upk_fit_input *in = g->in;
	struct feed f = { .in = in, .weights = g->weights };
	bool ok;

	f.values = in->sparse ? NULL
			      : malloc(batch_end(in, 0) * in->features * sizeof *f.values);
	if (!f.values && !in->sparse)
		return upk_fail(err, UPK_NOMEM, "no memory for a batch of rows");
	if (XGProxyDMatrixCreate(&f.proxy) != 0) {
		free(f.values);
		return fail("take the rows", err);
	}
	upk_sparse_init(&f.sparse, in->features + sparse_of(in->sparse));
	ok = take_batches(g, &f, err);
	upk_sparse_finish(&f.sparse);
	XGDMatrixFree(f.proxy);
	free(f.values);
	return ok && go_on(in, err);
}

static bool load(struct growing *g, struct upk_error *err)
{
	const struct upk_fit_input *in = g->in;
	float *y = malloc(in->rows * sizeof *y);
	bool ok;

	if (!y)
		return upk_fail(err, UPK_NOMEM, "no memory for %zu labels", in->rows);
	for (size_t i = 0; i < in->rows; i++)
		y[i] = in->y[i];
	ok = weigh(g, err) && load_rows(g, err) &&
		(XGDMatrixSetFloatInfo(g->rows, "label", y, in->rows) == 0 ||
			fail("take the labels", err));
	free(y);
	return ok;
}

static bool set(struct growing *g, const char *name, double value)
{
	char text[32];

	snprintf(text, sizeof text, "%.17g", value);
	return XGBoosterSetParam(g->booster, name, text) == 0;
}

/* OpenMP, under XGBoost, ends the process when it can't start a thread: whether as many can be
 * started is tried first. */
static size_t threads_for(const struct upk_fit_input *in)
{
	size_t threads = upk_crew_threads(in->crew);
	struct upk_crew *trial = threads > 1 ? upk_crew_create(threads, NULL) : NULL;

	threads = upk_crew_threads(trial);
	upk_crew_destroy(trial);
	return threads;
}

static bool set_up(struct growing *g, struct upk_error *err)
{
	static const char *const words[][2] = {
		{ "verbosity", "0" },
		{ "tree_method", "hist" },
		{ "grow_policy", "lossguide" },
		{ "max_depth", "0" },
		{ "base_score", "0.5" },
	};
	size_t classes = g->in->classes;
	bool ok = XGBoosterCreate(&g->rows, 1, &g->booster) == 0;

	for (size_t i = 0; ok && i < sizeof words / sizeof *words; i++)
		ok = XGBoosterSetParam(g->booster, words[i][0], words[i][1]) == 0;
	ok = ok && set(g, "max_leaves", g->values[LEAVES]) && set(g, "max_bin", g->values[BINS]) &&
		set(g, "eta", g->values[RATE]) && set(g, "lambda", g->values[L2]) &&
		set(g, "min_child_weight", g->values[WEIGHT]) &&
		set(g, "nthread", (double)g->threads) &&
		set(g, "seed", (double)(g->in->seed % INT32_MAX)) &&
		XGBoosterSetParam(g->booster, "objective",
			classes == 2 ? "binary:logistic" : "multi:softprob") == 0 &&
		(classes == 2 || set(g, "num_class", (double)classes));
	return ok || fail("set up", err);
}

/* XGBoost's own loss on the training rows: "[3]\ttrain-logloss:0.5123". */
static bool add_to_curve(struct growing *g, int round, struct upk_error *err)
{
	const char *name = "train", *text = NULL, *colon;
	double loss = NAN;

	if (!g->in->curve)
		return true;
	if (XGBoosterEvalOneIter(g->booster, round, &g->rows, &name, 1, &text) != 0)
		return fail("say its loss", err);
	colon = strrchr(text, ':');
	if (!colon || !upk_number_parse(upk_text_of(colon + 1), &loss))
		return upk_fail(err, UPK_INVALID, "XGBoost's loss is %.64s", text);
	return upk_curve_add(g->in->curve, loss, err);
}

static bool grow(struct growing *g, struct upk_error *err)
{
	for (int round = 0; round < (int)g->values[ROUNDS]; round++) {
		if (!go_on(g->in, err))
			return false;
		if (XGBoosterUpdateOneIter(g->booster, round, g->rows) != 0)
			return fail("grow a tree", err);
		if (!add_to_curve(g, round, err))
			return false;
	}
	return true;
}

static struct upk_forest *harvest(struct growing *g, struct upk_error *err)
{
	const char *bytes;
	bst_ulong size;
	struct upk_forest *f;
	cJSON *json;

	if (XGBoosterSaveModelToBuffer(g->booster, "{\"format\": \"json\"}", &size, &bytes) != 0) {
		fail("give the trees", err);
		return NULL;
	}
	json = upk_json_parse((struct upk_text){ bytes, size }, err);
	if (!json)
		return NULL;
	f = upk_harvest(json, g->in->features + sparse_of(g->in->sparse), g->in->classes, err);
	cJSON_Delete(json);
	return f;
}

static struct upk_forest *join(
	const struct upk_forest *before, struct upk_forest *f, struct upk_error *err)
{
	struct upk_forest *all;

	if (!before || !f)
		return f;
	all = upk_forest_join(before, f, err);
	upk_forest_destroy(f);
	return all;
}

/* XGBoost's: a dense value is a bin of 1 or 2 bytes by rows and again by columns, and 7 more as
 * measured; a sparse one 56 as measured, most of them while its column is cut into bins; a row has a
 * score and two slopes for each output. Then histograms and trees. */
static double memory(const struct upk_fit_size *size, const cJSON *settings)
{
	double values[SETTINGS], outputs = size->classes == 2 ? 1 : (double)size->classes;
	double bins, bin;

	if (!upk_settings_read(settings, "trees", table, SETTINGS, values, NULL))
		return 0;
	bin = values[BINS] > 256 ? 2 : 1;
	bins = (double)size->width.dense * values[BINS] +
		(double)size->width.sparse * fmin(values[BINS], STEPS);
	return (double)size->rows *
		((double)size->width.dense * (7 + 2 * bin) + (double)size->values * 56 +
			16 * outputs + 8) +
		bins * values[LEAVES] * 32 + values[ROUNDS] * outputs * values[LEAVES] * 400;
}

/* A round looks at all rows, and at the bins again for each leaf. */
static double work(const struct upk_fit_size *size, const cJSON *settings)
{
	double values[SETTINGS];

	(void)size;
	if (!upk_settings_read(settings, "trees", table, SETTINGS, values, NULL))
		return 1;
	return values[ROUNDS] * (values[LEAVES] + 6);
}

/* However often a version is adjusted, it has no more rounds than a setting can give it. */
static bool check_rounds(const struct upk_fit_input *in, double rounds, struct upk_error *err)
{
	const struct upk_forest *from = in->from;
	size_t before = from ? from->trees_count / (in->classes == 2 ? 1 : in->classes) : 0;

	if ((double)before + rounds <= table[ROUNDS].high)
		return true;
	return upk_fail(err, UPK_INVALID,
		"settings.rounds is %.0f: want at most %.0f with the %zu before them", rounds,
		table[ROUNDS].high, before);
}

static bool fit(
	const struct upk_fit_input *in, const cJSON *settings, void **fitted, struct upk_error *err)
{
	struct growing g = { .in = in };
	struct upk_forest *f = NULL;

	if (!upk_settings_read(settings, "trees", table, SETTINGS, g.values, err) ||
		!check_rounds(in, g.values[ROUNDS], err))
		return false;
	g.threads = threads_for(in);
	if (load(&g, err) && load_scores(&g, err) && set_up(&g, err) && grow(&g, err))
		f = join(in->from, harvest(&g, err), err);
	if (g.booster)
		XGBoosterFree(g.booster);
	if (g.rows)
		XGDMatrixFree(g.rows);
	free(g.weights);
	if (f)
		*fitted = f;
	return f != NULL;
}

static void *cut(const void *fitted, size_t rounds, struct upk_error *err)
{
	const struct upk_forest *f = fitted;
	size_t trees = rounds * (f->classes == 2 ? 1 : f->classes);

	return upk_forest_head(f, trees < f->trees_count ? trees : f->trees_count, err);
}

static void scale(void *fitted, double factor)
{
	upk_forest_scale(fitted, (float)factor);
}

/* One row, of a forest that may have sparse inputs. */
static size_t scratch(const void *fitted)
{
	const struct upk_forest *f = fitted;

	return f->features * sizeof(double);
}

static void predict(
	const void *fitted, const struct upk_inputs *in, void *memory, double *probabilities)
{
	const struct upk_forest *f = fitted;
	double *row = memory;

	if (!in->sparse) {
		upk_forest_predict(f, in->x, in->rows, probabilities);
		return;
	}
	start_row(in, row);
	for (size_t i = 0; i < in->rows; i++) {
		spread_row(in, i, row);
		upk_forest_predict(f, row, 1, probabilities + i * f->classes);
		clear_row(in, i, row);
	}
}

static void write(const void *fitted, struct upk_json_writer *w)
{
	upk_forest_write(fitted, w);
}

static bool read(const cJSON *json, struct upk_width width, size_t classes, void **fitted,
	struct upk_error *err)
{
	struct upk_forest *f = upk_forest_read(json, width.dense + width.sparse, classes, err);

	if (f)
		*fitted = f;
	return f != NULL;
}

static const char *onnx(
	const void *fitted, struct upk_onnx *g, const char *input, enum upk_onnx_type *type)
{
	*type = UPK_ONNX_FLOAT;
	return upk_forest_onnx(fitted, g, input);
}

static void release(void *fitted)
{
	upk_forest_destroy(fitted);
}

const struct upk_learner upk_trees = {
	.name = "trees",
	.raw = true,
	.text = { .bits = 18, .most = 512 },
	.check = check,
	.settings = table,
	.space = space,
	.adjust = adjust,
	.resource = "rounds",
	.cut = cut,
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
