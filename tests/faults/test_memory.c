#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <time.h>

#include <cmocka.h>

#include "faults/fault.h"
#include "faults/scenario.h"

static void check_codes(const struct scenario *s, int nth)
{
	if (s->broke)
		fail_msg("allocation %d: want of memory is no reason to end", nth);
	if (s->opening != UPK_OK && s->opening != UPK_NOMEM)
		fail_msg("allocation %d: opening failed with code %d", nth, s->opening);
	for (int i = 0; i < SCENARIO_STEPS; i++)
		if (s->outcomes[i] == REFUSED && s->codes[i] != UPK_NOMEM &&
			s->codes[i] != UPK_NOT_FOUND && s->codes[i] != UPK_CONFLICT &&
			s->codes[i] != UPK_BUSY && s->codes[i] != UPK_OK)
			fail_msg("allocation %d: step %d was refused with code %d", nth, i,
				s->codes[i]);
}

/* Every so many-th allocation, beginning with another one each day. */
static void fail_every(enum fault_kind kind, bool forever, int usual)
{
	bool struck = true;
	int step = fault_stride(usual), nth = (int)(time(NULL) / 86400 % step), played = 0;
	for (; struck; nth += step, played++) {
		struct scenario s = { .clock = NULL };
		scenario_init(&s);
		fault_arm(kind, nth, forever, false);
		scenario_play(&s);
		struck = fault_stop();
		check_codes(&s, nth);
		scenario_check(&s);
		scenario_finish(&s);
	}
	print_message("# %d allocations, %d of them failed in turn\n", nth - step, played - 1);
	assert_true(played > 1);
}

static void any_failed_allocation_is_survived(void **state)
{
	(void)state;
	fail_every(FAULT_ALLOC, false, 71);
}

static void memory_that_stays_short_is_survived_from_any_allocation_on(void **state)
{
	(void)state;
	fail_every(FAULT_ALLOC, true, 211);
}

static void any_failed_allocation_of_sqlite_is_survived(void **state)
{
	(void)state;
	fail_every(FAULT_SQLITE_ALLOC, false, 1499);
}

static int install(void **state)
{
	(void)state;
	fault_install();
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(any_failed_allocation_is_survived),
		cmocka_unit_test(memory_that_stays_short_is_survived_from_any_allocation_on),
		cmocka_unit_test(any_failed_allocation_of_sqlite_is_survived),
	};
	return cmocka_run_group_tests_name("memory", tests, install, NULL);
}
