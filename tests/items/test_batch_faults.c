#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "items/batch.h"
#include "items/decoded.h"

/* What is wrong with an item, in words. */

#define P "\"predicted\":\"a\","
#define LONG_128 \
	"0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef" \
	"0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
#define LONG_64 "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
#define CLASS "want a class: a string of 1 to 128 bytes, an integer or a boolean"
#define TIME "want RFC 3339 or integer milliseconds since 1970"

struct fault {
	const char *body, *error;
};

static void assert_faults(
	enum upk_item_kind kind, const char *config, const struct fault *rows, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		struct upk_error err = { 0 };
		struct upk_batch *b =
			items_decode(kind, false, config, upk_text_of(rows[i].body), &err);
		if (!b)
			print_error("%s: %s\n", rows[i].body, err.message);
		assert_non_null(b);
		assert_int_equal(b->count, 1);
		assert_string_equal(b->items[0].error ? b->items[0].error : "", rows[i].error);
		upk_batch_destroy(b);
	}
}

static void wrong_ids_classes_and_times_are_named(void **state)
{
	(void)state;
	static const struct fault rows[] = {
		{ "[12]", "item: 12: want an object" },
		{ "[[]]", "item: []: want an object" },
		{ "{\"id\":1.0," P "\"x\":1}",
			"id: 1.0: want a string of 1 to 128 bytes or an integer" },
		{ "{" P "\"id\":1e3}", "id: 1e3: want a string of 1 to 128 bytes or an integer" },
		{ "{" P "\"id\":true}", "id: true: want a string of 1 to 128 bytes or an integer" },
		{ "{" P "\"id\":null}", "id: null: want a string of 1 to 128 bytes or an integer" },
		{ "{" P "\"id\":\"\"}", "id: \"\": want a string of 1 to 128 bytes or an integer" },
		{ "{" P "\"id\":{\"a\":[1]}}",
			"id: {\"a\":[1]}: want a string of 1 to 128 bytes or an integer" },
		{ "{" P "\"id\":\"" LONG_128 "x\"}",
			"id: \"" LONG_64 "...\": want a string of 1 to 128 bytes or an integer" },
		{ "{" P "\"id\":\"" LONG_128 "\"}", "" },
		{ "{\"id\":1,\"predicted\":1.5}", "predicted: 1.5: " CLASS },
		{ "{\"id\":1,\"predicted\":\"\"}", "predicted: \"\": " CLASS },
		{ "{\"id\":1,\"predicted\":null}", "predicted: null: " CLASS },
		{ "{\"id\":1,\"predicted\":[\"a\"]}", "predicted: [\"a\"]: " CLASS },
		{ "{\"id\":1,\"label\":1e2}", "label: 1e2: " CLASS },
		{ "{\"id\":1,\"label\":null}", "label: null: leave it out where it is not known" },
		{ "{\"id\":1," P "\"timestamp\":1767261600}",
			"timestamp: 1767261600 is not a time: want milliseconds since 1970, not "
			"seconds" },
		{ "{\"id\":1," P "\"timestamp\":1767261600000.5}",
			"timestamp: 1767261600000.5: " TIME },
		{ "{\"id\":1," P "\"timestamp\":\"yesterday\"}",
			"timestamp: \"yesterday\": " TIME },
		{ "{\"id\":1," P "\"timestamp\":99999999999999999999}",
			"timestamp: 99999999999999999999: " TIME },
		{ "{\"id\":1," P "\"timestamp\":true}", "timestamp: true: " TIME },
		{ "{\"id\":1," P "\"timestamp\":\"2026-01-02T10:00:00.001Z\"}",
			"timestamp: \"2026-01-02T10:00:00.001Z\": want at most a day ahead of the "
			"clock" },
		{ "{\"id\":1," P "\"timestamp\":\"2026-01-02T10:00:00Z\"}", "" },
	};
	assert_faults(UPK_ITEM_EVENT, "{}", rows, sizeof rows / sizeof *rows);
}

