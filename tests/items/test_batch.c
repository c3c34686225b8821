#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/json.h"
#include "base/number.h"
#include "base/random.h"
#include "base/time.h"
#include "items/batch.h"
#include "items/decoded.h"

static void assert_text(struct upk_text text, const char *want)
{
	assert_int_equal(text.size, strlen(want));
	assert_memory_equal(text.data, want, text.size);
}

#define P "\"predicted\":\"a\","
static void an_event_is_read_whole(void **state)
{
	(void)state;
	struct upk_batch *b = items_events(items_declared,
		"{\"id\":\"r-1\",\"timestamp\":\"2026-01-01T10:00:00Z\",\"predicted\":\"spam\","
		"\"score\":0.93,\"scores\":{\"ham\":0.07,\"spam\":0.93},\"features\":[12,0.5],"
		"\"slices\":{\"country\":\"de\",\"app\":7},\"version\":3,\"label\":\"ham\","
		"\"meta\":{\"a\": [1]}}");
	const struct upk_item *item = &b->items[0];
	assert_true(b->single);
	assert_null(item->error);
	assert_text(item->id, "r-1");
	assert_true(item->timed);
	assert_int_equal(item->time, items_now);
	assert_text(item->predicted, "spam");
	assert_text(item->label, "ham");
	assert_true(item->scored && item->score == 0.93);
	assert_int_equal(item->scores_count, 2);
	assert_text(item->scores[1].class, "spam");
	assert_true(item->scores[1].probability == 0.93);
	double numbers[2];
	assert_true(upk_features_numbers(b->schema->features, item->features, numbers));
	assert_true(numbers[0] == 12 && numbers[1] == 0.5);
	assert_text(item->slices, "{\"app\":\"7\",\"country\":\"de\"}");
	assert_int_equal(item->version.number, 3);
	assert_null(item->version.name.data);
	assert_text(item->meta, "{\"a\": [1]}");
	assert_false(b->unlearnt);
	assert_int_equal(b->ignored_count, 0);
	upk_batch_destroy(b);
}

static void a_label_from_tomorrow_is_known_now(void **state)
{
	(void)state;
	struct upk_batch *b = items_decode(UPK_ITEM_LABEL, false, "{}",
		upk_text_of("[{\"id\":1,\"label\":2,\"timestamp\":\"2026-01-02T09:00:00Z\"},"
			    "{\"id\":1,\"label\":2,\"timestamp\":1767261599999}]"),
		NULL);
	assert_int_equal(b->items[0].time, items_now);
	assert_int_equal(b->items[1].time, items_now - 1);
	upk_batch_destroy(b);
	b = items_events("{}", "{\"id\":1,\"label\":2,\"timestamp\":\"2026-01-02T09:00:00Z\"}");
	assert_int_equal(b->items[0].time, items_now + INT64_C(23) * 3600000);
	upk_batch_destroy(b);
}

static void ids_and_classes_are_digits_never_doubles(void **state)
{
	(void)state;
	static const char *const rows[][2] = {
		{ "9007199254740993", "9007199254740993" },
		{ "123456789012345678901234567890", "123456789012345678901234567890" },
		{ "-5", "-5" },
		{ "-0", "0" },
		{ "\"\\u00e9\"", "\xc3\xa9" },
		{ "\"1.0\"", "1.0" },
	};
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		char body[128];
		snprintf(body, sizeof body, "{\"id\":%s,\"label\":%s,\"predicted\":true}",
			rows[i][0], rows[i][0]);
		struct upk_batch *b = items_events("{}", body);
		assert_null(b->items[0].error);
		assert_text(b->items[0].id, rows[i][1]);
		assert_text(b->items[0].label, rows[i][1]);
		assert_text(b->items[0].predicted, "true");
		upk_batch_destroy(b);
	}
}

static void unknown_members_are_listed_once_and_ten_at_most(void **state)
{
	(void)state;
	struct upk_batch *b = items_events(items_declared,
		"[{\"id\":1," P "\"group\":[{\"a\":1}],\"slices\":{\"shop\":1},"
		"\"features\":{\"len\":1,\"x\":2}},{\"id\":2," P "\"group\":1}]");
	assert_null(b->items[0].error);
	assert_int_equal(b->ignored_count, 3);
	assert_string_equal(b->ignored[0], "group");
	assert_string_equal(b->ignored[1], "slices.shop");
	assert_string_equal(b->ignored[2], "features.x");
	assert_null(b->items[0].slices.data);
	upk_batch_destroy(b);

	char body[512] = "{\"label\":1";
	for (int i = 0; i < 12; i++)
		snprintf(body + strlen(body), 32, ",\"x%d\":%d", i, i);
	b = items_events("{}", strcat(body, "}"));
	assert_int_equal(b->ignored_count, UPK_BATCH_IGNORED);
	assert_string_equal(b->ignored[9], "x9");
	upk_batch_destroy(b);
}

