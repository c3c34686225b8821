#include "learn/learner.h"

#include <math.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>
#include <xgboost/c_api.h>

#include "base/json.h"
#include "learn/sample.h"

static void *fit(const struct upk_dataset *d, const char *settings)
{
	struct upk_fit_input in = { .rows = d->rows,
		.features = d->table.columns->count,
		.classes = d->classes,
		.x = d->table.numbers,
		.y = d->y };
	cJSON *json = settings ? cJSON_Parse(settings) : NULL;
	void *fitted = NULL;

	assert_true(upk_trees.fit(&in, json, &fitted, NULL));
	cJSON_Delete(json);
	return fitted;
}

static char *text_of(const void *fitted)
{
	struct upk_buffer text = { 0 };
	struct upk_json_writer w = upk_json_writer_on(&text);

	upk_json_object(&w, NULL);
	upk_trees.write(fitted, &w);
	upk_json_object_end(&w);
	upk_buffer_putc(&text, '\0');
	assert_false(text.failed);
	return text.data;
}

/* XGBoost's own answers, fitted by itself with the same settings. */
static void ask_xgboost(const struct upk_dataset *d, const float *weights, double *probabilities)
{
	size_t n = d->rows * d->table.columns->count;
	float *x = malloc(n * sizeof *x), *y = malloc(d->rows * sizeof *y);
	const char *settings[][2] = { { "tree_method", "hist" }, { "grow_policy", "lossguide" },
		{ "max_depth", "0" }, { "max_leaves", "31" }, { "max_bin", "255" },
		{ "eta", "0.1" },
		{ "objective", d->classes == 2 ? "binary:logistic" : "multi:softprob" },
		{ "verbosity", "0" }, { "nthread", "1" } };
	char classes[16];
	DMatrixHandle rows;
	BoosterHandle booster;
	bst_ulong size;
	const float *out;

	for (size_t i = 0; i < n; i++)
		x[i] = (float)d->table.numbers[i];
	for (size_t i = 0; i < d->rows; i++)
		y[i] = d->y[i];
	assert_int_equal(
		XGDMatrixCreateFromMat(x, d->rows, d->table.columns->count, NAN, &rows), 0);
	assert_int_equal(XGDMatrixSetFloatInfo(rows, "label", y, d->rows), 0);
	if (weights)
		assert_int_equal(XGDMatrixSetFloatInfo(rows, "weight", weights, d->rows), 0);
	assert_int_equal(XGBoosterCreate(&rows, 1, &booster), 0);
	for (size_t i = 0; i < sizeof settings / sizeof *settings; i++)
		assert_int_equal(XGBoosterSetParam(booster, settings[i][0], settings[i][1]), 0);
	snprintf(classes, sizeof classes, "%zu", d->classes);
	if (d->classes > 2)
		assert_int_equal(XGBoosterSetParam(booster, "num_class", classes), 0);
	for (int round = 0; round < 100; round++)
		assert_int_equal(XGBoosterUpdateOneIter(booster, round, rows), 0);
	assert_int_equal(XGBoosterPredict(booster, rows, 0, 0, 0, &size, &out), 0);
	for (size_t i = 0; i < d->rows; i++)
		for (size_t k = 0; k < d->classes; k++) {
			double p = (double)out[d->classes == 2 ? i : i * d->classes + k];
			probabilities[i * d->classes + k] = d->classes == 2 && k == 0 ? 1 - p : p;
		}
	XGBoosterFree(booster);
	XGDMatrixFree(rows);
	free(x);
	free(y);
}

/* scikit-learn's class_weight="balanced": rows / (classes x rows of the class) */
static float *balanced(const struct upk_dataset *d)
{
	float *weights = calloc(d->rows, sizeof *weights);
	size_t counts[8];

	assert_non_null(weights);
	upk_dataset_count(d, 0, d->rows, counts);
	for (size_t i = 0; i < d->rows; i++)
		weights[i] = (float)((double)d->rows / (double)(d->classes * counts[d->y[i]]));
	return weights;
}

