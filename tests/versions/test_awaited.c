#include "versions/awaited.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static void put(struct upk_awaited *a, int64_t event, uint64_t answer)
{
	assert_true(upk_awaited_put(a, event, answer, NULL));
}

static void an_answer_waits_until_it_is_forgotten(void **state)
{
	(void)state;
	struct upk_awaited a = { .width = 2 };
	assert_true(upk_awaited_at(&a, 1) == 0);
	upk_awaited_forget(&a, 1);
	put(&a, 5, 1);
	assert_true(upk_awaited_at(&a, 4) == 0);
	assert_true(upk_awaited_at(&a, 5) == 1);
	assert_true(upk_awaited_at(&a, 5) == 1);
	upk_awaited_forget(&a, 5);
	upk_awaited_forget(&a, 5);
	assert_true(upk_awaited_at(&a, 5) == 0);
	assert_int_equal(a.waiting, 0);
	upk_awaited_finish(&a);
}

static void an_answer_is_as_wide_as_the_greatest(void **state)
{
	(void)state;
	static const uint64_t greatest[] = { 1, UINT16_MAX, UINT16_MAX + UINT64_C(1), UINT32_MAX,
		UINT32_MAX + UINT64_C(1), UINT64_MAX };
	static const size_t widths[] = { 2, 2, 4, 4, 8, 8 };
	for (size_t i = 0; i < sizeof widths / sizeof *widths; i++) {
		struct upk_awaited a = { .width = upk_awaited_width(greatest[i]) };
		assert_int_equal(a.width, widths[i]);
		for (int64_t event = 1; event <= 200; event++)
			put(&a, event, greatest[i] - (uint64_t)(event % 2 && greatest[i] > 1));
		for (int64_t event = 1; event <= 200; event++)
			assert_true(upk_awaited_at(&a, event) ==
				greatest[i] - (uint64_t)(event % 2 && greatest[i] > 1));
		upk_awaited_finish(&a);
	}
}

/* Labels at once: the ring stays small however many come; one that waits makes it grow. */
static void memory_goes_by_the_oldest_that_waits(void **state)
{
	(void)state;
	struct upk_awaited a = { .width = 2 };
	for (int64_t event = 1; event <= 10000; event++) {
		put(&a, event, (uint64_t)(event % 3 + 1));
		assert_true(upk_awaited_at(&a, event) == (uint64_t)(event % 3 + 1));
		upk_awaited_forget(&a, event);
	}
	assert_int_equal(a.capacity, 64);
	put(&a, 10001, 2);
	for (int64_t event = 10002; event <= 11000; event++)
		put(&a, event, 1);
	assert_int_equal(a.capacity, 1024);
	assert_int_equal(a.waiting, 1000);
	assert_true(upk_awaited_at(&a, 10001) == 2);
	upk_awaited_finish(&a);
}

static void those_that_wait_too_long_are_forgotten(void **state)
{
	(void)state;
	struct upk_awaited a = { .width = 2 };
	uint64_t answer = 9;
	for (int64_t event = 1; event <= UPK_AWAITED_MOST + 10; event++)
		put(&a, event, (uint64_t)(event % 2 + 1));
	assert_int_equal(a.capacity, UPK_AWAITED_MOST);
	assert_int_equal(a.waiting, UPK_AWAITED_MOST);
	assert_true(upk_awaited_at(&a, 10) == 0);
	assert_int_equal(upk_awaited_from(&a, 1, &answer), 11);
	assert_true(answer == 2);
	upk_awaited_forget(&a, 11);
	assert_int_equal(upk_awaited_from(&a, 1, &answer), 12);

	put(&a, INT64_C(1) << 40, 1); /* numbers were passed over */
	assert_int_equal(a.waiting, 1);
	assert_int_equal(upk_awaited_from(&a, 1, &answer), INT64_C(1) << 40);
	upk_awaited_finish(&a);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_answer_waits_until_it_is_forgotten),
		cmocka_unit_test(an_answer_is_as_wide_as_the_greatest),
		cmocka_unit_test(memory_goes_by_the_oldest_that_waits),
		cmocka_unit_test(those_that_wait_too_long_are_forgotten),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
