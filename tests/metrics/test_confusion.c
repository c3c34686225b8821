#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/random.h"
#include "metrics/confusion.h"

enum { KEPT = 300, CLASSES = 40 };

static struct upk_pair draw(struct upk_random *r, size_t classes)
{
	return (struct upk_pair){ (uint16_t)upk_random_below(r, classes),
		(uint16_t)upk_random_below(r, classes) };
}

static void assert_counts(const struct upk_confusion *c, const struct upk_pair *pairs, size_t n)
{
	uint64_t cells[CLASSES][CLASSES] = { 0 }, actual[CLASSES] = { 0 },
		 predicted[CLASSES] = { 0 };
	uint64_t hits = 0;
	for (size_t i = 0; i < n; i++) {
		cells[pairs[i].actual][pairs[i].predicted]++;
		actual[pairs[i].actual]++;
		predicted[pairs[i].predicted]++;
		hits += pairs[i].actual == pairs[i].predicted;
	}

	assert_int_equal(upk_confusion_pairs(c), n);
	assert_int_equal(upk_confusion_hits(c), hits);
	for (size_t k = 0; k < upk_confusion_classes(c); k++) {
		assert_int_equal(upk_confusion_actual(c, k), actual[k]);
		assert_int_equal(upk_confusion_predicted(c, k), predicted[k]);
		for (size_t j = 0; j < upk_confusion_classes(c); j++)
			assert_int_equal(upk_confusion_cell(c, k, j), cells[k][j]);
	}
}

/* Odd seeds: lean counts, whose square becomes a table on the way. */
static void any_order_of_add_remove_grow_and_copy_counts_what_is_left(void **state)
{
	(void)state;
	struct upk_random r;
	for (uint64_t seed = 0; seed < 40; seed++) {
		struct upk_pair pairs[KEPT];
		size_t n = 0, classes = 1;
		struct upk_confusion *c = seed % 2 ? upk_confusion_create_lean(classes, NULL)
						   : upk_confusion_create(classes, NULL);
		assert_non_null(c);

		upk_random_seed(&r, seed);
		for (int step = 0; step < 2000; step++) {
			uint64_t what = upk_random_below(&r, 100);
			if (what < 3 && classes < CLASSES) {
				assert_true(upk_confusion_grow(c, ++classes, NULL));
			} else if (what == 3) {
				struct upk_confusion *copy = upk_confusion_copy(c, NULL);
				assert_non_null(copy);
				upk_confusion_destroy(c);
				c = copy;
			} else if (n < KEPT && (n == 0 || what < 60)) {
				pairs[n] = draw(&r, classes);
				assert_true(upk_confusion_room(c, NULL));
				upk_confusion_add(c, pairs[n++]);
			} else {
				size_t i = upk_random_below(&r, n);
				upk_confusion_remove(c, pairs[i]);
				pairs[i] = pairs[--n];
			}
			if (step % 50 == 0)
				assert_counts(c, pairs, n);
		}
		assert_int_equal(upk_confusion_classes(c), classes);
		assert_counts(c, pairs, n);

		upk_confusion_clear(c);
		assert_counts(c, pairs, 0);
		upk_confusion_destroy(c);
	}
}

static void no_classes_are_fine_until_the_first_comes(void **state)
{
	(void)state;
	struct upk_confusion *c = upk_confusion_create(0, NULL);
	assert_non_null(c);
	upk_confusion_clear(c);
	struct upk_confusion *copy = upk_confusion_copy(c, NULL);
	assert_non_null(copy);
	assert_int_equal(upk_confusion_pairs(copy), 0);

	assert_true(upk_confusion_grow(copy, 1, NULL));
	upk_confusion_add(copy, (struct upk_pair){ 0, 0 });
	assert_int_equal(upk_confusion_hits(copy), 1);
	upk_confusion_destroy(copy);
	upk_confusion_destroy(c);
	upk_confusion_destroy(NULL);
}

static void more_classes_than_the_limit_are_refused(void **state)
{
	(void)state;
	struct upk_error err = { 0 };
	assert_null(upk_confusion_create(UPK_CLASSES_MAX + 1, &err));
	assert_int_equal(err.code, UPK_INVALID);

	struct upk_confusion *c = upk_confusion_create(700, NULL);
	assert_non_null(c);
	upk_confusion_add(c, (struct upk_pair){ 699, 3 });
	assert_true(upk_confusion_grow(c, UPK_CLASSES_MAX, NULL));
	err = (struct upk_error){ 0 };
	assert_false(upk_confusion_grow(c, UPK_CLASSES_MAX + 1, &err));
	assert_int_equal(err.code, UPK_INVALID);
	assert_non_null(strstr(err.message, "1025"));
	assert_int_equal(upk_confusion_classes(c), UPK_CLASSES_MAX);
	assert_int_equal(upk_confusion_cell(c, 699, 3), 1);
	assert_int_equal(upk_confusion_cell(c, UPK_CLASSES_MAX - 1, UPK_CLASSES_MAX - 1), 0);
	upk_confusion_destroy(c);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(any_order_of_add_remove_grow_and_copy_counts_what_is_left),
		cmocka_unit_test(no_classes_are_fine_until_the_first_comes),
		cmocka_unit_test(more_classes_than_the_limit_are_refused),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