static void answers_equal_those_of_xgboost(
	size_t rows, size_t features, size_t classes, bool balance)
{
	struct upk_dataset d;
	sample_rows(&d, rows, features, classes, 7);
	float *weights = balance ? balanced(&d) : NULL;
	double *ours = calloc(d.rows * classes, sizeof *ours);
	double *theirs = calloc(d.rows * classes, sizeof *theirs);
	void *fitted = fit(&d, balance ? "{\"balance\": 1}" : NULL);

	struct upk_inputs in = sample_inputs(&d, 0, d.rows);
	upk_trees.predict(fitted, &in, NULL, ours);
	ask_xgboost(&d, weights, theirs);
	free(weights);
	for (size_t i = 0; i < d.rows * classes; i++)
		assert_true(fabs(ours[i] - theirs[i]) < 1e-6);
	upk_trees.free(fitted);
	upk_dataset_finish(&d);
	free(ours);
	free(theirs);
}

static void two_classes_with_gaps_are_answered_as_by_xgboost(void **state)
{
	(void)state;
	answers_equal_those_of_xgboost(700, 6, 2, false);
	answers_equal_those_of_xgboost(700, 6, 2, true);
}

static void four_classes_with_gaps_are_answered_as_by_xgboost(void **state)
{
	(void)state;
	answers_equal_those_of_xgboost(700, 6, 4, false);
	answers_equal_those_of_xgboost(700, 6, 4, true);
}

static void rows_taken_in_batches_are_answered_as_by_xgboost(void **state)
{
	(void)state;
	answers_equal_those_of_xgboost(9000, 60, 2, true);
}

static void *fit_from(const struct upk_dataset *d, const char *settings, const void *from,
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

	assert_true(upk_trees.fit(&in, json, &fitted, NULL));
	cJSON_Delete(json);
	return fitted;
}

/* The trees of a fit that goes on are those that it would have grown without a stop. */
static void rounds_in_two_parts_are_the_rounds_in_one(size_t classes)
{
	struct upk_dataset d;
	sample_rows(&d, 500, 5, classes, 7);
	void *part = fit_from(&d, "{\"rounds\": 12}", NULL, NULL);
	void *parts = fit_from(&d, "{\"rounds\": 18}", part, NULL);
	void *whole = fit_from(&d, "{\"rounds\": 30}", NULL, NULL);
	char *a = text_of(parts), *b = text_of(whole);

	assert_string_equal(a, b);
	free(a);
	free(b);
	upk_trees.free(part);
	upk_trees.free(parts);
	upk_trees.free(whole);
	upk_dataset_finish(&d);
}

static void a_fit_goes_on_as_if_it_had_not_stopped(void **state)
{
	(void)state;
	rounds_in_two_parts_are_the_rounds_in_one(2);
	rounds_in_two_parts_are_the_rounds_in_one(3);
}

static void the_first_rounds_are_those_of_a_fit_with_fewer(size_t classes)
{
	struct upk_dataset d;
	sample_rows(&d, 500, 5, classes, 7);
	void *fewer = fit_from(&d, "{\"rounds\": 12}", NULL, NULL);
	void *whole = fit_from(&d, "{\"rounds\": 30}", NULL, NULL);
	void *cut = upk_trees.cut(whole, 12, NULL), *all = upk_trees.cut(whole, 31, NULL);
	char *texts[] = { text_of(fewer), text_of(cut), text_of(whole), text_of(all) };

	assert_string_equal(texts[0], texts[1]);
	assert_string_equal(texts[2], texts[3]);
	for (size_t i = 0; i < 4; i++)
		free(texts[i]);
	upk_trees.free(fewer);
	upk_trees.free(whole);
	upk_trees.free(cut);
	upk_trees.free(all);
	upk_dataset_finish(&d);
}

static void a_fit_is_cut_to_what_fewer_rounds_give(void **state)
{
	(void)state;
	the_first_rounds_are_those_of_a_fit_with_fewer(2);
	the_first_rounds_are_those_of_a_fit_with_fewer(3);
}

