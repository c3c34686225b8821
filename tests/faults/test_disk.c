#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <time.h>

#include <cmocka.h>

#include "faults/fault.h"
#include "faults/scenario.h"

static void check_codes(const struct scenario *s, bool full, int nth)
{
	for (int i = 0; i < SCENARIO_STEPS; i++)
		if (s->outcomes[i] == REFUSED && s->codes[i] == UPK_NOMEM)
			fail_msg("call %d: step %d was refused for want of memory", nth, i);
	if (full && s->broke)
		fail_msg("call %d: a full disk is no reason to end", nth);
}

static void fail_every(enum fault_kind kind, bool forever, bool full, int usual)
{
	bool struck = true;
	int step = fault_stride(usual), nth = (int)(time(NULL) / 86400 % step), played = 0;
	for (; struck; nth += step, played++) {
		struct scenario s = { .clock = NULL };
		scenario_init(&s);
		fault_arm(kind, nth, forever, full);
		scenario_play(&s);
		struck = fault_stop();
		check_codes(&s, full, nth);
		scenario_check(&s);
		check_codes(&s, full, nth);
		scenario_finish(&s);
	}
	print_message("# %d calls, %d of them failed in turn\n", nth - step, played - 1);
	assert_true(played > 1);
}

static void nothing_fails(void **state)
{
	(void)state;
	struct scenario s = { .clock = NULL };
	scenario_init(&s);
	scenario_play(&s);
	for (int i = 0; i < SCENARIO_STEPS; i++)
		assert_true(s.outcomes[i] == STORED || s.outcomes[i] == NOT_SENT);
	assert_false(s.broke);
	scenario_check(&s);
	scenario_finish(&s);
}

static void a_disk_that_is_full_for_a_moment_is_survived_at_every_write(void **state)
{
	(void)state;
	fail_every(FAULT_WRITE, false, true, 11);
}

static void a_disk_that_stays_full_is_survived_from_every_write_on(void **state)
{
	(void)state;
	fail_every(FAULT_WRITE, true, true, 31);
}

static void an_io_error_at_any_write_loses_nothing(void **state)
{
	(void)state;
	fail_every(FAULT_WRITE, false, false, 11);
}

static void a_disk_that_breaks_at_any_write_loses_nothing(void **state)
{
	(void)state;
	fail_every(FAULT_WRITE, true, false, 31);
}

static void an_error_of_any_sync_loses_nothing(void **state)
{
	(void)state;
	fail_every(FAULT_SYNC, false, false, 2);
}

static void an_error_of_any_truncate_open_or_growth_loses_nothing(void **state)
{
	(void)state;
	fail_every(FAULT_TRUNCATE, false, false, 1);
	fail_every(FAULT_OPEN, false, false, 1);
	fail_every(FAULT_OPEN, false, true, 1);
	fail_every(FAULT_SHARED, false, false, 1);
	fail_every(FAULT_SHARED, false, true, 1);
}

static void an_error_of_any_read_loses_nothing(void **state)
{
	(void)state;
	fail_every(FAULT_READ, false, false, 13);
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
		cmocka_unit_test(nothing_fails),
		cmocka_unit_test(a_disk_that_is_full_for_a_moment_is_survived_at_every_write),
		cmocka_unit_test(a_disk_that_stays_full_is_survived_from_every_write_on),
		cmocka_unit_test(an_io_error_at_any_write_loses_nothing),
		cmocka_unit_test(a_disk_that_breaks_at_any_write_loses_nothing),
		cmocka_unit_test(an_error_of_any_sync_loses_nothing),
		cmocka_unit_test(an_error_of_any_truncate_open_or_growth_loses_nothing),
		cmocka_unit_test(an_error_of_any_read_loses_nothing),
	};
	return cmocka_run_group_tests_name("disk", tests, install, NULL);
}
