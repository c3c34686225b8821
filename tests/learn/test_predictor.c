#include "learn/predictor.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "learn/encode.h"
#include "learn/oracle_logistic.h"
#include "learn/sample.h"

static const struct upk_text classes[] = { { "ham", 3 }, { "spam", 4 }, { "\xc3\xa4", 2 },
	{ "d", 1 }, { "e", 1 } };

static struct upk_predictor *fit(const struct upk_dataset *d, size_t from, size_t to)
{
	struct upk_error err = { 0 };
	struct upk_predictor_setup setup = {
		.learner = &upk_logistic,
		.classes = classes,
	};
	struct upk_predictor *p = upk_predictor_fit(&setup, d, from, to, &err);

	if (!p)
		fail_msg("%s", err.message);
	return p;
}

static void assert_near(double ours, double theirs, double tolerance)
{
	if (!(fabs(ours - theirs) <= tolerance))
		fail_msg("%.17g, want %.17g", ours, theirs);
}

static void gaps_and_scales_equal_a_scikit_learn_pipeline(void **state)
{
	const struct {
		size_t rows, classes;
		const double *mean, *scale, *probabilities;
	} cases[] = {
		{ 500, 2, gaps_two_mean, gaps_two_scale, gaps_two_probabilities },
		{ 900, 5, gaps_five_mean, gaps_five_scale, gaps_five_probabilities },
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct upk_dataset d;
		struct upk_encode e = { 0 };
		double probabilities[16 * 5];
		sample_rows(&d, cases[i].rows, 4, cases[i].classes, 7);

		assert_true(upk_encode_fit(&e, d.table.numbers, d.rows, 4, NULL));
		for (size_t j = 0; j < 4; j++) {
			assert_near(e.mean[j], cases[i].mean[j], 1e-12);
			assert_near(e.scale[j], cases[i].scale[j], 1e-12);
		}
		upk_encode_finish(&e);

		struct upk_predictor *p = fit(&d, 0, d.rows);
		assert_true(upk_predictor_predict(p, &d.table, 0, 16, probabilities, NULL));
		for (size_t k = 0; k < 16 * cases[i].classes; k++)
			assert_near(probabilities[k], cases[i].probabilities[k], 1e-6);
		upk_predictor_unref(p);
		upk_dataset_finish(&d);
	}
}

static void columns_that_say_nothing_become_nought(void **state)
{
	const double x[] = {
		0.1, NAN, 5, 1,   /**/
		0.1, NAN, 5, 2,   /**/
		0.1, NAN, 5, NAN, /**/
	};
	struct upk_encode e = { 0 };
	double out[12], far[] = { 7, 7, 7, 1e300 };

	(void)state;
	assert_true(upk_encode_fit(&e, x, 3, 4, NULL));
	upk_encode_apply(&e, x, 3, out);
	for (size_t i = 0; i < 3; i++)
		for (size_t j = 0; j < 3; j++)
			assert_true(out[4 * i + j] == 0);
	assert_near(out[3], -sqrt(1.5), 1e-15);
	assert_true(out[11] == 0);

	upk_encode_apply(&e, far, 1, out);
	assert_true(out[0] == 0 && out[1] == 0 && out[2] == 0 && out[3] == UPK_ENCODE_LIMIT);
	upk_encode_finish(&e);
}

/* numpy.std([1, 2, 4, m, m]), m = numpy.mean([1, 2, 4]), and (4 - m) / std. */
static void a_number_beyond_a_float_does_not_flatten_the_others(void **state)
{
	const double x[] = { 1, 1e308, 2, 1e308, 4, -1e308, 1e308, -1e308, NAN, 1e308 };
	struct upk_encode e = { 0 };
	double out[10];

	(void)state;
	assert_true(upk_encode_fit(&e, x, 5, 2, NULL));
	upk_encode_apply(&e, x, 5, out);
	assert_near(e.mean[0], 2.3333333333333335, 1e-15);
	assert_near(e.scale[0], 0.9660917830792959, 1e-15);
	assert_near(e.limit, 1.7251638983558855, 1e-15);
	assert_near(out[4], 1.7251638983558855, 1e-15);
	assert_true(out[6] == e.limit && out[8] == 0);
	for (size_t i = 1; i < 10; i += 2)
		assert_true(out[i] == 0);
	upk_encode_finish(&e);
}

