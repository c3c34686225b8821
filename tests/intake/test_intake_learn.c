/* Which item of a post teaches a model its features, and which must not. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "engine/bed.h"

#define ITEM(id, rest) "{\"id\":\"" id "\",\"predicted\":\"x\"," rest "}"
#define F(list) "\"features\":" list

/* The names of the features that the model has, each with a blank behind it. */
static void read_names(struct bed *b, const char *model, char names[128])
{
	struct upk_schema *schema = upk_engine_schema(b->engine, model, NULL);
	size_t size = 0;
	assert_non_null(schema);
	names[0] = '\0';
	for (size_t i = 0; schema->features && i < upk_features_count(schema->features); i++)
		size += (size_t)snprintf(names + size, 128 - size, "%s ",
			upk_features_at(schema->features, i)->name);
	upk_schema_unref(schema);
}

struct lesson {
	const char *config, *body;
	size_t accepted;
	size_t rejected; /* index + 1 of the only one; 0: none */
	const char *why; /* NULL: no matter */
	const char *names;
};

static void the_first_item_that_can_be_learnt_from_teaches(void **state)
{
	static const struct lesson lessons[] = {
		{ "{}", "[" ITEM("a", F("{\"f\":1}")) "," ITEM("b", F("{\"g\":1}")) "]", 2, 0, NULL,
			"f " },
		{ "{}", "[{\"id\":\"a\",\"predicted\":\"x\"}," ITEM("b", F("[1,2]")) "]", 2, 0,
			NULL, "f0 f1 " },
		{ "{}", "[{\"id\":\"a\",\"predicted\":\"x\"}]", 1, 0, NULL, "" },
		/* nothing can be learnt from it, and the next one teaches */
		{ "{}", "[" ITEM("a", F("{\"f\":{}}")) "," ITEM("b", F("{\"g\":1}")) "]", 1, 1,
			"features", "g " },
		/* what is refused for another reason teaches nothing */
		{ "{}",
			"[" ITEM("a", F("{\"f\":1},\"timestamp\":\"soon\"")) "," ITEM(
				"b", F("{\"g\":1}")) "]",
			1, 1, "timestamp", "g " },
		{ "{\"classes\":[\"x\",\"y\"]}",
			"[{\"id\":\"a\",\"predicted\":\"z\"," F("{\"f\":1}") "}," ITEM(
				"b", F("{\"g\":1}")) "]",
			1, 1, "\"z\"", "g " },
		{ "{\"classes\":[\"x\",\"y\"]}",
			"[{\"id\":\"a\",\"predicted\":\"x\",\"label\":\"z\"," F(
				"{\"f\":1}") "}," ITEM("b", F("{\"g\":1}")) "]",
			1, 1, "\"z\"", "g " },
		/* declared ones are not learnt */
		{ "{\"features\":[\"h\"]}", "[" ITEM("a", F("{\"h\":1,\"f\":1}")) "]", 1, 0, NULL,
			"h " },
		/* where all are refused nothing is learnt */
		{ "{\"classes\":[\"x\",\"y\"]}",
			"[{\"id\":\"a\",\"predicted\":\"z\"," F("{\"f\":1}") "}]", 0, 1, "\"z\"",
			"" },
		{ "{}", "[" ITEM("a", F("{\"f\":1},\"version\":99")) "]", 0, 1, "version", "" },
	};
	struct bed *b = *state;
	for (size_t i = 0; i < sizeof lessons / sizeof *lessons; i++) {
		const struct lesson *l = &lessons[i];
		char model[24], names[128];
		struct upk_post post;
		snprintf(model, sizeof model, "m%zu", i);
		bed_put(b, model, l->config);
		bed_post(b, &post, UPK_ITEM_EVENT, model, l->body, 0);
		if (post.accepted != l->accepted || post.rejected_total != (l->rejected > 0))
			fail_msg("lesson %zu: %zu accepted, %zu rejected", i, post.accepted,
				post.rejected_total);
		if (l->rejected) {
			assert_int_equal(post.rejected[0].index, l->rejected - 1);
			if (!strstr(post.rejected[0].error, l->why))
				fail_msg("lesson %zu: %s", i, post.rejected[0].error);
		}
		bed_finish(&post);
		read_names(b, model, names);
		assert_string_equal(names, l->names);
	}
}

