/* The table of JSON texts holds for every parser of the daemon: those of base/ have tests of their
 * own, these are the ones that items and configurations go through. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "../base/json_cases.h"
#include "base/buffer.h"
#include "base/json.h"
#include "base/json_reader.h"
#include "base/number.h"
#include "items/batch.h"

static struct upk_schema *schema(const char *json)
{
	struct upk_config *c = upk_config_parse(upk_text_of(json), NULL);
	struct upk_schema *s = upk_schema_create(c, NULL, 0, NULL, 0, 1, NULL);
	upk_config_unref(c);
	assert_non_null(s);
	return s;
}

/* Numbers that no double holds are JSON, and are refused for what they are worth. */
static bool is_finite(struct upk_text text)
{
	struct upk_json_reader *r = upk_json_reader_create(text);
	struct upk_text value;
	enum upk_json_token token;
	bool finite = true;
	double x;
	while ((token = upk_json_next(r, &value)) != UPK_JSON_END && token != UPK_JSON_ERROR)
		if (token == UPK_JSON_NUMBER)
			finite = upk_number_parse(value, &x) && finite;
	upk_json_reader_destroy(r);
	return finite;
}

/* JSON but for its zeros: they are the fault of the item alone. */
static bool has_zeros(const struct json_case *c)
{
	struct upk_json_reader *r = upk_json_reader_create((struct upk_text){ c->text, c->size });
	enum upk_json_token token;
	upk_json_take_zeros(r);
	do
		token = upk_json_next(r, NULL);
	while (token != UPK_JSON_END && token != UPK_JSON_ERROR);
	bool zeros = token == UPK_JSON_END && upk_json_zeros(r) > 0;
	upk_json_reader_destroy(r);
	assert_false(zeros && c->fault == JSON_VALID);
	return zeros;
}

/* Those that use up the depth cannot stand inside anything. */
static bool is_deep(const struct json_case *c)
{
	size_t open = 0;
	while (open < c->size && c->text[open] == '[')
		open++;
	return open >= UPK_JSON_DEPTH - 2;
}

static struct upk_batch *decode(
	enum upk_item_kind kind, bool ndjson, struct upk_text body, struct upk_schema *s)
{
	char *copy = malloc(body.size + 1);
	assert_non_null(copy);
	memcpy(copy, body.data, body.size);
	return upk_batch_decode(kind, ndjson, copy, body.size, s, INT64_C(1767261600000), NULL);
}

/* Nothing, or values with commas: no value, but no fault between an array's brackets. */
static bool is_list(const struct json_case *c)
{
	return strspn(c->text, " ") == c->size || !strncmp(c->text, "[],[]", c->size);
}

/* Where in an item the case stands. */
static const struct place {
	const char *before, *after;
	const char *config;
	bool any; /* every value may stand there */
} places[] = {
	{ "{\"id\":1,\"label\":\"a\",\"more\":", "}", "{}", true },
	{ "{\"label\":\"a\",\"more\":[0,{\"x\":", "}],\"id\":1}", "{}", true },
	{ "{\"id\":1,\"label\":\"a\",\"meta\":{\"x\":", "}}", "{}", true },
	{ "{\"id\":1,\"label\":\"a\",\"slices\":{\"x\":", "}}", "{\"slices\":[\"k\"]}", true },
	{ "{\"id\":1,\"label\":\"a\",\"features\":{\"y\":", ",\"x\":1}}", "{\"features\":[\"x\"]}",
		true },
	{ "{\"id\":1,\"label\":\"a\",\"features\":{\"x\":", "}}", "{\"features\":[\"x\"]}", false },
	{ "{\"id\":1,\"label\":\"a\",\"features\":[1,", ",2]}",
		"{\"features\":[\"x\",\"y\",\"z\"]}", false },
	{ "{\"id\":1,\"label\":\"a\",\"features\":[", "]}",
		"{\"features\":[{\"name\":\"v\",\"type\":\"vector\",\"size\":2}]}", false },
	{ "{\"id\":1,\"label\":\"a\",\"features\":{\"f\":", "}}", "{}", false },
	{ "{\"label\":\"a\",\"predicted\":\"a\",\"score\":", "}", "{}", false },
	{ "{\"label\":\"a\",\"timestamp\":", ",\"id\":1}", "{}", false },
	{ "{\"label\":\"a\",\"id\":", "}", "{}", false },
	{ "{\"id\":1,\"label\":", "}", "{}", false },
};
enum { PLACES = sizeof places / sizeof *places };

