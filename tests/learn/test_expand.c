#include "learn/expand.h"

#include <endian.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "learn/oracle_text.h"
#include "learn/predictor.h"
#include "learn/sample.h"
#include "learn/terms.h"
#include "learn/tfidf.h"
#include "learn/vocabulary.h"

static const struct upk_text classes[] = { { "ham", 3 }, { "spam", 4 } };
static const struct upk_expand_options options = {
	.gaps = true, .values = 3, .text = { .bits = 18 }
};

static void assert_near(double ours, double theirs, double tolerance)
{
	if (!(fabs(ours - theirs) <= tolerance))
		fail_msg("%.17g, want %.17g", ours, theirs);
}

static void letters_become_lower_case_as_unicode_has_it(void **state)
{
	/* From Python's str.lower(). */
	const uint32_t cases[][2] = { { 'A', 'a' }, { 'z', 'z' }, { '[', '[' }, { 0xC4, 0xE4 },
		{ 0xD7, 0xD7 }, { 0xDF, 0xDF }, { 0x130, 0x69 }, { 0x131, 0x131 }, { 0x178, 0xFF },
		{ 0x17D, 0x17E }, { 0x386, 0x3AC }, { 0x38F, 0x3CE }, { 0x3A3, 0x3C3 },
		{ 0x3C2, 0x3C2 }, { 0x401, 0x451 }, { 0x42F, 0x44F }, { 0x4C0, 0x4CF },
		{ 0x1EA0, 0x1EA1 }, { 0x65E5, 0x65E5 } };

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
		assert_int_equal(upk_terms_lower(cases[i][0]), cases[i][1]);
}

static void terms_weigh_what_scikit_learn_has_them_weigh(void **state)
{
	struct upk_dataset d;
	struct upk_tfidf v = { 0 };
	struct upk_terms terms = { 0 };
	struct upk_sparse s;

	(void)state;
	sample_typed(&d);
	assert_true(upk_tfidf_fit(
		&v, &d.table, 2, 0, d.rows, &(struct upk_tfidf_options){ .bits = 18 }, NULL));
	assert_int_equal(v.count, typed_terms);
	for (size_t i = 0; i < 50; i++) {
		assert_int_equal(v.bucket[i], (uint32_t)typed_buckets[i]);
		assert_near(v.idf[i], typed_idf[i], 1e-12);
	}
	upk_sparse_init(&s, v.count);
	for (size_t i = 0; i < 5; i++) {
		double sum = 0, greatest = 0;
		uint32_t place = 0;
		struct upk_text text = upk_table_text(&d.table, i, 2);
		assert_true(upk_tfidf_weigh(&v, text, &terms, 0, &s, NULL));
		upk_sparse_end_row(&s);
		for (size_t j = s.starts[i]; j < s.starts[i + 1]; j++) {
			sum += (double)s.value[j];
			place = (double)s.value[j] > greatest + 1e-6 ? s.column[j] : place;
			greatest = fmax(greatest, (double)s.value[j]);
		}
		assert_near(sum, typed_first_sums[i], 1e-5);
		assert_near(greatest, typed_first_greatest[i], 1e-6);
		assert_int_equal(place, (uint32_t)typed_first_places[i]);
	}
	upk_sparse_finish(&s);
	upk_terms_finish(&terms);
	upk_tfidf_finish(&v);
	upk_dataset_finish(&d);
}

/* A term stays where fewer than 60 come before it: in more rows, or in as many with a lower bucket.
 */
