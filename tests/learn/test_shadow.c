#include "learn/shadow.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "learn/oracle_shadow.h"
#include "learn/predictor.h"
#include "learn/sample.h"

enum { ROWS = 4000, BEGIN = 500, EVERY = 100, FEATURES = 4, SPOKEN = (ROWS - BEGIN) / EVERY };

static const struct upk_text names[] = { { "a", 1 }, { "b", 1 }, { "c", 1 }, { "d", 1 } };

/* As oracle_shadow.py has them. */
static void make_rows(struct upk_dataset *d, size_t classes)
{
	sample_rows(d, ROWS, FEATURES, classes, 20);
	for (size_t i = 0; i < 1500; i++)
		d->table.numbers[i * FEATURES + FEATURES - 1] = 0.1;
	d->table.numbers[900 * FEATURES + 1] = 1e6;
	for (size_t i = 2200; i < ROWS; i++)
		d->y[i] = (uint16_t)((d->y[i] + 1u) % classes);
}

static void assert_close(double value, double expected)
{
	if (!(fabs(value - expected) <= 1e-12))
		fail_msg("%.17g instead of %.17g", value, expected);
}

static struct upk_shadow *begin(
	const struct upk_dataset *d, size_t rows, const atomic_bool *cancel, struct upk_error *err)
{
	const struct upk_shadow_rows r = { .rows = rows,
		.features = FEATURES,
		.classes = d->classes,
		.x = d->table.numbers,
		.y = d->y };
	return upk_shadow_create(&r, cancel, err);
}

static struct upk_predictor *version_of(
	const struct upk_shadow_copy *c, const struct upk_expand *expand)
{
	struct upk_buffer bytes = { 0 };
	upk_shadow_copy_write_version(c, expand, names, &bytes);
	assert_false(bytes.failed);
	struct upk_predictor *p = upk_predictor_read(upk_buffer_text(&bytes), NULL);
	upk_buffer_finish(&bytes);
	assert_non_null(p);
	return p;
}

/* A row whose label is known at once. */
static void step(struct upk_shadow *s, const double *x, uint16_t y)
{
	uint16_t answers[UPK_SHADOW_MEMBERS];
	upk_shadow_answer(s, x, answers);
	upk_shadow_learn(s, NULL, y, answers);
}

/* Row i's label comes when row i + late has been answered. */
static void play(size_t classes, size_t late, const double *spoken, const int *speakers,
	const double *accuracy)
{
	static uint16_t answers[ROWS][UPK_SHADOW_MEMBERS];
	struct upk_dataset d;
	make_rows(&d, classes);
	const struct upk_expand_options options = { .values = 1, .text = { .bits = 1 } };
	struct upk_expand *expand = upk_expand_fit(&d.table, 0, BEGIN, &options, NULL);
	struct upk_shadow *s = begin(&d, BEGIN, NULL, NULL);
	struct upk_shadow_copy *c = upk_shadow_copy_create(s, NULL);
	for (size_t i = BEGIN; i < ROWS; i++) {
		const double *x = d.table.numbers + i * FEATURES;
		if (i % EVERY == 0) {
			size_t n = (i - BEGIN) / EVERY;
			double p[4], served[4];
			upk_shadow_copy_take(c, s);
			upk_shadow_copy_predict(c, x, p);
			struct upk_predictor *version = version_of(c, expand);
			assert_true(upk_predictor_predict(version, &d.table, i, 1, served, NULL));
			upk_predictor_unref(version);
			assert_int_equal(upk_shadow_speaker(s), speakers[n]);
			for (size_t k = 0; k < classes; k++) {
				assert_close(p[k], spoken[n * classes + k]);
				assert_close(served[k], p[k]);
			}
		}
		upk_shadow_answer(s, x, answers[i]);
		if (i >= BEGIN + late)
			upk_shadow_learn(s, late ? x - late * FEATURES : NULL, d.y[i - late],
				answers[i - late]);
	}
	/* numpy's began at 0 and stayed so. */
	int64_t judged = ROWS - BEGIN - (int64_t)late;
	for (size_t m = 0; m < UPK_SHADOW_MEMBERS; m++)
		assert_close(upk_shadow_accuracy(s, m, judged),
			accuracy[m] / (1 - pow(299.0 / 300, (double)judged)));
	upk_expand_destroy(expand);
	upk_shadow_copy_destroy(c);
	upk_shadow_destroy(s);
	upk_dataset_finish(&d);
}

