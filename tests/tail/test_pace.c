#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "tail/pace.h"

static const struct upk_policy policy = { .token_places = 1200,
	.tokens_most = 6,
	.growth_least = 400,
	.growth_passed = 2,
	.growth_failed = 4 };

static void assert_near(double a, double b)
{
	assert_true(fabs(a - b) < 1e-9);
}

static void bucket_is_full_at_the_start_and_never_fuller(void **state)
{
	(void)state;
	struct upk_pace p;
	upk_pace_start(&p, &policy);
	assert_near(upk_pace_tokens(&p, &policy, 1), 6);
	assert_near(upk_pace_tokens(&p, &policy, 1000000), 6);
	upk_pace_take(&p, &policy, 1000000);
	assert_near(upk_pace_tokens(&p, &policy, 1000000), 5);
	assert_near(upk_pace_tokens(&p, &policy, 1000600), 5.5);
	assert_near(upk_pace_tokens(&p, &policy, 1001200), 6);
	assert_near(upk_pace_tokens(&p, &policy, 1009999), 6);
}

static void token_comes_every_1200_places(void **state)
{
	(void)state;
	struct upk_pace p;
	upk_pace_start(&p, &policy);
	for (int i = 0; i < 6; i++)
		upk_pace_take(&p, &policy, 500);
	assert_near(upk_pace_tokens(&p, &policy, 500), 0);
	assert_int_equal(upk_pace_tokens_at(&p, &policy, 1, 500), 1700);
	assert_int_equal(upk_pace_tokens_at(&p, &policy, 2, 500), 2900);
	assert_int_equal(upk_pace_tokens_at(&p, &policy, 2, 600), 2900);
	assert_int_equal(upk_pace_tokens_at(&p, &policy, 1, 1699), 1700);
	assert_int_equal(upk_pace_tokens_at(&p, &policy, 1, 1700), 1700);
	assert_int_equal(upk_pace_tokens_at(&p, &policy, 1, 5000), 5000);
}

/* However the thirds of a token are added up. */
static void fractions_do_not_delay_a_token(void **state)
{
	(void)state;
	struct upk_pace p;
	upk_pace_start(&p, &policy);
	int64_t now = 100;
	for (int i = 0; i < 6; i++)
		upk_pace_take(&p, &policy, now);
	for (int i = 0; i < 5000; i++) {
		int64_t due = upk_pace_tokens_at(&p, &policy, 1, now + i % 7);
		assert_int_equal(due, now + 1200);
		now = due;
		upk_pace_take(&p, &policy, now);
	}
}

static void run_that_changes_nothing_gives_back_what_it_took(void **state)
{
	(void)state;
	struct upk_pace p;
	upk_pace_start(&p, &policy);
	upk_pace_take(&p, &policy, 10);
	upk_pace_give_back(&p, &policy);
	assert_near(upk_pace_tokens(&p, &policy, 10), 6);

	for (int i = 0; i < 6; i++)
		upk_pace_take(&p, &policy, 10);
	upk_pace_take(&p, &policy, 310); /* by hand, with a quarter there */
	assert_near(upk_pace_tokens(&p, &policy, 310), 0);
	upk_pace_give_back(&p, &policy);
	assert_near(upk_pace_tokens(&p, &policy, 310), 0.25);
	assert_int_equal(upk_pace_tokens_at(&p, &policy, 1, 310), 1210);
}

static void growth_is_due_by_the_rows_since_the_change(void **state)
{
	(void)state;
	static const struct {
		int64_t now, change;
		bool passed, first;
		int64_t growth;
	} rows[] = {
		{ 500, 0, true, true, 500 + 3 * 500 },
		{ 3000, 2000, true, false, 3000 + 1000 },
		{ 3000, 2000, false, false, 3000 + 3000 },
		{ 3000, 2700, true, false, 3000 + 400 },
		{ 3000, 2600, true, false, 3000 + 400 },
		{ 3000, 2599, true, false, 3000 + 401 },
		{ 3000, 2900, false, false, 3000 + 400 },
	};
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct upk_pace p;
		upk_pace_start(&p, &policy);
		upk_pace_ended(
			&p, &policy, rows[i].now, rows[i].change, rows[i].passed, rows[i].first);
		assert_int_equal(p.growth, rows[i].growth);
		assert_int_equal(p.change, rows[i].change);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(bucket_is_full_at_the_start_and_never_fuller),
		cmocka_unit_test(token_comes_every_1200_places),
		cmocka_unit_test(fractions_do_not_delay_a_token),
		cmocka_unit_test(run_that_changes_nothing_gives_back_what_it_took),
		cmocka_unit_test(growth_is_due_by_the_rows_since_the_change),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