static void a_limit_keeps_the_terms_that_most_rows_have(void **state)
{
	const struct upk_tfidf_options few = { .bits = 18, .most = 60 };
	struct upk_dataset d;
	struct upk_tfidf all = { 0 }, v = { 0 };
	size_t at = 0;

	(void)state;
	sample_typed(&d);
	assert_true(upk_tfidf_fit(
		&all, &d.table, 2, 0, d.rows, &(struct upk_tfidf_options){ .bits = 18 }, NULL));
	assert_true(upk_tfidf_fit(&v, &d.table, 2, 0, d.rows, &few, NULL));
	assert_int_equal(v.count, few.most);
	for (size_t i = 0; i < all.count; i++) {
		size_t before = 0;
		for (size_t k = 0; k < all.count; k++)
			before += all.idf[k] < all.idf[i] || (all.idf[k] <= all.idf[i] && k < i);
		if (before >= few.most)
			continue;
		assert_int_equal(v.bucket[at], all.bucket[i]);
		assert_near(v.idf[at], all.idf[i], 0);
		at++;
	}
	assert_int_equal(at, v.count);
	upk_tfidf_finish(&v);
	upk_tfidf_finish(&all);
	upk_dataset_finish(&d);
}

static struct upk_predictor *fit(const struct upk_dataset *d, const struct upk_learner *learner)
{
	struct upk_error err = { 0 };
	struct upk_predictor_setup setup = {
		.learner = learner, .classes = classes, .values = 3, .seed = 1
	};
	struct upk_predictor *p = upk_predictor_fit(&setup, d, 0, d->rows, &err);

	if (!p)
		fail_msg("%s", err.message);
	return p;
}

static void logistic_on_sparse_inputs_equals_scikit_learn(void **state)
{
	struct upk_dataset d;
	struct upk_buffer bytes = { 0 };
	double probabilities[60];

	(void)state;
	sample_typed(&d);
	struct upk_predictor *p = fit(&d, &upk_logistic);
	assert_true(upk_predictor_predict(p, &d.table, 0, 30, probabilities, NULL));
	for (size_t i = 0; i < 60; i++)
		assert_near(probabilities[i], typed_probabilities[i], 1e-5);

	upk_predictor_write(p, &bytes);
	upk_buffer_putc(&bytes, '\0');
	cJSON *json = cJSON_Parse(bytes.data);
	const cJSON *weights = cJSON_GetObjectItemCaseSensitive(json, "coefficients")->child->child;
	const cJSON *intercept = cJSON_GetObjectItemCaseSensitive(json, "intercepts")->child;
	size_t i = 0;
	for (; i < 6; i++, weights = weights->next)
		assert_near(weights->valuedouble, typed_coefficients[i], 1e-4);
	for (i = 0; weights; i++, weights = weights->next)
		if (i % (size_t)typed_step[0] == 0 && i / (size_t)typed_step[0] < 40)
			assert_near(weights->valuedouble,
				typed_text_coefficients[i / (size_t)typed_step[0]], 1e-4);
	assert_int_equal(i, typed_terms);
	assert_near(intercept->valuedouble, typed_intercept[0], 1e-4);
	cJSON_Delete(json);
	upk_buffer_finish(&bytes);
	upk_predictor_unref(p);
	upk_dataset_finish(&d);
}

static void what_is_read_back_answers_the_same_bits(void **state)
{
	(void)state;
	for (size_t k = 0; upk_learner_at(k); k++) {
		struct upk_dataset d;
		struct upk_buffer bytes = { 0 }, second = { 0 };
		double *before = calloc(800, sizeof *before), *after = calloc(800, sizeof *after);
		sample_typed(&d);
		struct upk_predictor *p = fit(&d, upk_learner_at(k));
		upk_predictor_write(p, &bytes);
		struct upk_predictor *read = upk_predictor_read(upk_buffer_text(&bytes), NULL);
		assert_non_null(read);
		assert_true(upk_predictor_predict(p, &d.table, 0, 400, before, NULL));
		assert_true(upk_predictor_predict(read, &d.table, 0, 400, after, NULL));
		assert_memory_equal(before, after, 800 * sizeof *before);
		size_t right = 0;
		for (size_t i = 0; i < 400; i++) {
			right += (before[2 * i + 1] > 0.5) == d.y[i];
			assert_true(upk_predictor_predict(read, &d.table, i, 1, after, NULL));
			assert_memory_equal(before + 2 * i, after, 2 * sizeof *after);
		}
		assert_true(right > 330);
		upk_predictor_write(read, &second);
		assert_true(upk_text_equal(upk_buffer_text(&bytes), upk_buffer_text(&second)));
		upk_predictor_unref(p);
		upk_predictor_unref(read);
		free(before);
		free(after);
		upk_buffer_finish(&bytes);
		upk_buffer_finish(&second);
		upk_dataset_finish(&d);
	}
}