static void two_classes_go_as_numpy_says(void **state)
{
	(void)state;
	play(2, 0, two_spoken, two_speakers, two_accuracy);
}

static void four_classes_go_as_numpy_says(void **state)
{
	(void)state;
	play(4, 0, four_spoken, four_speakers, four_accuracy);
}

static void late_labels_go_as_numpy_says(void **state)
{
	(void)state;
	play(4, 70, late_spoken, late_speakers, late_accuracy);
}

static void accuracy_is_a_share_from_the_first_row_on(void **state)
{
	(void)state;
	struct upk_dataset d;
	make_rows(&d, 2);
	struct upk_shadow *s = begin(&d, BEGIN, NULL, NULL);
	assert_true(isnan(upk_shadow_accuracy(s, 0, 0)));
	for (int64_t i = 1; i <= 50; i++) {
		static const uint16_t all_right[UPK_SHADOW_MEMBERS] = { 0 };
		upk_shadow_learn(s, d.table.numbers, 0, all_right);
		assert_close(upk_shadow_accuracy(s, 0, i), 1);
		assert_true(upk_shadow_accuracy(s, 0, i) <= 1);
	}
	upk_shadow_destroy(s);
	upk_dataset_finish(&d);
}

/* A label at once is learnt the same whether its row is still at hand or given again; what nobody is
 * known to have answered counts for nobody. */
static void a_row_given_again_is_learnt_the_same(void **state)
{
	(void)state;
	struct upk_dataset d;
	struct upk_buffer bytes[2] = { { 0 }, { 0 } };
	make_rows(&d, 2);
	struct upk_shadow *s = begin(&d, BEGIN, NULL, NULL), *t = begin(&d, BEGIN, NULL, NULL);
	for (size_t i = BEGIN; i < 1700; i++) {
		uint16_t answers[UPK_SHADOW_MEMBERS];
		const double *x = d.table.numbers + i * FEATURES;
		step(s, x, d.y[i]);
		upk_shadow_answer(t, x, answers);
		upk_shadow_learn(t, x, d.y[i], answers);
	}
	upk_shadow_write(s, &bytes[0]);
	upk_shadow_write(t, &bytes[1]);
	assert_int_equal(bytes[0].size, bytes[1].size);
	assert_memory_equal(bytes[0].data, bytes[1].data, bytes[0].size);
	double before = upk_shadow_accuracy(s, 0, 1);
	assert_true(before > 0);
	upk_shadow_learn(s, d.table.numbers, d.y[0], NULL);
	assert_true(upk_shadow_accuracy(s, 0, 1) == before);
	upk_buffer_finish(&bytes[0]);
	upk_buffer_finish(&bytes[1]);
	upk_shadow_destroy(s);
	upk_shadow_destroy(t);
	upk_dataset_finish(&d);
}

static struct upk_shadow *reread(struct upk_shadow *s)
{
	struct upk_buffer bytes = { 0 };
	upk_shadow_write(s, &bytes);
	upk_shadow_destroy(s);
	s = upk_shadow_read(upk_buffer_text(&bytes), NULL);
	upk_buffer_finish(&bytes);
	assert_non_null(s);
	return s;
}

/* Read back between all steps, it is the same to the bit. */
/* A category, of some rows without, of more values than get a column, one of them seldom; with a
 * number, or alone. */