static struct upk_predictor *read_back(const struct upk_predictor *p, struct upk_buffer *bytes)
{
	struct upk_error err = { 0 };

	upk_predictor_write(p, bytes);
	assert_false(bytes->failed);
	struct upk_predictor *read = upk_predictor_read(upk_buffer_text(bytes), &err);
	if (!read)
		fail_msg("%s", err.message);
	return read;
}

static void what_is_read_back_predicts_the_same_bits(void **state)
{
	(void)state;
	for (size_t k = 2; k <= 5; k++) {
		struct upk_dataset d;
		struct upk_buffer first = { 0 }, second = { 0 };
		sample_rows(&d, 600, 4, k, 9);
		double *before = calloc(d.rows * k, sizeof *before);
		double *after = calloc(d.rows * k, sizeof *after);
		struct upk_predictor *p = fit(&d, 100, d.rows);
		struct upk_predictor *read = read_back(p, &first);

		assert_true(upk_predictor_predict(p, &d.table, 0, d.rows, before, NULL));
		assert_true(upk_predictor_predict(read, &d.table, 0, d.rows, after, NULL));
		assert_memory_equal(before, after, d.rows * k * sizeof *before);
		upk_predictor_write(read, &second);
		assert_true(upk_text_equal(upk_buffer_text(&first), upk_buffer_text(&second)));

		upk_predictor_unref(p);
		upk_predictor_unref(read);
		free(before);
		free(after);
		upk_buffer_finish(&first);
		upk_buffer_finish(&second);
		upk_dataset_finish(&d);
	}
}

static void names_are_kept(void **state)
{
	struct upk_dataset d;
	struct upk_buffer bytes = { 0 };

	(void)state;
	sample_rows(&d, 300, 4, 3, 0);
	struct upk_predictor *p = fit(&d, 0, d.rows);
	struct upk_predictor *read = read_back(p, &bytes);
	assert_string_equal(upk_predictor_learner(read), "logistic");
	const struct upk_columns *columns = upk_predictor_columns(read);
	assert_int_equal(columns->count, 4);
	assert_int_equal(upk_predictor_classes(read), 3);
	for (size_t i = 0; i < 4; i++)
		assert_true(
			upk_text_equal(columns->items[i].name, sample_columns(4)->items[i].name));
	for (size_t i = 0; i < 3; i++)
		assert_true(upk_text_equal(upk_predictor_class(read, i), classes[i]));
	upk_predictor_unref(p);
	upk_predictor_unref(read);
	upk_buffer_finish(&bytes);
	upk_dataset_finish(&d);
}

static void a_class_without_rows_is_never_predicted(void **state)
{
	struct upk_dataset d;
	double probabilities[5], sum = 0;

	(void)state;
	sample_rows(&d, 400, 4, 3, 0);
	/* Rows of 1 become 2, and 3 and 4 have none. */
	d.classes = 5;
	for (size_t i = 0; i < d.rows; i++)
		d.y[i] = d.y[i] == 1 ? 2 : d.y[i];
	struct upk_predictor *p = fit(&d, 0, d.rows);
	assert_true(upk_predictor_predict(p, &d.table, 0, 1, probabilities, NULL));
	assert_true(probabilities[1] == 0 && probabilities[3] == 0 && probabilities[4] == 0);
	for (size_t k = 0; k < 5; k++)
		sum += probabilities[k];
	assert_near(sum, 1, 1e-15);
	upk_predictor_unref(p);
	upk_dataset_finish(&d);
}

