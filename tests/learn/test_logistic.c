#include "learn/learner.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cblas.h>
#include <cmocka.h>

#include "learn/oracle_logistic.h"
#include "learn/sample.h"

/* A fit's weights (outputs, features), then its intercepts, as they are written. */
struct weights {
	size_t features, classes, outputs;
	double *values;
};

static void *fit(const struct upk_dataset *d, const char *settings)
{
	struct upk_fit_input in = { .rows = d->rows,
		.features = d->table.columns->count,
		.classes = d->classes,
		.x = d->table.numbers,
		.y = d->y };
	cJSON *json = settings ? cJSON_Parse(settings) : NULL;
	void *fitted = NULL;

	assert_true(upk_logistic.fit(&in, json, &fitted, NULL));
	cJSON_Delete(json);
	return fitted;
}

static void write(const void *fitted, struct upk_buffer *out)
{
	struct upk_json_writer w = upk_json_writer_on(out);

	upk_json_object(&w, NULL);
	upk_logistic.write(fitted, &w);
	upk_json_object_end(&w);
	upk_buffer_putc(out, '\0');
	assert_false(out->failed);
}

static void weights_of(struct weights *w, const struct upk_dataset *d, const char *settings)
{
	struct upk_buffer text = { 0 };
	void *fitted = fit(d, settings);
	size_t n = 0;

	write(fitted, &text);
	upk_logistic.free(fitted);
	cJSON *json = cJSON_Parse(text.data);
	w->features = d->table.columns->count;
	w->classes = d->classes;
	w->outputs = d->classes == 2 ? 1 : d->classes;
	w->values = calloc(w->outputs * (w->features + 1), sizeof *w->values);
	assert_non_null(w->values);
	for (const cJSON *row = cJSON_GetObjectItem(json, "coefficients")->child; row;
		row = row->next)
		for (const cJSON *value = row->child; value; value = value->next)
			w->values[n++] = value->valuedouble;
	for (const cJSON *value = cJSON_GetObjectItem(json, "intercepts")->child; value;
		value = value->next)
		w->values[n++] = value->valuedouble;
	assert_int_equal(n, w->outputs * (w->features + 1));
	cJSON_Delete(json);
	upk_buffer_finish(&text);
}

static void assert_all_near(const double *ours, const double *theirs, size_t n, double tolerance)
{
	for (size_t i = 0; i < n; i++)
		if (!(fabs(ours[i] - theirs[i]) <= tolerance))
			fail_msg("[%zu] is %.12g, want %.12g", i, ours[i], theirs[i]);
}

struct oracle {
	size_t rows, features, classes;
	const char *settings;
	const double *coefficients, *intercepts, *probabilities;
};

static void equals_scikit_learn(void **state)
{
	const struct oracle oracles[] = {
		{ 400, 4, 2, NULL, two_coefficients, two_intercepts, two_probabilities },
		{ 400, 4, 2, "{\"l2\": 10}", two_strong_coefficients, two_strong_intercepts,
			two_strong_probabilities },
		{ 900, 5, 5, "{\"l2\": 1}", five_coefficients, five_intercepts,
			five_probabilities },
		/* so many rows that the descent begins at a sample's optimum */
		{ 6000, 4, 2, NULL, many_two_coefficients, many_two_intercepts,
			many_two_probabilities },
		{ 8000, 4, 4, "{\"l2\": 10}", many_four_coefficients, many_four_intercepts,
			many_four_probabilities },
		/* class_weight="balanced" */
		{ 400, 4, 2, "{\"balance\": 1}", two_balanced_coefficients,
			two_balanced_intercepts, two_balanced_probabilities },
		{ 900, 5, 5, "{\"balance\": 1}", five_balanced_coefficients,
			five_balanced_intercepts, five_balanced_probabilities },
		{ 6000, 4, 2, "{\"balance\": 1}", many_balanced_coefficients,
			many_balanced_intercepts, many_balanced_probabilities },
	};

	(void)state;
	for (size_t i = 0; i < sizeof oracles / sizeof *oracles; i++) {
		const struct oracle *o = &oracles[i];
		struct upk_dataset d;
		struct weights w;
		double probabilities[8 * 5];
		sample_rows(&d, o->rows, o->features, o->classes, 0);

		weights_of(&w, &d, o->settings);
		assert_all_near(w.values, o->coefficients, w.outputs * w.features, 1e-4);
		assert_all_near(w.values + w.outputs * w.features, o->intercepts, w.outputs, 1e-4);
		free(w.values);

		void *fitted = fit(&d, o->settings);
		struct upk_inputs in = sample_inputs(&d, 0, 8);
		upk_logistic.predict(fitted, &in, NULL, probabilities);
		assert_all_near(probabilities, o->probabilities, 8 * o->classes, 1e-5);
		upk_logistic.free(fitted);
		upk_dataset_finish(&d);
	}
}

