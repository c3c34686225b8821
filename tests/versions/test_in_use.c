#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/random.h"
#include "versions/in_use.h"
#include "windows/tags.h"

/* n events with this tag, numbered from *number + 1 on; how many of them changed what is in use. */
static int events(struct upk_in_use *u, int64_t *number, upk_tag tag, int n)
{
	int changes = 0;
	while (n-- > 0)
		changes += upk_in_use_event(u, ++*number, tag);
	return changes;
}

static void first_event_of_all_comes_into_use_at_once(void **state)
{
	(void)state;
	struct upk_in_use u = { 0 };
	assert_true(upk_in_use_event(&u, 1, UPK_TAG_NAMED));
	assert_true(u.any);
	assert_int_equal(u.tag, UPK_TAG_NAMED);
	assert_false(upk_in_use_event(&u, 2, UPK_TAG_NAMED));
	assert_false(upk_in_use_event(&u, 3, 0));
}

static void promoted_version_waits_for_its_first_event(void **state)
{
	(void)state;
	struct upk_in_use u = { 0 };
	int64_t number = 0;
	events(&u, &number, 0, 10);
	upk_in_use_promote(&u, 7);
	assert_int_equal(events(&u, &number, 0, 5000), 0);
	assert_int_equal(u.tag, 0);
	assert_int_equal(u.awaited, 7);

	assert_true(upk_in_use_event(&u, ++number, 7));
	assert_int_equal(u.tag, 7);
	assert_int_equal(u.awaited, 0);
	assert_int_equal(u.since, number);
}

/* What is in use when so many of the 500 events after version 4's first one carry it. */
static upk_tag tried_with(int carried)
{
	struct upk_in_use u = { 0 };
	int64_t number = 0;
	events(&u, &number, 3, 1);
	upk_in_use_promote(&u, 4);
	events(&u, &number, 4, 1);
	assert_int_equal(events(&u, &number, 3, 500 - carried), 0);
	assert_int_equal(events(&u, &number, 4, carried - 1), 0);
	assert_int_equal(u.tag, 4);
	int changes = events(&u, &number, 4, 1);
	assert_int_equal(u.tag == 4, changes == 0);
	return u.tag;
}

static void fewer_than_50_of_500_bring_back_what_was_before(void **state)
{
	(void)state;
	assert_int_equal(tried_with(49), 3);
	assert_int_equal(tried_with(50), 4);
	assert_int_equal(tried_with(500), 4);
}

static void trial_counts_predicted_events_whatever_their_numbers(void **state)
{
	(void)state;
	struct upk_in_use u = { 0 };
	upk_in_use_event(&u, 1, 3);
	upk_in_use_promote(&u, 4);
	upk_in_use_event(&u, 2, 4);
	/* every second number is an example's; one event is an example that got its prediction late
	 */
	int64_t number = 2;
	for (int i = 0; i < 498; i++)
		assert_false(upk_in_use_event(&u, number += 2, 3));
	assert_false(upk_in_use_event(&u, 1, 3));
	assert_int_equal(u.tag, 4);
	assert_true(upk_in_use_event(&u, number + 2, 3));
	assert_int_equal(u.tag, 3);
}

static void first_of_all_and_reverted_versions_are_not_tried(void **state)
{
	(void)state;
	struct upk_in_use u = { 0 };
	int64_t number = 0;
	upk_in_use_promote(&u, 1);
	assert_int_equal(events(&u, &number, 1, 1), 1);
	assert_int_equal(events(&u, &number, 9, 2000), 0);
	assert_int_equal(u.tag, 1);
}

static void promoting_what_is_in_use_awaits_nothing(void **state)
{
	(void)state;
	struct upk_in_use u = { 0 };
	int64_t number = 0;
	events(&u, &number, 1, 1);
	upk_in_use_promote(&u, 2);
	upk_in_use_promote(&u, 1);
	assert_int_equal(u.awaited, 0);
	assert_int_equal(events(&u, &number, 2, 1), 0);
}

static void other_name_comes_into_use_at_300_of_500_pairs(void **state)
{
	(void)state;
	struct upk_in_use u = { 0 };
	upk_in_use_event(&u, 1, 0);
	int64_t event = 1;
	for (int i = 0; i < 1000; i++)
		assert_false(upk_in_use_pair(&u, ++event, 0));
	/* two of five others are 200 of any 500, and a run of 299 more than 299 of none */
	for (int i = 0; i < 1000; i++)
		assert_false(upk_in_use_pair(&u, ++event, i % 5 < 2 ? UPK_TAG_NAMED : 0));
	for (int i = 0; i < 500; i++)
		assert_false(upk_in_use_pair(&u, ++event, 0));
	for (int i = 0; i < 299; i++)
		assert_false(upk_in_use_pair(&u, ++event, UPK_TAG_NAMED));
	assert_true(upk_in_use_pair(&u, ++event, UPK_TAG_NAMED));
	assert_int_equal(u.tag, UPK_TAG_NAMED);
	assert_int_equal(u.since, event);
}

static void pairs_of_events_before_the_change_do_not_count(void **state)
{
	(void)state;
	struct upk_in_use u = { 0 };
	int64_t number = 0;
	events(&u, &number, 1, 1000);
	upk_in_use_promote(&u, 2);
	events(&u, &number, 2, 1000);
	for (int64_t event = 1; event <= 1000; event++)
		assert_false(upk_in_use_pair(&u, event, 1));
	for (int64_t event = 1002; event < 1002 + 299; event++)
		assert_false(upk_in_use_pair(&u, event, 1));
	assert_true(upk_in_use_pair(&u, 1500, 1));
}

/* The rule, recounted over the whole history at every pair. */
static void ring_equals_a_recount_of_all_pairs(void **state)
{
	(void)state;
	enum { PAIRS = 20000 };
	static upk_tag tags[PAIRS];
	struct upk_in_use u = { 0 };
	struct upk_random random;
	upk_random_seed(&random, 5);
	upk_in_use_event(&u, 1, 0);
	upk_tag in_use = 0, favourite = 0;
	int since = 0, changes = 0;
	for (int i = 0; i < PAIRS; i++) {
		if (upk_random_below(&random, 700) == 0)
			favourite = (upk_tag)upk_random_below(&random, 3);
		bool favoured = upk_random_below(&random, 4) != 0;
		tags[i] = favoured ? favourite : (upk_tag)upk_random_below(&random, 3);
		int from = i - 499 > since ? i - 499 : since, same = 0;
		for (int j = from; j <= i; j++)
			same += tags[j] == tags[i];
		bool expected = tags[i] != in_use && same >= 300;
		assert_int_equal(upk_in_use_pair(&u, i + 2, tags[i]), expected);
		if (expected) {
			in_use = tags[i];
			since = i + 1;
			changes++;
		}
		assert_int_equal(u.tag, in_use);
	}
	assert_in_range(changes, 5, 40);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(first_event_of_all_comes_into_use_at_once),
		cmocka_unit_test(promoted_version_waits_for_its_first_event),
		cmocka_unit_test(fewer_than_50_of_500_bring_back_what_was_before),
		cmocka_unit_test(trial_counts_predicted_events_whatever_their_numbers),
		cmocka_unit_test(first_of_all_and_reverted_versions_are_not_tried),
		cmocka_unit_test(promoting_what_is_in_use_awaits_nothing),
		cmocka_unit_test(other_name_comes_into_use_at_300_of_500_pairs),
		cmocka_unit_test(pairs_of_events_before_the_change_do_not_count),
		cmocka_unit_test(ring_equals_a_recount_of_all_pairs),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