static void a_row_of_a_long_batch_has_the_answer_it_has_alone(void **state)
{
	struct upk_dataset d;

	(void)state;
	sample_rows(&d, 333, 4, 5, 8);
	double *together = calloc(d.rows * 5, sizeof *together), alone[5];
	struct upk_predictor *p = fit(&d, 0, d.rows);
	assert_true(upk_predictor_predict(p, &d.table, 0, d.rows, together, NULL));
	for (size_t i = 0; i < d.rows; i++) {
		assert_true(upk_predictor_predict(p, &d.table, i, 1, alone, NULL));
		assert_memory_equal(alone, together + 5 * i, sizeof alone);
	}
	assert_true(upk_predictor_predict(p, &d.table, 0, 0, NULL, NULL));
	free(together);
	upk_predictor_unref(p);
	upk_dataset_finish(&d);
}

static void rows_that_cannot_be_fitted_are_refused_with_the_reason(void **state)
{
	struct upk_predictor_setup setup = { .learner = &upk_logistic, .classes = classes };
	struct upk_error err = { 0 };
	struct upk_dataset d;

	(void)state;
	upk_dataset_init(&d, sample_columns(0), 2);
	assert_true(upk_dataset_add(&d, NULL, 0, -1, 0, NULL));
	assert_null(upk_predictor_fit(&setup, &d, 0, 1, &err));
	assert_int_equal(err.code, UPK_INVALID);
	assert_non_null(strstr(err.message, "no features"));
	upk_dataset_finish(&d);

	upk_dataset_init(&d, sample_columns(1), 2);
	assert_null(upk_predictor_fit(&setup, &d, 0, 0, &err));
	assert_non_null(strstr(err.message, "no rows"));
	for (int i = 0; i < 10; i++)
		assert_true(upk_dataset_add(&d, &(double){ i }, i >= 5, -1, i, NULL));
	assert_null(upk_predictor_fit(&setup, &d, 5, 10, &err));
	assert_int_equal(err.code, UPK_INVALID);
	assert_non_null(strstr(err.message, "spam"));
	upk_dataset_finish(&d);
}

#define HEAD "{\"learner\":\"logistic\",\"settings\":{},\"features\":[\"a\"],"
#define BODY "\"classes\":[\"x\",\"y\"],\"present\":[0,1],"
#define MOMENTS "\"mean\":[1],\"scale\":[2],\"impute\":[1],"

/* What goes on keeps the means and scales that its weights belong to: on other rows, after no
 * more than a step that changes nothing, it answers as before. */
static void what_goes_on_keeps_its_preprocessing_and_classes(void **state)
{
	struct upk_dataset d, moved;
	struct upk_error err = { 0 };
	cJSON *settings = cJSON_Parse("{\"epochs\": 1, \"learning_rate\": 1e-6, \"patience\": 0}");
	struct upk_predictor_setup setup = { .learner = &upk_mlp, .classes = classes };
	double before[16 * 3], after[16 * 3];

	(void)state;
	sample_rows(&d, 300, 4, 3, 0);
	struct upk_predictor *first = upk_predictor_fit(&setup, &d, 0, d.rows, &err);
	upk_dataset_init(&moved, sample_columns(4), 3);
	for (size_t i = 0; i < 100; i++) {
		double x[4];
		for (size_t j = 0; j < 4; j++)
			x[j] = 3 * d.table.numbers[i * 4 + j] + 1;
		/* No row of the last class. */
		assert_true(upk_dataset_add(&moved, x, d.y[i] % 2, -1, (int64_t)i, NULL));
	}
	setup.settings = settings;
	setup.from = first;
	struct upk_predictor *second = upk_predictor_fit(&setup, &moved, 0, 100, &err);
	assert_non_null(second);
	assert_true(upk_predictor_predict(first, &d.table, 0, 16, before, NULL));
	upk_predictor_unref(first);
	assert_true(upk_predictor_predict(second, &d.table, 0, 16, after, NULL));
	for (size_t i = 0; i < 16 * 3; i++)
		assert_near(after[i], before[i], 1e-3);
	struct upk_buffer bytes = { 0 };
	upk_predictor_write(second, &bytes);
	struct upk_predictor *back = upk_predictor_read(upk_buffer_text(&bytes), &err);
	assert_non_null(back);
	assert_true(upk_predictor_predict(back, &d.table, 0, 16, before, NULL));
	assert_memory_equal(before, after, sizeof before);
	upk_predictor_unref(back);
	upk_buffer_finish(&bytes);
	upk_predictor_unref(second);
	cJSON_Delete(settings);
	upk_dataset_finish(&d);
	upk_dataset_finish(&moved);
}