static void of_a_member_that_was_left_out_the_one_that_was_meant_is_told(void **state)
{
	(void)state;
	struct upk_batch *b = items_events("{}",
		"[{\"id\":1," P "\"group\":1,\"feature\":{\"a\":1}},"
		"{\"id\":2," P "\"feature\":{\"a\":1}},{\"id\":3," P "\"group\":1}]");
	assert_int_equal(b->ignored_count, 2);
	assert_null(b->meant[0]);
	assert_string_equal(b->meant[1], "features");
	assert_string_equal(b->items[0].meant, "; did you mean features, not feature?");
	assert_string_equal(b->items[1].meant, "; did you mean features, not feature?");
	assert_null(b->items[2].meant);
	upk_batch_destroy(b);
}

static void a_rejected_item_keeps_its_id(void **state)
{
	(void)state;
	struct upk_batch *b = items_events("{}", "{\"score\":7,\"id\":\"r-7\"}");
	assert_non_null(b->items[0].error);
	assert_text(b->items[0].id, "r-7");
	upk_batch_destroy(b);
}

static void a_zero_in_a_text_is_the_fault_of_its_item(void **state)
{
	(void)state;
	static const struct {
		const char *members, *name;
	} rows[] = {
		{ "\"id\":\"a\\u0000b\",\"label\":1", "id" },
		{ "\"label\":\"\\u0000\"", "label" },
		{ "\"label\":1,\"predicted\":\"ham\\u0000\"", "predicted" },
		{ "\"label\":1,\"version\":\"\\u0000v\"", "version" },
		{ "\"label\":1,\"scores\":{\"ham\":0.5,\"spam\\u0000\":0.5}", "scores" },
		{ "\"label\":1,\"meta\":{\"k\":[\"\\u0000\"]}", "meta" },
		{ "\"label\":1,\"meta\":{\"k\\u0000\":1}", "meta" },
		{ "\"label\":1,\"slices\":{\"country\":\"d\\u0000\"}", "slices.country" },
		{ "\"label\":1,\"slices\":{\"c\\u0000\":1,\"country\":\"de\"}", "slices" },
		{ "\"label\":1,\"features\":{\"word\":\"\\u0000\"}", "features.word" },
		{ "\"label\":1,\"features\":[\"hi\\u0000\",\"\"]", "features.word" },
		{ "\"label\":1,\"features\":{\"text\":\"\\u0000\"}", "features.text" },
		{ "\"label\":1,\"features\":{\"x\\u0000\":1,\"word\":\"hi\"}", "features" },
		{ "\"label\":1,\"group\":\"\\u0000\"", "group" },
		{ "\"label\":1,\"g\\u0000\":1", "g?" },
	};
	static const char config[] =
		"{\"slices\":[\"country\"],\"features\":[{\"name\":\"word\",\"type\":"
		"\"category\"},{\"name\":\"text\",\"type\":\"text\"}]}";
	for (size_t i = 0; i < 2 * (sizeof rows / sizeof *rows); i++) {
		bool lines = i % 2;
		char body[256], want[64];
		snprintf(body, sizeof body, lines ? "%s\n{%s}\n%s" : "[%s,{%s},%s]",
			"{\"id\":1,\"label\":1}", rows[i / 2].members,
			"{\"id\":3,\"label\":\"\\\\u0000\"}");
		snprintf(want, sizeof want, "%s: \\u0000: want text without it", rows[i / 2].name);
		struct upk_batch *b =
			items_decode(UPK_ITEM_EVENT, lines, config, upk_text_of(body), NULL);
		assert_non_null(b);
		assert_int_equal(b->count, 3);
		assert_null(b->items[0].error);
		assert_string_equal(b->items[1].error ? b->items[1].error : "", want);
		assert_null(b->items[2].error);
		upk_batch_destroy(b);
	}
}

