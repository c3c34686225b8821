#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "engine/bed.h"

enum { ITEMS = 40, BODY = ITEMS * 64 };

/* Enough events to be asked for ahead, each with a feature. */
static void write_body(char body[BODY])
{
	size_t size = 0;
	for (int i = 0; i < ITEMS; i++)
		size += (size_t)snprintf(body + size, BODY - size,
			"%c{\"id\":\"id-%d\",\"predicted\":\"x\",\"features\":{\"f\":1}}",
			i == 0 ? '[' : ',', i);
	snprintf(body + size, BODY - size, "]");
}

static void assert_counts(struct bed *b, struct upk_post *post, size_t duplicates)
{
	bed_hand_over(b, post, 0);
	assert_int_equal(post->error.code, UPK_OK);
	assert_int_equal(post->accepted, ITEMS);
	assert_int_equal(post->duplicates, duplicates);
	bed_finish(post);
}

/* Their labels find them, one by one: nothing is asked ahead. */
static void assert_stored(struct bed *b)
{
	struct upk_post post;
	char item[64];
	for (int i = 0; i < ITEMS; i++) {
		snprintf(item, sizeof item, "{\"id\":\"id-%d\",\"label\":\"x\"}", i);
		bed_post(b, &post, UPK_ITEM_LABEL, "m", item, 0);
		assert_int_equal(post.joined, 1);
		bed_finish(&post);
	}
}

static void events_are_new_once_and_then_duplicates(void **state)
{
	struct bed *b = *state;
	struct upk_post posts[3];
	char body[BODY];
	write_body(body);
	bed_put(b, "m", "{\"features\":[\"f\"]}");
	for (int i = 0; i < 3; i++) /* all are asked for before any is stored */
		bed_decode(b, &posts[i], UPK_ITEM_EVENT, "m", body);
	for (int i = 0; i < 3; i++)
		assert_counts(b, &posts[i], i == 0 ? 0 : ITEMS);
	assert_stored(b);
}

/* Decoding again, once the features are known, forgets what was asked for. */
static void a_post_that_is_decoded_again_keeps_its_ids(void **state)
{
	struct bed *b = *state;
	struct upk_post posts[2];
	char body[BODY];
	write_body(body);
	bed_put(b, "m", "{}");
	for (int i = 0; i < 2; i++)
		bed_decode(b, &posts[i], UPK_ITEM_EVENT, "m", body);
	assert_counts(b, &posts[0], 0);
	assert_counts(b, &posts[1], ITEMS);
	assert_stored(b);
}

static void a_model_that_was_made_anew_meanwhile_has_its_own_ids(void **state)
{
	struct bed *b = *state;
	struct upk_error err = { 0 };
	struct upk_post posts[2];
	char body[BODY];
	write_body(body);
	bed_put(b, "m", "{\"features\":[\"f\"]}");
	bed_decode(b, &posts[0], UPK_ITEM_EVENT, "m", body);
	assert_true(upk_engine_delete_model(b->engine, "m", &err));
	bed_put(b, "m", "{\"features\":[\"f\"]}");
	bed_decode(b, &posts[1], UPK_ITEM_EVENT, "m", body);
	assert_counts(b, &posts[0], 0);
	assert_counts(b, &posts[1], ITEMS);
	assert_stored(b);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, bed_setup, bed_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(events_are_new_once_and_then_duplicates),
		TEST(a_post_that_is_decoded_again_keeps_its_ids),
		TEST(a_model_that_was_made_anew_meanwhile_has_its_own_ids),
	};
	return cmocka_run_group_tests_name("ahead", tests, NULL, NULL);
}