static void what_lacks_a_class_or_is_of_another_kind_cannot_go_on(void **state)
{
	struct upk_dataset two, three;
	struct upk_error err = { 0 };
	struct upk_predictor_setup setup = { .learner = &upk_logistic, .classes = classes };

	(void)state;
	sample_rows(&two, 200, 4, 2, 0);
	sample_rows(&three, 200, 4, 3, 0);
	setup.from = fit(&two, 0, two.rows);
	assert_null(upk_predictor_fit(&setup, &three, 0, three.rows, &err));
	assert_int_equal(err.code, UPK_INVALID);
	assert_non_null(strstr(err.message, "a class that the version lacks: \xc3\xa4"));
	setup.learner = &upk_mlp;
	assert_null(upk_predictor_fit(&setup, &two, 0, two.rows, &err));
	assert_non_null(strstr(err.message, "another learner"));
	upk_predictor_unref(setup.from);
	upk_dataset_finish(&two);
	upk_dataset_finish(&three);
}

static void broken_bytes_are_corrupt(void **state)
{
	const char *const cases[] = {
		"",
		"[]",
		"{}",
		HEAD BODY MOMENTS "\"coefficients\":[[1]],\"intercepts\":[0]",
		HEAD BODY MOMENTS "\"coefficients\":[[1]],\"intercepts\":[0,1]}",
		HEAD BODY MOMENTS "\"coefficients\":[[1]],\"intercepts\":[null]}",
		HEAD BODY MOMENTS "\"coefficients\":[[1]]}",
		HEAD BODY MOMENTS "\"coefficients\":[[1,2]],\"intercepts\":[0]}",
		HEAD BODY MOMENTS "\"coefficients\":[[1],[2]],\"intercepts\":[0]}",
		HEAD BODY MOMENTS "\"coefficients\":[1],\"intercepts\":[0]}",
		HEAD BODY MOMENTS "\"coefficients\":[],\"intercepts\":[0]}",
		HEAD BODY "\"mean\":[1],\"scale\":[-1],\"impute\":[1],\"coefficients\":[[1]],"
			  "\"intercepts\":[0]}",
		HEAD BODY "\"mean\":[1],\"scale\":[1],\"coefficients\":[[1]],\"intercepts\":[0]}",
		HEAD "\"classes\":[\"x\",\"y\"],\"present\":[1,0]," MOMENTS
		     "\"coefficients\":[[1]],\"intercepts\":[0]}",
		HEAD "\"classes\":[\"x\",\"y\"],\"present\":[0,2]," MOMENTS
		     "\"coefficients\":[[1]],\"intercepts\":[0]}",
		HEAD "\"classes\":[\"x\",\"y\"],\"present\":[0.5,1]," MOMENTS
		     "\"coefficients\":[[1]],\"intercepts\":[0]}",
		HEAD "\"classes\":[\"x\",\"y\"],\"present\":[1]," MOMENTS
		     "\"coefficients\":[[1]],\"intercepts\":[0]}",
		HEAD "\"classes\":[],\"present\":[0,1]," MOMENTS
		     "\"coefficients\":[[1]],\"intercepts\":[0]}",
		"{\"learner\":\"oracle\",\"settings\":{},\"features\":[\"a\"]," BODY MOMENTS
		"\"coefficients\":[[1]],\"intercepts\":[0]}",
		"{\"learner\":\"logistic\",\"settings\":1,\"features\":[\"a\"]," BODY MOMENTS
		"\"coefficients\":[[1]],\"intercepts\":[0]}",
		"{\"learner\":\"logistic\",\"settings\":{},\"features\":[1]," BODY MOMENTS
		"\"coefficients\":[[1]],\"intercepts\":[0]}",
	};
	const char *whole = HEAD BODY MOMENTS "\"coefficients\":[[1]],\"intercepts\":[0]}";
	struct upk_predictor *p = upk_predictor_read(upk_text_of(whole), NULL);

	(void)state;
	assert_non_null(p);
	upk_predictor_unref(p);
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct upk_error err = { 0 };
		p = upk_predictor_read(upk_text_of(cases[i]), &err);
		if (p || err.code != UPK_CORRUPT)
			fail_msg("%s was taken", cases[i]);
	}
}

