/* Points of history: every metric of counts comes back to the bit from what is stored. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/random.h"
#include "metrics/metric.h"
#include "windows/history.h"

static struct upk_confusion *random_counts(size_t classes, size_t pairs, uint64_t seed)
{
	struct upk_random r;
	upk_random_seed(&r, seed);
	struct upk_confusion *c = upk_confusion_create(classes, NULL);
	assert_non_null(c);
	for (size_t i = 0; i < pairs; i++) {
		uint16_t actual = (uint16_t)upk_random_below(&r, classes);
		bool hit = upk_random_below(&r, 3) > 0;
		uint16_t other = (uint16_t)upk_random_below(&r, classes);
		upk_confusion_add(c, (struct upk_pair){ actual, hit ? actual : other });
	}
	return c;
}

static void assert_same_value(
	struct upk_measure m, const struct upk_confusion *a, const struct upk_confusion *b)
{
	double x = upk_measure_value(m, a), y = upk_measure_value(m, b);
	if (memcmp(&x, &y, sizeof x) != 0)
		fail_msg("%s, average %d, class %d: %.17g and %.17g", upk_metric_name(m.metric),
			(int)m.average, m.class, x, y);
}

static void assert_same_values(const struct upk_confusion *a, const struct upk_confusion *b)
{
	const struct upk_metric *metric;
	for (size_t i = 0; (metric = upk_metric_at(i)) != NULL; i++) {
		if (!upk_metric_per_class(metric)) {
			assert_same_value((struct upk_measure){ .metric = metric }, a, b);
			continue;
		}
		for (enum upk_average by = UPK_AVERAGE_MACRO; by <= UPK_AVERAGE_WEIGHTED; by++)
			assert_same_value((struct upk_measure){ metric, by, 0 }, a, b);
		for (size_t k = 0; k < upk_confusion_classes(a); k++)
			assert_same_value(
				(struct upk_measure){ metric, UPK_AVERAGE_CLASS, (uint16_t)k }, a,
				b);
	}
}

static void every_metric_comes_back_to_the_bit(void **state)
{
	(void)state;
	static const size_t classes[] = { 2, 7, 60, UPK_CLASSES_MAX };
	struct upk_confusion *back = upk_confusion_create(0, NULL);
	for (size_t i = 0; i < sizeof classes / sizeof classes[0]; i++) {
		struct upk_confusion *c = random_counts(classes[i], 5000, i);
		struct upk_buffer bytes = { 0 };
		upk_history_encode(c, &bytes);
		assert_false(bytes.failed);
		assert_true(upk_history_decode(upk_buffer_text(&bytes), back, NULL));
		assert_true(upk_confusion_pairs(back) == upk_confusion_pairs(c));
		assert_true(upk_confusion_hits(back) == upk_confusion_hits(c));
		assert_same_values(c, back);
		upk_buffer_finish(&bytes);
		upk_confusion_destroy(c);
	}
	upk_confusion_destroy(back);
}

static void a_point_replaces_the_one_before_it(void **state)
{
	(void)state;
	struct upk_confusion *many = random_counts(9, 700, 1), *few = random_counts(3, 20, 2);
	struct upk_confusion *back = upk_confusion_create(0, NULL);
	struct upk_buffer first = { 0 }, second = { 0 };
	upk_history_encode(many, &first);
	upk_history_encode(few, &second);
	assert_true(upk_history_decode(upk_buffer_text(&first), back, NULL));
	assert_true(upk_history_decode(upk_buffer_text(&second), back, NULL));
	assert_int_equal(upk_confusion_pairs(back), 20);
	assert_same_values(few, back);
	upk_buffer_finish(&first);
	upk_buffer_finish(&second);
	upk_confusion_destroy(many);
	upk_confusion_destroy(few);
	upk_confusion_destroy(back);
}

static void classes_learnt_later_do_not_change_the_bytes(void **state)
{
	(void)state;
	struct upk_confusion *c = random_counts(4, 100, 3);
	struct upk_buffer before = { 0 }, after = { 0 };
	upk_history_encode(c, &before);
	assert_true(upk_confusion_grow(c, 11, NULL));
	upk_history_encode(c, &after);
	assert_true(upk_text_equal(upk_buffer_text(&before), upk_buffer_text(&after)));
	upk_buffer_finish(&before);
	upk_buffer_finish(&after);
	upk_confusion_destroy(c);
}

/* LEB128 as the DWARF standard's examples have it. */
static void counts_are_varints(void **state)
{
	(void)state;
	struct upk_confusion *c = upk_confusion_create(2, NULL);
	upk_confusion_set_margins(c, 0, (struct upk_margins){ 2, 127, 128 });
	upk_confusion_set_margins(c, 1, (struct upk_margins){ 0, 129, 12857 });
	struct upk_buffer bytes = { 0 };
	upk_history_encode(c, &bytes);
	static const unsigned char wanted[] = { 2, 2, 0x7f, 0x80, 0x01, 0, 0x81, 0x01, 0xb9, 0x64 };
	assert_int_equal(bytes.size, sizeof wanted);
	assert_memory_equal(bytes.data, wanted, sizeof wanted);
	upk_buffer_finish(&bytes);
	upk_confusion_destroy(c);
}

static void what_is_no_encoding_is_refused(void **state)
{
	(void)state;
	static const struct {
		const char *bytes;
		size_t size;
	} broken[] = {
		{ "", 0 }, { "\x01\x01\x01", 3 },                   /* ends too soon */
		{ "\x01\x01\x01\x81", 4 },                          /* in the midst of a number */
		{ "\x01\x01\x01\x01\x00", 5 },                      /* goes on */
		{ "\x01\x02\x01\x02", 4 },                          /* more hits than labels */
		{ "\x01\x02\x02\x01", 4 },                          /* more hits than predictions */
		{ "\x01\x81\x00\x01\x01", 5 },                      /* longer than need be */
		{ "\x81\x08", 2 },                                  /* 1,025 classes */
		{ "\xff\xff\xff\xff\xff\xff\xff\xff\xff\x02", 10 }, /* over 64 bits */
	};
	struct upk_confusion *back = upk_confusion_create(0, NULL);
	for (size_t i = 0; i < sizeof broken / sizeof broken[0]; i++) {
		struct upk_error err = { 0 };
		struct upk_text text = { broken[i].bytes, broken[i].size };
		assert_false(upk_history_decode(text, back, &err));
		assert_int_equal(err.code, UPK_CORRUPT);
	}
	upk_confusion_destroy(back);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_metric_comes_back_to_the_bit),
		cmocka_unit_test(a_point_replaces_the_one_before_it),
		cmocka_unit_test(classes_learnt_later_do_not_change_the_bytes),
		cmocka_unit_test(counts_are_varints),
		cmocka_unit_test(what_is_no_encoding_is_refused),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