static void wrong_scores_are_named(void **state)
{
	(void)state;
	static const struct fault rows[] = {
		{ "{\"id\":1,\"scores\":{\"a\":0.5,\"b\":0.4}}",
			"scores: they sum to 0.9: want 1 within 0.001" },
		{ "{\"id\":1,\"scores\":{}}", "scores: they sum to 0: want 1 within 0.001" },
		{ "{\"id\":1,\"scores\":{\"a\":1.5,\"b\":-0.5}}", "scores.a: 1.5: want 0 to 1" },
		{ "{\"id\":1,\"scores\":{\"a\":\"1\"}}", "scores.a: \"1\": want 0 to 1" },
		{ "{\"id\":1,\"scores\":{\"\":1}}",
			"scores: \"\": want classes of 1 to 128 bytes" },
		{ "{\"id\":1,\"scores\":3}",
			"scores: 3: want an object of probabilities by class, or an array" },
		{ "{\"id\":1,\"scores\":[0.5,0.5]}",
			"scores: an array: want an object by class: the model declares no "
			"classes" },
		{ "{\"id\":1,\"scores\":{\"a\":0.5005,\"b\":0.5005}}", "" },
		{ "{\"id\":1,\"score\":1.5}", "score: 1.5: want 0 to 1" },
		{ "{\"id\":1,\"score\":-0.1}", "score: -0.1: want 0 to 1" },
		{ "{\"id\":1,\"score\":1e400}", "score: 1e400: want 0 to 1" },
		{ "{\"id\":1,\"score\":\"0.5\"}", "score: \"0.5\": want 0 to 1" },
	};
	assert_faults(UPK_ITEM_EVENT, "{}", rows, sizeof rows / sizeof *rows);
}

static void other_wrong_members_of_an_event_are_named(void **state)
{
	(void)state;
	static const struct fault rows[] = {
		{ "{\"id\":1," P "\"features\":3}", "features: 3: want an array or an object" },
		{ "{\"id\":1," P "\"features\":null}",
			"features: null: want an array or an object" },
		{ "{\"id\":1," P "\"slices\":[]}", "slices: []: want an object" },
		{ "{\"id\":1," P "\"version\":0}",
			"version: 0: want a version's number, or a string of 1 to 128 bytes" },
		{ "{\"id\":1," P "\"version\":1.5}",
			"version: 1.5: want a version's number, or a string of 1 to 128 bytes" },
		{ "{\"id\":1," P "\"version\":\"\"}",
			"version: \"\": want a version's number, or a string of 1 to 128 bytes" },
		{ "{\"id\":1," P "\"meta\":[]}", "meta: []: want an object" },
		{ "{\"id\":1," P "\"meta\":{\"a\":1e400}}", "meta: 1e400: too large for a number" },
		{ "{\"id\":1," P "\"group\":[1e400]}", "group: 1e400: too large for a number" },
	};
	assert_faults(UPK_ITEM_EVENT, "{}", rows, sizeof rows / sizeof *rows);
}

static void what_an_event_needs_is_named(void **state)
{
	(void)state;
	static const struct fault rows[] = {
		{ "{\"id\":1}", "predicted: missing: want predicted, score, scores or label" },
		{ "{" P "\"x\":1}", "id: missing: only an event with its label goes without" },
		{ "{\"label\":\"a\"}", "" },
		{ "{}", "predicted: missing: want predicted, score, scores or label" },
		{ "{\"id\":1,\"prediction\":\"a\",\"pred\":1}",
			"predicted: missing: want predicted, score, scores or label; did you mean "
			"predicted, not prediction?" },
		{ "{\"id\":1,\"group\":1,\"Lable\":\"a\"}",
			"predicted: missing: want predicted, score, scores or label; did you mean "
			"label, not Lable?" },
		{ "{\"id\":\"\\u0001\xc3\xa9\",\"predicted\":1.5}", "predicted: 1.5: " CLASS },
		{ "{\"id\":1,\"timestamp\":\"\\n\xc3\xa9\"," P "\"x\":1}",
			"timestamp: \"?\xc3\xa9\": " TIME },
	};
	assert_faults(UPK_ITEM_EVENT, "{}", rows, sizeof rows / sizeof *rows);
}