static void check(const struct place *place, const struct json_case *c, struct upk_schema *s)
{
	struct upk_text text = { c->text, c->size };
	struct upk_buffer body = { 0 };
	bool zeros = has_zeros(c), valid = c->fault == JSON_VALID || zeros;
	upk_buffer_puts(&body, place->before);
	upk_buffer_append(&body, c->text, c->size);
	upk_buffer_puts(&body, place->after);

	struct upk_batch *b = decode(UPK_ITEM_EVENT, false, upk_buffer_text(&body), s);
	if (!b != !valid)
		fail_msg("%s: %s", valid ? "refused" : "taken", body.data);
	if (b && zeros)
		assert_non_null(b->items[0].error);
	else if (b && place->any && !b->items[0].error != is_finite(text))
		fail_msg("%s: %s", b->items[0].error ? b->items[0].error : "taken", body.data);
	upk_batch_destroy(b);

	if (!memchr(c->text, '\n', c->size)) {
		b = decode(UPK_ITEM_EVENT, true, upk_buffer_text(&body), s);
		assert_int_equal(b->count, 1);
		bool not_json = b->items[0].error && !strncmp(b->items[0].error, "byte ", 5);
		if (not_json == valid)
			fail_msg("%s: %s", valid ? "refused" : "taken", body.data);
		upk_batch_destroy(b);
	}
	upk_buffer_finish(&body);
}

static void every_case_holds_everywhere_in_an_item(void **state)
{
	(void)state;
	for (size_t p = 0; p < PLACES; p++) {
		struct upk_schema *s = schema(places[p].config);
		for (size_t i = 0; i < json_case_count; i++)
			if (!is_deep(&json_cases[i]) && !is_list(&json_cases[i]))
				check(&places[p], &json_cases[i], s);
		upk_schema_unref(s);
	}
}

/* As an item's key, too: what is no string is no key. */
static void every_string_holds_as_a_key(void **state)
{
	(void)state;
	struct upk_schema *s = schema("{}");
	for (size_t i = 0; i < json_case_count; i++) {
		const struct json_case *c = &json_cases[i];
		struct upk_buffer body = { 0 };
		bool zeros = has_zeros(c);
		bool string = (c->fault == JSON_VALID || zeros) && c->text[0] == '"';
		upk_buffer_puts(&body, "{\"label\":\"a\",");
		upk_buffer_append(&body, c->text, c->size);
		upk_buffer_puts(&body, ":1}");
		struct upk_batch *b = decode(UPK_ITEM_EVENT, false, upk_buffer_text(&body), s);
		if (!b != !string)
			fail_msg("%s: %s", string ? "refused" : "taken", body.data);
		if (b)
			assert_true(!b->items[0].error == !zeros);
		upk_batch_destroy(b);
		upk_buffer_finish(&body);
	}
	upk_schema_unref(s);
}

/* The first two keys of an item, escaped or not, known, unknown or features, are the same one. */
static void the_same_key_twice_is_refused_wherever_it_is(void **state)
{
	(void)state;
	static const char *const bodies[] = {
		"{\"id\":1,\"id\":1,\"label\":\"a\"}",
		"{\"id\":1,\"label\":\"a\",\"\\u0069d\":1}",
		"{\"label\":\"a\",\"label\":\"a\"}",
		"{\"label\":1.5,\"label\":\"a\"}",
		"{\"label\":\"a\",\"more\":1,\"more\":1}",
		"{\"label\":\"a\",\"more\":1,\"id\":1,\"\\u006dore\":1}",
		"{\"label\":\"a\",\"features\":{\"x\":1,\"x\":1}}",
		"{\"label\":\"a\",\"features\":{\"x\":\"no\",\"x\":1}}",
		"{\"label\":\"a\",\"features\":{\"x\":1,\"q\":1,\"\\u0071\":1}}",
		"{\"label\":\"a\",\"features\":{\"y\":1,\"x\":1,\"\\u0079\":null}}",
		"{\"label\":\"a\",\"slices\":{\"k\":1,\"k\":1}}",
		"{\"label\":\"a\",\"scores\":{\"k\":1,\"k\":0}}",
		"{\"label\":\"a\",\"meta\":{\"k\":1,\"k\":1}}",
	};
	struct upk_schema *s = schema("{\"features\":[\"x\",\"y\"],\"slices\":[\"k\"]}");
	for (size_t i = 0; i < sizeof bodies / sizeof *bodies; i++) {
		struct upk_batch *b = decode(UPK_ITEM_EVENT, false, upk_text_of(bodies[i]), s);
		if (b)
			fail_msg("taken: %s", bodies[i]);
	}
	upk_schema_unref(s);
}

