/* Logistic regression: sum of log losses + l2/2 |w|^2, intercepts free, minimised by L-BFGS.
 * Two classes share one weight vector (that of class 1), more have one each. */
#include "learn/learner.h"

#include <limits.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include <cblas.h>
#include <lbfgs.h>

#include "learn/numbers.h"
#include "learn/settings.h"

/* BLOCK rows at a time go through BLAS, and their sums are added in order: memory stays small and
 * nothing depends on how many rows or threads there are. */
enum { BLOCK = 256, SEARCHES = 20, MEMORY = 10 };

/* |gradient| at the end, at most, for each row and for the fewest rows that it is so for. The
 * penalty curves by l2 in every direction of w, so at l2 = 1 and 1,000 rows no weight is further
 * than 1e-5 from its optimum; on more rows the loss's own rounding hides a smaller slope. */
static const double tolerance = 1e-8, tolerance_rows = 1000;

enum { L2, ITERATIONS, SETTINGS };

static const struct upk_setting table[SETTINGS + 1] = {
	[L2] = { "l2", 1, 1e-6, 1e9, false },
	[ITERATIONS] = { "iterations", 1000, 1, 100000, true }, /* at most */
};

static const struct upk_parameter space[] = {
	{ .name = "l2", .kind = UPK_SPACE_FLOAT, .low = 1e-3, .high = 1e4, .log = true },
	{ .name = NULL },
};

/* Few iterations on new rows stay near the weights that they start from. */
static const struct upk_parameter adjust[] = {
	{ .name = "iterations",
		.kind = UPK_SPACE_CHOICE,
		.values = { 1, 2, 4, 8, 16 },
		.count = 5 },
	{ .name = NULL },
};

struct logistic {
	size_t features, classes;
	size_t outputs;    /* 1 for two classes, else classes */
	double *weights;   /* (outputs, features) */
	double *intercept; /* (outputs), the end of the weights' block */
};

static size_t outputs_of(size_t classes)
{
	return classes == 2 ? 1 : classes;
}

static bool check(const cJSON *settings, struct upk_error *err)
{
	double values[SETTINGS];

	return upk_settings_read(settings, "logistic", table, SETTINGS, values, err);
}

static void release(void *fitted)
{
	struct logistic *l = fitted;

	if (!l)
		return;
	free(l->weights);
	free(l);
}

static struct logistic *create(size_t features, size_t classes, struct upk_error *err)
{
	struct logistic *l = calloc(1, sizeof *l);

	if (!l)
		goto fail;
	l->features = features;
	l->classes = classes;
	l->outputs = outputs_of(classes);

	l->weights = calloc(l->outputs, (features + 1) * sizeof *l->weights);
	if (!l->weights)
		goto free_logistic;
	l->intercept = l->weights + l->outputs * features;
	return l;

free_logistic:
	free(l);
fail:
	upk_fail(err, UPK_NOMEM, "no memory for %zu classes of %zu weights", classes, features);
	return NULL;
}

/* What L-BFGS minimises. Its variables are the weights (outputs, features), then the intercepts. */
struct objective {
	const struct upk_fit_input *in;
	double values[SETTINGS];
	size_t outputs;
	double *scores; /* (BLOCK, outputs): x w + b, then probability - truth */
};

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
		double margin = y[i] ? z : -z;
		logs_add(&logs, 1 + e);
		sum += margin < 0 ? -margin : 0;
		scores[i] = p - y[i];
	}
	return sum + logs.sum + log(logs.product);
}

/* Scores of one row become probabilities; their greatest is taken out first, so that nothing
 * overflows. Returns the greatest, and the sum of exp(score - greatest): 1 to k. */
static double softmax(double *scores, size_t k, double *sum)
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
		sum += softmax(row, k, &factor) - truth;
		logs_add(&logs, factor);
		row[y[i]] -= 1;
	}
	return sum + logs.sum + log(logs.product);
}

/* Adds the gradient of rows first .. first + n - 1 to g; returns their loss. */
static double add_block(
	const struct objective *o, const double *w, double *g, size_t first, size_t n)
{
	int features = (int)o->in->features, outputs = (int)o->outputs, rows = (int)n;
	size_t weights = o->outputs * o->in->features;
	const double *x = o->in->x + first * o->in->features;
	double loss;

	for (size_t i = 0; i < n; i++)
		memcpy(o->scores + i * o->outputs, w + weights, o->outputs * sizeof *w);
	cblas_dgemm(CblasRowMajor, CblasNoTrans, CblasTrans, rows, outputs, features, 1, x,
		features, w, features, 1, o->scores, outputs);
	if (outputs == 1)
		loss = binary_loss(o->scores, o->in->y + first, n);
	else
		loss = softmax_loss(o->scores, o->outputs, o->in->y + first, n);

	cblas_dgemm(CblasRowMajor, CblasTrans, CblasNoTrans, outputs, features, rows, 1, o->scores,
		outputs, x, features, 1, g, features);
	for (size_t i = 0; i < n * o->outputs; i += o->outputs)
		for (size_t k = 0; k < o->outputs; k++)
			g[weights + k] += o->scores[i + k];
	return loss;
}

