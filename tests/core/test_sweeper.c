#include "engine/bed.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "store/event.h"
#include "store/label.h"
#include "store/store.h"

#define PAIR(id) "{\"id\":\"" id "\",\"predicted\":\"x\",\"label\":\"y\",\"features\":[1]}"

static bool count_event(void *context, const struct upk_event_row *row)
{
	(void)row;
	++*(size_t *)context;
	return true;
}

static bool count_label(void *context, const struct upk_label_row *row)
{
	(void)row;
	++*(size_t *)context;
	return true;
}

static size_t rows(struct bed *b)
{
	struct upk_error err = { 0 };
	size_t count = 0;
	struct upk_store *s = upk_store_open(b->folder, UPK_STORE_READ, &err);
	if (!s || !upk_event_scan(s, 1, INT64_MAX, count_event, &count, &err) ||
		!upk_label_scan(s, 1, INT64_MAX, count_label, &count, &err))
		fail_msg("%s", err.message);
	upk_store_close(s);
	return count;
}

static bool until_rows_are(struct bed *b, size_t wanted)
{
	for (int i = 0; i < 1500; i++) {
		if (rows(b) == wanted)
			return true;
		usleep(10000);
	}
	return false;
}

static void fill(struct bed *b)
{
	bed_send(b, UPK_ITEM_EVENT, "[" PAIR("a") "," PAIR("b") "," PAIR("c") "]");
	bed_send(b, UPK_ITEM_LABEL, "{\"id\":\"early\",\"label\":\"x\"}");
}

static void a_deleted_models_rows_go_and_its_name_is_free(void **state)
{
	struct bed *b = *state;
	struct upk_error err = { 0 };
	struct upk_post post;
	fill(b);
	bed_post(b, &post, UPK_ITEM_EVENT, "other", PAIR("a"), 0);
	bed_finish(&post);
	assert_true(upk_engine_delete_model(b->engine, "m", &err));
	bed_post(b, &post, UPK_ITEM_EVENT, "m", "[" PAIR("a") "," PAIR("early") "]", 0);
	assert_int_equal(post.duplicates, 0);
	assert_int_equal(post.joined, 2);
	bed_finish(&post);
	assert_true(until_rows_are(b, 3));
	assert_true(bed_until(b, "m", "\"pairs\":2"));
	assert_true(bed_until(b, "other", "\"pairs\":1"));
}

static void what_a_stop_left_goes_after_the_next_start(void **state)
{
	struct bed *b = *state;
	struct upk_error err = { 0 };
	fill(b);
	assert_true(upk_engine_delete_model(b->engine, "m", &err));
	bed_reopen(b);
	assert_true(until_rows_are(b, 0));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(
			a_deleted_models_rows_go_and_its_name_is_free, bed_setup, bed_teardown),
		cmocka_unit_test_setup_teardown(
			what_a_stop_left_goes_after_the_next_start, bed_setup, bed_teardown),
	};
	return cmocka_run_group_tests_name("sweeper", tests, NULL, NULL);
}