static void a_threshold_decides_between_two_classes_alone(void **state)
{
	const struct upk_decision spam = { 1, 0.7 }, ham = { 0, 0.7 }, none = { -1, 0.7 };

	(void)state;
	assert_int_equal(upk_decide(spam, (double[]){ 0.3, 0.7 }, 2), 1);
	assert_int_equal(upk_decide(spam, (double[]){ 0.31, 0.69 }, 2), 0);
	assert_int_equal(upk_decide(ham, (double[]){ 0.7, 0.3 }, 2), 0);
	assert_int_equal(upk_decide(ham, (double[]){ 0.69, 0.31 }, 2), 1);
	assert_int_equal(upk_decide(none, (double[]){ 0.5, 0.5 }, 2), 0);
	assert_int_equal(upk_decide(none, (double[]){ 0.4, 0.6 }, 2), 1);
	assert_int_equal(upk_decide(spam, (double[]){ 0.3, 0.3, 0.4 }, 3), 2);
	assert_int_equal(upk_decide(none, (double[]){ 0.2, 0.4, 0.4 }, 3), 1);
}

/* after (classes) are those of before at a temperature. */
static void assert_tempered(
	const double *before, const double *after, size_t count, double temperature)
{
	double sum = 0;

	for (size_t k = 0; k < count; k++)
		sum += pow(before[k], 1 / temperature);
	for (size_t k = 0; k < count; k++)
		assert_near(after[k], pow(before[k], 1 / temperature) / sum, 2e-5);
}

static double temperature_in(const struct upk_buffer *bytes)
{
	const char *at = strstr(bytes->data, "\"calibration\":{\"temperature\":");

	assert_non_null(at);
	return strtod(at + strlen("\"calibration\":{\"temperature\":"), NULL);
}

/* What is to be unlearnt: labels of the last rows are other ones. */
static void every_learner_is_calibrated_by_a_twin(void **state)
{
	enum { CUT = 500, ROWS = 900 };

	(void)state;
	for (size_t i = 0; upk_learner_at(i); i++)
		for (size_t count = 2; count <= 3; count++) {
			struct upk_dataset d;
			struct upk_buffer bytes = { 0 }, again = { 0 };
			double before[ROWS * 3], after[ROWS * 3];
			sample_rows(&d, ROWS, 4, count, 7);
			struct upk_predictor_setup setup = { .learner = upk_learner_at(i),
				.classes = classes };
			struct upk_predictor *twin = upk_predictor_fit(&setup, &d, 0, CUT, NULL);
			for (size_t row = CUT; row < ROWS; row += 3)
				d.y[row] = (uint16_t)((d.y[row] + 1) % count);
			struct upk_predictor *p = upk_predictor_fit(&setup, &d, 0, ROWS, NULL);
			assert_true(twin && p);

			assert_true(upk_predictor_predict(p, &d.table, 0, ROWS, before, NULL));
			assert_int_equal(upk_predictor_calibrated(p).to, 0);
			const struct upk_calibrate_rows rows = { &d, 0, CUT, CUT, ROWS };
			assert_true(upk_predictor_calibrate(p, twin, &rows, NULL));
			assert_true(upk_predictor_predict(p, &d.table, 0, ROWS, after, NULL));
			assert_int_equal(upk_predictor_calibrated(p).from, d.place[CUT]);
			assert_int_equal(upk_predictor_calibrated(p).fitted_to, 0);
			struct upk_predictor *read = read_back(p, &bytes);
			upk_buffer_putc(&bytes, '\0');
			assert_true(temperature_in(&bytes) > 1.1);
			for (size_t row = 0; row < ROWS; row++)
				assert_tempered(before + row * count, after + row * count, count,
					temperature_in(&bytes));
			upk_predictor_write(read, &again);
			upk_buffer_putc(&again, '\0');
			assert_string_equal(bytes.data, again.data);
			assert_true(upk_predictor_predict(read, &d.table, 0, ROWS, before, NULL));
			assert_memory_equal(before, after, ROWS * count * sizeof *before);
			upk_buffer_finish(&bytes);
			upk_buffer_finish(&again);
			upk_predictor_unref(read);
			upk_predictor_unref(p);
			upk_predictor_unref(twin);
			upk_dataset_finish(&d);
		}
}

