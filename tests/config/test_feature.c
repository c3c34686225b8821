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
#include "base/json_writer.h"
#include "config/feature.h"

static struct upk_features *parse(const char *json, struct upk_error *err)
{
	cJSON *list = upk_json_parse(upk_text_of(json), NULL);
	assert_non_null(list);
	struct upk_features *f = upk_features_parse(list, err);
	cJSON_Delete(list);
	return f;
}

static struct upk_features *mixed(void)
{
	struct upk_features *f = parse("[\"len\",{\"name\":\"lang\",\"type\":\"category\"},"
				       "{\"name\":\"body\",\"type\":\"text\"},"
				       "{\"name\":\"v\",\"type\":\"vector\",\"size\":2},\"caps\"]",
		NULL);
	assert_non_null(f);
	return f;
}

static void remember(void *context, struct upk_text name)
{
	char *names = context;
	strncat(names, name.data, name.size);
	strcat(names, " ");
}

/* What the value encodes to, shown as JSON again, or the error. The reader must be at the value's
 * end either way. The caller frees it. */
static char *encode(const struct upk_features *f, const char *json, char *ignored)
{
	struct upk_buffer encoded = { 0 }, shown = { 0 };
	struct upk_error err = { 0 };
	struct upk_text text;
	struct upk_json_reader *r = upk_json_reader_create(upk_text_of(json));
	enum upk_json_token token = upk_json_next(r, &text);
	struct upk_features_met met = { .ignored = remember, .context = ignored };
	if (upk_features_encode(f, r, token, ignored ? &met : NULL, &encoded, &err)) {
		struct upk_json_writer w = upk_json_writer_on(&shown);
		assert_true(upk_features_show(f, upk_buffer_text(&encoded), &w, NULL));
	} else {
		upk_buffer_puts(&shown, err.message);
	}
	assert_int_equal(upk_json_next(r, &text), UPK_JSON_END);
	upk_json_reader_destroy(r);
	upk_buffer_finish(&encoded);
	upk_buffer_putc(&shown, 0);
	return shown.data;
}

static void encoding_shows_the_values_back(void **state)
{
	(void)state;
	static const char *const rows[][2] = {
		{ "[1,\"de\",\"hi\",[0.5,2],-0.25]",
			"{\"len\":1,\"lang\":\"de\",\"body\":\"hi\",\"v\":[0.5,2],\"caps\":-0."
			"25}" },
		{ "{\"caps\":true,\"v\":\"AAAAPwAAAEA=\",\"lang\":\"\"}",
			"{\"len\":null,\"lang\":\"\",\"body\":null,\"v\":[0.5,2],\"caps\":1}" },
		{ "{}", "{\"len\":null,\"lang\":null,\"body\":null,\"v\":null,\"caps\":null}" },
		{ "[null,null,null,null,false]",
			"{\"len\":null,\"lang\":null,\"body\":null,\"v\":null,\"caps\":0}" },
	};
	struct upk_features *f = mixed();
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		char *shown = encode(f, rows[i][0], NULL);
		assert_string_equal(shown, rows[i][1]);
		free(shown);
	}
	upk_features_unref(f);
}

static void wrong_values_are_named(void **state)
{
	(void)state;
	static const char *const rows[][2] = {
		{ "12", "features: want an array or an object" },
		{ "[1]", "features: 1 values: want 5" },
		{ "[1,\"de\",\"hi\",[0.5,2],1,[2]]", "features: 6 values: want 5" },
		{ "{\"len\":\"x\"}", "features.len: \"x\": want a number, a boolean or null" },
		{ "{\"len\":1e400}", "features.len: 1e400: want a number, a boolean or null" },
		{ "{\"len\":[1,{\"a\":2}],\"lang\":3}",
			"features.len: [1,{\"a\":2}]: want a number, a boolean or null" },
		{ "{\"lang\":1}", "features.lang: 1: want a string of at most 256 bytes or null" },
		{ "{\"v\":[1]}", "features.v: 1 numbers: want 2" },
		{ "{\"v\":[1,2,3]}", "features.v: 3 numbers: want 2" },
		{ "{\"v\":[1,\"2\"]}", "features.v[1]: \"2\": want a number that a float32 holds" },
		{ "{\"v\":[1,1e39]}", "features.v[1]: 1e39: want a number that a float32 holds" },
		{ "{\"v\":\"AAAAPwAAAEA\"}",
			"features.v: \"AAAAPwAAAEA\": want 2 numbers or the base64 of 8 bytes of "
			"float32" },
		{ "{\"v\":\"AADAfwAAAEA=\"}", "features.v[0]: not finite: want a finite float32" },
		{ "{\"v\":7}", "features.v: 7: want an array of numbers, base64 or null" },
		{ "{\"none\":1e999}", "features: 1e999: too large for a number" },
	};
	struct upk_features *f = mixed();
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		char *shown = encode(f, rows[i][0], NULL);
		assert_string_equal(shown, rows[i][1]);
		free(shown);
	}
	upk_features_unref(f);
}

