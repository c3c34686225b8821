#include "learn/network.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/floats.h"
#include "learn/encode.h"
#include "learn/linear.h"

enum { ROWS = 37, FEATURES = 13, MOST = 40 };

static const size_t hidden[] = { 35, 16, 3 }; /* tiles and rests of them */

static struct upk_network network(size_t classes)
{
	struct upk_network n;
	struct upk_random random;

	upk_random_seed(&random, classes);
	assert_true(upk_network_init(&n, FEATURES, classes, hidden, 3, NULL));
	upk_network_draw(&n, &random);
	return n;
}

static void draw(double *x, size_t count, uint64_t seed)
{
	struct upk_random random;

	upk_random_seed(&random, seed);
	for (size_t i = 0; i < count; i++)
		x[i] = 4 * upk_random_unit(&random) - 2;
}

/* The scores of one row, layer by layer, in doubles. */
static void answer_naively(const struct upk_network *n, const double *x, double *out)
{
	double values[MOST], sums[MOST];

	memcpy(values, x, FEATURES * sizeof *x);
	for (size_t l = 0; l < n->layers; l++) {
		for (size_t k = 0; k < n->sizes[l + 1]; k++) {
			sums[k] = (double)upk_network_biases(n, l)[k];
			for (size_t i = 0; i < n->sizes[l]; i++)
				sums[k] += values[i] *
					(double)upk_network_weights(n, l)[i * n->sizes[l + 1] + k];
		}
		for (size_t k = 0; k < n->sizes[l + 1]; k++)
			values[k] = l + 1 < n->layers ? fmax(sums[k], 0) : sums[k];
	}
	memcpy(out, values, n->sizes[n->layers] * sizeof *out);
}

static void probabilities_are_those_of_the_layers_written_out(void **state)
{
	double x[ROWS * FEATURES], p[ROWS * 18], scores[MOST];

	(void)state;
	draw(x, ROWS * FEATURES, 1);
	for (size_t classes = 2; classes <= 18; classes += 8) {
		struct upk_network n = network(classes);
		float *scratch = calloc(upk_network_scratch(&n), sizeof *scratch);
		assert_non_null(scratch);
		upk_network_predict(&n, x, NULL, ROWS, scratch, p);
		for (size_t i = 0; i < ROWS; i++) {
			double sum = 0;
			answer_naively(&n, x + i * FEATURES, scores);
			if (classes == 2) {
				scores[1] = scores[0];
				scores[0] = 0;
			}
			for (size_t k = 0; k < classes; k++)
				sum += exp(scores[k]);
			for (size_t k = 0; k < classes; k++)
				assert_true(fabs(p[i * classes + k] - exp(scores[k]) / sum) < 1e-5);
		}
		free(scratch);
		upk_network_finish(&n);
	}
}

/* Sums in floats, one product after the other, in the order of the inputs: no fused product, and no
 * other order, whatever the processor has. */
static void a_hidden_value_is_the_sum_in_the_inputs_order(void **state)
{
	enum { OUT = 35 };
	const size_t none[] = { 1 };
	double x[ROWS * FEATURES], p[ROWS * OUT];
	struct upk_network n;
	struct upk_random random;
	float *scratch;

	(void)state;
	draw(x, ROWS * FEATURES, 2);
	upk_random_seed(&random, 3);
	assert_true(upk_network_init(&n, FEATURES, OUT, none, 0, NULL));
	upk_network_draw(&n, &random);
	scratch = calloc(upk_network_scratch(&n), sizeof *scratch);
	assert_non_null(scratch);
	upk_network_predict(&n, x, NULL, ROWS, scratch, p);
	for (size_t i = 0; i < ROWS; i++) {
		float scores[OUT], greatest = -INFINITY, sum = 0;
		double all = 0;
		for (size_t k = 0; k < OUT; k++) {
			scores[k] = upk_network_biases(&n, 0)[k];
			for (size_t j = 0; j < FEATURES; j++) {
				volatile float product = (float)x[i * FEATURES + j] *
					upk_network_weights(&n, 0)[j * OUT + k];
				scores[k] += product;
			}
			greatest = fmaxf(greatest, scores[k]);
		}
		for (size_t k = 0; k < OUT; k++)
			sum += scores[k] = expf(scores[k] - greatest);
		for (size_t k = 0; k < OUT; k++)
			all += (double)(scores[k] /= sum);
		for (size_t k = 0; k < OUT; k++)
			assert_true(p[i * OUT + k] == (double)scores[k] / all);
	}
	free(scratch);
	upk_network_finish(&n);
}