static void the_most_frequent_values_have_columns_and_the_rest_share_one(void **state)
{
	struct upk_dataset d;
	struct upk_vocabulary v = { 0 };

	(void)state;
	sample_typed(&d);
	assert_true(upk_vocabulary_fit(&v, &d.table, 1, 0, d.rows, 3, NULL));
	assert_int_equal(v.count, 3);
	for (size_t i = 0; i < 3; i++) {
		assert_true(upk_text_is(v.values[i], typed_frequent[i]));
		assert_int_equal(upk_vocabulary_find(&v, v.values[i]), i);
	}
	assert_int_equal(upk_vocabulary_find(&v, upk_text_of("xx")), 3);
	assert_int_equal(upk_vocabulary_find(&v, upk_text_of(NULL)), 3);
	upk_vocabulary_finish(&v);
	upk_dataset_finish(&d);
}

static void a_row_is_its_dense_columns_and_its_categories(void **state)
{
	struct upk_dataset d;
	double out[6];

	(void)state;
	sample_typed(&d);
	struct upk_expand *e = upk_expand_fit(&d.table, 0, d.rows, &options, NULL);
	assert_non_null(e);
	assert_int_equal(upk_expand_row_width(e), 6);
	for (size_t i = 0; i < d.rows; i++) {
		double x = upk_table_number(&d.table, i, 0), hot = 0;
		upk_expand_row(e, &d.table, i, out);
		assert_true(isnan(x) ? isnan(out[0]) && out[1] == 1 : out[0] == x && out[1] == 0);
		for (size_t k = 2; k < 6; k++)
			hot += out[k];
		assert_true(hot == 1);
		struct upk_text lang = upk_table_value(&d.table, upk_table_code(&d.table, i, 1));
		assert_true(!upk_text_is(lang, typed_frequent[1]) || out[3] == 1);
		assert_true(lang.data || out[5] == 1);
	}
	upk_expand_destroy(e);
	upk_dataset_finish(&d);
}

/* A version meets rows that lack a feature of its own, and have others in another order. */
static void features_are_found_by_name_and_missing_where_they_are_not(void **state)
{
	const struct upk_column items[] = {
		{ .name = { "new", 3 } },
		{ .name = { "lang", 4 }, .type = UPK_COLUMN_CATEGORY },
		{ .name = { "x", 1 } },
	};
	struct upk_columns *columns = upk_columns_create(items, 3, NULL);
	struct upk_dataset d;
	struct upk_table other, same;
	double there[2], here[2];

	(void)state;
	sample_typed(&d);
	struct upk_predictor *p = fit(&d, &upk_logistic);
	upk_table_init(&other, columns);
	upk_table_init(&same, d.table.columns);
	assert_true(upk_table_add(&other, (double[]){ 7, 0.25 }, NULL));
	assert_true(upk_table_set_category(&other, 0, 1, upk_text_of("fr"), NULL));
	assert_true(upk_table_add(&same, (double[]){ 0.25 }, NULL));
	assert_true(upk_table_set_category(&same, 0, 1, upk_text_of("fr"), NULL));
	assert_true(upk_predictor_predict(p, &other, 0, 1, there, NULL));
	assert_true(upk_predictor_predict(p, &same, 0, 1, here, NULL));
	assert_memory_equal(there, here, sizeof here);
	assert_false(upk_predictor_fits(p, columns, classes, 2));
	assert_true(upk_predictor_fits(p, d.table.columns, classes, 2));
	assert_false(upk_predictor_fits(p, d.table.columns, classes, 1));
	assert_false(upk_predictor_fits(p, d.table.columns, &classes[1], 1));
	upk_table_finish(&other);
	upk_table_finish(&same);
	upk_predictor_unref(p);
	upk_columns_destroy(columns);
	upk_dataset_finish(&d);
}