static double evaluate(void *context, const double *w, double *g, const int n, const double step)
{
	const struct objective *o = context;
	size_t weights = o->outputs * o->in->features;
	double loss = 0, squares = 0;

	(void)step;
	memset(g, 0, (size_t)n * sizeof *g);
	for (size_t first = 0; first < o->in->rows; first += BLOCK) {
		size_t left = o->in->rows - first;
		loss += add_block(o, w, g, first, left < BLOCK ? left : BLOCK);
	}
	for (size_t i = 0; i < weights; i++) {
		squares += w[i] * w[i];
		g[i] += o->values[L2] * w[i];
	}
	return loss + o->values[L2] / 2 * squares;
}

/* One more point of the curve; not 0 stops. */
static int look(void *context, const double *w, const double *g, const double loss,
	const double w_norm, const double g_norm, const double step, int n, int iteration,
	int calls)
{
	const struct objective *o = context;

	(void)w, (void)g, (void)w_norm, (void)g_norm, (void)step;
	(void)n, (void)iteration, (void)calls;
	if (o->in->curve && !upk_curve_add(o->in->curve, loss / (double)o->in->rows, NULL))
		return LBFGSERR_OUTOFMEMORY;
	return o->in->cancel && atomic_load(o->in->cancel) ? LBFGSERR_CANCELED : 0;
}

/* A line search that finds no lower value has met the limit of doubles, not failed: where it
 * stands is the optimum as far as the loss can tell. */
static bool minimise(struct objective *o, double *w, size_t n, struct upk_error *err)
{
	lbfgs_parameter_t parameters;
	int result;

	lbfgs_parameter_init(&parameters);
	parameters.m = MEMORY;
	parameters.epsilon = tolerance * fmax((double)o->in->rows, tolerance_rows);
	parameters.max_linesearch = SEARCHES;
	parameters.max_iterations = (int)o->values[ITERATIONS];

	result = lbfgs((int)n, w, NULL, evaluate, look, o, &parameters);
	if (result == LBFGSERR_CANCELED)
		return upk_fail(err, UPK_CANCELLED, "cancelled while fitting");
	if (result == LBFGSERR_OUTOFMEMORY)
		return upk_fail(err, UPK_NOMEM, "no memory to fit %zu weights", n);
	for (size_t i = 0; i < n; i++)
		if (!isfinite(w[i]))
			return upk_fail(err, UPK_INVALID, "the fit does not converge");
	return true;
}

/* Where the descent begins: zero, or the weights that it goes on from. */
static void begin(const struct objective *o, double *w, size_t n)
{
	const struct logistic *from = o->in->from;

	if (from)
		memcpy(w, from->weights, n * sizeof *w);
	else
		memset(w, 0, n * sizeof *w);
}

/* w is lbfgs_malloc's, which aligns it as its build of liblbfgs wants. */
static bool minimise_into(struct logistic *l, struct objective *o, struct upk_error *err)
{
	size_t n = l->outputs * (l->features + 1);
	double *w = n <= INT_MAX / 2 ? lbfgs_malloc((int)n) : NULL;
	bool ok;

	if (!w)
		return upk_fail(err, UPK_NOMEM, "no memory to fit %zu weights", n);
	begin(o, w, n);
	ok = minimise(o, w, n, err);
	if (ok)
		memcpy(l->weights, w, n * sizeof *w);
	lbfgs_free(w);
	return ok;
}

static bool fit(
	const struct upk_fit_input *in, const cJSON *settings, void **fitted, struct upk_error *err)
{
	struct objective o = { .in = in, .outputs = outputs_of(in->classes) };
	struct logistic *l;
	bool ok;

	if (!upk_settings_read(settings, "logistic", table, SETTINGS, o.values, err))
		return false;
	/* Two threads would add in another order than one. */
	openblas_set_num_threads(1);

	l = create(in->features, in->classes, err);
	if (!l)
		return false;
	o.scores = malloc(BLOCK * o.outputs * sizeof *o.scores);
	if (o.scores)
		ok = minimise_into(l, &o, err);
	else
		ok = upk_fail(err, UPK_NOMEM, "no memory for %zu scores", BLOCK * o.outputs);

	free(o.scores);
	if (ok)
		*fitted = l;
	else
		release(l);
	return ok;
}

