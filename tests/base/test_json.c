#include "base/json.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "json_cases.h"
#include "json_tree.h"

static cJSON *parsed(const char *string)
{
	struct upk_error err = { 0 };
	cJSON *json = upk_json_parse(upk_text_of(string), &err);
	assert_string_equal(err.message, "");
	assert_non_null(json);
	return json;
}

/* What no double holds, the reader takes and a document refuses. */
static bool overflows(const char *tree)
{
	return strstr(tree, "n7ff0") || strstr(tree, "nfff0");
}

static void every_case_reads_as_in_the_reader(void **state)
{
	(void)state;
	struct upk_buffer expected = { 0 }, tree = { 0 };
	struct upk_json_reader *r = upk_json_reader_create(upk_text_of(""));
	for (size_t i = 0; i < json_case_count; i++) {
		struct upk_text text = { json_cases[i].text, json_cases[i].size };
		upk_buffer_clear(&expected);
		upk_buffer_clear(&tree);
		upk_json_reader_reset(r, text);
		json_tree_of_tokens(&expected, r);
		upk_buffer_putc(&expected, '\0');

		struct upk_error err = { 0 };
		cJSON *json = upk_json_parse(text, &err);
		if (json_cases[i].fault != JSON_VALID || overflows(expected.data)) {
			assert_null(json);
			assert_int_equal(err.code, UPK_INVALID);
			continue;
		}
		json_tree_of_document(&tree, json);
		upk_buffer_putc(&tree, '\0');
		assert_string_equal(tree.data, expected.data);
		cJSON_Delete(json);
	}
	upk_json_reader_destroy(r);
	upk_buffer_finish(&expected);
	upk_buffer_finish(&tree);
}

static void a_message_names_the_byte(void **state)
{
	(void)state;
	struct upk_error err = { 0 };
	assert_null(upk_json_parse(upk_text_of("{\"a\": 01}"), &err));
	assert_string_equal(err.message, "byte 7: a number begins with 0");
	assert_null(upk_json_parse(upk_text_of("[1, -1e400]"), &err));
	assert_string_equal(err.message, "byte 4: a number beyond the range of a double");
}

static void comments_are_blanked_outside_strings(void **state)
{
	(void)state;
	static const char text[] =
		"// first\n{ /* a \xc3\xa9 \xff * / */ \"url\": \"http://x/*y*/\", // \"\n"
		"\"q\": \"\\\"//\" /**/ } // end";
	struct upk_error err = { 0 };
	cJSON *json = upk_json_parse_commented(upk_text_of(text), &err);
	cJSON *expected = parsed("{\"url\": \"http://x/*y*/\", \"q\": \"\\\"//\"}");
	assert_string_equal(err.message, "");
	assert_true(upk_json_equal(json, expected));
	cJSON_Delete(json);
	cJSON_Delete(expected);
}

static void a_commented_file_is_faulted_by_line_and_column(void **state)
{
	(void)state;
	static const struct {
		const char *text, *message;
	} rows[] = {
		{ "{\n  \"a\": 1,\n  \"a\": 2\n}",
			"line 3, column 3: the same key twice in one object" },
		{ "// \xc3\xa9\n/* \xc3\xa9 */ x", "line 2, column 9: want a value" },
		{ "/* a\n b */ [1,]", "line 2, column 10: want a value" },
		{ "[1] /* open", "line 1, column 5: a comment that never ends" },
		{ "/*/ 1", "line 1, column 1: a comment that never ends" },
		{ "[1 / 2]", "line 1, column 4: want a comma or ]" },
		{ "[\n1e999]", "line 2, column 1: a number beyond the range of a double" },
		{ "[1", "line 1, column 3: the text ends too early" },
		{ "// only", "line 1, column 8: the text ends too early" },
		{ "[\"abc // ]", "line 1, column 11: the text ends too early" },
	};
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		struct upk_error err = { 0 };
		assert_null(upk_json_parse_commented(upk_text_of(rows[i].text), &err));
		assert_string_equal(err.message, rows[i].message);
	}
}