static void any_number_of_rows_gives_the_same_bits(void **state)
{
	double x[ROWS * FEATURES], all[ROWS * 3], some[ROWS * 3];
	struct upk_network n;
	float *scratch;

	(void)state;
	draw(x, ROWS * FEATURES, 4);
	n = network(3);
	scratch = calloc(upk_network_scratch(&n), sizeof *scratch);
	assert_non_null(scratch);
	upk_network_predict(&n, x, NULL, ROWS, scratch, all);
	for (size_t rows = 1; rows < ROWS; rows++) {
		size_t first = ROWS - rows;
		upk_network_predict(&n, x + first * FEATURES, NULL, rows, scratch, some);
		assert_memory_equal(some, all + first * 3, rows * 3 * sizeof *some);
	}
	free(scratch);
	upk_network_finish(&n);
}

/* A linear model's score: eight lanes, then the rest, each product rounded. */
static void a_linear_score_is_the_sum_of_its_lanes(void **state)
{
	enum { LANES = 8 };
	double x[ROWS * FEATURES], p[ROWS * 2];
	struct upk_linear *l = upk_linear_create((struct upk_width){ FEATURES, 0 }, 2, NULL);
	const struct upk_inputs in = { .rows = ROWS, .features = FEATURES, .x = x };

	(void)state;
	assert_non_null(l);
	draw(x, ROWS * FEATURES, 5);
	draw(l->weights, FEATURES, 6);
	l->intercept[0] = 0.25;
	upk_linear_predict(l, &in, p);
	for (size_t i = 0; i < ROWS; i++) {
		double lanes[LANES] = { 0 }, sum = 0;
		for (size_t j = 0; j < FEATURES; j++) {
			volatile double product = l->weights[j] * x[i * FEATURES + j];
			*(j < FEATURES - FEATURES % LANES ? &lanes[j % LANES] : &sum) += product;
		}
		for (size_t k = 0; k < LANES; k++)
			sum += lanes[k];
		assert_true(p[2 * i + 1] == 1 / (1 + exp(-(sum + 0.25))));
		assert_true(p[2 * i] == 1 - p[2 * i + 1]);
	}
	upk_linear_destroy(l);
}

/* NAN, infinite, far away and of no scale. */
static void standardised_is_filled_scaled_and_cut(void **state)
{
	enum { N = 11 };
	double mean[N], scale[N], impute[N], x[3 * N], out[3 * N];
	const struct upk_encode e = {
		.features = N, .mean = mean, .scale = scale, .impute = impute, .limit = 100
	};

	(void)state;
	draw(x, 3 * N, 7);
	draw(mean, N, 8);
	draw(impute, N, 9);
	for (size_t j = 0; j < N; j++)
		scale[j] = j == 2 ? 0 : 0.5 + (double)j;
	x[1] = x[N + 9] = NAN;
	x[2] = x[3] = INFINITY;
	x[N + 10] = -1e300;
	upk_encode_apply(&e, x, 3, out);
	for (size_t i = 0; i < 3 * N; i++) {
		size_t j = i % N;
		double value = ((isnan(x[i]) ? impute[j] : x[i]) - mean[j]) / scale[j];
		value = fmax(fmin(value, 100), -100);
		assert_true(out[i] == (j == 2 ? 0 : value));
	}
}

enum { WIDE = 19 }; /* two times eight, and a rest */

/* An encode of WIDE inputs, and rows of floats of which some are missing, far away or of no scale.
 */
static void draw_rows(struct upk_encode *e, float *x, size_t rows)
{
	cJSON *json = cJSON_CreateObject();
	double numbers[WIDE], scales[WIDE];

	draw(numbers, WIDE, 11);
	cJSON_AddItemToObject(json, "mean", cJSON_CreateDoubleArray(numbers, WIDE));
	draw(numbers, WIDE, 12);
	cJSON_AddItemToObject(json, "impute", cJSON_CreateDoubleArray(numbers, WIDE));
	for (size_t j = 0; j < WIDE; j++)
		scales[j] = j == 2 ? 0 : 0.5 + (double)j;
	cJSON_AddItemToObject(json, "scale", cJSON_CreateDoubleArray(scales, WIDE));
	cJSON_AddNumberToObject(json, "limit", 100);
	assert_true(upk_encode_read(e, json, WIDE, NULL));
	cJSON_Delete(json);
	for (size_t i = 0; i < rows; i++) {
		draw(numbers, WIDE, 13 + (uint32_t)i);
		for (size_t j = 0; j < WIDE; j++)
			x[i * WIDE + j] = (float)numbers[j];
	}
	x[3] = x[2 * WIDE - 1] = NAN;
	x[WIDE + 2] = 3e38F;
	x[5] = -3e38F;
	x[WIDE + 18] = 1e20F;
}

