#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "http/traffic.h"

static void large_bodies_leave_room_for_small_ones(void **state)
{
	(void)state;
	struct upk_traffic t = { 0 };
	size_t piece = 1 << 20, held = 0;

	while (upk_traffic_take(&t, held, piece))
		held += piece;
	assert_int_equal(held, UPK_TRAFFIC_BYTES - UPK_TRAFFIC_KEPT);
	assert_int_equal(atomic_load(&t.bytes), held);
	assert_true(upk_traffic_take(&t, 0, UPK_TRAFFIC_SMALL));
	assert_false(upk_traffic_take(&t, UPK_TRAFFIC_SMALL, 1));
	assert_true(upk_traffic_refused(&t));
	assert_false(upk_traffic_refused(&t));
	upk_traffic_give_back(&t, piece + UPK_TRAFFIC_SMALL);
	assert_true(upk_traffic_take(&t, held, piece));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(large_bodies_leave_room_for_small_ones),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
