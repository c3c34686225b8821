#include "engine/awaited.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "engine/serving.h"

static void put(struct upk_awaited *a, int64_t event, uint16_t class)
{
	assert_true(upk_awaited_put(a, event, class, NULL));
}

static void an_answer_is_given_once(void **state)
{
	(void)state;
	struct upk_awaited a = { 0 };
	assert_int_equal(upk_awaited_take(&a, 1), UPK_NO_CLASS);
	put(&a, 5, 1);
	assert_int_equal(upk_awaited_take(&a, 4), UPK_NO_CLASS);
	assert_int_equal(upk_awaited_take(&a, 5), 1);
	assert_int_equal(upk_awaited_take(&a, 5), UPK_NO_CLASS);
	assert_int_equal(a.waiting, 0);
	upk_awaited_finish(&a);
}

/* Labels at once: the ring stays small however many come; one that waits makes it grow. */
static void memory_goes_by_the_oldest_that_waits(void **state)
{
	(void)state;
	struct upk_awaited a = { 0 };
	for (int64_t event = 1; event <= 10000; event++) {
		put(&a, event, (uint16_t)(event % 3));
		assert_int_equal(upk_awaited_take(&a, event), event % 3);
	}
	assert_int_equal(a.capacity, 64);
	put(&a, 10001, 2);
	for (int64_t event = 10002; event <= 11000; event++)
		put(&a, event, 0);
	assert_int_equal(a.capacity, 1024);
	assert_int_equal(a.waiting, 1000);
	assert_int_equal(upk_awaited_take(&a, 10001), 2);
	upk_awaited_finish(&a);
}

static void those_that_wait_too_long_are_forgotten(void **state)
{
	(void)state;
	struct upk_awaited a = { 0 };
	uint16_t class = 9;
	for (int64_t event = 1; event <= UPK_AWAITED_MOST + 10; event++)
		put(&a, event, (uint16_t)(event % 2));
	assert_int_equal(a.capacity, UPK_AWAITED_MOST);
	assert_int_equal(a.waiting, UPK_AWAITED_MOST);
	assert_int_equal(upk_awaited_take(&a, 10), UPK_NO_CLASS);
	assert_int_equal(upk_awaited_from(&a, 1, &class), 11);
	assert_int_equal(class, 1);
	assert_int_equal(upk_awaited_take(&a, 11), 1);
	assert_int_equal(upk_awaited_from(&a, 1, &class), 12);

	put(&a, INT64_C(1) << 40, 1); /* numbers were passed over */
	assert_int_equal(a.waiting, 1);
	assert_int_equal(upk_awaited_from(&a, 1, &class), INT64_C(1) << 40);
	upk_awaited_finish(&a);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_answer_is_given_once),
		cmocka_unit_test(memory_goes_by_the_oldest_that_waits),
		cmocka_unit_test(those_that_wait_too_long_are_forgotten),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
