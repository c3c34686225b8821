#include "intake/recent.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static void add(struct upk_recent *r, int64_t seq)
{
	char id[UPK_RECENT_ID_MOST + 1];
	int size = snprintf(id, sizeof id, "id-%lld", (long long)seq);
	const struct upk_recent_event event = { .seq = seq,
		.model = seq % 3,
		.number = seq + 1,
		.time = seq + 2,
		.tag = (upk_tag)(seq % 5),
		.predicted = (uint16_t)(seq % 7),
		.featured = seq % 2 };
	upk_recent_add(r, &event, (struct upk_text){ id, (size_t)size });
}

static void check(const struct upk_recent *r, int64_t seq)
{
	char id[UPK_RECENT_ID_MOST + 1];
	int size = snprintf(id, sizeof id, "id-%lld", (long long)seq);
	const struct upk_recent_event *event = upk_recent_find(r, seq);
	assert_non_null(event);
	assert_true(upk_recent_is(event, seq % 3, (struct upk_text){ id, (size_t)size }));
	assert_false(upk_recent_is(event, seq % 3 + 1, (struct upk_text){ id, (size_t)size }));
	assert_false(upk_recent_is(event, seq % 3, (struct upk_text){ id, (size_t)size - 1 }));
	assert_int_equal(event->number, seq + 1);
	assert_int_equal(event->time, seq + 2);
	assert_int_equal(event->tag, seq % 5);
	assert_int_equal(event->predicted, seq % 7);
	assert_int_equal(event->featured, seq % 2);
}

static void the_newest_million_are_found_and_older_ones_forgotten(void **state)
{
	(void)state;
	enum { MOST = 1 << 20, STEP = 3, ADDED = MOST + 1000 };
	struct upk_recent *r = upk_recent_create(NULL);
	assert_non_null(r);
	for (int64_t i = 1; i <= ADDED; i++)
		add(r, STEP * i); /* what lies between are labels */
	for (int64_t i = 1; i <= ADDED; i++) {
		if (i <= 1000)
			assert_null(upk_recent_find(r, STEP * i));
		assert_null(upk_recent_find(r, STEP * i + 1));
	}
	/* Of the older half some share a slot with a newer one. */
	for (int64_t i = ADDED - MOST / 2; i <= ADDED; i++)
		check(r, STEP * i);
	upk_recent_destroy(r);
}

static void what_was_undone_or_deleted_is_not_found(void **state)
{
	(void)state;
	struct upk_recent *r = upk_recent_create(NULL);
	assert_non_null(r);
	for (int64_t seq = 1; seq <= 10; seq++)
		add(r, seq);
	upk_recent_forget(r, 3);
	upk_recent_forget(r, 99);
	upk_recent_cut(r, 7);
	for (int64_t seq = 1; seq <= 10; seq++) {
		if (seq == 3 || seq > 7)
			assert_null(upk_recent_find(r, seq));
		else
			check(r, seq);
	}
	add(r, 8);
	check(r, 8);
	assert_null(upk_recent_find(r, 9));
	upk_recent_clear(r);
	assert_null(upk_recent_find(r, 8));
	add(r, 11);
	check(r, 11);
	upk_recent_destroy(r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_newest_million_are_found_and_older_ones_forgotten),
		cmocka_unit_test(what_was_undone_or_deleted_is_not_found),
	};
	return cmocka_run_group_tests_name("recent", tests, NULL, NULL);
}
