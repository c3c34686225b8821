#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "windows/spans.h"

enum { PAIRS = 10 * UPK_SPAN_PAIRS, SIXTH = 5 * UPK_SPAN_PAIRS + 1 };

/* Times as places, event numbers falling within a span: its last pair has the least. */
static struct upk_seat seat_of(int64_t place)
{
	int64_t in_span = (place - 1) % UPK_SPAN_PAIRS;
	return (struct upk_seat){
		.place = place, .time = place, .event = place - 2 * in_span + UPK_SPAN_PAIRS
	};
}

static struct upk_spans *filled(bool keep)
{
	struct upk_spans *s = upk_spans_create(keep, NULL);
	assert_non_null(s);
	for (int64_t place = 1; place <= PAIRS; place++) {
		const struct upk_seat seat = seat_of(place);
		assert_true(upk_spans_add(s, &seat, NULL));
	}
	return s;
}

/* Lets pairs leave until one has to be loaded; how many have left. */
static int64_t leave_all(struct upk_spans *s)
{
	int64_t left = 0;
	for (const struct upk_seat *next; (next = upk_spans_next(s)); left++) {
		assert_int_equal(next->place, left + 1);
		upk_spans_leave(s);
	}
	return left;
}

static void complete_spans_are_let_go_of_unless_all_are_kept(void **state)
{
	(void)state;
	int64_t from, to;
	struct upk_spans *s = filled(false);
	assert_false(upk_spans_wanted(s, &from, &to));
	int64_t left = leave_all(s);
	assert_in_range(left, 1, UPK_SPANS_LOADED * UPK_SPAN_PAIRS);
	assert_true(upk_spans_wanted(s, &from, &to));
	assert_int_equal(from, left + 1);
	assert_int_equal(to, left + UPK_SPAN_PAIRS);
	upk_spans_destroy(s);

	s = filled(true);
	assert_int_equal(leave_all(s), PAIRS);
	assert_false(upk_spans_wanted(s, &from, &to));
	upk_spans_destroy(s);
}

static void a_pair_removed_from_a_span_that_is_not_loaded_has_it_asked_for(void **state)
{
	(void)state;
	static struct upk_seat rest[UPK_SPAN_PAIRS];
	int64_t from, to, last = SIXTH + UPK_SPAN_PAIRS - 1;
	struct upk_spans *s = filled(false);
	upk_spans_remove(s, last, last);
	assert_true(upk_spans_wanted(s, &from, &to));
	assert_int_equal(from, SIXTH);
	assert_int_equal(to, last);
	for (int64_t i = 0; i < UPK_SPAN_PAIRS - 1; i++)
		rest[i] = seat_of(SIXTH + i);
	assert_true(upk_spans_load(s, from, rest, UPK_SPAN_PAIRS - 1, NULL));
	assert_false(upk_spans_wanted(s, &from, &to));
	upk_spans_destroy(s);
}

static void a_span_goes_with_the_last_of_its_pairs(void **state)
{
	(void)state;
	int64_t from, to;
	struct upk_spans *s = filled(false);
	for (int64_t place = SIXTH; place < SIXTH + UPK_SPAN_PAIRS; place++)
		upk_spans_remove(s, place, place);
	assert_false(upk_spans_wanted(s, &from, &to));
	upk_spans_destroy(s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(complete_spans_are_let_go_of_unless_all_are_kept),
		cmocka_unit_test(a_pair_removed_from_a_span_that_is_not_loaded_has_it_asked_for),
		cmocka_unit_test(a_span_goes_with_the_last_of_its_pairs),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