/* The objective as its formula has it, every class with its own weights. */
static double naive_loss(const struct upk_dataset *d, const struct weights *w, double l2)
{
	const double *intercepts = w->values + w->outputs * w->features;
	double loss = 0;

	for (size_t i = 0; i < d->rows; i++) {
		double sum = 0, truth = 0;
		for (size_t k = 0; k < w->classes; k++) {
			size_t output = w->outputs == 1 ? 0 : k;
			double z = intercepts[output];
			for (size_t j = 0; j < w->features; j++)
				z += w->values[output * w->features + j] *
					d->table.numbers[i * d->table.columns->count + j];
			if (w->outputs == 1 && k == 0)
				z = 0;
			sum += exp(z);
			truth = k == d->y[i] ? z : truth;
		}
		loss += log(sum) - truth;
	}
	for (size_t i = 0; i < w->outputs * w->features; i++)
		loss += l2 / 2 * w->values[i] * w->values[i];
	return loss;
}

static void fit_stands_where_the_naive_loss_has_no_slope(void **state)
{
	(void)state;
	for (size_t classes = 2; classes <= 4; classes++) {
		const double step = 1e-4;
		struct upk_dataset d;
		struct weights w;
		/* Not a multiple of a block, so that the last one is short. */
		sample_rows(&d, 700, 3, classes, 0);
		weights_of(&w, &d, "{\"l2\": 0.5}");

		for (size_t i = 0; i < w.outputs * (w.features + 1); i++) {
			double at = w.values[i], low, high;
			w.values[i] = at - step;
			low = naive_loss(&d, &w, 0.5);
			w.values[i] = at + step;
			high = naive_loss(&d, &w, 0.5);
			w.values[i] = at;
			assert_true(fabs(high - low) / (2 * step) < 1e-3);
			assert_true(high + low > 2 * naive_loss(&d, &w, 0.5));
		}
		free(w.values);
		upk_dataset_finish(&d);
	}
}

static void a_row_has_the_same_answer_alone_and_among_others(void **state)
{
	(void)state;
	for (size_t classes = 2; classes <= 5; classes += 3) {
		struct upk_dataset d;
		double *together, alone[5];
		sample_rows(&d, 1000, 9, classes, 0);
		void *fitted = fit(&d, NULL);
		together = calloc(d.rows * classes, sizeof *together);
		assert_non_null(together);

		struct upk_inputs in = sample_inputs(&d, 0, d.rows);
		upk_logistic.predict(fitted, &in, NULL, together);
		for (size_t i = 0; i < d.rows; i++) {
			double sum = 0;
			in = sample_inputs(&d, i, 1);
			upk_logistic.predict(fitted, &in, NULL, alone);
			assert_memory_equal(alone, together + i * classes, classes * sizeof *alone);
			for (size_t k = 0; k < classes; k++)
				sum += alone[k];
			assert_true(fabs(sum - 1) < 1e-14);
		}
		free(together);
		upk_logistic.free(fitted);
		upk_dataset_finish(&d);
	}
}