static void meta_ends_at_a_kibibyte(void **state)
{
	(void)state;
	for (int over = 0; over < 2; over++) {
		char body[1200];
		snprintf(body, sizeof body, "{\"label\":1,\"meta\":{\"a\":\"%0*d\"}}",
			1024 - 8 + over, 0);
		struct upk_batch *b = items_events("{}", body);
		assert_string_equal(b->items[0].error ? b->items[0].error : "",
			over ? "meta: 1025 bytes: want at most 1024" : "");
		upk_batch_destroy(b);
	}
}

static void features_wait_as_they_came_until_they_are_learnt(void **state)
{
	(void)state;
	struct upk_batch *b = items_events("{}",
		"[{\"id\":1," P "\"features\":{\"a\" : 1}},"
		"{\"id\":2," P "\"features\":{ }},"
		"{\"id\":3," P "\"features\":{\"a\":\"x\"}}]");
	assert_true(b->unlearnt);
	assert_text(b->items[0].raw_features, "{\"a\" : 1}");
	assert_null(b->items[1].raw_features.data);
	assert_null(b->items[1].error);

	struct upk_features *f = upk_features_learn(b->items[0].raw_features, NULL);
	struct upk_schema *next = upk_schema_create(b->schema->config, NULL, 0, f, 1, 2, NULL);
	assert_true(upk_batch_redecode(b, next, NULL));
	assert_false(b->unlearnt);
	assert_int_equal(b->count, 3);
	assert_int_equal(b->schema->generation, 2);
	double x;
	assert_true(upk_features_numbers(f, b->items[0].features, &x));
	assert_true(x == 1);
	assert_null(b->items[0].raw_features.data);
	assert_string_equal(
		b->items[2].error, "features.a: \"x\": want a number, a boolean or null");
	upk_schema_unref(next);
	upk_features_unref(f);
	upk_batch_destroy(b);
}

static void lines_may_be_blank_end_in_crlf_or_not_at_all(void **state)
{
	(void)state;
	static const char *const rows[] = {
		"{\"label\":1}\n{\"label\":2}\n",
		"{\"label\":1}\n{\"label\":2}",
		"{\"label\":1}\r\n{\"label\":2}\r\n",
		"\n \n{\"label\":1}\n\t\r\n\n {\"label\":2} \n\n",
	};
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct upk_batch *b =
			items_decode(UPK_ITEM_EVENT, true, "{}", upk_text_of(rows[i]), NULL);
		assert_non_null(b);
		assert_int_equal(b->count, 2);
		assert_false(b->single);
		assert_text(b->items[0].label, "1");
		assert_text(b->items[1].label, "2");
		assert_null(b->items[0].error);
		assert_null(b->items[1].error);
		upk_batch_destroy(b);
	}
	struct upk_batch *b = items_decode(UPK_ITEM_EVENT, true, "{}", upk_text_of(""), NULL);
	assert_int_equal(b->count, 0);
	upk_batch_destroy(b);
}

static void a_broken_line_is_one_rejected_item(void **state)
{
	(void)state;
	static const struct {
		const char *line;
		int at;
	} rows[] = {
		{ "{\"label\":", 9 },
		{ "{\"label\":01}", 10 },
		{ "{\"label\":NaN}", 9 },
		{ "{\"label\":1,\"label\":2}", 11 },
		{ "{\"label\":\"\xff\"}", 10 },
		{ "{\"label\":\"\\ud800\"}", 10 },
		{ "{\"label\":1} x", 12 },
		{ "nope", 1 },
	};
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		char body[128], at[32];
		snprintf(body, sizeof body, "{\"label\":1}\n\n%s\n{\"label\":3}", rows[i].line);
		snprintf(at, sizeof at, "byte %d: ", rows[i].at + 13);
		struct upk_batch *b =
			items_decode(UPK_ITEM_EVENT, true, "{}", upk_text_of(body), NULL);
		assert_int_equal(b->count, 3);
		assert_null(b->items[0].error);
		assert_null(b->items[2].error);
		if (!b->items[1].error || strncmp(b->items[1].error, at, strlen(at)) != 0)
			print_error("%s: %s\n", rows[i].line, b->items[1].error);
		assert_memory_equal(b->items[1].error, at, strlen(at));
		upk_batch_destroy(b);
	}
}

