/* Logistic regression: sum of log losses + l2/2 |w|^2, intercepts free, minimised by L-BFGS.
 * Two classes share one weight vector (that of class 1), more have one each. */
#include "learn/learner.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include <cblas.h>

#include "learn/balance.h"
#include "learn/linear.h"
#include "learn/minimise.h"
#include "learn/settings.h"
#include "learn/softmax.h"

/* Where there are SAMPLE_ROWS rows or more a variable in one row of SAMPLE_ONE_IN, the descent
 * begins at their optimum, and knows by them how the loss curves: it then takes a few passes over
 * all rows. */
enum { SAMPLE_ONE_IN = 16, SAMPLE_ROWS = 20, SAMPLE_VARIABLES = 512, SAMPLE_ITERATIONS = 100 };

/* |gradient| at the end, at most, for each row and for the fewest rows that it is so for. The
 * penalty curves by l2 in every direction of w, so at l2 = 1 and 1,000 rows no weight is further
 * than 1e-5 from its optimum; on more rows the loss's own rounding hides a smaller slope. */
static const double tolerance = 1e-8, tolerance_rows = 1000;

/* Where it is known how the loss curves, a step that moves no weight by more than this is the last:
 * the next would be about a sixteenth of it. The sample's own optimum is some hundredths from that
 * of all rows, so it need not be found better than that. */
static const double settled = 1e-5, sample_tolerance = 1e-4;

enum { L2, ITERATIONS, BALANCE, SETTINGS };

static const struct upk_setting table[SETTINGS + 1] = {
	[L2] = { "l2", 1, 1e-6, 1e9, false },
	[ITERATIONS] = { "iterations", 1000, 1, 100000, true }, /* at most */
	[BALANCE] = { "balance", 0, 0, 1, false }, /* classes weigh (rows of it)^-balance */
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

static bool check(const cJSON *settings, struct upk_error *err)
{
	double values[SETTINGS];

	return upk_settings_read(settings, "logistic", table, SETTINGS, values, err);
}

/* A fit under way. */
struct fitting {
	const struct upk_fit_input *in;
	double values[SETTINGS];
	struct upk_softmax softmax;
	double *factor;   /* (count, count) of the Hessian, lower half; NULL: not known */
	double tolerance; /* of |gradient| for each row */
};

static double evaluate(void *context, const double *w, double *g)
{
	struct fitting *f = context;

	return upk_softmax_value(&f->softmax, w, g);
}

static bool goes_on(const struct fitting *f, struct upk_error *err)
{
	return !f->in->cancel || !atomic_load(f->in->cancel) ||
		upk_fail(err, UPK_CANCELLED, "cancelled while fitting");
}

static bool look(void *context, double value, struct upk_error *err)
{
	const struct fitting *f = context;

	return goes_on(f, err) &&
		(!f->in->curve ||
			upk_curve_add(f->in->curve, value / (double)f->softmax.rows, err));
}

static void precondition(void *context, double *v)
{
	const struct fitting *f = context;
	int n = (int)upk_softmax_count(&f->softmax);

	cblas_dtrsv(CblasRowMajor, CblasLower, CblasNoTrans, CblasNonUnit, n, f->factor, n, v, 1);
	cblas_dtrsv(CblasRowMajor, CblasLower, CblasTrans, CblasNonUnit, n, f->factor, n, v, 1);
}

static bool minimise(struct fitting *f, double *w, struct upk_error *err)
{
	struct upk_minimise m = {
		.count = upk_softmax_count(&f->softmax),
		.context = f,
		.evaluate = evaluate,
		.precondition = f->factor ? precondition : NULL,
		.look = look,
		.tolerance = f->tolerance * fmax((double)f->softmax.rows, tolerance_rows),
		.settled = settled,
		.iterations = (int)f->values[ITERATIONS],
	};

	if (!upk_minimise(&m, w, err) || !goes_on(f, err))
		return false;
	for (size_t i = 0; i < m.count; i++)
		if (!isfinite(w[i]))
			return upk_fail(err, UPK_INVALID, "the fit does not converge");
	return true;
}

/* ---- a sample of the rows, to begin with ---- */

/* Enough rows, and few enough variables: what the sample and its Hessian cost comes back. */
static bool wants_sample(const struct fitting *f)
{
	size_t count = upk_softmax_count(&f->softmax);

	return !f->in->from && !f->in->sparse && count <= SAMPLE_VARIABLES &&
		f->in->rows >= SAMPLE_ONE_IN * SAMPLE_ROWS * count;
}

/* A fit to every so manieth row; the penalty is as great beside them as beside all. */
static bool take_sample(const struct fitting *f, struct fitting *sample, struct upk_fit_input *in,
	struct upk_error *err)
{
	size_t rows = f->in->rows / SAMPLE_ONE_IN, features = f->in->features;
	double *x = malloc(rows * features * sizeof *x);
	uint16_t *y = malloc(rows * sizeof *y);

	*in = (struct upk_fit_input){ .x = x, .y = y, .cancel = f->in->cancel };
	*sample =
		(struct fitting){ .in = in, .softmax = f->softmax, .tolerance = sample_tolerance };
	sample->values[ITERATIONS] = SAMPLE_ITERATIONS;
	sample->softmax.rows = rows;
	sample->softmax.x = x;
	sample->softmax.y = y;
	sample->softmax.l2 = f->softmax.l2 / SAMPLE_ONE_IN;
	sample->softmax.room = NULL;
	if (!x || !y)
		return upk_fail(err, UPK_NOMEM, "no memory for a sample of %zu rows", rows);
	for (size_t i = 0; i < rows; i++) {
		memcpy(x + i * features, f->in->x + i * SAMPLE_ONE_IN * features,
			features * sizeof *x);
		y[i] = f->in->y[i * SAMPLE_ONE_IN];
	}
	return upk_softmax_init(&sample->softmax, err);
}

/* Cholesky's factor into the lower half of h (n, n). false: h is not positive definite. */
static bool factorise(double *h, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		double *row = h + i * n;
		for (size_t j = 0; j < i; j++)
			row[j] = (row[j] - cblas_ddot((int)j, row, 1, h + j * n, 1)) / h[j * n + j];
		double square = row[i] - cblas_ddot((int)i, row, 1, row, 1);
		if (!(square > 0 && isfinite(square)))
			return false;
		row[i] = sqrt(square);
	}
	return true;
}

