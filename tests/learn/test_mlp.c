#include "learn/learner.h"

#include <float.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/json.h"
#include "learn/network.h"
#include "learn/oracle_mlp.h"
#include "learn/sample.h"

static struct upk_fit_input input_of(const struct upk_dataset *d)
{
	return (struct upk_fit_input){ .rows = d->rows,
		.features = d->table.columns->count,
		.classes = d->classes,
		.x = d->table.numbers,
		.y = d->y,
		.seed = 5 };
}

static void *fit(const struct upk_dataset *d, const char *settings, struct upk_curve *curve)
{
	struct upk_fit_input in = input_of(d);
	cJSON *json = cJSON_Parse(settings);
	void *fitted = NULL;

	in.curve = curve;
	assert_true(upk_mlp.fit(&in, json, &fitted, NULL));
	cJSON_Delete(json);
	return fitted;
}

static double *ask(const void *fitted, const struct upk_dataset *d, size_t first, size_t rows)
{
	double *p = calloc(rows * d->classes, sizeof *p);
	void *scratch = malloc(upk_mlp.scratch(fitted));

	assert_non_null(p);
	assert_non_null(scratch);
	struct upk_inputs in = sample_inputs(d, first, rows);
	upk_mlp.predict(fitted, &in, scratch, p);
	free(scratch);
	return p;
}

static char *text_of(const void *fitted)
{
	struct upk_buffer text = { 0 };
	struct upk_json_writer w = upk_json_writer_on(&text);

	upk_json_object(&w, NULL);
	upk_mlp.write(fitted, &w);
	upk_json_object_end(&w);
	upk_buffer_putc(&text, '\0');
	assert_false(text.failed);
	return text.data;
}

static void check_curve(size_t rows, size_t features, size_t classes, const char *settings,
	const double *expected, size_t epochs)
{
	struct upk_dataset d;
	struct upk_curve curve = { 0 };
	sample_rows(&d, rows, features, classes, 0);
	void *fitted = fit(&d, settings, &curve);

	assert_int_equal(curve.count, epochs);
	for (size_t i = 0; i < epochs; i++)
		assert_true(fabs(curve.loss[i] - expected[i]) < 2e-5 * expected[i]);
	upk_mlp.free(fitted);
	upk_curve_finish(&curve);
	upk_dataset_finish(&d);
}

static void loss_falls_as_scikit_learns(void **state)
{
	(void)state;
	check_curve(300, 5, 2,
		"{\"layers\": 1, \"neurons\": 8, \"l2\": 0.5, \"learning_rate\": 0.01, "
		"\"batch\": 300, \"epochs\": 40, \"patience\": 0}",
		two_classes_curve, sizeof two_classes_curve / sizeof *two_classes_curve);
	check_curve(400, 6, 4,
		"{\"layers\": 2, \"neurons\": 10, \"l2\": 0.1, \"learning_rate\": 0.01, "
		"\"batch\": 400, \"epochs\": 40, \"patience\": 0}",
		four_classes_curve, sizeof four_classes_curve / sizeof *four_classes_curve);
}

/* Loss of the whole set, worked out in slices and parts, with its gradient. */
static double loss_of(const struct upk_network *n, struct upk_network_batch *b,
	const struct upk_dataset *d, const double *weights, double dropout, float *gradient)
{
	const struct upk_network_slice slices[] = { { 0, 24 }, { 24, d->rows - 24 } };
	struct upk_network_part parts[UPK_NETWORK_PARTS];
	size_t count = upk_network_parts(n, parts);
	double loss = 0, penalty = 0;

	for (size_t i = 0; i < 2; i++) {
		struct upk_random random;
		upk_random_seed(&random, 9 + i);
		upk_network_forward(n, b, slices[i], dropout, &random);
		loss += upk_network_loss(n, b, slices[i], d->y, weights);
		upk_network_backward(n, b, slices[i], d->rows, d->y, weights, dropout);
	}
	for (size_t i = 0; i < count; i++)
		penalty += upk_network_gradient(n, b, d->rows, &parts[i], 0.7, gradient);
	return loss / (double)d->rows + penalty;
}