static void a_version_fits_rows_that_have_more_features(void **state)
{
	const struct upk_column items[] = {
		{ .name = { "body", 4 }, .type = UPK_COLUMN_TEXT },
		{ .name = { "x", 1 } },
		{ .name = { "lang", 4 }, .type = UPK_COLUMN_CATEGORY },
		{ .name = { "new", 3 }, .type = UPK_COLUMN_VECTOR, .size = 3 },
	};
	const struct upk_column typed[] = { items[0], items[1],
		{ .name = { "lang", 4 }, .type = UPK_COLUMN_TEXT } };
	struct upk_columns *more = upk_columns_create(items, 4, NULL);
	struct upk_columns *retyped = upk_columns_create(typed, 3, NULL);
	struct upk_dataset d;

	(void)state;
	sample_typed(&d);
	struct upk_predictor *p = fit(&d, &upk_logistic);
	assert_true(upk_predictor_fits(p, more, classes, 2));
	assert_false(upk_predictor_fits(p, retyped, classes, 2));
	upk_predictor_unref(p);
	upk_columns_destroy(more);
	upk_columns_destroy(retyped);
	upk_dataset_finish(&d);
}

enum { PACKED_ROWS = 900, PACKED_NUMBERS = 4 };

/* The same rows twice: numbers, and the floats that they are in bytes which begin anywhere. */
struct twice {
	struct upk_dataset d;
	char bytes[1 + PACKED_ROWS * PACKED_NUMBERS * sizeof(float)];
	struct upk_table packed;
};

static void make_twice(struct twice *t, uint32_t gaps)
{
	static const float odd[] = { -0.0F, 1e-45F, 3.4e38F, -1.5F };

	sample_rows(&t->d, PACKED_ROWS, PACKED_NUMBERS, 2, gaps);
	for (size_t i = 0; i < (size_t)PACKED_ROWS * PACKED_NUMBERS; i++) {
		float value = i < 4 ? odd[i] : (float)t->d.table.numbers[i];
		uint32_t bits;
		t->d.table.numbers[i] = (double)value;
		memcpy(&bits, &value, sizeof bits);
		bits = htole32(bits);
		memcpy(t->bytes + 1 + i * sizeof bits, &bits, sizeof bits);
	}
	t->packed = (struct upk_table){
		.columns = t->d.table.columns, .rows = PACKED_ROWS, .packed = t->bytes + 1
	};
}

static void assert_same_bits(const double *a, const double *b, size_t count)
{
	for (size_t i = 0; i < count; i++)
		assert_true(isnan(a[i]) ? isnan(b[i]) : memcmp(&a[i], &b[i], sizeof *a) == 0);
}

/* Their columns turned round, so that each is found where it stands in the table. */
static void packed_rows_are_those_of_their_numbers(void **state)
{
	const int32_t map[PACKED_NUMBERS] = { 3, 2, 1, 0 };
	const struct upk_expand_options plain = { .values = 3, .text = { .bits = 18 } };
	double room[3 * PACKED_NUMBERS], one[6 * PACKED_NUMBERS], other[6 * PACKED_NUMBERS];
	struct twice t;

	(void)state;
	make_twice(&t, 5);
	const double *numbers = t.d.table.numbers;
	struct upk_expand *whole = upk_expand_fit(&t.d.table, 0, PACKED_ROWS, &plain, NULL);
	struct upk_expand *gaps = upk_expand_fit(&t.d.table, 0, PACKED_ROWS, &options, NULL);
	assert_int_equal(upk_expand_width(gaps).dense, 2 * PACKED_NUMBERS);
	for (size_t row = 0; row + 3 <= PACKED_ROWS; row++) {
		for (size_t k = 0; k < PACKED_NUMBERS; k++) {
			double number = upk_table_number(&t.packed, row, k);
			assert_same_bits(&number, &numbers[row * PACKED_NUMBERS + k], 1);
		}
		const double *found = upk_expand_plain(whole, &t.packed, NULL, row, 3, room);
		assert_ptr_equal(found, room);
		assert_same_bits(found, numbers + row * PACKED_NUMBERS, sizeof room / sizeof *room);
		assert_true(upk_expand_rows(gaps, &t.d.table, map, row, 3, one, NULL, NULL, NULL));
		assert_true(upk_expand_rows(gaps, &t.packed, map, row, 3, other, NULL, NULL, NULL));
		assert_same_bits(one, other, sizeof one / sizeof *one);
	}
	upk_expand_destroy(whole);
	upk_expand_destroy(gaps);
	upk_dataset_finish(&t.d);
}