static void folded_weights_score_centred_inputs_alike(void **state)
{
	double x[ROWS * WIDE], standard[ROWS * WIDE], centred[ROWS * WIDE], floats[ROWS * WIDE];
	double one[ROWS * 4], other[ROWS * 4];
	float rows[ROWS * WIDE];
	struct upk_encode e = { 0 };

	(void)state;
	draw_rows(&e, rows, ROWS);
	for (size_t i = 0; i < (size_t)ROWS * WIDE; i++)
		x[i] = (double)rows[i];
	upk_encode_apply(&e, x, ROWS, standard);
	upk_encode_centre(&e, x, ROWS, centred);
	upk_encode_centre_floats(&e, (const char *)rows, ROWS, floats);
	assert_memory_equal(centred, floats, sizeof centred);
	for (size_t classes = 2; classes <= 4; classes++) {
		struct upk_linear *l =
			upk_linear_create((struct upk_width){ WIDE, 0 }, classes, NULL);
		struct upk_inputs in = { .rows = ROWS, .features = WIDE, .x = standard };
		assert_non_null(l);
		draw(l->weights, upk_linear_count(l), 14);
		upk_linear_predict(l, &in, one);
		assert_true(upk_linear_fold(l, e.scale));
		in.x = centred;
		upk_linear_predict(l, &in, other);
		for (size_t i = 0; i < ROWS * classes; i++)
			assert_true(fabs(one[i] - other[i]) <= 1e-12);
		for (size_t i = 2; i < ROWS; i++) {
			const char *row = (const char *)(rows + i * WIDE);
			assert_true(upk_floats_within(row, WIDE, e.uncut));
			upk_linear_predict_floats(l, e.mean, row, 1, one);
			assert_memory_equal(one, other + i * classes, classes * sizeof *one);
		}
		assert_false(upk_floats_within((const char *)rows, WIDE, INFINITY));
		upk_linear_destroy(l);
	}
	upk_encode_finish(&e);
}

static void scales_that_would_overflow_are_not_folded(void **state)
{
	const double x = 1, scales[] = { 5e-324, 1e300 };
	double one[2], other[2];
	struct upk_linear *l = upk_linear_create((struct upk_width){ 1, 0 }, 2, NULL);
	const struct upk_inputs in = { .rows = 1, .features = 1, .x = &x };

	(void)state;
	assert_non_null(l);
	l->weights[0] = 2;
	upk_linear_predict(l, &in, one);
	for (size_t i = 0; i < 2; i++) {
		assert_false(upk_linear_fold(l, &scales[i]));
		upk_linear_predict(l, &in, other);
		assert_memory_equal(one, other, sizeof one);
	}
	upk_linear_destroy(l);
}

static void the_least_scale_gives_numbers(void **state)
{
	const double x[] = { 1, 1 + 0x1p-52, 2 };
	struct upk_encode e = { 0 };
	cJSON *json = cJSON_Parse("{\"mean\":[1],\"scale\":[5e-324],\"impute\":[1]}");
	double out[3];

	(void)state;
	assert_true(upk_encode_read(&e, json, 1, NULL));
	upk_encode_apply(&e, x, 3, out);
	assert_true(out[0] == 0 && out[1] == UPK_ENCODE_LIMIT && out[2] == UPK_ENCODE_LIMIT);
	upk_encode_finish(&e);
	cJSON_Delete(json);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(probabilities_are_those_of_the_layers_written_out),
		cmocka_unit_test(a_hidden_value_is_the_sum_in_the_inputs_order),
		cmocka_unit_test(any_number_of_rows_gives_the_same_bits),
		cmocka_unit_test(a_linear_score_is_the_sum_of_its_lanes),
		cmocka_unit_test(standardised_is_filled_scaled_and_cut),
		cmocka_unit_test(folded_weights_score_centred_inputs_alike),
		cmocka_unit_test(scales_that_would_overflow_are_not_folded),
		cmocka_unit_test(the_least_scale_gives_numbers),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