static void texts_end_at_their_limits(void **state)
{
	(void)state;
	static const struct {
		const char *name;
		int limit;
	} rows[] = { { "lang", 256 }, { "body", 64 * 1024 } };
	struct upk_features *f = mixed();
	char *json = malloc(70000);
	for (size_t i = 0; i < 2; i++)
		for (int over = 0; over < 2; over++) {
			snprintf(json, 70000, "{\"%s\":\"%0*d\"}", rows[i].name,
				rows[i].limit + over, 0);
			char *shown = encode(f, json, NULL);
			assert_true((strstr(shown, "want a string of at most") != NULL) == over);
			assert_true((strstr(shown,
					     "a longer one needs the type text, declared "
					     "before the model's first event") != NULL) ==
				(over && i == 0));
			free(shown);
		}
	free(json);
	upk_features_unref(f);
}

static void unknown_members_are_told_and_left_out(void **state)
{
	(void)state;
	char ignored[64] = "";
	struct upk_features *f = parse("[\"a\",\"b\"]", NULL);
	char *shown = encode(f, "{\"x\":[1,{}],\"b\":2,\"y\":\"\",\"a\":1}", ignored);
	assert_string_equal(shown, "{\"a\":1,\"b\":2}");
	assert_string_equal(ignored, "x y ");
	free(shown);
	upk_features_unref(f);
}

static void broken_json_leaves_the_reader_at_its_error(void **state)
{
	(void)state;
	static const char *const rows[] = { "{\"len\":1,", "[1,\"de\",", "{\"v\":[1", "{\"x\":[",
		"{\"len\":[1,", "{\"len\":1,\"len\":2}", "[1,\"de\",\"\",[1,NaN" };
	struct upk_features *f = mixed();
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct upk_buffer out = { 0 };
		struct upk_text text;
		struct upk_json_reader *r = upk_json_reader_create(upk_text_of(rows[i]));
		enum upk_json_token token = upk_json_next(r, &text);
		assert_false(upk_features_encode(f, r, token, NULL, &out, NULL));
		assert_int_equal(upk_json_next(r, &text), UPK_JSON_ERROR);
		upk_json_reader_destroy(r);
		upk_buffer_finish(&out);
	}
	upk_features_unref(f);
}

static void numbers_are_those_of_number_features(void **state)
{
	(void)state;
	struct upk_features *f = mixed();
	struct upk_buffer out = { 0 };
	struct upk_text text;
	struct upk_json_reader *r =
		upk_json_reader_create(upk_text_of("{\"caps\":0.1,\"lang\":\"de\"}"));
	enum upk_json_token token = upk_json_next(r, &text);
	assert_true(upk_features_encode(f, r, token, NULL, &out, NULL));
	double numbers[2] = { 0 };
	assert_int_equal(upk_features_numbers_count(f), 2);
	assert_true(upk_features_numbers(f, upk_buffer_text(&out), numbers));
	assert_true(isnan(numbers[0]));
	assert_true(numbers[1] == 0.1);
	for (size_t size = 0; size < out.size; size++) {
		char *cut = malloc(size + 1);
		memcpy(cut, out.data, size);
		assert_false(upk_features_numbers(f, (struct upk_text){ cut, size }, numbers));
		free(cut);
	}
	upk_json_reader_destroy(r);
	upk_buffer_finish(&out);
	upk_features_unref(f);
}

static void wrong_lists_are_named(void **state)
{
	(void)state;
	static const char *const rows[][2] = {
		{ "{}", "features: {}: want an array" },
		{ "[]", "features: none: want 1 to 10000" },
		{ "[1]", "features[0]: 1: want a name or an object with name and type" },
		{ "[\"a\",\"a\"]", "features: \"a\" stands twice" },
		{ "[\"\"]", "features[0]: name \"\" has 0 bytes: want 1 to 128" },
		{ "[{\"type\":\"text\"}]", "features[0].name: want a string" },
		{ "[{\"name\":\"a\",\"type\":\"image\"}]",
			"features[0].type: \"image\": want number, category, text or vector" },
		{ "[{\"name\":\"a\",\"type\":\"vector\"}]",
			"features[0].size: missing: want 1 to 8192" },
		{ "[{\"name\":\"a\",\"type\":\"vector\",\"size\":1.5}]",
			"features[0].size: 1.5: want 1 to 8192" },
		{ "[{\"name\":\"a\",\"type\":\"vector\",\"size\":8193}]",
			"features[0].size: 8193: want 1 to 8192" },
		{ "[{\"name\":\"a\",\"size\":3}]",
			"features[0].size: 3: only a vector has a size" },
		{ "[{\"name\":\"a\",\"colour\":3}]",
			"features[0].colour: unknown member: want name, type, size" },
	};
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct upk_error err = { 0 };
		assert_null(parse(rows[i][0], &err));
		assert_int_equal(err.code, UPK_INVALID);
		assert_string_equal(err.message, rows[i][1]);
	}
}