static void check_slopes(size_t classes, const double *weights, double dropout)
{
	static const size_t hidden[] = { 7, 6 };
	struct upk_dataset d;
	struct upk_network n;
	struct upk_network_batch b;
	struct upk_random random;
	sample_rows(&d, 40, 4, classes, 0);
	upk_random_seed(&random, 3);
	assert_true(upk_network_init(&n, d.table.columns->count, classes, hidden, 2, NULL));
	assert_true(upk_network_batch_init(&b, &n, d.rows, NULL, NULL));
	upk_network_draw(&n, &random);
	for (size_t i = 0; i < d.rows * d.table.columns->count; i++)
		b.values[0][i] = (float)d.table.numbers[i];

	float *gradient = calloc(n.count, sizeof *gradient);
	float *other = calloc(n.count, sizeof *other);
	loss_of(&n, &b, &d, weights, dropout, gradient);
	size_t far = 0;
	for (size_t i = 0; i < n.count; i++) {
		const float step = 2e-3f;
		float kept = n.params[i];
		n.params[i] = kept + step;
		double above = loss_of(&n, &b, &d, weights, dropout, other);
		n.params[i] = kept - step;
		double below = loss_of(&n, &b, &d, weights, dropout, other);
		n.params[i] = kept;
		double slope = (above - below) / (2 * (double)step);
		far += fabs(slope - (double)gradient[i]) > 2e-3 + 0.01 * fabs(slope);
	}
	/* A rectifier that a step crosses has no slope there. */
	assert_true(far <= n.count / 50);
	free(gradient);
	free(other);
	upk_network_batch_finish(&b);
	upk_network_finish(&n);
	upk_dataset_finish(&d);
}

static void gradient_is_the_slope_of_the_loss(void **state)
{
	(void)state;
	static const double weights[] = { 3, 0.5, 1 };
	check_slopes(2, NULL, 0);
	check_slopes(3, NULL, 0);
	check_slopes(2, weights, 0);
	check_slopes(3, weights, 0.3);
}

static void a_row_has_the_same_answer_alone_and_among_others(void **state)
{
	(void)state;
	struct upk_dataset d;
	sample_rows(&d, 203, 9, 3, 0);
	void *fitted = fit(&d, "{\"neurons\": 13, \"layers\": 2, \"epochs\": 3}", NULL);
	double *together = ask(fitted, &d, 0, d.rows);

	for (size_t i = 0; i < d.rows; i++) {
		double *alone = ask(fitted, &d, i, 1), sum = 0;
		assert_memory_equal(alone, together + i * d.classes, d.classes * sizeof *alone);
		for (size_t k = 0; k < d.classes; k++)
			sum += alone[k];
		assert_true(fabs(sum - 1) < 1e-12);
		free(alone);
	}
	free(together);
	upk_mlp.free(fitted);
	upk_dataset_finish(&d);
}

static void the_same_rows_and_seed_give_the_same_bytes_that_read_back(void **state)
{
	(void)state;
	struct upk_dataset d;
	sample_rows(&d, 260, 4, 3, 0);
	const char *settings = "{\"neurons\": 6, \"layers\": 3, \"epochs\": 5, \"dropout\": 0.2}";
	void *one = fit(&d, settings, NULL), *other = fit(&d, settings, NULL), *back = NULL;
	char *a = text_of(one), *b = text_of(other);
	cJSON *json = upk_json_parse(upk_text_of(a), NULL);

	assert_string_equal(a, b);
	assert_non_null(json);
	assert_true(upk_mlp.read(json, (struct upk_width){ 4, 0 }, 3, &back, NULL));
	char *c = text_of(back);
	assert_string_equal(a, c);
	cJSON_Delete(json);
	free(a);
	free(b);
	free(c);
	upk_mlp.free(one);
	upk_mlp.free(other);
	upk_mlp.free(back);
	upk_dataset_finish(&d);
}