/* How the loss of all rows curves, by the sample. Of more than two classes all intercepts may move
 * together without any change: they get a little of their own. */
static bool curve_as(
	struct fitting *f, struct fitting *sample, const double *w, struct upk_error *err)
{
	size_t n = upk_softmax_count(&f->softmax), weights = f->softmax.outputs * f->in->features;
	double *h = malloc(n * n * sizeof *h);

	if (!h)
		return upk_fail(err, UPK_NOMEM, "no memory for the Hessian of %zu weights", n);
	if (!upk_softmax_hessian(&sample->softmax, w, h, err)) {
		free(h);
		return false;
	}
	cblas_dscal((int)(n * n), SAMPLE_ONE_IN, h, 1);
	for (size_t i = weights; i < n; i++)
		h[i * n + i] += 1e-6 * (double)f->in->rows;
	if (factorise(h, n))
		f->factor = h;
	else
		free(h);
	return true;
}

/* Moves w to where the sample's optimum is. */
static bool begin_at_sample(struct fitting *f, double *w, struct upk_error *err)
{
	struct upk_fit_input in;
	struct fitting sample;
	bool ok = take_sample(f, &sample, &in, err) && minimise(&sample, w, err) &&
		curve_as(f, &sample, w, err);

	upk_softmax_finish(&sample.softmax);
	free((void *)(uintptr_t)in.x);
	free((void *)(uintptr_t)in.y);
	return ok;
}