static void a_fit_that_goes_on_has_no_more_rounds_than_the_setting_may_give(void **state)
{
	struct upk_dataset d;
	struct upk_error err = { 0 };
	cJSON *settings = cJSON_Parse("{\"rounds\": 4989}");
	void *fitted = NULL;

	(void)state;
	sample_rows(&d, 300, 4, 3, 0);
	void *before = fit(&d, "{\"rounds\": 12}");
	struct upk_fit_input in = { .rows = d.rows,
		.features = d.table.columns->count,
		.classes = d.classes,
		.x = d.table.numbers,
		.y = d.y,
		.from = before };
	assert_false(upk_trees.fit(&in, settings, &fitted, &err));
	assert_int_equal(err.code, UPK_INVALID);
	assert_string_equal(err.message,
		"settings.rounds is 4989: want at most 5000 with the 12 before them");
	assert_null(fitted);
	cJSON_Delete(settings);
	upk_trees.free(before);
	upk_dataset_finish(&d);
}

/* The last point of the curve is the log loss of the trees' own answers. */
static void the_curve_is_the_log_loss_after_each_round(void **state)
{
	struct upk_dataset d;
	struct upk_curve curve = { 0 };
	double sum = 0;

	(void)state;
	sample_rows(&d, 400, 4, 3, 0);
	double *p = calloc(d.rows * 3, sizeof *p);
	void *fitted = fit_from(&d, "{\"rounds\": 15}", NULL, &curve);
	struct upk_inputs in = sample_inputs(&d, 0, d.rows);
	upk_trees.predict(fitted, &in, NULL, p);
	for (size_t i = 0; i < d.rows; i++)
		sum -= log(p[i * 3 + d.y[i]]);
	assert_int_equal(curve.count, 15);
	assert_true(fabs(curve.loss[14] - sum / (double)d.rows) < 1e-5);
	assert_true(curve.loss[14] < curve.loss[0]);
	upk_trees.free(fitted);
	upk_curve_finish(&curve);
	upk_dataset_finish(&d);
	free(p);
}

static void what_was_written_reads_back_to_the_same_text(void **state)
{
	(void)state;
	struct upk_dataset d;
	sample_rows(&d, 300, 4, 3, 9);
	void *fitted = fit(&d, "{\"rounds\": 7, \"leaves\": 5}"), *back = NULL;
	char *text = text_of(fitted);
	cJSON *json = upk_json_parse(upk_text_of(text), NULL);

	assert_non_null(json);
	assert_true(upk_trees.read(json, (struct upk_width){ 4, 0 }, 3, &back, NULL));
	char *again = text_of(back);
	assert_string_equal(text, again);
	cJSON_Delete(json);
	free(text);
	free(again);
	upk_trees.free(fitted);
	upk_trees.free(back);
	upk_dataset_finish(&d);
}

static void the_same_rows_and_seed_give_the_same_trees(void **state)
{
	(void)state;
	struct upk_dataset d;
	sample_rows(&d, 400, 5, 2, 0);
	void *one = fit(&d, NULL), *other = fit(&d, NULL);
	char *a = text_of(one), *b = text_of(other);

	assert_string_equal(a, b);
	free(a);
	free(b);
	upk_trees.free(one);
	upk_trees.free(other);
	upk_dataset_finish(&d);
}

static void any_number_of_threads_grows_the_same_trees(void **state)
{
	(void)state;
	struct upk_dataset d;
	sample_rows(&d, 6000, 12, 3, 9);
	struct upk_fit_input in = { .rows = d.rows,
		.features = d.table.columns->count,
		.classes = d.classes,
		.x = d.table.numbers,
		.y = d.y };
	cJSON *settings = cJSON_Parse("{\"rounds\": 20}");
	char *first = NULL;

	for (size_t threads = 1; threads <= 3; threads++) {
		void *fitted = NULL;
		in.crew = upk_crew_create(threads, NULL);
		assert_non_null(in.crew);
		assert_true(upk_trees.fit(&in, settings, &fitted, NULL));
		char *text = text_of(fitted);
		if (first)
			assert_string_equal(text, first);
		else
			first = strdup(text);
		free(text);
		upk_trees.free(fitted);
		upk_crew_destroy(in.crew);
	}
	free(first);
	cJSON_Delete(settings);
	upk_dataset_finish(&d);
}