static void it_stops_where_the_kept_rows_stop_gaining(void **state)
{
	(void)state;
	struct upk_dataset d;
	struct upk_curve curve = { 0 };
	sample_rows(&d, 300, 4, 2, 0);
	void *fitted = fit(&d,
		"{\"neurons\": 64, \"epochs\": 2000, \"patience\": 5, \"l2\": 0, "
		"\"learning_rate\": 0.02}",
		&curve);
	size_t least = 0;

	for (size_t i = 1; i < curve.count; i++)
		least = curve.loss[i] < curve.loss[least] ? i : least;
	assert_true(curve.count < 2000);
	assert_int_equal(curve.count, least + 6);
	upk_mlp.free(fitted);
	upk_curve_finish(&curve);
	upk_dataset_finish(&d);
}

/* The loss of the rows that were kept to stop by: every tenth, from the sixth on. */
static double kept_loss(const void *fitted, const struct upk_dataset *d)
{
	double *p = ask(fitted, d, 0, d->rows), sum = 0;
	size_t n = 0;

	for (size_t i = 5; i < d->rows; i += 10, n++)
		sum -= log(p[i * d->classes + d->y[i]]);
	free(p);
	return sum / (double)n;
}

static void the_best_weights_are_kept_not_the_last(void **state)
{
	(void)state;
	struct upk_dataset d;
	struct upk_curve curve = { 0 };
	sample_rows(&d, 300, 4, 2, 0);
	void *fitted = fit(&d,
		"{\"neurons\": 64, \"epochs\": 2000, \"patience\": 20, \"l2\": 0, "
		"\"learning_rate\": 0.02}",
		&curve);
	double least = curve.loss[curve.count - 21];

	assert_true(curve.loss[curve.count - 1] > least * 1.01);
	assert_true(fabs(kept_loss(fitted, &d) - least) < 1e-5 * least);
	upk_mlp.free(fitted);
	upk_curve_finish(&curve);
	upk_dataset_finish(&d);
}

/* Weights have mean 1 over the rows: where classes are even, balance changes nothing. */
static double last_loss(const struct upk_dataset *d, const char *settings, const void *from)
{
	struct upk_fit_input in = input_of(d);
	struct upk_curve curve = { 0 };
	cJSON *json = cJSON_Parse(settings);
	void *fitted = NULL;

	in.from = from;
	in.curve = &curve;
	assert_true(upk_mlp.fit(&in, json, &fitted, NULL));
	double loss = curve.loss[curve.count - 1];
	upk_mlp.free(fitted);
	upk_curve_finish(&curve);
	cJSON_Delete(json);
	return loss;
}

/* One epoch more, hardly moving, is met with the loss of the twenty before it. */
static void a_fit_goes_on_from_the_weights_of_another(void **state)
{
	const char *one = "{\"epochs\": 1, \"patience\": 0, \"learning_rate\": 1e-6}";
	struct upk_dataset d;

	(void)state;
	sample_rows(&d, 600, 5, 3, 0);
	void *twenty = fit(&d, "{\"epochs\": 20, \"patience\": 0, \"layers\": 2}", NULL);
	double cold = last_loss(&d, one, NULL), warm = last_loss(&d, one, twenty);
	double reached = last_loss(&d, "{\"epochs\": 20, \"patience\": 0, \"layers\": 2}", NULL);
	assert_true(warm < reached && reached < warm * 1.1);
	assert_true(cold > 2 * warm);
	upk_mlp.free(twenty);
	upk_dataset_finish(&d);
}

static void layers_have_numbers_of_neurons_of_their_own(void **state)
{
	const char *settings = "{\"epochs\": 1, \"layers\": 3, \"neurons\": 8, \"neurons_2\": 5}";
	struct upk_dataset d;
	void *fitted, *again = NULL;

	(void)state;
	sample_rows(&d, 100, 4, 2, 0);
	fitted = fit(&d, settings, NULL);
	const struct upk_network *n = fitted;
	assert_int_equal(n->sizes[1], 8);
	assert_int_equal(n->sizes[2], 5);
	assert_int_equal(n->sizes[3], 8);
	char *text = text_of(fitted);
	cJSON *json = cJSON_Parse(text);
	assert_true(upk_mlp.read(json, (struct upk_width){ 4, 0 }, 2, &again, NULL));
	char *same = text_of(again);
	assert_string_equal(text, same);
	cJSON_Delete(json);
	free(text);
	free(same);
	upk_mlp.free(fitted);
	upk_mlp.free(again);
	upk_dataset_finish(&d);
}

