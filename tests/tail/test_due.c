/* When a firing rule's run is due: docs/policy.md sections 1 to 3, by hand. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "tail/due.h"

static const struct upk_policy policy = {
	.alert_places = 250, .token_places = 1200, .tokens_most = 6
};

/* The run sees the places below `now`; the pair at place now - 1 makes it. */
static void a_run_is_due_when_places_rest_and_token_are_there(void **state)
{
	static const struct {
		int64_t change, place, rest_until;
		double tokens; /* at the place after the last one */
		int64_t due;
	} cases[] = {
		{ 1000, 1100, 0, 6, 1249 },    /* 250 places from c */
		{ 1000, 1248, 0, 6, 1249 },    /* with the next pair */
		{ 1000, 1249, 0, 6, 1249 },    /* now */
		{ 1000, 1250, 0, 6, 1250 },    /* nor in the past */
		{ 1000, 5000, 0, 6, 5000 },    /* whatever c was */
		{ 1000, 1100, 1249, 6, 1249 }, /* a rest that ends before */
		{ 1000, 1100, 1251, 6, 1250 }, /* and behind it */
		{ 1000, 2000, 9000, 6, 8999 },
		{ 1000, 1100, 0, 1, 1249 },    /* one token is enough */
		{ 1000, 1100, 0, 0.9, 1249 },  /* it comes earlier */
		{ 1000, 1100, 0, 0.5, 1700 },  /* 600 places from now */
		{ 1000, 1100, 1500, 0, 2300 }, /* 1,200 from now */
		{ 1000, 1100, 5000, 0, 4999 },
		{ 1, 1100, 0, 6, 1100 },
		{ 0, 1100, 0, 6, 0 }, /* the alert orders no run */
		{ 0, 1100, 9000, 0, 0 },
	};
	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		const struct upk_tail t = { .policy = &policy,
			.place = cases[i].place,
			.pace = { .tokens = cases[i].tokens, .token_place = cases[i].place + 1 } };
		const struct upk_rule rule = { .state = UPK_RULE_FIRING,
			.change = cases[i].change,
			.rest_until = cases[i].rest_until };
		int64_t due = upk_due_at(&t, &rule);
		if (due != cases[i].due)
			fail_msg("case %zu: %lld", i, (long long)due);
	}
}

static void only_a_firing_alert_waits(void **state)
{
	static const struct {
		enum upk_rule_state state;
		bool waiting, waits;
	} cases[] = {
		{ UPK_RULE_FIRING, true, true },
		{ UPK_RULE_FIRING, false, false },
		{ UPK_RULE_PENDING, true, false },
		{ UPK_RULE_OK, true, false },
	};
	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		const struct upk_rule rule = { .state = cases[i].state,
			.waiting = cases[i].waiting };
		assert_int_equal(upk_due_waits(&rule), cases[i].waits);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_run_is_due_when_places_rest_and_token_are_there),
		cmocka_unit_test(only_a_firing_alert_waits),
	};
	return cmocka_run_group_tests_name("due", tests, NULL, NULL);
}