/* The threads are asked for anew each time; a copy of the rows lies elsewhere in memory. */
static void same_rows_give_the_same_bytes_whatever_the_threads(void **state)
{
	(void)state;
	for (size_t classes = 2; classes <= 5; classes += 3) {
		struct upk_dataset d;
		struct upk_buffer first = { 0 }, again = { 0 };
		sample_rows(&d, 3000, 40, classes, 0);
		void *fitted = fit(&d, NULL);
		write(fitted, &first);
		upk_logistic.free(fitted);

		double *moved = malloc((d.rows * d.table.columns->count + 1) * sizeof *moved),
		       *x = d.table.numbers;
		assert_non_null(moved);
		memcpy(moved + 1, x, d.rows * d.table.columns->count * sizeof *moved);
		d.table.numbers = moved + 1;
		openblas_set_num_threads(2);
		fitted = fit(&d, NULL);
		write(fitted, &again);
		upk_logistic.free(fitted);

		assert_string_equal(first.data, again.data);
		d.table.numbers = x;
		free(moved);
		upk_buffer_finish(&first);
		upk_buffer_finish(&again);
		upk_dataset_finish(&d);
	}
}

static void classes_far_apart_are_fitted_without_overflow(void **state)
{
	struct upk_dataset d;
	double p[2];

	(void)state;
	upk_dataset_init(&d, sample_columns(1), 2);
	for (int i = 0; i < 100; i++)
		assert_true(upk_dataset_add(
			&d, &(double){ i < 50 ? -1e9 : 1e9 }, i >= 50, -1, i, NULL));
	void *fitted = fit(&d, NULL);
	struct upk_inputs in = sample_inputs(&d, 0, 1);
	upk_logistic.predict(fitted, &in, NULL, p);
	assert_true(p[0] > 0.99 && p[0] <= 1);
	in = sample_inputs(&d, 99, 1);
	upk_logistic.predict(fitted, &in, NULL, p);
	assert_true(p[1] > 0.99 && p[1] <= 1);
	upk_logistic.free(fitted);
	upk_dataset_finish(&d);
}

static void *fit_on(const struct upk_dataset *d, const char *settings, const void *from,
	struct upk_curve *curve)
{
	struct upk_fit_input in = { .rows = d->rows,
		.features = d->table.columns->count,
		.classes = d->classes,
		.x = d->table.numbers,
		.y = d->y,
		.from = from,
		.curve = curve };
	cJSON *json = cJSON_Parse(settings);
	void *fitted = NULL;

	assert_true(upk_logistic.fit(&in, json, &fitted, NULL));
	cJSON_Delete(json);
	return fitted;
}

/* At the optimum there is nothing to do: going on from it takes no step, or one that changes no
 * digit that counts; a few iterations from nought stand elsewhere. */
static void a_fit_goes_on_from_the_weights_of_another(void **state)
{
	struct upk_dataset d;
	struct upk_curve few = { 0 }, whole = { 0 }, more = { 0 };

	(void)state;
	sample_rows(&d, 400, 4, 3, 0);
	void *short_one = fit_on(&d, "{\"iterations\": 3}", NULL, &few);
	void *best = fit_on(&d, "{}", NULL, &whole);
	void *again = fit_on(&d, "{}", best, &more);
	void *rest = fit_on(&d, "{}", short_one, NULL);
	assert_int_equal(few.count, 3);
	assert_true(whole.count > 5 && more.count <= 1);
	assert_true(few.loss[2] > whole.loss[whole.count - 1]);
	double *a = calloc(d.rows * 3, sizeof *a), *b = calloc(d.rows * 3, sizeof *b);
	struct upk_inputs in = sample_inputs(&d, 0, d.rows);
	upk_logistic.predict(best, &in, NULL, a);
	upk_logistic.predict(rest, &in, NULL, b);
	for (size_t i = 0; i < d.rows * 3; i++)
		assert_true(fabs(a[i] - b[i]) < 1e-4);
	upk_logistic.free(short_one);
	upk_logistic.free(best);
	upk_logistic.free(again);
	upk_logistic.free(rest);
	upk_curve_finish(&few);
	upk_curve_finish(&whole);
	upk_curve_finish(&more);
	upk_dataset_finish(&d);
	free(a);
	free(b);
}