static void balance_of_even_classes_changes_nothing(void **state)
{
	(void)state;
	struct upk_dataset d;
	struct upk_curve one = { 0 }, other = { 0 };
	sample_rows(&d, 150, 4, 2, 0);
	for (size_t i = 0; i < d.rows; i++)
		d.y[i] = (uint16_t)(i % 2);
	upk_mlp.free(fit(&d, "{\"epochs\": 4}", &one));
	upk_mlp.free(fit(&d, "{\"epochs\": 4, \"balance\": 1}", &other));

	assert_int_equal(one.count, other.count);
	for (size_t i = 0; i < one.count; i++)
		assert_true(fabs(one.loss[i] - other.loss[i]) < 1e-5);
	upk_curve_finish(&one);
	upk_curve_finish(&other);
	upk_dataset_finish(&d);
}

static void balance_finds_more_of_a_rare_class(void **state)
{
	(void)state;
	struct upk_dataset d;
	sample_rows(&d, 2000, 4, 2, 0);
	size_t seen = 0, n = 0;
	for (size_t i = 0; i < d.rows; i++) { /* one in twenty of class 1 stays */
		if (d.y[i] == 1 && seen++ % 20)
			continue;
		memmove(d.table.numbers + n * d.table.columns->count,
			d.table.numbers + i * d.table.columns->count,
			d.table.columns->count * sizeof *d.table.numbers);
		d.y[n++] = d.y[i];
	}
	d.rows = n;
	size_t found[2] = { 0 };
	static const char *const settings[] = { "{\"epochs\": 20}",
		"{\"epochs\": 20, \"balance\": 1}" };
	for (size_t s = 0; s < 2; s++) {
		void *fitted = fit(&d, settings[s], NULL);
		double *p = ask(fitted, &d, 0, d.rows);
		for (size_t i = 0; i < d.rows; i++)
			found[s] += p[2 * i + 1] > 0.5;
		free(p);
		upk_mlp.free(fitted);
	}
	assert_true(found[1] > found[0] + found[0] / 4);
	upk_dataset_finish(&d);
}

static const char *const broken[] = {
	"{}",
	"{\"layers\": []}",
	"{\"layers\": [{\"weights\": [[1], [1]], \"biases\": [0]}]}",
	"{\"layers\": [{\"weights\": [[1]], \"biases\": [0]}, {\"weights\": [[1]], \"biases\": "
	"[0]}]}",
	"{\"layers\": [{\"weights\": [[1], [\"a\"]], \"biases\": [0]}, "
	"{\"weights\": [[1]], \"biases\": [0]}]}",
	"{\"layers\": [{\"weights\": [[1], [1e300]], \"biases\": [0]}, "
	"{\"weights\": [[1]], \"biases\": [0]}]}",
	"{\"layers\": [{\"weights\": [[1], [1]], \"biases\": [0]}, "
	"{\"weights\": [[1], [2]], \"biases\": [0]}]}",
};

static void broken_networks_are_not_read(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof broken / sizeof *broken; i++) {
		struct upk_error err = { 0 };
		void *back = NULL;
		cJSON *json = upk_json_parse(upk_text_of(broken[i]), NULL);
		assert_non_null(json);
		assert_false(upk_mlp.read(json, (struct upk_width){ 2, 0 }, 2, &back, &err));
		assert_int_equal(err.code, UPK_CORRUPT);
		cJSON_Delete(json);
	}
}

/* Wide enough for several parts, batches long enough for several blocks. */
static char *text_by_crew(const struct upk_dataset *d, size_t threads)
{
	struct upk_fit_input in = input_of(d);
	cJSON *settings =
		cJSON_Parse("{\"neurons\": 700, \"batch\": 300, \"epochs\": 3, \"dropout\": 0.2}");
	void *fitted = NULL;
	char *text;

	in.crew = threads ? upk_crew_create(threads, NULL) : NULL;
	assert_true(upk_mlp.fit(&in, settings, &fitted, NULL));
	text = text_of(fitted);
	upk_mlp.free(fitted);
	upk_crew_destroy(in.crew);
	cJSON_Delete(settings);
	return text;
}