static struct upk_columns *fill_categories(
	struct upk_table *t, bool number, const struct upk_dataset *d)
{
	static const char *const values[] = { "red", "green", "blue", "seldom", "" };
	const struct upk_column items[] = { { .name = upk_text_of("color"),
						    .type = UPK_COLUMN_CATEGORY },
		{ .name = upk_text_of("x"), .type = UPK_COLUMN_NUMBER } };
	struct upk_columns *columns = upk_columns_create(items, number ? 2 : 1, NULL);
	upk_table_init(t, columns);
	for (size_t i = 0; i < ROWS; i++) {
		size_t value = i % 300 == 7 ? 3 : (d->y[i] + i % 3) % 3;
		assert_true(upk_table_add(t, d->table.numbers + i * FEATURES, NULL));
		assert_true(upk_table_set_category(
			t, i, 0, upk_text_of(values[i % 10 == 9 ? 4 : value]), NULL));
	}
	return columns;
}

static void play_categories(size_t classes, bool number)
{
	struct upk_dataset d;
	struct upk_table t;
	double x[ROWS * 5], p[4], served[4];
	make_rows(&d, classes);
	struct upk_columns *columns = fill_categories(&t, number, &d);
	const struct upk_expand_options options = { .values = 3, .text = { .bits = 1 } };
	struct upk_expand *expand = upk_expand_fit(&t, 0, BEGIN, &options, NULL);
	size_t width = upk_expand_row_width(expand);
	assert_int_equal(width, number ? 5 : 4);
	for (size_t i = 0; i < ROWS; i++)
		upk_expand_row(expand, &t, i, x + i * width);
	const struct upk_shadow_rows rows = {
		.rows = BEGIN, .features = width, .classes = classes, .x = x, .y = d.y
	};
	struct upk_shadow *s = upk_shadow_create(&rows, NULL, NULL);
	struct upk_shadow_copy *c = upk_shadow_copy_create(s, NULL);
	struct upk_predictor *version = version_of(c, expand);
	for (size_t i = BEGIN; i < ROWS; i++) {
		if (i % EVERY == 0) {
			upk_predictor_unref(version);
			upk_shadow_copy_take(c, s);
			version = version_of(c, expand);
		}
		upk_shadow_copy_predict(c, x + i * width, p);
		assert_true(upk_predictor_predict(version, &t, i, 1, served, NULL));
		for (size_t k = 0; k < classes; k++)
			assert_close(served[k], p[k]);
		step(s, x + i * width, d.y[i]);
	}
	upk_predictor_unref(version);
	upk_shadow_copy_destroy(c);
	upk_shadow_destroy(s);
	upk_expand_destroy(expand);
	upk_table_finish(&t);
	upk_columns_destroy(columns);
	upk_dataset_finish(&d);
}

static void a_version_of_categories_answers_as_the_copy(void **state)
{
	(void)state;
	play_categories(2, true);
	play_categories(2, false);
	play_categories(4, true);
}

static void bytes_give_back_the_same_shadow(void **state)
{
	(void)state;
	struct upk_dataset d;
	struct upk_buffer bytes[2] = { { 0 }, { 0 } };
	make_rows(&d, 4);
	struct upk_shadow *s = begin(&d, BEGIN, NULL, NULL);
	struct upk_shadow *t = begin(&d, BEGIN, NULL, NULL);
	for (size_t i = BEGIN; i < 1700; i++) {
		step(s, d.table.numbers + i * FEATURES, d.y[i]);
		step(t, d.table.numbers + i * FEATURES, d.y[i]);
		t = reread(t);
	}
	upk_shadow_write(s, &bytes[0]);
	upk_shadow_write(t, &bytes[1]);
	assert_int_equal(bytes[0].size, bytes[1].size);
	assert_memory_equal(bytes[0].data, bytes[1].data, bytes[0].size);
	upk_buffer_finish(&bytes[0]);
	upk_buffer_finish(&bytes[1]);
	upk_shadow_destroy(s);
	upk_shadow_destroy(t);
	upk_dataset_finish(&d);
}