/* Rows of more than one piece; with a sample and without. */
static void any_number_of_threads_fits_the_same(void **state)
{
	(void)state;
	for (size_t features = 5; features <= 40; features += 35) {
		struct upk_dataset d;
		sample_rows(&d, 6000, features, 3, 0);
		struct upk_fit_input in = { .rows = d.rows,
			.features = d.table.columns->count,
			.classes = d.classes,
			.x = d.table.numbers,
			.y = d.y };
		struct upk_buffer texts[4] = { 0 };
		for (size_t threads = 0; threads < 4; threads++) {
			void *fitted = NULL;
			in.crew = threads ? upk_crew_create(threads, NULL) : NULL;
			assert_true(upk_logistic.fit(&in, NULL, &fitted, NULL));
			write(fitted, &texts[threads]);
			assert_string_equal(texts[threads].data, texts[0].data);
			upk_logistic.free(fitted);
			upk_crew_destroy(in.crew);
		}
		for (size_t i = 0; i < 4; i++)
			upk_buffer_finish(&texts[i]);
		upk_dataset_finish(&d);
	}
}

static void a_cancelled_fit_says_so(void **state)
{
	struct upk_dataset d;
	struct upk_error err = { 0 };
	atomic_bool cancel = true;
	void *fitted = NULL;

	(void)state;
	sample_rows(&d, 400, 4, 3, 0);
	struct upk_fit_input in = { .rows = d.rows,
		.features = 2,
		.classes = d.classes,
		.x = d.table.numbers,
		.y = d.y,
		.cancel = &cancel };
	assert_false(upk_logistic.fit(&in, NULL, &fitted, &err));
	assert_int_equal(err.code, UPK_CANCELLED);
	assert_null(fitted);
	upk_dataset_finish(&d);
}

static void wrong_settings_are_named(void **state)
{
	const struct {
		const char *settings, *word;
	} cases[] = {
		{ "[]", "object" },
		{ "{\"l2\": \"1\"}", "l2" },
		{ "{\"l2\": 0}", "l2 is 0" },
		{ "{\"l2\": -1}", "l2 is -1" },
		{ "{\"l2\": 1e10}", "l2 is 1e+10" },
		{ "{\"l2\": 1, \"l1\": 1}", "l1" },
	};

	(void)state;
	assert_true(upk_logistic.check(NULL, NULL));
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct upk_error err = { 0 };
		cJSON *json = cJSON_Parse(cases[i].settings);
		assert_non_null(json);
		assert_false(upk_logistic.check(json, &err));
		assert_int_equal(err.code, UPK_INVALID);
		assert_non_null(strstr(err.message, cases[i].word));
		cJSON_Delete(json);
	}
}

static void learners_are_found_by_name(void **state)
{
	(void)state;
	assert_ptr_equal(upk_learner_at(0), &upk_logistic);
	assert_ptr_equal(upk_learner_at(1), &upk_trees);
	assert_ptr_equal(upk_learner_at(2), &upk_mlp);
	assert_null(upk_learner_at(3));
	assert_ptr_equal(upk_learner_find("logistic"), &upk_logistic);
	assert_null(upk_learner_find("auto"));
	assert_null(upk_learner_find("forest"));
	assert_true(strlen(upk_learner_processor()) > 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(equals_scikit_learn),
		cmocka_unit_test(fit_stands_where_the_naive_loss_has_no_slope),
		cmocka_unit_test(a_row_has_the_same_answer_alone_and_among_others),
		cmocka_unit_test(same_rows_give_the_same_bytes_whatever_the_threads),
		cmocka_unit_test(classes_far_apart_are_fitted_without_overflow),
		cmocka_unit_test(a_fit_goes_on_from_the_weights_of_another),
		cmocka_unit_test(any_number_of_threads_fits_the_same),
		cmocka_unit_test(a_cancelled_fit_says_so),
		cmocka_unit_test(wrong_settings_are_named),
		cmocka_unit_test(learners_are_found_by_name),
	};

	return cmocka_run_group_tests_name("learn/logistic", tests, NULL, NULL);
}