static void a_broken_body_is_refused_with_its_byte(void **state)
{
	(void)state;
	static const struct {
		const char *body, *start;
	} rows[] = {
		{ "", "byte 0: " },
		{ "3", "byte 0: want an object or an array" },
		{ "[{\"label\":1},", "byte 13: " },
		{ "[{\"label\":1}", "byte 12: " },
		{ "{\"label\":1}{", "byte 11: " },
		{ "[{\"label\":1,\"label\":1}]", "byte 12: " },
		{ "{\"label\":\"\xc3\"}", "byte 10: " },
		{ "\xef\xbb\xbf{}", "byte 0: " },
	};
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct upk_error err = { 0 };
		assert_null(
			items_decode(UPK_ITEM_EVENT, false, "{}", upk_text_of(rows[i].body), &err));
		assert_int_equal(err.code, UPK_INVALID);
		if (strncmp(err.message, rows[i].start, strlen(rows[i].start)) != 0)
			print_error("%s: %s\n", rows[i].body, err.message);
		assert_memory_equal(err.message, rows[i].start, strlen(rows[i].start));
	}
	char deep[20001];
	memset(deep, '[', 10000);
	memset(deep + 10000, ']', 10000);
	assert_null(
		items_decode(UPK_ITEM_EVENT, false, "{}", (struct upk_text){ deep, 20000 }, NULL));
}

static void a_request_has_at_most_100000_items(void **state)
{
	(void)state;
	for (int over = 0; over < 2; over++)
		for (int ndjson = 0; ndjson < 2; ndjson++) {
			struct upk_buffer body = { 0 };
			struct upk_error err = { 0 };
			if (!ndjson)
				upk_buffer_puts(&body, "[{}");
			for (int i = !ndjson; i < UPK_BATCH_ITEMS_MAX + over; i++)
				upk_buffer_puts(&body, ndjson ? "{}\n" : ",{}");
			if (!ndjson)
				upk_buffer_putc(&body, ']');
			struct upk_batch *b = items_decode(
				UPK_ITEM_EVENT, ndjson, "{}", upk_buffer_text(&body), &err);
			assert_true((b == NULL) == over);
			assert_int_equal(err.code, over ? UPK_TOO_LARGE : UPK_OK);
			upk_batch_destroy(b);
			upk_buffer_finish(&body);
		}
}

/* Items are counted before any is decoded: what is broken behind the first one is not found. */
static void too_many_items_are_refused_before_they_are_decoded(void **state)
{
	(void)state;
	static const char odd[] = ",{\"id\":\"}\\\",{\",\"features\":[{},{},1]}";
	for (int over = 0; over < 2; over++) {
		struct upk_buffer body = { 0 };
		struct upk_error err = { 0 };
		upk_buffer_puts(&body, "[{}");
		for (int i = 2; i < UPK_BATCH_ITEMS_MAX + over; i++)
			upk_buffer_puts(&body, odd);
		upk_buffer_puts(&body, ",{x}]");
		assert_null(
			items_decode(UPK_ITEM_EVENT, false, "{}", upk_buffer_text(&body), &err));
		assert_int_equal(err.code, over ? UPK_TOO_LARGE : UPK_INVALID);
		upk_buffer_finish(&body);
	}
}

static void an_empty_array_is_no_items(void **state)
{
	(void)state;
	struct upk_batch *b = items_events("{}", " [ ] ");
	assert_int_equal(b->count, 0);
	assert_false(b->single);
	upk_batch_destroy(b);
}

/* A string with escapes, two-byte and four-byte characters; unique by n. */
static void put_string(struct upk_random *r, struct upk_buffer *out, unsigned n)
{
	static const char *const parts[] = { "a", "Z9", "\\n", "\\\"", "\\u00e9", "\xc3\xa9",
		"\\ud83d\\ude00", "\xf0\x9f\x98\x80", " ", "\\/" };
	upk_buffer_printf(out, "\"%u", n);
	for (uint64_t i = upk_random_below(r, 8); i; i--)
		upk_buffer_puts(out, parts[upk_random_below(r, 10)]);
	upk_buffer_putc(out, '"');
}

static void put_number(struct upk_random *r, struct upk_buffer *out)
{
	uint64_t bits = upk_random_next(r);
	double x;
	char text[UPK_NUMBER_SIZE];
	memcpy(&x, &bits, sizeof x);
	if (!isfinite(x) || upk_random_below(r, 2))
		x = upk_random_unit(r);
	upk_number_print(x, text);
	upk_buffer_puts(out, text);
}