/* The greatest part of a probability that lies away from one half. */
static double surest(const struct upk_dataset *d, const char *settings)
{
	double *p = calloc(d->rows * d->classes, sizeof *p), most = 0;
	void *fitted = fit(d, settings);

	assert_non_null(p);
	struct upk_inputs in = sample_inputs(d, 0, d->rows);
	upk_trees.predict(fitted, &in, NULL, p);
	for (size_t i = 0; i < d->rows; i++)
		most = fmax(most, fabs(p[2 * i] - 0.5));
	free(p);
	upk_trees.free(fitted);
	return most;
}

static void every_setting_reaches_the_trees(void **state)
{
	(void)state;
	struct upk_dataset d;
	sample_rows(&d, 400, 4, 2, 0);
	double plain = surest(&d, "{\"rounds\": 5}");

	assert_true(surest(&d, "{\"rounds\": 5, \"l2\": 500}") < plain / 2);
	assert_true(surest(&d, "{\"rounds\": 5, \"min_child_weight\": 1000}") == 0);
	assert_true(surest(&d, "{\"rounds\": 5, \"learning_rate\": 0.01}") < plain / 2);
	assert_true(surest(&d, "{\"rounds\": 50}") > plain);
	assert_true(surest(&d, "{\"rounds\": 5, \"leaves\": 2}") < plain);
	assert_true(surest(&d, "{\"rounds\": 5, \"bins\": 2}") != plain);
	upk_dataset_finish(&d);
}

static const char *const broken[] = {
	"{}",
	"{\"base\": 0}",
	"{\"base\": 0, \"trees\": [{}]}",
	/* a child before its parent would be a walk without end */
	"{\"base\": 0, \"trees\": [{\"output\": 0, \"feature\": [0, 0, 0], \"threshold\": [1, 1, "
	"1], "
	"\"left\": [1, 0, -1], \"right\": [2, 2, -1], \"missing_left\": [0, 0, 0]}]}",
	"{\"base\": 0, \"trees\": [{\"output\": 0, \"feature\": [9], \"threshold\": [1], "
	"\"left\": [-1], \"right\": [-1], \"missing_left\": [0]}]}",
	"{\"base\": 0, \"trees\": [{\"output\": 0, \"feature\": [9904632568], \"threshold\": [1], "
	"\"left\": [-1], \"right\": [-1], \"missing_left\": [0]}]}",
	"{\"base\": 0, \"trees\": [{\"output\": 0, \"feature\": [0], \"threshold\": [1], "
	"\"left\": [-1e300], \"right\": [-1], \"missing_left\": [0]}]}",
	"{\"base\": 0, \"trees\": [{\"output\": 1, \"feature\": [0], \"threshold\": [1], "
	"\"left\": [-1], \"right\": [-1], \"missing_left\": [0]}]}",
	"{\"base\": 0, \"trees\": [{\"output\": 0, \"feature\": [0, 0], \"threshold\": [1], "
	"\"left\": [-1], \"right\": [-1], \"missing_left\": [0]}]}",
	"{\"base\": 0, \"trees\": [{\"output\": 0, \"feature\": [0], \"threshold\": [1e300], "
	"\"left\": [-1], \"right\": [-1], \"missing_left\": [0]}]}",
};

static void broken_trees_are_not_read(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof broken / sizeof *broken; i++) {
		struct upk_error err = { 0 };
		void *back = NULL;
		cJSON *json = upk_json_parse(upk_text_of(broken[i]), NULL);
		assert_non_null(json);
		assert_false(upk_trees.read(json, (struct upk_width){ 2, 0 }, 2, &back, &err));
		assert_int_equal(err.code, UPK_CORRUPT);
		cJSON_Delete(json);
	}
}

