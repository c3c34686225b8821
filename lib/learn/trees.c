/* Gradient-boosted trees: XGBoost's hist method grows them, a forest of our own keeps and asks
 * them. Missing values go the way that the training rows chose. */
#include "learn/learner.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <xgboost/c_api.h>

#include "base/json.h"
#include "base/number.h"
#include "learn/balance.h"
#include "learn/forest.h"
#include "learn/settings.h"

enum { ROUNDS, LEAVES, BINS, RATE, L2, WEIGHT, BALANCE, SETTINGS };

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

/* A fit under way; both handles are XGBoost's, NULL before they are made. */
struct growing {
	const struct upk_fit_input *in;
	double values[SETTINGS];
	DMatrixHandle rows;
	BoosterHandle booster;
};

static bool fail(const char *what, struct upk_error *err)
{
	const char *why = XGBGetLastError();

	if (strstr(why, "bad_alloc"))
		return upk_fail(err, UPK_NOMEM, "no memory to %s", what);
	return upk_fail(err, UPK_INVALID, "XGBoost can't %s: %.200s", what, why);
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
		upk_forest_scores(in->from, in->x, in->rows, start, scores);
		return true;
	}
	row = malloc((in->features + in->sparse->columns + 1) * sizeof *row);
	if (!row)
		return upk_fail(err, UPK_NOMEM, "no memory for a row");
	start_row(&inputs, row);
	for (size_t i = 0; i < in->rows; i++) {
		spread_row(&inputs, i, row);
		upk_forest_scores(in->from, row, 1, start, scores + i * outputs);
		clear_row(&inputs, i, row);
	}
	free(row);
	return true;
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

static bool load_dense(struct growing *g, struct upk_error *err)
{
	const struct upk_fit_input *in = g->in;
	size_t values = in->rows * in->features;
	float *x = malloc((values + 1) * sizeof *x);
	bool ok;

	if (!x)
		return upk_fail(err, UPK_NOMEM, "no memory for %zu rows of %zu inputs", in->rows,
			in->features);
	for (size_t i = 0; i < values; i++)
		x[i] = (float)in->x[i];
	ok = XGDMatrixCreateFromMat(x, in->rows, in->features, NAN, &g->rows) == 0 ||
		fail("take the rows", err);
	free(x);
	return ok;
}

/* Dense inputs that are there, then the sparse ones, row by row. */
static void join_rows(const struct upk_fit_input *in, struct upk_sparse *rows)
{
	const struct upk_sparse *s = in->sparse;

	for (size_t i = 0; i < in->rows; i++) {
		const double *x = in->x + i * in->features;
		for (size_t j = 0; j < in->features; j++)
			if (!isnan(x[j]))
				upk_sparse_add(rows, (uint32_t)j, (float)x[j]);
		for (size_t j = s->starts[i]; j < s->starts[i + 1]; j++)
			upk_sparse_add(rows, (uint32_t)in->features + s->column[j], s->value[j]);
		upk_sparse_end_row(rows);
	}
}

static bool load_sparse(struct growing *g, struct upk_error *err)
{
	const struct upk_fit_input *in = g->in;
	struct upk_sparse rows;
	bool ok;

	upk_sparse_init(&rows, in->features + in->sparse->columns);
	join_rows(in, &rows);
	if (rows.failed)
		ok = upk_fail(err, UPK_NOMEM, "no memory for %zu sparse rows", in->rows);
	else
		ok = XGDMatrixCreateFromCSREx(rows.starts, rows.column, rows.value, rows.rows + 1,
			     rows.starts[rows.rows], rows.columns, &g->rows) == 0 ||
			fail("take the rows", err);
	upk_sparse_finish(&rows);
	return ok;
}

