/* How a value at fault is shown, and how reading gets past it. */
#include "config/value.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/json.h"

#define TEXT(literal) \
	{ \
		literal, sizeof(literal) - 1 \
	}
#define TEN "0123456789"
#define SIXTY TEN TEN TEN TEN TEN TEN
#define UNUSED __attribute__((unused))

static void a_text_is_cut_at_a_character_within_64_bytes(void **state UNUSED)
{
	static const struct {
		struct upk_text text;
		const char *shown;
	} cases[] = {
		{ TEXT(""), "" },
		{ TEXT(SIXTY "abcd"), SIXTY "abcd" },
		{ { SIXTY "abcd\xa9", 64 }, SIXTY "abcd" }, /* what follows is not the text's */
		{ TEXT(SIXTY "abcde"), SIXTY "abcd..." },
		{ TEXT(SIXTY "ab\xc3\xa9"), SIXTY "ab\xc3\xa9" },
		{ TEXT(SIXTY "abc\xc3\xa9"), SIXTY "abc..." },
		{ TEXT(SIXTY "ab\xe2\x82\xac"), SIXTY "ab..." },
		{ TEXT(SIXTY "a\xf0\x9f\x98\x80"), SIXTY "a..." },
		{ TEXT(SIXTY "\xf0\x9f\x98\x80z"), SIXTY "\xf0\x9f\x98\x80..." },
		{ TEXT("\x01 \x1f\x7f\x80\t"), "? ??\x80?" },
		{ TEXT("a\0b"), "a?b" },
	};
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		char out[UPK_VALUE_SHOWN];
		memset(out, 'X', sizeof out);
		assert_ptr_equal(upk_text_show(cases[i].text, out), out);
		assert_string_equal(out, cases[i].shown);
	}
}

static const struct {
	const char *json, *shown;
} values[] = {
	{ "\"a\\u0009b\"", "\"a?b\"" },
	{ "\"" SIXTY "abcde\"", "\"" SIXTY "abcd...\"" },
	{ "1.50e3", "1.50e3" },
	{ "true", "true" },
	{ "false", "false" },
	{ "null", "null" },
	{ "[1, [2], {}]", "[1, [2], {}]" },
	{ "{\"a\": {\"b\": []}}", "{\"a\": {\"b\": []}}" },
	{ "[\"" SIXTY "\", 7]", "[\"" SIXTY "\",..." },
};

/* Whatever it is, the reader stands behind it. */
static void a_value_is_shown_as_it_stands_and_read_to_its_end(void **state UNUSED)
{
	for (size_t i = 0; i < sizeof values / sizeof *values; i++) {
		char out[UPK_VALUE_SHOWN];
		struct upk_text text;
		struct upk_json_reader *r = upk_json_reader_create(upk_text_of(values[i].json));
		enum upk_json_token token = upk_json_next(r, &text);
		assert_string_equal(upk_value_show(r, token, text, out), values[i].shown);
		assert_int_equal(upk_json_next(r, NULL), UPK_JSON_END);
		upk_json_reader_destroy(r);
	}
}

static void a_documents_value_is_shown_alike(void **state UNUSED)
{
	static const struct {
		const char *json, *shown;
	} cases[] = { { "\"x\\ny\"", "\"x?y\"" }, { "1500", "1500" }, { "null", "null" },
		{ "true", "true" }, { "[1,[2]]", "[1,[2]]" },
		{ "{\"a\":\"b\"}", "{\"a\":\"b\"}" } };
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		char out[UPK_VALUE_SHOWN];
		cJSON *json = upk_json_parse(upk_text_of(cases[i].json), NULL);
		assert_non_null(json);
		assert_string_equal(upk_value_show_json(json, out), cases[i].shown);
		cJSON_Delete(json);
	}
}

static void what_is_wrong_names_member_and_value_or_the_byte(void **state UNUSED)
{
	static const struct {
		const char *json, *message;
	} cases[] = {
		{ "\"x\"", "id: \"x\": want a number" },
		{ "{\"a\":1}", "id: {\"a\":1}: want a number" },
		{ "[1,}", "byte 3: " },
	};
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct upk_error err = { 0 };
		struct upk_text text;
		struct upk_json_reader *r = upk_json_reader_create(upk_text_of(cases[i].json));
		enum upk_json_token token = upk_json_next(r, &text);
		assert_false(upk_value_wrong(r, "id", token, text, "a number", &err));
		assert_int_equal(err.code, UPK_INVALID);
		assert_memory_equal(err.message, cases[i].message, strlen(cases[i].message));
		upk_json_reader_destroy(r);
	}
}

/* What follows the value is read next; of numbers that are too large the first is told. */
static void a_value_is_skipped_whole_and_its_numbers_are_checked(void **state UNUSED)
{
	static const struct {
		const char *json;
		enum upk_json_token next;
		const char *message; /* NULL: skipped */
	} cases[] = {
		{ "7", UPK_JSON_END, NULL },
		{ "\"1e999\"", UPK_JSON_END, NULL },
		{ "[[1],{\"a\":[2,3]}]", UPK_JSON_END, NULL },
		{ "{}", UPK_JSON_END, NULL },
		{ "1e999", UPK_JSON_END, "1e999: too large for a number" },
		{ "[{\"a\":-1e400},1e999,[]]", UPK_JSON_END, "-1e400: too large for a number" },
		{ "[1,", UPK_JSON_ERROR, "" },
		{ "[1}", UPK_JSON_ERROR, "" },
	};
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct upk_error err = { 0 };
		struct upk_text text;
		struct upk_json_reader *r = upk_json_reader_create(upk_text_of(cases[i].json));
		enum upk_json_token token = upk_json_next(r, &text);
		assert_int_equal(upk_value_skip(r, token, text, &err), !cases[i].message);
		assert_int_equal(upk_json_next(r, NULL), cases[i].next);
		if (cases[i].message)
			assert_string_equal(err.message, cases[i].message);
		upk_json_reader_destroy(r);
	}
}

static void only_an_integer_has_digits(void **state UNUSED)
{
	static const struct {
		const char *number, *digits; /* NULL: it is none */
	} cases[] = {
		{ "0", "0" },
		{ "-0", "0" },
		{ "-10", "-10" },
		{ "123456789012345678901234567890", "123456789012345678901234567890" },
		{ "1.0", NULL },
		{ "1e3", NULL },
		{ "1E3", NULL },
		{ "-0.0", NULL },
	};
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct upk_text digits = upk_value_digits(upk_text_of(cases[i].number));
		assert_int_equal(digits.data != NULL, cases[i].digits != NULL);
		if (cases[i].digits)
			assert_true(upk_text_is(digits, cases[i].digits));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_text_is_cut_at_a_character_within_64_bytes),
		cmocka_unit_test(a_value_is_shown_as_it_stands_and_read_to_its_end),
		cmocka_unit_test(a_documents_value_is_shown_alike),
		cmocka_unit_test(what_is_wrong_names_member_and_value_or_the_byte),
		cmocka_unit_test(a_value_is_skipped_whole_and_its_numbers_are_checked),
		cmocka_unit_test(only_an_integer_has_digits),
	};
	return cmocka_run_group_tests_name("value", tests, NULL, NULL);
}