static void wrong_settings_are_named(void **state)
{
	(void)state;
	static const char *const wrong[][2] = {
		{ "{\"rounds\": 0}", "settings.rounds is 0: want 1 to 5000" },
		{ "{\"rounds\": 1.5}", "settings.rounds is 1.5: want a whole number" },
		{ "{\"depth\": 3}", "settings.depth: trees has no such setting: want one of rounds, leaves, "
			"bins, learning_rate, l2, min_child_weight, balance" },
		{ "{\"bins\": \"many\"}", "settings.bins: want a number" },
		{ "[]", "settings: want an object" },
	};
	for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
		struct upk_error err = { 0 };
		cJSON *json = cJSON_Parse(wrong[i][0]);
		assert_false(upk_trees.check(json, &err));
		assert_int_equal(err.code, UPK_INVALID);
		assert_string_equal(err.message, wrong[i][1]);
		cJSON_Delete(json);
	}
}

static void a_cancelled_fit_ends_at_once(void **state)
{
	(void)state;
	struct upk_dataset d;
	sample_rows(&d, 300, 4, 2, 0);
	atomic_bool cancel = true;
	struct upk_error err = { 0 };
	void *fitted = NULL;
	struct upk_fit_input in = { .rows = d.rows,
		.features = d.table.columns->count,
		.classes = d.classes,
		.x = NULL, /* not a row is looked at */
		.y = d.y,
		.cancel = &cancel };

	assert_false(upk_trees.fit(&in, NULL, &fitted, &err));
	assert_int_equal(err.code, UPK_CANCELLED);
	assert_null(fitted);
	upk_dataset_finish(&d);
}

static void a_number_beyond_a_float_is_taken_for_the_greatest(void **state)
{
	static const double pairs[][2] = { { 1e300, 0x1p126 }, { -1e39, -0x1p126 } };
	double p[2][600];

	(void)state;
	for (size_t k = 0; k < 2; k++) {
		char *bytes[2];
		for (size_t j = 0; j < 2; j++) {
			struct upk_dataset d;
			sample_rows(&d, 300, 4, 2, 0);
			for (size_t i = 0; i < 300; i += 7)
				d.table.numbers[4 * i + 1] = pairs[k][j];
			void *fitted = fit(&d, NULL);
			struct upk_inputs in = sample_inputs(&d, 0, d.rows);
			bytes[j] = text_of(fitted);
			upk_trees.predict(fitted, &in, NULL, p[j]);
			upk_trees.free(fitted);
			upk_dataset_finish(&d);
		}
		assert_string_equal(bytes[0], bytes[1]);
		assert_memory_equal(p[0], p[1], sizeof p[0]);
		free(bytes[0]);
		free(bytes[1]);
	}
}

struct canceller {
	atomic_bool cancel;
	long after; /* microseconds */
};

static void *cancel_later(void *context)
{
	struct canceller *c = context;

	nanosleep(&(struct timespec){ 0, c->after * 1000 }, NULL);
	atomic_store(&c->cancel, true);
	return NULL;
}

/* At several moments, so in several of XGBoost's passes over the rows, and between them. */
static void a_fit_is_cancelled_while_it_takes_the_rows(void **state)
{
	struct upk_dataset d;
	cJSON *settings = cJSON_Parse("{\"rounds\": 5000}");

	(void)state;
	sample_rows(&d, 20000, 50, 2, 0);
	for (long after = 1000; after < 300000; after *= 3) {
		struct canceller c = { .after = after };
		struct upk_error err = { 0 };
		void *fitted = NULL;
		pthread_t thread;
		struct upk_fit_input in = { .rows = d.rows,
			.features = d.table.columns->count,
			.classes = d.classes,
			.x = d.table.numbers,
			.y = d.y,
			.cancel = &c.cancel };

		assert_int_equal(pthread_create(&thread, NULL, cancel_later, &c), 0);
		assert_false(upk_trees.fit(&in, settings, &fitted, &err));
		assert_int_equal(err.code, UPK_CANCELLED);
		pthread_join(thread, NULL);
	}
	cJSON_Delete(settings);
	upk_dataset_finish(&d);
}

