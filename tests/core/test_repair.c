#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "core/repair.h"

static const int64_t second = 1000000000;

/* Seconds at which a ticker that looks each second tries, when each try fails. */
static size_t tries(struct upk_repair *r, int64_t from, int64_t to, int64_t *at)
{
	size_t count = 0;
	for (int64_t now = from; now < to; now++) {
		if (!upk_repair_due(r, now * second))
			continue;
		at[count++] = now;
		upk_repair_put_off(r, now * second);
	}
	return count;
}

static void pauses_grow_while_it_does_no_good(void **state)
{
	(void)state;
	const int64_t want[] = { 100, 101, 103, 107, 115, 131, 163, 195, 227 };
	int64_t at[200];
	struct upk_repair r = { 0 };
	upk_repair_put_off(&r, 100 * second); /* it fell behind */
	assert_int_equal(tries(&r, 100, 250, at), sizeof want / sizeof *want);
	assert_memory_equal(at, want, sizeof want);
}

static void a_model_that_was_sound_is_tried_at_once(void **state)
{
	(void)state;
	int64_t at[200];
	struct upk_repair r = { 0 };
	assert_int_equal(tries(&r, 100, 164, at), 7);
	upk_repair_end(&r);
	assert_true(upk_repair_due(&r, 164 * second));
	upk_repair_put_off(&r, 164 * second);
	assert_true(upk_repair_due(&r, 164 * second));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(pauses_grow_while_it_does_no_good),
		cmocka_unit_test(a_model_that_was_sound_is_tried_at_once),
	};
	return cmocka_run_group_tests_name("repair", tests, NULL, NULL);
}