static void declared_parts_are_held_against_the_event(void **state)
{
	(void)state;
	static const struct fault rows[] = {
		{ "{\"id\":1,\"scores\":[0.5,0.5]}", "" },
		{ "{\"id\":1,\"scores\":[0.5,0.25,0.25]}", "scores: 3: want 2, one a class" },
		{ "{\"id\":1,\"scores\":[0.5,2]}", "scores[1]: 2: want 0 to 1" },
		{ "{\"id\":1," P "\"features\":[1]}", "features: 1 values: want 2" },
		{ "{\"id\":1," P "\"features\":{\"len\":1e400}}",
			"features.len: 1e400: want a number, a boolean or null" },
		{ "{\"id\":1," P "\"features\":{\"len\":\"x\"}}",
			"features.len: \"x\": want a number, a boolean or null" },
		{ "{\"id\":1," P "\"slices\":{\"country\":1.5}}",
			"slices.country: 1.5: want a string of at most 128 bytes, an integer or a "
			"boolean" },
		{ "{\"id\":1," P "\"slices\":{\"country\":\"" LONG_128 "x\"}}",
			"slices.country: \"" LONG_64
			"...\": want a string of at most 128 bytes, an integer or a boolean" },
		{ "{\"id\":1," P "\"slices\":{\"country\":\"\"}}", "" },
	};
	static const struct fault none[] = {
		{ "{\"id\":1,\"score\":0.5}",
			"score: 0.5: the model has no positive class that it could be of: send "
			"scores" },
	};
	static const struct fault three[] = {
		{ "{\"id\":1,\"score\":0.5}",
			"score: 0.5: does not tell which of 3 classes: want predicted or scores" },
	};
	assert_faults(UPK_ITEM_EVENT, items_declared, rows, sizeof rows / sizeof *rows);
	assert_faults(UPK_ITEM_EVENT, "{\"classes\":[\"a\",\"b\"]}", none, 1);
	assert_faults(
		UPK_ITEM_EVENT, "{\"classes\":[\"a\",\"b\",\"c\"],\"positive\":\"a\"}", three, 1);
}

static void wrong_labels_are_named(void **state)
{
	(void)state;
	static const struct fault rows[] = {
		{ "{\"id\":1,\"label\":\"a\",\"source\":\"review\"}", "" },
		{ "{\"label\":\"a\"}", "id: missing: want the event's" },
		{ "{\"id\":1,\"labels\":\"a\"}",
			"label: missing: want a class; did you mean label, not labels?" },
		{ "{\"id\":1,\"predict\":\"a\"}", "label: missing: want a class" },
		{ "{\"id\":1}", "label: missing: want a class" },
		{ "{\"id\":1,\"label\":null}",
			"label: null: a label can't be withdrawn: post the right one, or DELETE "
			"the event" },
		{ "{\"id\":1,\"label\":1.5}", "label: 1.5: " CLASS },
		{ "{\"id\":1,\"label\":\"" LONG_128 "x\"}", "label: \"" LONG_64 "...\": " CLASS },
		{ "{\"id\":1,\"label\":\"a\",\"source\":7}",
			"source: 7: want a string of 1 to 128 bytes" },
		{ "{\"id\":1,\"label\":\"a\",\"timestamp\":\"2026-01-03T00:00:00Z\"}",
			"timestamp: \"2026-01-03T00:00:00Z\": want at most a day ahead of the "
			"clock" },
	};
	assert_faults(UPK_ITEM_LABEL, "{}", rows, sizeof rows / sizeof *rows);
}

