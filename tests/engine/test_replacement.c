/* Which configurations may take another's place, and what is said of those that may not. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "engine/bed.h"
#include "report/report.h"

static bool put(struct bed *b, const char *model, const char *config, const char *if_match,
	struct upk_error *err)
{
	bool created;
	*err = (struct upk_error){ 0 };
	return upk_engine_put_model(b->engine, model, upk_text_of(config), if_match, &created, err);
}

static void assert_put(struct bed *b, const char *model, const char *config, const char *if_match,
	enum upk_code code, const char *words)
{
	struct upk_error err;
	bool done = put(b, model, config, if_match, &err);
	if (err.code != code || done != (code == UPK_OK) || (words && !strstr(err.message, words)))
		fail_msg("%s: %d %s", config, err.code, err.message);
}

/* before: what the model has; then `events` come; after: what is put. */
struct replacement {
	const char *before, *events, *after;
	enum upk_code code;
	const char *words;
};

static void try_all(struct bed *b, const struct replacement *cases, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		char model[24];
		snprintf(model, sizeof model, "m%zu", i);
		bed_put(b, model, cases[i].before);
		if (cases[i].events) {
			struct upk_post post;
			bed_post(b, &post, UPK_ITEM_EVENT, model, cases[i].events, 0);
			assert_int_equal(post.rejected_total, 0);
			bed_finish(&post);
		}
		assert_put(b, model, cases[i].after, NULL, cases[i].code, cases[i].words);
	}
}

#define XY "{\"classes\":[\"x\",\"y\",\"z\"]}"

static void classes_that_are_used_stay_and_the_others_go_from_the_end(void **state)
{
	static const struct replacement cases[] = {
		{ XY, NULL, "{\"classes\":[\"y\",\"z\"]}", UPK_OK, NULL },
		{ XY, "{\"id\":\"e\",\"predicted\":\"x\"}", "{\"classes\":[\"x\",\"y\"]}", UPK_OK,
			NULL },
		{ XY, "{\"id\":\"e\",\"predicted\":\"x\"}", "{}", UPK_OK, NULL },
		{ XY, "{\"id\":\"e\",\"predicted\":\"x\"}",
			"{\"classes\":[\"x\",\"y\",\"z\",\"w\"]}", UPK_OK, NULL },
		{ XY, "{\"id\":\"e\",\"predicted\":\"z\"}", "{\"classes\":[\"x\",\"y\"]}",
			UPK_CONFLICT, "classes: \"z\" is used by stored events or versions" },
		{ XY, "{\"id\":\"e\",\"predicted\":\"x\",\"label\":\"y\"}",
			"{\"classes\":[\"x\",\"z\"]}", UPK_CONFLICT, "classes: \"y\" is used" },
		{ XY, "{\"id\":\"e\",\"predicted\":\"x\"}", "{\"classes\":[\"x\",\"z\"]}",
			UPK_CONFLICT,
			"classes: \"y\" can't be taken away: the model has events, and classes "
			"that it learnt later" },
		{ "{\"classes\":[\"x\",\"y\",\"z\",\"w\"]}", "{\"id\":\"e\",\"predicted\":\"x\"}",
			"{\"classes\":[\"x\",\"y\"]}", UPK_OK, NULL },
		{ "{}", "{\"id\":\"e\",\"predicted\":\"a\"}", "{\"classes\":[\"b\",\"c\"]}",
			UPK_CONFLICT, "classes: \"a\" is used" },
	};
	try_all(*state, cases, sizeof cases / sizeof *cases);
}

static void a_feature_keeps_the_type_that_it_once_had(void **state)
{
	static const struct replacement cases[] = {
		{ "{\"features\":[\"f\",\"g\"]}", NULL, "{\"features\":[\"g\",\"h\"]}", UPK_OK,
			NULL },
		{ "{\"features\":[\"f\"]}", NULL,
			"{\"features\":[{\"name\":\"f\",\"type\":\"category\"}]}", UPK_CONFLICT,
			"features: \"f\" has the type number, which can't be changed once the "
			"model has had it: declare a feature of another name with the type "
			"category and send that from the next event on, or DELETE the model and "
			"declare this one before its first event" },
		{ "{\"features\":[{\"name\":\"v\",\"type\":\"vector\",\"size\":3}]}", NULL,
			"{\"features\":[{\"name\":\"v\",\"type\":\"vector\",\"size\":4}]}",
			UPK_CONFLICT, "features: \"v\" has the type vector of size 3, which" },
		{ "{}", "{\"id\":\"e\",\"predicted\":\"x\",\"features\":{\"f\":\"word\"}}",
			"{\"features\":[\"f\"]}", UPK_CONFLICT,
			"features: \"f\" has the type category, which" },
		{ "{}", "{\"id\":\"e\",\"predicted\":\"x\",\"features\":{\"f\":\"word\"}}",
			"{\"features\":[\"g\"]}", UPK_OK, NULL },
	};
	try_all(*state, cases, sizeof cases / sizeof *cases);
}