static bool descend(struct fitting *f, double *w, struct upk_error *err)
{
	const struct upk_linear *from = f->in->from;
	bool ok;

	if (from)
		memcpy(w, from->weights, upk_softmax_count(&f->softmax) * sizeof *w);
	ok = (!wants_sample(f) || begin_at_sample(f, w, err)) && minimise(f, w, err);
	free(f->factor);
	return ok;
}

/* The sample, its Hessian, L-BFGS's memory, a gradient for each piece of the rows. */
static double memory(const struct upk_fit_size *size, const cJSON *settings)
{
	double inputs = (double)(size->width.dense + size->width.sparse);
	double values = (double)size->rows * (double)(size->width.dense + size->values);
	double count = (double)upk_linear_outputs(size->classes) * (inputs + 1);
	double curved = fmin(count, SAMPLE_VARIABLES);

	(void)settings;
	return sizeof(double) * (values / SAMPLE_ONE_IN + 2 * curved * curved + 44 * count);
}

static bool fit(
	const struct upk_fit_input *in, const cJSON *settings, void **fitted, struct upk_error *err)
{
	struct fitting f = { .in = in, .tolerance = tolerance };
	struct upk_linear *l;
	double *weights;
	bool ok;

	if (!upk_settings_read(settings, "logistic", table, SETTINGS, f.values, err) ||
		!upk_balance_weigh(in->y, in->rows, in->classes, f.values[BALANCE], &weights, err))
		return false;
	/* Two threads would add in another order than one. */
	openblas_set_num_threads(1);

	l = upk_linear_create(
		(struct upk_width){ in->features, in->sparse ? in->sparse->columns : 0 },
		in->classes, err);
	if (!l) {
		free(weights);
		return false;
	}
	f.softmax = (struct upk_softmax){ .rows = in->rows,
		.features = in->features,
		.outputs = l->outputs,
		.x = in->x,
		.sparse = in->sparse,
		.y = in->y,
		.weights = weights,
		.l2 = f.values[L2],
		.cancel = in->cancel,
		.crew = in->crew };
	ok = upk_softmax_init(&f.softmax, err) && descend(&f, l->weights, err);
	upk_softmax_finish(&f.softmax);
	free(weights);
	if (ok)
		*fitted = l;
	else
		upk_linear_destroy(l);
	return ok;
}

static void predict(
	const void *fitted, const struct upk_inputs *in, void *scratch, double *probabilities)
{
	(void)scratch;
	upk_linear_predict(fitted, in, probabilities);
}

static void predict_floats(const void *fitted, const double *mean, const char *floats, size_t rows,
	double *probabilities)
{
	upk_linear_predict_floats(fitted, mean, floats, rows, probabilities);
}

static void scale(void *fitted, double factor)
{
	upk_linear_scale(fitted, factor);
}

static bool fold(void *fitted, const double *scale)
{
	return upk_linear_fold(fitted, scale);
}

static void write(const void *fitted, struct upk_json_writer *w)
{
	upk_linear_write(fitted, w);
}

static bool read(const cJSON *json, struct upk_width width, size_t classes, void **fitted,
	struct upk_error *err)
{
	*fitted = upk_linear_read(json, width, classes, err);
	return *fitted != NULL;
}

/* In doubles, as predict. */
static const char *onnx(
	const void *fitted, struct upk_onnx *g, const char *input, enum upk_onnx_type *type)
{
	*type = UPK_ONNX_DOUBLE;
	return upk_linear_onnx(fitted, g, input);
}

static void release(void *fitted)
{
	upk_linear_destroy(fitted);
}

const struct upk_learner upk_logistic = {
	.name = "logistic",
	.text = { .bits = 18 },
	.check = check,
	.settings = table,
	.space = space,
	.adjust = adjust,
	.resource = "iterations",
	.memory = memory,
	.fit = fit,
	.scale = scale,
	.fold = fold,
	.predict = predict,
	.predict_floats = predict_floats,
	.write = write,
	.read = read,
	.onnx = onnx,
	.free = release,
};
