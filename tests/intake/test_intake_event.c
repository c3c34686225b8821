/* When an event that is sent again is the same: docs/api.md, "other content is a conflict". */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "engine/bed.h"

/* Sends it once more; member: in which it differs, NULL: it is the same. */
static void send_again(struct bed *b, const char *body, const char *member)
{
	struct upk_post post;
	char why[64] = "";
	bed_post(b, &post, UPK_ITEM_EVENT, "m", body, 0);
	if (post.error.code != UPK_OK)
		fail_msg("%s", post.error.message);
	if (post.duplicates != (member == NULL) || post.rejected_total != (member != NULL))
		fail_msg("%s: %zu duplicates, %zu rejected", body, post.duplicates,
			post.rejected_total);
	snprintf(why, sizeof why, "is stored with other content in %s", member ? member : "");
	if (member && !strstr(post.rejected[0].error, why))
		fail_msg("%s: %s", body, post.rejected[0].error);
	bed_finish(&post);
}

static void other_scores_are_a_conflict(void **state)
{
	struct bed *b = *state;
	bed_put(b, "m", "{\"classes\":[\"x\",\"y\",\"z\"]}");
	bed_send(b, UPK_ITEM_EVENT, "{\"id\":\"a\",\"scores\":[0.5,0.25,0.25]}");
	bed_send(b, UPK_ITEM_EVENT, "{\"id\":\"b\",\"predicted\":\"x\"}");
	send_again(b, "{\"id\":\"a\",\"scores\":[0.5,0.25,0.25]}", NULL);
	send_again(b, "{\"id\":\"a\",\"scores\":{\"z\":0.25,\"x\":0.5,\"y\":0.25}}", NULL);
	send_again(b, "{\"id\":\"a\",\"scores\":[0.5,0.125,0.375]}", "scores");
	send_again(b, "{\"id\":\"a\",\"scores\":[0.5,0.5,0]}", "scores");
	send_again(b, "{\"id\":\"a\",\"predicted\":\"x\"}", "scores");
	send_again(b, "{\"id\":\"b\",\"scores\":[0.5,0.25,0.25]}", "scores");
	send_again(b, "{\"id\":\"b\",\"predicted\":\"x\"}", NULL);
}

/* A class that came later had no score: that is a score of 0. */
static void scores_of_classes_that_came_later_are_compared_too(void **state)
{
	struct bed *b = *state;
	bed_send(b, UPK_ITEM_EVENT, "{\"id\":\"a\",\"scores\":{\"x\":0.75,\"y\":0.25}}");
	bed_send(b, UPK_ITEM_EVENT, "{\"id\":\"b\",\"predicted\":\"z\"}");
	send_again(b, "{\"id\":\"a\",\"scores\":{\"x\":0.75,\"y\":0.25}}", NULL);
	send_again(b, "{\"id\":\"a\",\"scores\":{\"x\":0.75,\"y\":0.25,\"z\":0}}", NULL);
	send_again(b, "{\"id\":\"a\",\"scores\":{\"x\":0.75,\"y\":0.25,\"z\":0.0005}}", "scores");
	send_again(b, "{\"id\":\"a\",\"scores\":{\"x\":0.75,\"y\":0.125,\"z\":0.125}}", "scores");
}

/* What both lists have decides. */
static void other_features_are_a_conflict_after_the_list_was_changed(void **state)
{
	struct bed *b = *state;
	bed_put(b, "m", "{\"features\":[\"a\",\"b\"]}");
	bed_send(b, UPK_ITEM_EVENT,
		"{\"id\":\"e\",\"predicted\":\"x\",\"features\":{\"a\":1,\"b\":2}}");
	send_again(
		b, "{\"id\":\"e\",\"predicted\":\"x\",\"features\":{\"a\":1,\"b\":3}}", "features");
	bed_put(b, "m", "{\"features\":[\"c\",\"a\"]}");
	send_again(b, "{\"id\":\"e\",\"predicted\":\"x\",\"features\":{\"a\":1,\"b\":2}}", NULL);
	send_again(b, "{\"id\":\"e\",\"predicted\":\"x\",\"features\":{\"a\":1,\"c\":7}}", NULL);
	send_again(
		b, "{\"id\":\"e\",\"predicted\":\"x\",\"features\":{\"a\":7,\"c\":1}}", "features");
	send_again(
		b, "{\"id\":\"e\",\"predicted\":\"x\",\"features\":{\"a\":2,\"b\":2}}", "features");
	send_again(b, "{\"id\":\"e\",\"predicted\":\"x\"}", "features");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(
			other_scores_are_a_conflict, bed_setup, bed_teardown),
		cmocka_unit_test_setup_teardown(scores_of_classes_that_came_later_are_compared_too,
			bed_setup, bed_teardown),
		cmocka_unit_test_setup_teardown(
			other_features_are_a_conflict_after_the_list_was_changed, bed_setup,
			bed_teardown),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