static void put_event(struct upk_random *r, struct upk_buffer *out)
{
	char text[UPK_NUMBER_SIZE];
	double p = upk_random_unit(r);
	upk_buffer_puts(out, "{\"id\":");
	put_string(r, out, 0);
	upk_buffer_puts(out, ",\"predicted\":");
	put_string(r, out, 1);
	upk_buffer_puts(out, " , \"features\":{\"caps\":");
	put_number(r, out);
	upk_buffer_puts(out, ",\"len\":");
	put_number(r, out);
	upk_number_print(p, text);
	upk_buffer_printf(out, "},\"score\":%s,\"scores\":{", text);
	put_string(r, out, 2);
	upk_buffer_printf(out, ":%s,", text);
	upk_number_print(1 - p, text);
	put_string(r, out, 3);
	upk_buffer_printf(out, ":%s},\"slices\":{\"country\":", text);
	put_string(r, out, 4);
	upk_buffer_puts(out, "},\"meta\":{");
	put_string(r, out, 5);
	upk_buffer_puts(out, ":[");
	put_number(r, out);
	upk_buffer_puts(out, "]}}");
}

static const cJSON *member(const cJSON *object, const char *name)
{
	return cJSON_GetObjectItemCaseSensitive(object, name);
}

static void assert_same_event(const struct upk_batch *b, const struct upk_item *item, cJSON *json)
{
	double numbers[2];
	assert_null(item->error);
	assert_text(item->id, member(json, "id")->valuestring);
	assert_text(item->predicted, member(json, "predicted")->valuestring);
	assert_true(item->score == member(json, "score")->valuedouble);
	const cJSON *score = member(json, "scores")->child;
	for (size_t i = 0; i < 2; i++, score = score->next) {
		assert_text(item->scores[i].class, score->string);
		assert_true(item->scores[i].probability == score->valuedouble);
	}
	assert_true(upk_features_numbers(b->schema->features, item->features, numbers));
	assert_true(numbers[0] == member(member(json, "features"), "len")->valuedouble);
	assert_true(numbers[1] == member(member(json, "features"), "caps")->valuedouble);
	cJSON *slices = upk_json_parse(item->slices, NULL),
	      *meta = upk_json_parse(item->meta, NULL);
	assert_true(upk_json_equal(slices, member(json, "slices")));
	assert_true(upk_json_equal(meta, member(json, "meta")));
	cJSON_Delete(slices);
	cJSON_Delete(meta);
}

static void values_are_those_that_cjson_reads(void **state)
{
	(void)state;
	struct upk_random r;
	upk_random_seed(&r, 7);
	for (int round = 0; round < 20; round++) {
		struct upk_buffer body = { 0 };
		upk_buffer_putc(&body, '[');
		for (int i = 0; i < 100; i++) {
			upk_buffer_puts(&body, i ? "," : "");
			put_event(&r, &body);
		}
		upk_buffer_putc(&body, ']');
		cJSON *json = upk_json_parse(upk_buffer_text(&body), NULL);
		struct upk_batch *b = items_decode(
			UPK_ITEM_EVENT, false, items_declared, upk_buffer_text(&body), NULL);
		assert_non_null(json);
		assert_non_null(b);
		cJSON *each = json->child;
		for (size_t i = 0; i < b->count; i++, each = each->next)
			assert_same_event(b, &b->items[i], each);
		assert_null(each);
		cJSON_Delete(json);
		upk_batch_destroy(b);
		upk_buffer_finish(&body);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_event_is_read_whole),
		cmocka_unit_test(a_label_from_tomorrow_is_known_now),
		cmocka_unit_test(ids_and_classes_are_digits_never_doubles),
		cmocka_unit_test(unknown_members_are_listed_once_and_ten_at_most),
		cmocka_unit_test(of_a_member_that_was_left_out_the_one_that_was_meant_is_told),
		cmocka_unit_test(a_rejected_item_keeps_its_id),
		cmocka_unit_test(a_zero_in_a_text_is_the_fault_of_its_item),
		cmocka_unit_test(meta_ends_at_a_kibibyte),
		cmocka_unit_test(features_wait_as_they_came_until_they_are_learnt),
		cmocka_unit_test(lines_may_be_blank_end_in_crlf_or_not_at_all),
		cmocka_unit_test(a_broken_line_is_one_rejected_item),
		cmocka_unit_test(a_broken_body_is_refused_with_its_byte),
		cmocka_unit_test(a_request_has_at_most_100000_items),
		cmocka_unit_test(too_many_items_are_refused_before_they_are_decoded),
		cmocka_unit_test(an_empty_array_is_no_items),
		cmocka_unit_test(values_are_those_that_cjson_reads),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