/* A comment is the one thing that a configuration may have beside JSON. */
static bool has_comment(const struct json_case *c)
{
	for (size_t i = 0; i + 1 < c->size; i++)
		if (c->text[i] == '/' && (c->text[i + 1] == '/' || c->text[i + 1] == '*'))
			return true;
	return false;
}

static void every_case_holds_for_configurations(void **state)
{
	(void)state;
	for (size_t i = 0; i < json_case_count; i++) {
		const struct json_case *c = &json_cases[i];
		struct upk_text text = { c->text, c->size };
		struct upk_error err = { 0 };
		cJSON *json = upk_json_parse_commented(text, &err);
		bool valid = c->fault == JSON_VALID && is_finite(text);
		if (!has_comment(c) && !json != !valid)
			fail_msg("case %zu: %s: %s", i, c->text, err.message);
		cJSON_Delete(json);

		err = (struct upk_error){ 0 };
		struct upk_config *config = upk_config_parse(text, &err);
		if (config && (!valid || strncmp(c->text, "{}", 2) != 0) && c->text[1] != ' ')
			fail_msg("case %zu: %s: taken", i, c->text);
		if (!config && !valid)
			assert_memory_equal(err.message, "byte ", 5);
		upk_config_unref(config);
	}
}

/* Were it read level by level or key against key, this would not end while anybody waits. */
static void is_read(const struct upk_buffer *body, bool item)
{
	struct upk_schema *s = schema("{}");
	struct upk_batch *b = decode(UPK_ITEM_EVENT, false, upk_buffer_text(body), s);
	if (item)
		assert_non_null(b);
	else
		assert_null(b);
	upk_batch_destroy(b);
	upk_schema_unref(s);
}

static void a_million_levels_are_refused(void **state)
{
	(void)state;
	struct upk_buffer body = { 0 };
	char *levels = upk_buffer_grow(&body, 1000000);
	assert_non_null(levels);
	for (int object = 0; object < 2; object++) {
		for (size_t i = 0; i < 1000000; i++)
			levels[i] = object ? "{\"a\":"[i % 5] : '[';
		is_read(&body, false);
		struct upk_error err = { 0 };
		assert_null(upk_json_parse(upk_buffer_text(&body), &err));
		assert_null(upk_json_parse_commented(upk_buffer_text(&body), &err));
	}
	upk_buffer_finish(&body);
}

static void a_hundred_thousand_keys_are_read_once_and_refused_twice(void **state)
{
	(void)state;
	static const char *const befores[] = { "{", "{\"meta\":{", "{\"features\":{",
		"{\"slices\":{", "{\"more\":{" };
	for (size_t n = 0; n < sizeof befores / sizeof *befores; n++)
		for (int twice = 0; twice < 2; twice++) {
			struct upk_buffer body = { 0 };
			upk_buffer_puts(&body, befores[n]);
			for (int i = 0; i < 100000; i++)
				upk_buffer_printf(&body, "%s\"k%d\":1", i ? "," : "", i);
			upk_buffer_puts(&body, twice ? ",\"k77777\":1" : "");
			upk_buffer_puts(&body, n ? "},\"label\":1}" : ",\"label\":1}");
			is_read(&body, !twice);
			upk_buffer_finish(&body);
		}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_case_holds_everywhere_in_an_item),
		cmocka_unit_test(every_string_holds_as_a_key),
		cmocka_unit_test(the_same_key_twice_is_refused_wherever_it_is),
		cmocka_unit_test(every_case_holds_for_configurations),
		cmocka_unit_test(a_million_levels_are_refused),
		cmocka_unit_test(a_hundred_thousand_keys_are_read_once_and_refused_twice),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
