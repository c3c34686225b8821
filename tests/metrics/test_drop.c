#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/random.h"
#include "metrics/drop.h"
#include "oracle.h"

static struct upk_confusion *binary(int hits, int misses)
{
	struct upk_confusion *c = upk_confusion_create(2, NULL);
	assert_non_null(c);
	for (int i = 0; i < hits + misses; i++)
		upk_confusion_add(c,
			(struct upk_pair){
				(uint16_t)(i % 2), (uint16_t)(i < hits ? i % 2 : 1 - i % 2) });
	return c;
}

static struct upk_drop test_accuracy(
	int hits_r, int misses_r, int hits, int misses, double drop, double confidence)
{
	struct upk_measure accuracy = { upk_metric_find("accuracy"), UPK_AVERAGE_NONE, 0 };
	struct upk_confusion *reference = binary(hits_r, misses_r), *window = binary(hits, misses);
	struct upk_drop out = upk_drop_test(accuracy, reference, window, drop, confidence);
	upk_confusion_destroy(reference);
	upk_confusion_destroy(window);
	return out;
}

static void bound_is_the_two_sample_tests(void **state)
{
	(void)state;
	struct upk_drop d = test_accuracy(900, 100, 400, 100, 0.02, 0.99);
	double se = sqrt(0.9 * 0.1 / 1000 + 0.8 * 0.2 / 500);
	assert_near(d.reference, 0.9, 1e-15, "reference");
	assert_near(d.value, 0.8, 1e-15, "value");
	assert_near(d.bound, 0.1 - 2.3263478740408408 * se, 1e-12, "bound");
	assert_true(d.fires);
	assert_false(test_accuracy(900, 100, 400, 100, 0.06, 0.99).fires);
	assert_true(test_accuracy(900, 100, 400, 100, 0.06, 0.9).fires);
	assert_true(test_accuracy(900, 100, 400, 100, 0.06, NAN).fires);
	assert_false(test_accuracy(900, 100, 400, 100, 0.11, NAN).fires);
}

static void what_rose_or_stayed_does_not_fire(void **state)
{
	(void)state;
	assert_false(test_accuracy(900, 100, 450, 50, 0, NAN).fires);
	assert_false(test_accuracy(900, 100, 500, 0, 0.02, 0.99).fires);
	assert_false(test_accuracy(900, 100, 500, 0, 0.02, NAN).fires);
}

/* A fall that is small enough by itself is no bound at any confidence. */
static void what_has_not_fallen_has_a_bound_only_without_confidence(void **state)
{
	(void)state;
	assert_true(isnan(test_accuracy(900, 100, 450, 50, 0.02, 0.99).bound));
	assert_true(isnan(test_accuracy(900, 100, 445, 55, 0.02, 0.99).bound));
	assert_near(test_accuracy(900, 100, 445, 55, 0.02, NAN).bound, 0.01, 1e-12, "the fall");
}

static void few_pairs_fire_only_on_the_point_value(void **state)
{
	(void)state;
	struct upk_drop d = test_accuracy(900, 100, 0, UPK_DROP_WINDOW - 1, 0.02, 0.99);
	assert_true(!d.fires && isnan(d.bound));
	assert_true(test_accuracy(900, 100, 0, UPK_DROP_WINDOW, 0.02, 0.99).fires);
	assert_true(test_accuracy(900, 100, 0, 3, 0.02, NAN).fires);
	d = test_accuracy(UPK_DROP_REFERENCE - 1, 0, 0, 500, 0.02, 0.99);
	assert_true(!d.fires && isnan(d.bound));
	assert_true(test_accuracy(UPK_DROP_REFERENCE, 0, 0, 500, 0.02, 0.99).fires);
}

static void a_side_without_errors_is_not_certain(void **state)
{
	(void)state;
	struct upk_drop d = test_accuracy(2000, 0, 495, 5, 0, 0.99);
	double z = 2.3263478740408408, least = z / (2 * (2000 + z * z));
	assert_near(d.bound, 0.01 - z * hypot(least, sqrt(0.99 * 0.01 / 500)), 1e-12, "bound");
	d = test_accuracy(100, 0, 48, 2, 0.02, 0.99);
	assert_false(d.fires);
}

static void an_undefined_value_does_not_fire(void **state)
{
	(void)state;
	struct upk_drop d = test_accuracy(900, 100, 0, 0, 0.02, 0.99);
	assert_true(!d.fires && isnan(d.value));
	d = test_accuracy(0, 0, 0, 100, 0.02, NAN);
	assert_true(!d.fires && isnan(d.reference));
}

static void assert_reference(const struct upk_reference *ours, const struct upk_record *record,
	int64_t oldest, size_t classes)
{
	struct upk_confusion *brute = upk_confusion_copy(upk_record_holdout(record), NULL);
	assert_non_null(brute);
	assert_true(upk_confusion_grow(brute, classes, NULL));
	int64_t place;
	for (size_t i = 0; i < UPK_RECORD_FIRST && i < upk_record_pairs(record); i++) {
		struct upk_pair pair = upk_record_first(record, i, &place);
		if (place < oldest)
			upk_confusion_add(brute, pair);
	}
	assert_int_equal(upk_confusion_pairs(ours->counts), upk_confusion_pairs(brute));
	for (size_t i = 0; i < classes; i++)
		for (size_t j = 0; j < classes; j++)
			assert_int_equal(upk_confusion_cell(ours->counts, i, j),
				upk_confusion_cell(brute, i, j));
	upk_confusion_destroy(brute);
}

/* The oldest pair of the window moves on, now and then back (another window, a deletion), labels
 * are revised and classes come. */
static void reference_follows_the_window(void **state)
{
	(void)state;
	struct upk_random r;
	upk_random_seed(&r, 9);
	struct upk_confusion *holdout = binary(40, 10);
	struct upk_record *record = upk_record_create(-1, holdout, NULL);
	assert_non_null(record);
	struct upk_reference reference = { 0 };
	size_t classes = 2;
	int64_t oldest = 0;
	for (int64_t place = 1; place < 4000; place++) {
		if (place % 700 == 0)
			classes++;
		struct upk_pair pair = { (uint16_t)upk_random_below(&r, classes),
			(uint16_t)upk_random_below(&r, classes) };
		assert_true(upk_record_add(record, 2 * place, pair, NULL));
		if (place > 300 && place % 101 != 0)
			oldest = 2 * (place - 300) + (int64_t)upk_random_below(&r, 3) - 1;
		else if (place % 101 == 0)
			oldest -= (int64_t)upk_random_below(&r, 400);
		if (place % 97 == 0)
			upk_record_revise(
				record, 2 * (int64_t)upk_random_below(&r, (uint64_t)place), 0);

		assert_true(upk_reference_update(&reference, record, oldest, classes, NULL));
		if (place % 7 == 0)
			assert_reference(&reference, record, oldest, classes);
	}
	assert_int_equal(upk_confusion_pairs(reference.counts), 50 + UPK_RECORD_FIRST);
	upk_reference_finish(&reference);
	assert_null(reference.counts);
	upk_record_destroy(record);
	upk_confusion_destroy(holdout);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(bound_is_the_two_sample_tests),
		cmocka_unit_test(what_rose_or_stayed_does_not_fire),
		cmocka_unit_test(what_has_not_fallen_has_a_bound_only_without_confidence),
		cmocka_unit_test(few_pairs_fire_only_on_the_point_value),
		cmocka_unit_test(a_side_without_errors_is_not_certain),
		cmocka_unit_test(an_undefined_value_does_not_fire),
		cmocka_unit_test(reference_follows_the_window),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