static void print_keeps_every_bit(void **state)
{
	(void)state;
	static const char *const texts[] = {
		"{\"a\":[0.1,1e+300,5e-324,-0,9007199254740992,-1.5,0.30000000000000004]}",
		"[\"\\\"\\\\\\b\\f\\n\\r\\t\\u0001/\xc3\xa9\x7f\",true,false,null,{},[]]",
		"1000000000000000",
		"{\"\":\"\",\"k\\\"\":{\"x\":[[]]}}",
	};
	for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
		cJSON *json = parsed(texts[i]);
		char *text = upk_json_print(json);
		assert_string_equal(text, texts[i]);
		free(text);
		cJSON_Delete(json);
	}
}

static void equal_looks_at_values_alone(void **state)
{
	(void)state;
	static const struct {
		const char *a, *b;
		bool equal;
	} rows[] = {
		{ "{\"a\":1,\"b\":[1,2]}", "{\"b\":[1.0,2e0],\"a\":1}", true },
		{ "{\"a\":1,\"b\":2,\"c\":3}", "{\"c\":3,\"b\":2,\"a\":1}", true },
		{ "[1,2]", "[2,1]", false },
		{ "[1,2]", "[1,2,3]", false },
		{ "[1,2,3]", "[1,2]", false },
		{ "{\"a\":1}", "{\"A\":1}", false },
		{ "{\"a\":1}", "{\"a\":1,\"b\":1}", false },
		{ "{\"a\":1,\"b\":1}", "{\"a\":1}", false },
		{ "{\"a\":1,\"b\":1}", "{\"a\":1,\"c\":1}", false },
		{ "{\"a\":null}", "{}", false },
		{ "\"1\"", "1", false },
		{ "\"\\u00e9\"", "\"\xc3\xa9\"", true },
		{ "true", "false", false },
		{ "null", "null", true },
		{ "0.1", "0.10000000000000001", true },
		{ "0.1", "0.10000000000000002", false },
		{ "[]", "{}", false },
	};
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		cJSON *a = parsed(rows[i].a), *b = parsed(rows[i].b);
		assert_int_equal(upk_json_equal(a, b), rows[i].equal);
		assert_int_equal(upk_json_equal(b, a), rows[i].equal);
		assert_false(upk_json_equal(a, NULL));
		cJSON_Delete(a);
		cJSON_Delete(b);
	}
	assert_true(upk_json_equal(NULL, NULL));
}

/* Allocations of cJSON until one fails; below 0: none does. */
static int left = -1;

static void *failing_malloc(size_t size)
{
	if (left == 0)
		return NULL;
	left -= left > 0;
	return malloc(size);
}

static void parse_survives_any_failed_allocation_of_cjson(void **state)
{
	(void)state;
	static const char text[] = "{\"a\":[1,\"x\",null,{\"b\":[]}],\"c\":{\"d\":\"e\"}}";
	cJSON_Hooks hooks = { failing_malloc, free };
	cJSON *json = NULL;
	int nth = 0;

	cJSON_InitHooks(&hooks);
	for (; !json && nth < 1000; nth++) {
		struct upk_error err = { 0 };
		left = nth;
		json = upk_json_parse(upk_text_of(text), &err);
		assert_int_equal(err.code, json ? UPK_OK : UPK_NOMEM);
	}
	cJSON_InitHooks(NULL);
	left = -1;
	assert_true(nth > 10);
	assert_non_null(json);
	cJSON_Delete(json);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_case_reads_as_in_the_reader),
		cmocka_unit_test(a_message_names_the_byte),
		cmocka_unit_test(comments_are_blanked_outside_strings),
		cmocka_unit_test(a_commented_file_is_faulted_by_line_and_column),
		cmocka_unit_test(print_keeps_every_bit),
		cmocka_unit_test(equal_looks_at_values_alone),
		cmocka_unit_test(parse_survives_any_failed_allocation_of_cjson),
	};
	return cmocka_run_group_tests_name("json", tests, NULL, NULL);
}