/* Rows from `from` on, which are more than are answered at a time, with the version's own columns. */
static void check_answers(const struct twice *t, const struct upk_learner *learner, size_t from)
{
	const struct upk_predictor_setup setup = {
		.learner = learner, .classes = classes, .seed = 1
	};
	double one[2 * PACKED_ROWS], other[2 * PACKED_ROWS];
	size_t rows = PACKED_ROWS - from;
	struct upk_predictor *p = upk_predictor_fit(&setup, &t->d, 4, 300, NULL);

	assert_non_null(p);
	struct upk_table numbers = t->d.table, packed = t->packed;
	numbers.columns = packed.columns = upk_predictor_columns(p);
	assert_true(upk_predictor_predict(p, &numbers, from, rows, one, NULL));
	assert_true(upk_predictor_predict(p, &packed, from, rows, other, NULL));
	assert_same_bits(one, other, 2 * rows);
	upk_predictor_unref(p);
}

static void every_learner_answers_packed_rows_as_their_numbers(void **state)
{
	struct twice t;

	(void)state;
	for (uint32_t gaps = 0; gaps <= 5; gaps += 5) {
		make_twice(&t, gaps);
		for (size_t i = 0; upk_learner_at(i); i++) {
			check_answers(&t, upk_learner_at(i), 0);
			check_answers(&t, upk_learner_at(i), 8);
		}
		upk_dataset_finish(&t.d);
	}
}

static void texts_have_no_graph(void **state)
{
	struct upk_dataset d;
	struct upk_buffer out = { 0 };
	struct upk_error err = { 0 };

	(void)state;
	sample_typed(&d);
	struct upk_predictor *p = fit(&d, &upk_logistic);
	assert_false(upk_predictor_write_onnx(p, (struct upk_decision){ -1, 0.5 }, &out, &err));
	assert_int_equal(err.code, UPK_CONFLICT);
	assert_non_null(strstr(err.message, "body"));
	upk_buffer_finish(&out);
	upk_predictor_unref(p);
	upk_dataset_finish(&d);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(letters_become_lower_case_as_unicode_has_it),
		cmocka_unit_test(terms_weigh_what_scikit_learn_has_them_weigh),
		cmocka_unit_test(a_limit_keeps_the_terms_that_most_rows_have),
		cmocka_unit_test(logistic_on_sparse_inputs_equals_scikit_learn),
		cmocka_unit_test(what_is_read_back_answers_the_same_bits),
		cmocka_unit_test(the_most_frequent_values_have_columns_and_the_rest_share_one),
		cmocka_unit_test(a_row_is_its_dense_columns_and_its_categories),
		cmocka_unit_test(features_are_found_by_name_and_missing_where_they_are_not),
		cmocka_unit_test(a_version_fits_rows_that_have_more_features),
		cmocka_unit_test(packed_rows_are_those_of_their_numbers),
		cmocka_unit_test(every_learner_answers_packed_rows_as_their_numbers),
		cmocka_unit_test(texts_have_no_graph),
	};

	return cmocka_run_group_tests_name("learn/expand", tests, NULL, NULL);
}