static void a_copy_stays_as_it_was_taken(void **state)
{
	(void)state;
	struct upk_dataset d;
	struct upk_buffer bytes = { 0 };
	double before[2], after[2], again[2];
	make_rows(&d, 2);
	struct upk_shadow *s = begin(&d, BEGIN, NULL, NULL);
	struct upk_shadow_copy *c = upk_shadow_copy_create(s, NULL);
	upk_shadow_copy_predict(c, d.table.numbers, before);
	for (size_t i = BEGIN; i < 600; i++)
		step(s, d.table.numbers + i * FEATURES, d.y[i]);
	upk_shadow_copy_predict(c, d.table.numbers, after);
	assert_memory_equal(before, after, sizeof before);

	upk_shadow_copy_write(c, &bytes);
	upk_shadow_copy_destroy(c);
	c = upk_shadow_copy_read(s, upk_buffer_text(&bytes), NULL);
	upk_shadow_copy_predict(c, d.table.numbers, again);
	assert_memory_equal(before, again, sizeof before);
	upk_shadow_copy_take(c, s);
	upk_shadow_copy_predict(c, d.table.numbers, again);
	assert_true(again[0] != before[0]);
	upk_buffer_finish(&bytes);
	upk_shadow_copy_destroy(c);
	upk_shadow_destroy(s);
	upk_dataset_finish(&d);
}

/* 0.1 has no exact mean over 500 rows: that alone must not count as having varied. */
static void an_input_that_never_varied_says_nothing(void **state)
{
	(void)state;
	struct upk_dataset d;
	double one[FEATURES], other[FEATURES], p[2], q[2];
	make_rows(&d, 2);
	struct upk_shadow *s = begin(&d, BEGIN, NULL, NULL);
	for (size_t i = BEGIN; i < 1500; i++)
		step(s, d.table.numbers + i * FEATURES, d.y[i]);
	struct upk_shadow_copy *c = upk_shadow_copy_create(s, NULL);
	memcpy(one, d.table.numbers, sizeof one);
	memcpy(other, one, sizeof other);
	other[FEATURES - 1] = 7;
	upk_shadow_copy_predict(c, one, p);
	upk_shadow_copy_predict(c, other, q);
	assert_memory_equal(p, q, sizeof p);
	upk_shadow_copy_destroy(c);
	upk_shadow_destroy(s);
	upk_dataset_finish(&d);
}

static void far_values_and_unknown_labels_do_no_harm(void **state)
{
	(void)state;
	static const double far[] = { 1e308, -1e308, 1e-308, 0 };
	struct upk_dataset d;
	double p[2];
	make_rows(&d, 2);
	struct upk_shadow *s = begin(&d, BEGIN, NULL, NULL);
	for (size_t i = 0; i < 100; i++)
		step(s, far, (uint16_t)(i % 5));
	struct upk_shadow_copy *c;
	s = reread(s);
	c = upk_shadow_copy_create(s, NULL);
	upk_shadow_copy_predict(c, far, p);
	assert_true(isfinite(p[0]) && isfinite(p[1]));
	upk_shadow_copy_destroy(c);
	upk_shadow_destroy(s);
	upk_dataset_finish(&d);
}

enum { OUTLIER = 1300, AFTER = 100 };

/* What the copy of the moment gets right of the pairs after OUTLIER, where the values that vary are
 * x (0: as they were). */
