#include "engine/bed.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>


#define PAIR(id) "{\"id\":\"" id "\",\"predicted\":\"x\",\"label\":\"y\",\"features\":[1]}"

static struct upk_erasure erase(struct bed *b, const char *id)
{
	struct upk_error err = { 0 };
	struct upk_erasure erasure;
	if (!upk_engine_erase(b->engine, "m", upk_text_of(id), &erasure, &err))
		fail_msg("%s", err.message);
	return erasure;
}

static void a_pair_leaves_windows_and_its_id_is_free(void **state)
{
	struct bed *b = *state;
	struct upk_post post;
	bed_send(b, UPK_ITEM_EVENT, "[" PAIR("a") "," PAIR("b") "," PAIR("c") "]");
	bed_send(b, UPK_ITEM_LABEL, "{\"id\":\"b\",\"label\":\"x\"}");
	struct upk_erasure erasure = erase(b, "b");
	assert_true(erasure.event);
	assert_int_equal(erasure.labels, 1);
	assert_int_equal(erasure.versions_count, 0);
	assert_true(bed_until(b, "m", "\"pairs\":2"));
	bed_reopen(b);
	assert_true(bed_until(b, "m", "\"pairs\":2"));
	bed_post(b, &post, UPK_ITEM_EVENT, "m", "[" PAIR("a") "," PAIR("b") "]", 0);
	assert_int_equal(post.duplicates, 1);
	assert_int_equal(post.joined, 1);
	bed_finish(&post);
}

/* What came last is answered from memory. */
static void a_label_after_the_erasure_waits_for_an_event(void **state)
{
	struct bed *b = *state;
	struct upk_post post;
	bed_send(b, UPK_ITEM_EVENT, "{\"id\":\"a\",\"predicted\":\"x\"}");
	assert_true(erase(b, "a").event);
	bed_post(b, &post, UPK_ITEM_LABEL, "m", "{\"id\":\"a\",\"label\":\"x\"}", 0);
	assert_int_equal(post.waiting, 1);
	assert_int_equal(post.joined, 0);
	bed_finish(&post);
}

static void a_label_that_waits_is_taken_out_alone(void **state)
{
	struct bed *b = *state;
	struct upk_post post;
	bed_send(b, UPK_ITEM_LABEL, "{\"id\":\"early\",\"label\":\"x\"}");
	struct upk_erasure erasure = erase(b, "early");
	assert_false(erasure.event);
	assert_int_equal(erasure.labels, 1);
	bed_post(b, &post, UPK_ITEM_EVENT, "m", "{\"id\":\"early\",\"predicted\":\"x\"}", 0);
	assert_int_equal(post.joined, 0);
	bed_finish(&post);
}

static void what_is_not_there_is_not_found(void **state)
{
	struct bed *b = *state;
	struct upk_error err = { 0 };
	struct upk_erasure erasure;
	bed_send(b, UPK_ITEM_EVENT, PAIR("a"));
	erase(b, "a");
	assert_false(upk_engine_erase(b->engine, "m", upk_text_of("a"), &erasure, &err));
	assert_int_equal(err.code, UPK_NOT_FOUND);
	assert_false(upk_engine_erase(b->engine, "n", upk_text_of("a"), &erasure, &err));
	assert_int_equal(err.code, UPK_NOT_FOUND);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(
			a_pair_leaves_windows_and_its_id_is_free, bed_setup, bed_teardown),
		cmocka_unit_test_setup_teardown(
			a_label_after_the_erasure_waits_for_an_event, bed_setup, bed_teardown),
		cmocka_unit_test_setup_teardown(
			a_label_that_waits_is_taken_out_alone, bed_setup, bed_teardown),
		cmocka_unit_test_setup_teardown(what_is_not_there_is_not_found, bed_setup, bed_teardown),
	};
	return cmocka_run_group_tests_name("erase", tests, NULL, NULL);
}