enum { WORDS = 40 };

/* Rows of which each has some of the sparse inputs, and the last third none. */
static void sample_words(struct upk_sparse *s, const struct upk_dataset *d)
{
	uint64_t random = 5;

	upk_sparse_init(s, WORDS);
	for (size_t i = 0; i < d->rows; i++) {
		for (uint32_t j = 0; j < WORDS && 3 * i < 2 * d->rows; j++) {
			random = random * 6364136223846793005ULL + 1442695040888963407ULL;
			float value = (float)((random >> 40) + 1) * 0x1p-24F;
			if ((random >> 33) % 4 == 0)
				upk_sparse_add(s, j, d->y[i] == j % 3 ? value : value / 16);
		}
		upk_sparse_end_row(s);
	}
	assert_false(s->failed);
}

static struct upk_fit_input words_input(const struct upk_dataset *d, const struct upk_sparse *s)
{
	return (struct upk_fit_input){ .rows = d->rows,
		.features = d->table.columns->count,
		.classes = d->classes,
		.x = d->table.numbers,
		.y = d->y,
		.sparse = s };
}

/* The rows filled up with NAN for XGBoost, with sparse values cut to the four steps of their octave.
 */
static struct upk_dataset filled(const struct upk_dataset *d, const struct upk_sparse *s)
{
	size_t dense = d->table.columns->count, width = dense + WORDS;
	struct upk_dataset out = *d;
	struct upk_columns *columns = malloc(sizeof *columns);

	*columns = (struct upk_columns){ .count = width };
	out.table.columns = columns;
	out.table.numbers = malloc(d->rows * width * sizeof *out.table.numbers);
	for (size_t i = 0; i < d->rows; i++) {
		double *row = out.table.numbers + i * width;
		memcpy(row, d->table.numbers + i * dense, dense * sizeof *row);
		for (size_t j = dense; j < width; j++)
			row[j] = NAN;
		for (size_t k = s->starts[i]; k < s->starts[i + 1]; k++) {
			int power;
			double part = frexp((double)s->value[k], &power);
			row[dense + s->column[k]] = ldexp(floor(part * 8) / 8, power);
		}
	}
	return out;
}

/* Theirs on values cut to four steps an octave, ours on the values as they are. */
static void sparse_inputs_are_answered_as_by_xgboost(void **state)
{
	struct upk_dataset d;
	struct upk_sparse s;
	void *fitted = NULL;

	(void)state;
	sample_rows(&d, 900, 3, 3, 7);
	sample_words(&s, &d);
	struct upk_fit_input in = words_input(&d, &s);
	struct upk_dataset whole = filled(&d, &s);
	double *ours = calloc(d.rows * 3, sizeof *ours), *theirs = calloc(d.rows * 3, sizeof *theirs);
	assert_true(upk_trees.fit(&in, NULL, &fitted, NULL));
	struct upk_inputs rows = { d.rows, in.features, in.x, &s };
	void *memory = malloc(upk_trees.scratch(fitted));
	upk_trees.predict(fitted, &rows, memory, ours);
	ask_xgboost(&whole, NULL, theirs);
	for (size_t i = 0; i < d.rows * 3; i++)
		assert_true(fabs(ours[i] - theirs[i]) < 1e-6);
	free(memory);
	free(ours);
	free(theirs);
	free(whole.table.numbers);
	free((void *)whole.table.columns);
	upk_trees.free(fitted);
	upk_sparse_finish(&s);
	upk_dataset_finish(&d);
}