static void a_row_has_at_most_65536_values(void **state)
{
	(void)state;
	struct upk_buffer json = { 0 };
	struct upk_error err = { 0 };
	upk_buffer_putc(&json, '[');
	for (int i = 0; i < 8; i++)
		upk_buffer_printf(
			&json, "{\"name\":\"v%d\",\"type\":\"vector\",\"size\":8192},", i);
	upk_buffer_puts(&json, "\"one\"]");
	upk_buffer_putc(&json, 0);
	assert_null(parse(json.data, &err));
	assert_string_equal(err.message, "features: 65537 values a row in all: want at most 65536");
	upk_buffer_finish(&json);
}

static bool written_alike(const struct upk_features *a, const struct upk_features *b)
{
	struct upk_buffer x = { 0 }, y = { 0 };
	upk_features_write(a, &x);
	upk_features_write(b, &y);
	bool alike = upk_text_equal(upk_buffer_text(&x), upk_buffer_text(&y));
	upk_buffer_finish(&x);
	upk_buffer_finish(&y);
	return alike;
}

static void learning_follows_the_json_types(void **state)
{
	(void)state;
	static const char *const rows[][2] = {
		{ "{\"a\":1,\"b\":\"x\",\"c\":null,\"d\":true,\"e\":[1,2,3]}",
			"[\"a\",{\"name\":\"b\",\"type\":\"category\"},\"c\",\"d\","
			"{\"name\":\"e\",\"type\":\"vector\",\"size\":3}]" },
		{ "[1,\"x\",[2]]",
			"[\"f0\",{\"name\":\"f1\",\"type\":\"category\"},"
			"{\"name\":\"f2\",\"type\":\"vector\",\"size\":1}]" },
	};
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct upk_features *want = parse(rows[i][1], NULL);
		struct upk_features *f = upk_features_learn(upk_text_of(rows[i][0]), NULL);
		assert_non_null(f);
		assert_true(written_alike(f, want));
		struct upk_buffer out = { 0 };
		upk_features_write(f, &out);
		upk_buffer_putc(&out, 0);
		struct upk_features *again = parse(out.data, NULL);
		assert_true(written_alike(f, again));
		upk_buffer_finish(&out);
		upk_features_unref(again);
		upk_features_unref(f);
		upk_features_unref(want);
	}
}

static void what_cannot_be_encoded_is_not_learnt(void **state)
{
	(void)state;
	static const char *const rows[][2] = {
		{ "3", "features: want an array or an object" },
		{ "{}", "features: none: want 1 to 10000" },
		{ "{\"a\":{\"b\":1}}", "features.a: {\"b\":1}: no feature is an object" },
		{ "{\"a\":[]}", "features.a: an array of 0: want 1 to 8192 numbers" },
		{ "{\"a\":[\"x\"]}", "features.a[0]: \"x\": want a number that a float32 holds" },
		{ "[1e400]", "features.f0: 1e400: want a number, a boolean or null" },
	};
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct upk_error err = { 0 };
		assert_null(upk_features_learn(upk_text_of(rows[i][0]), &err));
		assert_string_equal(err.message, rows[i][1]);
	}
	assert_null(upk_features_learn(upk_text_of("{\"a\":[1"), NULL));
}

static void find_knows_every_name(void **state)
{
	(void)state;
	struct upk_features *f = mixed();
	for (size_t i = 0; i < upk_features_count(f); i++)
		assert_int_equal(upk_features_find(f, upk_text_of(upk_features_at(f, i)->name)), i);
	assert_int_equal(upk_features_find(f, upk_text_of("le")), -1);
	upk_features_unref(f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(encoding_shows_the_values_back),
		cmocka_unit_test(wrong_values_are_named),
		cmocka_unit_test(texts_end_at_their_limits),
		cmocka_unit_test(unknown_members_are_told_and_left_out),
		cmocka_unit_test(broken_json_leaves_the_reader_at_its_error),
		cmocka_unit_test(numbers_are_those_of_number_features),
		cmocka_unit_test(wrong_lists_are_named),
		cmocka_unit_test(a_row_has_at_most_65536_values),
		cmocka_unit_test(learning_follows_the_json_types),
		cmocka_unit_test(what_cannot_be_encoded_is_not_learnt),
		cmocka_unit_test(find_knows_every_name),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
