#include "learn/dataset.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#include "learn/sample.h"

static void rows_come_back_as_they_were_added(void **state)
{
	struct upk_dataset d;

	(void)state;
	upk_dataset_init(&d, sample_columns(2), 3);
	for (int i = 0; i < 1000; i++) {
		double x[] = { i, i % 7 ? i / 7.0 : NAN };
		assert_true(upk_dataset_add(&d, x, (uint16_t)(i % 3), i % 5 - 1, 10 * i, NULL));
	}

	assert_int_equal(d.rows, 1000);
	for (int i = 0; i < 1000; i++) {
		double x[] = { i, i % 7 ? i / 7.0 : NAN };
		assert_memory_equal(d.table.numbers + 2 * i, x, sizeof x);
		assert_int_equal(d.y[i], i % 3);
		assert_int_equal(d.served[i], i % 5 - 1);
		assert_int_equal(d.place[i], 10 * i);
	}
	upk_dataset_finish(&d);
	assert_int_equal(d.rows, 0);
}

static void a_place_is_found_or_the_next_one(void **state)
{
	struct upk_dataset d;

	(void)state;
	upk_dataset_init(&d, sample_columns(1), 1);
	assert_int_equal(upk_dataset_at(&d, 5), 0);
	for (int64_t place = 10; place <= 50; place += 10)
		assert_true(upk_dataset_add(&d, &(double){ 0 }, 0, -1, place, NULL));

	assert_int_equal(upk_dataset_at(&d, -1), 0);
	assert_int_equal(upk_dataset_at(&d, 10), 0);
	assert_int_equal(upk_dataset_at(&d, 11), 1);
	assert_int_equal(upk_dataset_at(&d, 40), 3);
	assert_int_equal(upk_dataset_at(&d, 50), 4);
	assert_int_equal(upk_dataset_at(&d, 51), 5);
	upk_dataset_finish(&d);
}

static void labels_are_counted_in_the_range_alone(void **state)
{
	const uint16_t labels[] = { 2, 0, 0, 2, 1, 0 };
	struct upk_dataset d;
	size_t counts[3];

	(void)state;
	upk_dataset_init(&d, sample_columns(1), 3);
	for (int i = 0; i < 6; i++)
		assert_true(upk_dataset_add(&d, &(double){ 0 }, labels[i], -1, i, NULL));

	upk_dataset_count(&d, 1, 5, counts);
	assert_memory_equal(counts, ((size_t[]){ 2, 1, 1 }), sizeof counts);
	upk_dataset_count(&d, 3, 3, counts);
	assert_memory_equal(counts, ((size_t[]){ 0, 0, 0 }), sizeof counts);
	upk_dataset_finish(&d);
}

static void lag_is_the_median_of_those_that_were_predicted(void **state)
{
	const size_t waits[] = { 0, 1, 1, 3, 0, 5, 2 };
	struct upk_dataset d;

	(void)state;
	upk_dataset_init(&d, sample_columns(1), 2);
	for (size_t i = 0; i < 7; i++) {
		bool example = i == 4;
		assert_true(upk_dataset_add(&d, &(double){ 0 }, 0, example ? -1 : 0, 0, NULL));
		assert_int_equal(d.known[i], i);
		d.known[i] -= waits[i];
	}

	assert_int_equal(upk_dataset_lag(&d, 2, 4), 1); /* of 1 and 3: the lower */
	assert_int_equal(upk_dataset_lag(&d, 1, 4), 1);
	assert_int_equal(upk_dataset_lag(&d, 1, 3), 0); /* one of the two knew all before them */
	assert_int_equal(upk_dataset_lag(&d, 3, 7), 3);
	assert_int_equal(upk_dataset_lag(&d, 5, 6), 5);
	assert_int_equal(upk_dataset_lag(&d, 4, 5), 0); /* an example alone */
	assert_int_equal(upk_dataset_lag(&d, 2, 2), 0);
	upk_dataset_finish(&d);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(rows_come_back_as_they_were_added),
		cmocka_unit_test(a_place_is_found_or_the_next_one),
		cmocka_unit_test(labels_are_counted_in_the_range_alone),
		cmocka_unit_test(lag_is_the_median_of_those_that_were_predicted),
	};

	return cmocka_run_group_tests_name("learn/dataset", tests, NULL, NULL);
}