static void a_twin_that_is_right_calls_for_no_temperature(void **state)
{
	struct upk_dataset d;
	struct upk_buffer bytes = { 0 };

	(void)state;
	sample_rows(&d, 1200, 4, 2, 0);
	struct upk_predictor *twin = fit(&d, 0, 1150), *p = fit(&d, 0, 1200);
	assert_true(upk_predictor_calibrate(
		p, twin, &(struct upk_calibrate_rows){ &d, 0, 1150, 1150, 1200 }, NULL));
	assert_int_equal(upk_predictor_calibrated(p).to, 0);
	upk_predictor_write(p, &bytes);
	upk_buffer_putc(&bytes, '\0');
	assert_null(strstr(bytes.data, "calibration"));
	upk_buffer_finish(&bytes);
	upk_predictor_unref(p);
	upk_predictor_unref(twin);
	upk_dataset_finish(&d);
}

/* Two classes of which the second is rare, and never likely. */
static void make_rare(struct upk_dataset *d, size_t rows)
{
	sample_rows(d, rows, 4, 2, 0);
	for (size_t i = 0; i < rows; i++)
		d->y[i] = d->y[i] && i % 4 == 0;
}

static const char *const with_threshold =
	"{\"learner\":\"logistic\",\"settings\":{},\"features\":[\"x\"],\"classes\":[\"ham\","
	"\"spam\"],"
	"\"present\":[0,1],\"mean\":[0],\"scale\":[1],\"impute\":[0],\"coefficients\":[[1]],"
	"\"intercepts\":[0],\"threshold\":%s}";

static void a_threshold_is_found_kept_and_decides(void **state)
{
	enum { CUT = 2000, ROWS = 2500 };
	const struct upk_decision models = { 1, 0.5 };
	struct upk_dataset d;
	struct upk_buffer bytes = { 0 }, again = { 0 };
	const struct upk_tune_rows rows = { &d, 0, CUT, ROWS };
	struct upk_threshold found;
	double p[ROWS * 2], tempered[ROWS * 2];

	(void)state;
	make_rare(&d, ROWS);
	for (size_t i = 0; upk_learner_at(i); i++) {
		struct upk_predictor_setup setup = { .learner = upk_learner_at(i),
			.classes = classes };
		struct upk_predictor *twin = upk_predictor_fit(&setup, &d, 0, CUT, NULL);
		struct upk_predictor *own = upk_predictor_fit(&setup, &d, 0, ROWS, NULL);
		assert_true(upk_predictor_tune(own, twin, 1, &rows, &found, NULL));
		assert_true(found.kept && upk_predictor_threshold(own) == found.tried);
		struct upk_decision mine = upk_predictor_decision(own, models);
		assert_true(mine.positive == 1 && mine.threshold == found.tried);
		/* not where the model names one, nor for the other class */
		assert_true(
			upk_predictor_decision(own, (struct upk_decision){ 1, 0.6 }).threshold ==
			0.6);
		assert_true(
			upk_predictor_decision(own, (struct upk_decision){ 0, 0.5 }).threshold ==
			0.5);
		assert_true(upk_predictor_decision(twin, models).threshold == 0.5);

		/* A temperature changes probabilities, and no decision. */
		assert_true(upk_predictor_predict(own, &d.table, 0, ROWS, p, NULL));
		assert_true(upk_predictor_calibrate(own, twin,
			&(struct upk_calibrate_rows){ &d, 0, CUT, CUT, ROWS }, NULL));
		assert_true(upk_predictor_predict(own, &d.table, 0, ROWS, tempered, NULL));
		struct upk_decision after = upk_predictor_decision(own, models);
		for (size_t row = 0; row < ROWS; row++)
			assert_int_equal(upk_decide(mine, p + 2 * row, 2),
				upk_decide(after, tempered + 2 * row, 2));

		struct upk_predictor *read = read_back(own, &bytes);
		assert_true(upk_predictor_decision(read, models).threshold == after.threshold);
		upk_predictor_write(read, &again);
		assert_true(upk_text_equal(upk_buffer_text(&bytes), upk_buffer_text(&again)));
		upk_buffer_finish(&bytes);
		upk_buffer_finish(&again);
		upk_predictor_unref(read);
		upk_predictor_unref(own);
		upk_predictor_unref(twin);
	}
	upk_dataset_finish(&d);
}