static void wrong_rows_to_predict_are_named(void **state)
{
	(void)state;
	static const char want[] =
		"predicted: \"a\": want it left out: the model makes the prediction; events take "
		"those made elsewhere";
	static const struct fault rows[] = {
		{ "{\"features\":[1,2]}", "" },
		{ "{\"id\":1}", "features: missing: want an array or an object" },
		{ "{" P "\"features\":[1,2]}", want },
		{ "{\"label\":\"a\",\"features\":[1,2]}",
			"label: \"a\": want it left out: send it to labels when it is known" },
		{ "{\"features\":[1]}", "features: 1 values: want 2" },
		{ "{\"features\":{}}", "features: {}: want some of len, caps" },
		{ "{\"features\":{\"len\":null,\"lng\":1}}", "" },
		{ "{\"features\":{\"size\":1,\"Lan\":\"de\"}}",
			"features: the model has none of size, Lan; did you mean len? want some of "
			"len, caps" },
		{ "{\"features\":{\"size\":{\"caps\":[]}}}",
			"features: the model has none of size: want some of len, caps" },
	};
	assert_faults(UPK_ITEM_PREDICT, items_declared, rows, sizeof rows / sizeof *rows);
	static const char *const names[] = { "score", "scores", "version" };
	for (size_t i = 0; i < 3; i++) {
		char body[64], error[200];
		snprintf(body, sizeof body, "{\"%s\":1,\"features\":[1,2]}", names[i]);
		snprintf(error, sizeof error, "%s: 1%s", names[i],
			want + strlen("predicted: \"a\""));
		assert_faults(UPK_ITEM_PREDICT, items_declared, &(struct fault){ body, error }, 1);
	}
}

static void features_of_another_model_teach_nothing(void **state)
{
	(void)state;
#define STRANGE "\"features\":{\"size\":1,\"Lan\":\"de\"}"
	static const struct fault rows[] = {
		{ "{" STRANGE ",\"label\":\"ham\"}",
			"features: the model has none of size, Lan; did you mean len? want some of "
			"len, caps" },
		{ "{\"label\":\"ham\"," STRANGE ",\"id\":1}",
			"features: the model has none of size, Lan; did you mean len? want some of "
			"len, caps" },
		{ "{\"label\":\"ham\",\"features\":{}}", "" },
		{ "{\"label\":\"ham\",\"features\":{\"size\":1,\"len\":null}}", "" },
	};
	assert_faults(UPK_ITEM_EVENT, items_declared, rows, sizeof rows / sizeof *rows);
	struct upk_batch *b = items_events(items_declared,
		"[{" STRANGE ",\"id\":1,\"predicted\":\"ham\",\"label\":\"ham\"},"
		"{\"features\":{\"caps\":1},\"id\":2,\"predicted\":\"ham\"},"
		"{\"id\":3,\"predicted\":\"ham\"}]");
	for (size_t i = 0; i < 3; i++) {
		assert_null(b->items[i].error);
		assert_int_equal(b->items[i].features.data != NULL, i == 1);
		assert_int_equal(b->items[i].strange, i == 0);
	}
	upk_batch_destroy(b);
}

static void a_strict_model_refuses_unknown_members(void **state)
{
	(void)state;
	static const struct fault rows[] = {
		{ "{\"label\":1,\"group\":1}", "group: unknown member, and the model is strict" },
		{ "{\"label\":1,\"slices\":{\"a\":1}}",
			"slices.a: unknown member, and the model is strict" },
		{ "{\"label\":1,\"features\":{\"x\":1}}",
			"features.x: unknown member, and the model is strict" },
	};
	assert_faults(UPK_ITEM_EVENT, "{\"strict\":true,\"features\":[\"a\"]}", rows, 3);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(wrong_ids_classes_and_times_are_named),
		cmocka_unit_test(wrong_scores_are_named),
		cmocka_unit_test(other_wrong_members_of_an_event_are_named),
		cmocka_unit_test(what_an_event_needs_is_named),
		cmocka_unit_test(declared_parts_are_held_against_the_event),
		cmocka_unit_test(wrong_labels_are_named),
		cmocka_unit_test(wrong_rows_to_predict_are_named),
		cmocka_unit_test(features_of_another_model_teach_nothing),
		cmocka_unit_test(a_strict_model_refuses_unknown_members),
	};
	return cmocka_run_group_tests_name("batch_faults", tests, NULL, NULL);
}