/* They were decoded before anybody knew the features, both. */
static void a_post_that_was_decoded_before_is_read_anew(void **state)
{
	struct bed *b = *state;
	struct upk_post first, second;
	char names[128];
	bed_put(b, "m", "{}");
	bed_decode(b, &first, UPK_ITEM_EVENT, "m", ITEM("a", F("{\"f\":1}")));
	bed_decode(b, &second, UPK_ITEM_EVENT, "m",
		"[" ITEM("b", F("{\"f\":\"word\"}")) "," ITEM("c", F("{\"f\":2}")) "]");
	bed_hand_over(b, &first, 0);
	assert_int_equal(first.accepted, 1);
	bed_hand_over(b, &second, 0);
	assert_int_equal(second.accepted, 1);
	assert_int_equal(second.rejected_total, 1);
	assert_int_equal(second.rejected[0].index, 0);
	assert_non_null(strstr(second.rejected[0].error, "features"));
	bed_finish(&first);
	bed_finish(&second);
	read_names(b, "m", names);
	assert_string_equal(names, "f ");
}

/* More than there is room for at first. */
static void each_item_that_teaches_nothing_is_told_why(void **state)
{
	enum { ITEMS = 11 };
	struct bed *b = *state;
	struct upk_post post;
	char body[ITEMS * 80], names[128];
	size_t size = 0;
	for (int i = 0; i < ITEMS; i++)
		size += (size_t)snprintf(body + size, sizeof body - size,
			"%c{\"id\":\"e%d\",\"predicted\":\"x\",\"features\":%s}",
			i == 0 ? '[' : ',', i, i + 1 < ITEMS ? "{\"f\":{}}" : "{\"g\":1}");
	snprintf(body + size, sizeof body - size, "]");
	bed_put(b, "m", "{}");
	bed_post(b, &post, UPK_ITEM_EVENT, "m", body, 0);
	assert_int_equal(post.accepted, 1);
	assert_int_equal(post.rejected_total, ITEMS - 1);
	for (size_t i = 0; i < ITEMS - 1; i++) {
		assert_int_equal(post.rejected[i].index, i);
		assert_non_null(strstr(post.rejected[i].error, "features"));
	}
	bed_finish(&post);
	read_names(b, "m", names);
	assert_string_equal(names, "g ");
}

/* Whatever brought a class: only what is stored makes it one of the model's. */
static void classes_of_refused_items_are_not_learnt(void **state)
{
	struct bed *b = *state;
	struct upk_post post;
	bed_put(b, "m", "{}");
	bed_post(b, &post, UPK_ITEM_EVENT, "m",
		"[{\"id\":\"a\",\"predicted\":\"x\"},"
		"{\"id\":\"b\",\"predicted\":\"y\",\"version\":99},"
		"{\"id\":\"a\",\"predicted\":\"z\"},"
		"{\"id\":\"c\",\"predicted\":\"w\"}]",
		0);
	assert_int_equal(post.accepted, 2);
	bed_finish(&post);
	struct upk_schema *schema = upk_engine_schema(b->engine, "m", NULL);
	assert_int_equal(schema->classes_count, 2);
	assert_true(upk_text_is(schema->classes[0], "x"));
	assert_true(upk_text_is(schema->classes[1], "w"));
	upk_schema_unref(schema);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, bed_setup, bed_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(the_first_item_that_can_be_learnt_from_teaches),
		TEST(a_post_that_was_decoded_before_is_read_anew),
		TEST(each_item_that_teaches_nothing_is_told_why),
		TEST(classes_of_refused_items_are_not_learnt),
	};
	return cmocka_run_group_tests_name("intake_learn", tests, NULL, NULL);
}