static void any_number_of_threads_fits_the_same(void **state)
{
	(void)state;
	struct upk_dataset d;
	sample_rows(&d, 1000, 30, 3, 0);
	char *alone = text_by_crew(&d, 0);

	for (size_t threads = 1; threads <= 3; threads++) {
		char *text = text_by_crew(&d, threads);
		assert_string_equal(text, alone);
		free(text);
	}
	free(alone);
	upk_dataset_finish(&d);
}

/* Rows of 6 dense inputs and 300 that are mostly nought: sparse, and filled up. */
struct both {
	struct upk_dataset d;
	struct upk_sparse sparse;
	double *filled; /* (rows, 306) */
};

enum { DENSE = 6, COLUMNS = 300, WIDTH = DENSE + COLUMNS };

static void sample_both(struct both *b)
{
	struct upk_random random;

	sample_rows(&b->d, 500, DENSE, 3, 0);
	upk_sparse_init(&b->sparse, COLUMNS);
	upk_random_seed(&random, 8);
	b->filled = calloc(b->d.rows * WIDTH, sizeof *b->filled);
	assert_non_null(b->filled);
	for (size_t i = 0; i < b->d.rows; i++) {
		double *row = b->filled + i * WIDTH;
		memcpy(row, b->d.table.numbers + i * DENSE, DENSE * sizeof *row);
		for (uint32_t j = 0; i % 50 && j < COLUMNS; j++) {
			if (upk_random_unit(&random) > 0.05)
				continue;
			float value = (float)upk_random_unit(&random);
			row[DENSE + j] = (double)value;
			upk_sparse_add(&b->sparse, j, value);
		}
		upk_sparse_end_row(&b->sparse);
	}
	assert_false(b->sparse.failed);
}

static void finish_both(struct both *b)
{
	free(b->filled);
	upk_sparse_finish(&b->sparse);
	upk_dataset_finish(&b->d);
}

static void *fit_both(
	const struct both *b, bool sparse, size_t dense, size_t threads, struct upk_curve *curve)
{
	struct upk_fit_input in = input_of(&b->d);
	cJSON *settings = cJSON_Parse("{\"epochs\": 8, \"layers\": 2, \"batch\": 150}");
	void *fitted = NULL;

	in.curve = curve;
	in.features = dense;
	in.x = sparse ? in.x : b->filled;
	in.sparse = sparse ? &b->sparse : NULL;
	in.crew = threads ? upk_crew_create(threads, NULL) : NULL;
	assert_true(upk_mlp.fit(&in, settings, &fitted, NULL));
	upk_crew_destroy(in.crew);
	cJSON_Delete(settings);
	return fitted;
}

static void check_answers(const void *fitted, const struct both *b)
{
	struct upk_inputs inputs[] = { { b->d.rows, DENSE, b->d.table.numbers, &b->sparse },
		{ b->d.rows, WIDTH, b->filled, NULL } };
	double *p[2];

	for (size_t i = 0; i < 2; i++) {
		void *scratch = malloc(upk_mlp.scratch(fitted));
		p[i] = calloc(b->d.rows * b->d.classes, sizeof *p[i]);
		assert_true(scratch && p[i]);
		upk_mlp.predict(fitted, &inputs[i], scratch, p[i]);
		free(scratch);
	}
	for (size_t i = 0; i < b->d.rows * b->d.classes; i++)
		assert_true(fabs(p[0][i] - p[1][i]) < 1e-6);
	free(p[0]);
	free(p[1]);
}