static void a_feature_that_was_left_out_comes_back_as_it_was(void **state)
{
	struct bed *b = *state;
	bed_put(b, "m", "{\"features\":[\"f\",\"g\"]}");
	bed_put(b, "m", "{\"features\":[\"g\",\"h\"]}");
	bed_put(b, "m", "{\"features\":[\"g\"]}");
	assert_put(b, "m", "{\"features\":[\"g\",{\"name\":\"h\",\"type\":\"text\"}]}", NULL,
		UPK_CONFLICT, "features: \"h\" has the type number, which");
	assert_put(b, "m", "{\"features\":[\"g\",{\"name\":\"f\",\"type\":\"text\"}]}", NULL,
		UPK_CONFLICT, "features: \"f\" has the type number, which");
	assert_put(b, "m", "{\"features\":[\"g\",\"f\"]}", NULL, UPK_OK, NULL);
}

static void read_etag(struct bed *b, char etag[20])
{
	struct upk_buffer out = { 0 };
	struct upk_json_writer w = upk_json_writer_on(&out);
	assert_true(upk_report_model(b->engine, "m", etag, &w, NULL));
	upk_buffer_finish(&out);
}

static void if_match_names_the_configuration_that_is_there(void **state)
{
	static const struct {
		const char *format; /* of the ETag */
		enum upk_code code;
	} cases[] = {
		{ "\"%s\"", UPK_OK },
		{ "\"other\", \"%s\"", UPK_OK },
		{ "\"%s\", \"other\"", UPK_OK },
		{ "*", UPK_OK },
		{ "%s", UPK_PRECONDITION },
		{ "\"%s", UPK_PRECONDITION },
		{ "\"%s0\"", UPK_PRECONDITION },
		{ "\"0%s\"", UPK_PRECONDITION },
		{ "\"other\"", UPK_PRECONDITION },
		{ "", UPK_PRECONDITION },
	};
	struct bed *b = *state;
	char etag[20], if_match[80];
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		bed_put(b, "m", "{\"slices\":[\"a\"]}");
		read_etag(b, etag);
		const char *at = strstr(cases[i].format, "%s");
		int before = at ? (int)(at - cases[i].format) : (int)strlen(cases[i].format);
		snprintf(if_match, sizeof if_match, "%.*s%s%s", before, cases[i].format,
			at ? etag : "", at ? at + 2 : "");
		assert_put(b, "m", "{\"slices\":[\"b\"]}", if_match, cases[i].code, NULL);
	}
	assert_put(b, "none", "{}", "*", UPK_PRECONDITION, "If-Match: there is no model none");
}

/* Before what is refused anything was changed: the next PUT says the same, and a good one passes.
 */
static void what_is_refused_leaves_the_model_as_it_was(void **state)
{
	struct bed *b = *state;
	char before[20], after[20];
	bed_put(b, "m", "{\"features\":[\"f\"]}");
	read_etag(b, before);
	for (int i = 0; i < 2; i++)
		assert_put(b, "m", "{\"features\":[{\"name\":\"f\",\"type\":\"text\"},\"n\"]}",
			NULL, UPK_CONFLICT, "\"f\"");
	read_etag(b, after);
	assert_string_equal(after, before);
	assert_put(b, "m", "{\"features\":[\"f\",{\"name\":\"n\",\"type\":\"text\"}]}", NULL,
		UPK_OK, NULL);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, bed_setup, bed_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(classes_that_are_used_stay_and_the_others_go_from_the_end),
		TEST(a_feature_keeps_the_type_that_it_once_had),
		TEST(a_feature_that_was_left_out_comes_back_as_it_was),
		TEST(if_match_names_the_configuration_that_is_there),
		TEST(what_is_refused_leaves_the_model_as_it_was),
	};
	return cmocka_run_group_tests_name("replacement", tests, NULL, NULL);
}