static bool load_weights(struct growing *g, struct upk_error *err)
{
	const struct upk_fit_input *in = g->in;
	double *weights;
	float *of_rows;
	bool ok;

	if (!upk_balance_weigh(in->y, in->rows, in->classes, g->values[BALANCE], &weights, err))
		return false;
	if (!weights)
		return true;
	of_rows = malloc(in->rows * sizeof *of_rows);
	for (size_t i = 0; of_rows && i < in->rows; i++)
		of_rows[i] = (float)weights[in->y[i]];
	ok = of_rows ? XGDMatrixSetFloatInfo(g->rows, "weight", of_rows, in->rows) == 0 ||
			fail("take the weights", err)
		     : upk_fail(err, UPK_NOMEM, "no memory for %zu weights", in->rows);
	free(of_rows);
	free(weights);
	return ok;
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
	ok = (in->sparse ? load_sparse(g, err) : load_dense(g, err)) &&
		(XGDMatrixSetFloatInfo(g->rows, "label", y, in->rows) == 0 ||
			fail("take the labels", err)) &&
		load_weights(g, err);
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
		set(g, "nthread", (double)threads_for(g->in)) &&
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
		if (g->in->cancel && atomic_load(g->in->cancel))
			return upk_fail(err, UPK_CANCELLED, "cancelled while fitting");
		if (XGBoosterUpdateOneIter(g->booster, round, g->rows) != 0)
			return fail("grow a tree", err);
		if (!add_to_curve(g, round, err))
			return false;
	}
	return true;
}

/* ---- from the booster's own JSON to a forest ---- */

/* One tree's columns, each an item a node in the booster's numbering, unpacked from its lists. */
struct columns {
	size_t count;
	double *left, *right, *feature, *threshold, *missing_left; /* left owns the block */
};

static bool unpack_column(const cJSON *tree, const char *name, double *out, size_t count)
{
	const cJSON *array = cJSON_GetObjectItemCaseSensitive(tree, name);
	size_t i = 0;

	for (const cJSON *m = cJSON_IsArray(array) ? array->child : NULL; m; m = m->next, i++)
		if (i < count)
			out[i] = cJSON_IsBool(m) ? cJSON_IsTrue(m) : m->valuedouble;
	return i == count;
}

static bool unpack(const cJSON *tree, struct columns *c, struct upk_error *err)
{
	size_t n =
		(size_t)cJSON_GetArraySize(cJSON_GetObjectItemCaseSensitive(tree, "left_children"));
	double *block = calloc(n + 1, 5 * sizeof *block);

	if (!block)
		return upk_fail(err, UPK_NOMEM, "no memory for a tree of %zu nodes", n);
	*c = (struct columns){ n, block, block + n, block + 2 * n, block + 3 * n, block + 4 * n };
	if (n > 0 && unpack_column(tree, "left_children", c->left, n) &&
		unpack_column(tree, "right_children", c->right, n) &&
		unpack_column(tree, "split_indices", c->feature, n) &&
		unpack_column(tree, "split_conditions", c->threshold, n) &&
		unpack_column(tree, "default_left", c->missing_left, n))
		return true;
	free(block);
	return upk_fail(err, UPK_CORRUPT, "XGBoost's model has a tree of another form");
}

/* Nodes that pruning took out are not reached; those that are get numbers in the order of a walk,
 * so that children stand after their parent. from[i] is what the i-th was numbered before. */
static void add_tree(struct upk_forest *f, const struct columns *c, size_t output, int32_t *from)
{
	struct upk_forest_tree *tree = &f->trees[f->trees_count++];
	struct upk_forest_node *nodes = f->nodes + f->nodes_count;

	*tree = (struct upk_forest_tree){ f->nodes_count, 1, (uint16_t)output };
	from[0] = 0;
	for (size_t i = 0; i < tree->count; i++) {
		int32_t was = from[i];
		bool leaf = c->left[was] < 0;
		nodes[i] = (struct upk_forest_node){ .left = -1,
			.right = -1,
			.feature = leaf ? 0 : (int32_t)c->feature[was],
			.threshold = (float)c->threshold[was],
			.missing_left = !leaf && c->missing_left[was] != 0 };
		if (leaf)
			continue;
		nodes[i].left = (int32_t)tree->count;
		from[tree->count++] = (int32_t)c->left[was];
		nodes[i].right = (int32_t)tree->count;
		from[tree->count++] = (int32_t)c->right[was];
	}
	f->nodes_count += tree->count;
}