static void sparse_inputs_fit_and_answer_as_filled_up(void **state)
{
	struct both b;
	struct upk_curve sparse = { 0 }, filled = { 0 };

	(void)state;
	sample_both(&b);
	void *one = fit_both(&b, true, DENSE, 0, &sparse);
	void *other = fit_both(&b, false, WIDTH, 0, &filled);
	assert_int_equal(sparse.count, 8);
	assert_int_equal(filled.count, 8);
	for (size_t i = 0; i < sparse.count; i++)
		assert_true(fabs(sparse.loss[i] - filled.loss[i]) < 1e-5);
	assert_true(sparse.loss[7] < sparse.loss[0] / 1.5);
	check_answers(one, &b);
	upk_curve_finish(&sparse);
	upk_curve_finish(&filled);
	upk_mlp.free(one);
	upk_mlp.free(other);
	finish_both(&b);
}

static void any_number_of_threads_fits_sparse_inputs_the_same(void **state)
{
	struct both b;

	(void)state;
	sample_both(&b);
	for (size_t dense = 0; dense <= DENSE; dense += DENSE) {
		void *one = fit_both(&b, true, dense, 0, NULL);
		void *other = fit_both(&b, true, dense, 3, NULL);
		char *alone = text_of(one), *text = text_of(other);
		assert_string_equal(text, alone);
		free(alone);
		free(text);
		upk_mlp.free(one);
		upk_mlp.free(other);
	}
	finish_both(&b);
}

static size_t subnormals_of(const struct upk_network *n)
{
	size_t found = 0;

	for (size_t i = 0; i < n->count; i++)
		found += fpclassify(n->params[i]) == FP_SUBNORMAL;
	return found;
}

/* A penalty that wears weights away, and outside of the fit arithmetic as it was. */
static void no_weight_ends_as_a_subnormal_number(void **state)
{
	struct upk_dataset d;
	volatile float least = FLT_MIN;

	(void)state;
	sample_rows(&d, 300, 4, 2, 0);
	struct upk_network *n = fit(&d,
		"{\"neurons\": 40, \"l2\": 100, \"learning_rate\": 0.03, \"epochs\": 400, "
		"\"batch\": 32, \"patience\": 0}",
		NULL);
	assert_int_equal(subnormals_of(n), 0);
	least /= 2;
	assert_true(fpclassify(least) == FP_SUBNORMAL);
	upk_mlp.free(n);
	upk_dataset_finish(&d);
}

static void a_cancelled_fit_says_so(void **state)
{
	(void)state;
	struct upk_dataset d;
	struct upk_error err = { 0 };
	atomic_bool cancel = true;
	void *fitted = NULL;
	sample_rows(&d, 300, 4, 2, 0);
	struct upk_fit_input in = input_of(&d);

	in.cancel = &cancel;
	assert_false(upk_mlp.fit(&in, NULL, &fitted, &err));
	assert_int_equal(err.code, UPK_CANCELLED);
	assert_null(fitted);
	upk_dataset_finish(&d);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(loss_falls_as_scikit_learns),
		cmocka_unit_test(gradient_is_the_slope_of_the_loss),
		cmocka_unit_test(a_row_has_the_same_answer_alone_and_among_others),
		cmocka_unit_test(the_same_rows_and_seed_give_the_same_bytes_that_read_back),
		cmocka_unit_test(it_stops_where_the_kept_rows_stop_gaining),
		cmocka_unit_test(the_best_weights_are_kept_not_the_last),
		cmocka_unit_test(a_fit_goes_on_from_the_weights_of_another),
		cmocka_unit_test(layers_have_numbers_of_neurons_of_their_own),
		cmocka_unit_test(balance_of_even_classes_changes_nothing),
		cmocka_unit_test(balance_finds_more_of_a_rare_class),
		cmocka_unit_test(broken_networks_are_not_read),
		cmocka_unit_test(any_number_of_threads_fits_the_same),
		cmocka_unit_test(sparse_inputs_fit_and_answer_as_filled_up),
		cmocka_unit_test(any_number_of_threads_fits_sparse_inputs_the_same),
		cmocka_unit_test(no_weight_ends_as_a_subnormal_number),
		cmocka_unit_test(a_cancelled_fit_says_so),
	};

	return cmocka_run_group_tests_name("learn/mlp", tests, NULL, NULL);
}