static double accuracy_after(double x, double *decayed)
{
	struct upk_dataset d;
	double p[2], hits = 0;
	make_rows(&d, 2);
	for (size_t j = 0; x != 0 && j + 1 < FEATURES; j++)
		d.table.numbers[OUTLIER * FEATURES + j] = x;
	struct upk_shadow *s = begin(&d, BEGIN, NULL, NULL);
	struct upk_shadow_copy *c = upk_shadow_copy_create(s, NULL);
	for (size_t i = BEGIN; i <= OUTLIER + AFTER; i++) {
		const double *row = d.table.numbers + i * FEATURES;
		upk_shadow_copy_take(c, s);
		upk_shadow_copy_predict(c, row, p);
		hits += i > OUTLIER && (p[1] > p[0]) == (d.y[i] == 1);
		step(s, row, d.y[i]);
	}
	*decayed = upk_shadow_accuracy(s, upk_shadow_speaker(s), OUTLIER + AFTER - BEGIN + 1);
	upk_shadow_copy_destroy(c);
	upk_shadow_destroy(s);
	upk_dataset_finish(&d);
	return hits / AFTER;
}

static void an_outlier_does_not_spoil_the_pairs_after_it(void **state)
{
	(void)state;
	static const double outliers[] = { 1e3, -1e6, 1e6, 1e150 };
	double decayed, control = accuracy_after(0, &decayed);
	for (size_t i = 0; i < sizeof outliers / sizeof *outliers; i++) {
		double then, accuracy = accuracy_after(outliers[i], &then);
		if (!(fabs(accuracy - control) <= 0.03 && fabs(then - decayed) <= 0.03))
			fail_msg("after %g: %g instead of %g, decayed %g instead of %g",
				outliers[i], accuracy, control, then, decayed);
	}
}

static void bytes_that_are_cut_or_changed_are_refused(void **state)
{
	(void)state;
	struct upk_dataset d;
	struct upk_buffer bytes = { 0 };
	make_rows(&d, 2);
	struct upk_shadow *s = begin(&d, BEGIN, NULL, NULL);
	upk_shadow_write(s, &bytes);
	for (size_t size = 0; size < bytes.size; size++) {
		struct upk_error err = { 0 };
		assert_null(upk_shadow_read((struct upk_text){ bytes.data, size }, &err));
		assert_int_equal(err.code, UPK_CORRUPT);
		assert_null(
			upk_shadow_copy_read(s, (struct upk_text){ bytes.data, size / 8 }, &err));
	}
	memset(bytes.data + 8, 0xff, 8);
	assert_null(upk_shadow_read(upk_buffer_text(&bytes), NULL));
	upk_buffer_finish(&bytes);
	upk_shadow_destroy(s);
	upk_dataset_finish(&d);
}

static void nothing_to_begin_with_is_refused(void **state)
{
	(void)state;
	struct upk_dataset d;
	struct upk_error err = { 0 };
	atomic_bool cancel = true;
	make_rows(&d, 2);
	assert_null(begin(&d, 0, NULL, &err));
	assert_int_equal(err.code, UPK_INVALID);
	err = (struct upk_error){ 0 };
	assert_null(begin(&d, ROWS, &cancel, &err));
	assert_int_equal(err.code, UPK_CANCELLED);
	assert_int_equal(upk_shadow_size(SIZE_MAX, 2), SIZE_MAX);
	assert_int_equal(upk_shadow_size(10, 2), 11 * 10 * sizeof(double));
	upk_dataset_finish(&d);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(two_classes_go_as_numpy_says),
		cmocka_unit_test(four_classes_go_as_numpy_says),
		cmocka_unit_test(late_labels_go_as_numpy_says),
		cmocka_unit_test(accuracy_is_a_share_from_the_first_row_on),
		cmocka_unit_test(a_row_given_again_is_learnt_the_same),
		cmocka_unit_test(a_version_of_categories_answers_as_the_copy),
		cmocka_unit_test(bytes_give_back_the_same_shadow),
		cmocka_unit_test(a_copy_stays_as_it_was_taken),
		cmocka_unit_test(an_input_that_never_varied_says_nothing),
		cmocka_unit_test(far_values_and_unknown_labels_do_no_harm),
		cmocka_unit_test(an_outlier_does_not_spoil_the_pairs_after_it),
		cmocka_unit_test(bytes_that_are_cut_or_changed_are_refused),
		cmocka_unit_test(nothing_to_begin_with_is_refused),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