static void a_threshold_is_checked_when_it_is_read(void **state)
{
	static const struct {
		const char *threshold, *words;
	} cases[] = {
		{ "0.3", "threshold.value is not a number in 0 to 1" },
		{ "{\"positive\":\"spam\",\"value\":0}", "threshold.value" },
		{ "{\"positive\":\"spam\",\"value\":1.5}", "threshold.value" },
		{ "{\"positive\":\"eggs\",\"value\":0.3}", "threshold.positive" },
		{ "{\"positive\":\"spam\",\"value\":0.3,\"tuned\":{\"from\":1}}",
			"threshold.tuned.fitted_from" },
	};
	char text[1024];

	(void)state;
	snprintf(text, sizeof text, with_threshold, "{\"positive\":\"spam\",\"value\":0.3}");
	struct upk_predictor *p = upk_predictor_read(upk_text_of(text), NULL);
	assert_non_null(p);
	assert_true(upk_predictor_threshold(p) == 0.3);
	upk_predictor_unref(p);
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct upk_error err = { 0 };
		snprintf(text, sizeof text, with_threshold, cases[i].threshold);
		p = upk_predictor_read(upk_text_of(text), &err);
		if (p || err.code != UPK_CORRUPT || !strstr(err.message, cases[i].words))
			fail_msg("%s: %s", cases[i].threshold, err.message);
	}
}

static void a_reference_keeps_it_alive(void **state)
{
	struct upk_dataset d;

	(void)state;
	sample_rows(&d, 200, 4, 2, 0);
	struct upk_predictor *p = fit(&d, 0, d.rows), *other = upk_predictor_ref(p);
	upk_predictor_unref(p);
	assert_string_equal(upk_predictor_learner(other), "logistic");
	upk_predictor_unref(other);
	upk_predictor_unref(NULL);
	upk_dataset_finish(&d);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(gaps_and_scales_equal_a_scikit_learn_pipeline),
		cmocka_unit_test(columns_that_say_nothing_become_nought),
		cmocka_unit_test(a_number_beyond_a_float_does_not_flatten_the_others),
		cmocka_unit_test(what_is_read_back_predicts_the_same_bits),
		cmocka_unit_test(names_are_kept),
		cmocka_unit_test(a_class_without_rows_is_never_predicted),
		cmocka_unit_test(a_row_of_a_long_batch_has_the_answer_it_has_alone),
		cmocka_unit_test(rows_that_cannot_be_fitted_are_refused_with_the_reason),
		cmocka_unit_test(what_goes_on_keeps_its_preprocessing_and_classes),
		cmocka_unit_test(what_lacks_a_class_or_is_of_another_kind_cannot_go_on),
		cmocka_unit_test(broken_bytes_are_corrupt),
		cmocka_unit_test(a_threshold_decides_between_two_classes_alone),
		cmocka_unit_test(every_learner_is_calibrated_by_a_twin),
		cmocka_unit_test(a_threshold_is_found_kept_and_decides),
		cmocka_unit_test(a_threshold_is_checked_when_it_is_read),
		cmocka_unit_test(a_twin_that_is_right_calls_for_no_temperature),
		cmocka_unit_test(a_reference_keeps_it_alive),
	};

	return cmocka_run_group_tests_name("learn/predictor", tests, NULL, NULL);
}