/* A plain sum, not BLAS: there a row's last bits depend on the rows beside it. */
static double score(const double *w, const double *x, size_t n, double intercept)
{
	double even = 0, odd = 0;
	size_t i = 0;

	for (; i + 1 < n; i += 2) {
		even += w[i] * x[i];
		odd += w[i + 1] * x[i + 1];
	}
	if (i < n)
		even += w[i] * x[i];
	return even + odd + intercept;
}

static void predict(
	const void *fitted, const struct upk_inputs *in, void *scratch, double *probabilities)
{
	const struct logistic *l = fitted;
	const double *x = in->x;
	double sum;

	(void)scratch;
	for (size_t i = 0; i < in->rows; i++, x += l->features, probabilities += l->classes) {
		if (l->outputs == 1) {
			double z = score(l->weights, x, l->features, l->intercept[0]);
			probabilities[1] = 1 / (1 + exp(-z));
			probabilities[0] = 1 - probabilities[1];
			continue;
		}
		for (size_t k = 0; k < l->outputs; k++)
			probabilities[k] = score(
				l->weights + k * l->features, x, l->features, l->intercept[k]);
		softmax(probabilities, l->classes, &sum);
	}
}

static void write(const void *fitted, struct upk_json_writer *w)
{
	const struct logistic *l = fitted;

	upk_json_array(w, "coefficients");
	for (size_t k = 0; k < l->outputs; k++)
		upk_numbers_write(w, NULL, l->weights + k * l->features, l->features);
	upk_json_array_end(w);
	upk_numbers_write(w, "intercepts", l->intercept, l->outputs);
}

static bool read_members(struct logistic *l, const cJSON *json, struct upk_error *err)
{
	const cJSON *rows = cJSON_GetObjectItemCaseSensitive(json, "coefficients");
	size_t k = 0;

	if (!cJSON_IsArray(rows))
		return upk_fail(err, UPK_CORRUPT, "coefficients is not an array");
	for (const cJSON *row = rows->child; row; row = row->next, k++) {
		if (k == l->outputs)
			return upk_fail(err, UPK_CORRUPT, "coefficients has over %zu rows", k);
		if (!upk_numbers_read(
			    row, "coefficients[]", l->features, l->weights + k * l->features, err))
			return false;
	}
	if (k != l->outputs)
		return upk_fail(err, UPK_CORRUPT, "coefficients has %zu rows instead of %zu", k,
			l->outputs);
	return upk_numbers_read(cJSON_GetObjectItemCaseSensitive(json, "intercepts"), "intercepts",
		l->outputs, l->intercept, err);
}

static bool read(
	const cJSON *json, struct upk_width width, size_t classes, void **fitted, struct upk_error *err)
{
	struct logistic *l = create(width.dense, classes, err);

	if (!l)
		return false;
	if (!read_members(l, json, err)) {
		release(l);
		return false;
	}
	*fitted = l;
	return true;
}

/* In doubles, as predict. */
static const char *onnx(
	const void *fitted, struct upk_onnx *g, const char *input, enum upk_onnx_type *type)
{
	const struct logistic *l = fitted;
	const double one = 1;
	const char *scores, *positive;

	*type = UPK_ONNX_DOUBLE;
	scores = upk_onnx_node(g, "Gemm", input,
		upk_onnx_doubles(g, l->weights, l->outputs, l->features),
		upk_onnx_doubles(g, l->intercept, 0, l->outputs), NULL);
	upk_onnx_set_int(g, "transB", 1);
	if (l->outputs > 1) {
		const char *all = upk_onnx_node(g, "Softmax", scores, NULL, NULL, NULL);
		upk_onnx_set_int(g, "axis", 1);
		return all;
	}
	positive = upk_onnx_node(g, "Sigmoid", scores, NULL, NULL, NULL);
	return upk_onnx_complement(g, positive, upk_onnx_doubles(g, &one, 0, 1));
}

const struct upk_learner upk_logistic = {
	.name = "logistic",
	.text_bits = 18,
	.check = check,
	.settings = table,
	.space = space,
	.adjust = adjust,
	.resource = "iterations",
	.fit = fit,
	.predict = predict,
	.write = write,
	.read = read,
	.onnx = onnx,
	.free = release,
};
