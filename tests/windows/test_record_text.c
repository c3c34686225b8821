#include "windows/record_text.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

enum { CUT = 3500, PAIRS = 9000, EVERY = 100 };

/* One pair in EVERY is of the rarer class, found until CUT and never again. Every hundredth place
 * is an example's. */
static struct upk_pair pair_at(int64_t i)
{
	uint16_t actual = i % EVERY == 0;

	return (struct upk_pair){ actual, actual && i < CUT };
}

static int64_t place_of(int64_t i)
{
	return 5 + i + i / 99;
}

static void add(struct upk_record *r, int64_t from, int64_t to)
{
	for (int64_t i = from; i < to; i++)
		assert_true(upk_record_add(r, place_of(i), pair_at(i), NULL));
}

static struct upk_record *recalled(const struct upk_buffer *text, int64_t pairs)
{
	struct upk_record *r = upk_record_create(1, NULL, NULL);

	assert_non_null(r);
	assert_true(upk_record_text_read(upk_buffer_text(text), 2, r, NULL));
	for (int64_t i = pairs < UPK_RECORD_LAST ? 0 : pairs - UPK_RECORD_LAST; i < pairs; i++)
		assert_true(upk_record_recall_last(r, place_of(i), pair_at(i), NULL));
	upk_record_recall_pairs(r, (uint64_t)pairs);
	return r;
}

/* The first pairs of a rare class are more than those of others, and grow on after a restart. */
static void a_rare_class_has_the_same_reference_after_a_restart(void **state)
{
	struct upk_record *straight = upk_record_create(1, NULL, NULL);
	struct upk_buffer text = { 0 };
	struct upk_change a, b;

	(void)state;
	assert_non_null(straight);
	add(straight, 0, CUT);
	upk_record_text_write(straight, &text);
	assert_false(text.failed);
	struct upk_record *again = recalled(&text, CUT);
	assert_int_equal(upk_record_firsts(again), CUT);
	add(straight, CUT, PAIRS);
	add(again, CUT, PAIRS);
	assert_int_equal(upk_record_firsts(straight), 59 * EVERY + 1);
	assert_int_equal(upk_record_firsts(again), 59 * EVERY + 1);
	assert_true(upk_record_strongest(straight, UPK_STREAM_CLASS, &a));
	assert_true(upk_record_strongest(again, UPK_STREAM_CLASS, &b));
	assert_int_equal(a.n_r, 60);
	assert_int_equal(a.k_r, CUT / EVERY);
	assert_true(a.l == b.l && a.limit == b.limit && a.place == b.place && a.n_r == b.n_r);
	assert_true(upk_record_change(again, &b));
	assert_int_equal(b.stream, UPK_STREAM_CLASS);
	assert_true(upk_record_strongest(straight, UPK_STREAM_ALL, &a));
	assert_int_equal(a.n_r, UPK_RECORD_FIRST);
	upk_record_destroy(straight);
	upk_record_destroy(again);
	upk_buffer_finish(&text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_rare_class_has_the_same_reference_after_a_restart),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