static bool take_tree(struct upk_forest *f, const cJSON *tree, size_t output, struct upk_error *err)
{
	struct columns c = { 0 };
	int32_t *from;

	if (!unpack(tree, &c, err))
		return false;
	from = calloc(c.count, sizeof *from);
	if (from)
		add_tree(f, &c, output, from);
	else
		upk_fail(err, UPK_NOMEM, "no memory for a tree of %zu nodes", c.count);
	free(c.left);
	free(from);
	return from != NULL;
}

static size_t nodes_of(const cJSON *trees)
{
	size_t count = 0;

	for (const cJSON *t = trees->child; t; t = t->next)
		count += (size_t)cJSON_GetArraySize(
			cJSON_GetObjectItemCaseSensitive(t, "left_children"));
	return count;
}

static const cJSON *member(const cJSON *json, const char *const *path)
{
	for (; json && *path; path++)
		json = cJSON_GetObjectItemCaseSensitive(json, *path);
	return json;
}

static struct upk_forest *take_forest(
	const struct upk_fit_input *in, const cJSON *json, struct upk_error *err)
{
	static const char *const path[] = { "learner", "gradient_booster", "model", NULL };
	const cJSON *model = member(json, path);
	const cJSON *trees = cJSON_GetObjectItemCaseSensitive(model, "trees");
	const cJSON *info = cJSON_GetObjectItemCaseSensitive(model, "tree_info");
	const cJSON *output = cJSON_IsArray(info) ? info->child : NULL;
	struct upk_forest *f;

	if (!cJSON_IsArray(trees)) {
		upk_fail(err, UPK_CORRUPT, "XGBoost's model has no trees");
		return NULL;
	}
	f = upk_forest_create(in->features + sparse_of(in->sparse), in->classes,
		(size_t)cJSON_GetArraySize(trees), nodes_of(trees), err);
	if (!f)
		return NULL;
	/* base_score 0.5 is no score for two classes, and the same for all of more. */
	for (const cJSON *t = trees->child; t && output; t = t->next, output = output->next)
		if (!take_tree(f, t, (size_t)output->valuedouble, err)) {
			upk_forest_destroy(f);
			return NULL;
		}
	return f;
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
	f = take_forest(g->in, json, err);
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

/* XGBoost's: a value is 8 bytes in its own matrix beside our 4, a bin of 1 or 2 bytes by rows and
 * again by columns, and 3 more as measured; a row has a score and two slopes for each output. Then
 * histograms and trees. */
static double memory(size_t rows, size_t inputs, size_t classes, const cJSON *settings)
{
	double values[SETTINGS], outputs = classes == 2 ? 1 : (double)classes, bin;

	if (!upk_settings_read(settings, "trees", table, SETTINGS, values, NULL))
		return 0;
	bin = values[BINS] > 256 ? 2 : 1;
	return (double)rows * ((double)inputs * (15 + 2 * bin) + 16 * outputs + 8) +
		(double)inputs * values[BINS] * values[LEAVES] * 32 +
		values[ROUNDS] * outputs * values[LEAVES] * 400;
}

static bool fit(
	const struct upk_fit_input *in, const cJSON *settings, void **fitted, struct upk_error *err)
{
	struct growing g = { .in = in };
	struct upk_forest *f = NULL;

	if (!upk_settings_read(settings, "trees", table, SETTINGS, g.values, err))
		return false;
	if (load(&g, err) && load_scores(&g, err) && set_up(&g, err) && grow(&g, err))
		f = join(in->from, harvest(&g, err), err);
	if (g.booster)
		XGBoosterFree(g.booster);
	if (g.rows)
		XGDMatrixFree(g.rows);
	if (f)
		*fitted = f;
	return f != NULL;
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
	.text_bits = 12,
	.check = check,
	.settings = table,
	.space = space,
	.adjust = adjust,
	.resource = "rounds",
	.memory = memory,
	.fit = fit,
	.scratch = scratch,
	.scale = scale,
	.predict = predict,
	.write = write,
	.read = read,
	.onnx = onnx,
	.free = release,
};