static void sparse_inputs_grow_the_same_trees_on_any_number_of_threads(void **state)
{
	struct upk_dataset d;
	struct upk_sparse s;
	char *bytes[2];

	(void)state;
	sample_rows(&d, 3000, 3, 3, 7);
	sample_words(&s, &d);
	struct upk_fit_input in = words_input(&d, &s);
	cJSON *settings = cJSON_Parse("{\"rounds\": 10}");
	for (size_t i = 0; i < 2; i++) {
		void *fitted = NULL;
		in.crew = upk_crew_create(i + 1, NULL);
		assert_true(upk_trees.fit(&in, settings, &fitted, NULL));
		bytes[i] = text_of(fitted);
		upk_trees.free(fitted);
		upk_crew_destroy(in.crew);
	}
	assert_string_equal(bytes[0], bytes[1]);
	free(bytes[0]);
	free(bytes[1]);
	cJSON_Delete(settings);
	upk_sparse_finish(&s);
	upk_dataset_finish(&d);
}

static void rows_without_any_sparse_value_are_fitted(void **state)
{
	struct upk_dataset d;
	struct upk_sparse s;
	void *fitted = NULL;

	(void)state;
	sample_rows(&d, 300, 3, 2, 0);
	upk_sparse_init(&s, WORDS);
	for (size_t i = 0; i < d.rows; i++)
		upk_sparse_end_row(&s);
	struct upk_fit_input in = words_input(&d, &s);
	assert_true(upk_trees.fit(&in, NULL, &fitted, NULL));
	upk_trees.free(fitted);
	upk_sparse_finish(&s);
	upk_dataset_finish(&d);
}

static void a_fit_is_cancelled_while_it_takes_sparse_rows(void **state)
{
	struct upk_dataset d;
	struct upk_sparse s;
	cJSON *settings = cJSON_Parse("{\"rounds\": 5000}");

	(void)state;
	sample_rows(&d, 60000, 3, 2, 0);
	sample_words(&s, &d);
	for (long after = 1000; after < 300000; after *= 3) {
		struct canceller c = { .after = after };
		struct upk_error err = { 0 };
		void *fitted = NULL;
		pthread_t thread;
		struct upk_fit_input in = words_input(&d, &s);

		in.cancel = &c.cancel;
		assert_int_equal(pthread_create(&thread, NULL, cancel_later, &c), 0);
		assert_false(upk_trees.fit(&in, settings, &fitted, &err));
		assert_int_equal(err.code, UPK_CANCELLED);
		pthread_join(thread, NULL);
	}
	cJSON_Delete(settings);
	upk_sparse_finish(&s);
	upk_dataset_finish(&d);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(two_classes_with_gaps_are_answered_as_by_xgboost),
		cmocka_unit_test(four_classes_with_gaps_are_answered_as_by_xgboost),
		cmocka_unit_test(rows_taken_in_batches_are_answered_as_by_xgboost),
		cmocka_unit_test(a_fit_goes_on_as_if_it_had_not_stopped),
		cmocka_unit_test(a_fit_is_cut_to_what_fewer_rounds_give),
		cmocka_unit_test(a_fit_that_goes_on_has_no_more_rounds_than_the_setting_may_give),
		cmocka_unit_test(the_curve_is_the_log_loss_after_each_round),
		cmocka_unit_test(what_was_written_reads_back_to_the_same_text),
		cmocka_unit_test(the_same_rows_and_seed_give_the_same_trees),
		cmocka_unit_test(any_number_of_threads_grows_the_same_trees),
		cmocka_unit_test(every_setting_reaches_the_trees),
		cmocka_unit_test(broken_trees_are_not_read),
		cmocka_unit_test(wrong_settings_are_named),
		cmocka_unit_test(a_number_beyond_a_float_is_taken_for_the_greatest),
		cmocka_unit_test(a_cancelled_fit_ends_at_once),
		cmocka_unit_test(a_fit_is_cancelled_while_it_takes_the_rows),
		cmocka_unit_test(sparse_inputs_are_answered_as_by_xgboost),
		cmocka_unit_test(sparse_inputs_grow_the_same_trees_on_any_number_of_threads),
		cmocka_unit_test(rows_without_any_sparse_value_are_fitted),
		cmocka_unit_test(a_fit_is_cancelled_while_it_takes_sparse_rows),
	};

	return cmocka_run_group_tests_name("learn/trees", tests, NULL, NULL);
}
