#include "infer/tensor.h"

#include <float.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/random.h"
#include "config/feature_list.h"
#include "infer/infer_request.h"

/* A tensor from its JSON and what stands behind that; the arena is the caller's. */
static bool read_tensor(const char *json, struct upk_text behind, struct upk_arena *arena,
	struct upk_tensor *t, struct upk_error *err)
{
	struct upk_text body = upk_text_of(json);
	struct upk_json_reader *r = upk_json_reader_create(body);
	bool read;

	assert_non_null(r);
	assert_true(upk_json_next(r, NULL) == UPK_JSON_OBJECT);
	read = upk_tensor_read(r, body, arena, t, err) &&
		(t->binary < 0 || upk_tensor_take_binary(t, &behind, arena, err)) &&
		upk_tensor_unpack(t, arena, err);
	upk_json_reader_destroy(r);
	return read;
}

static void put(unsigned char *to, uint64_t bits, size_t bytes)
{
	for (size_t i = 0; i < bytes; i++)
		to[i] = (unsigned char)(bits >> 8 * i);
}

static uint64_t bits_of_double(double x)
{
	uint64_t bits;
	memcpy(&bits, &x, sizeof bits);
	return bits;
}

static uint64_t bits_of_float(float x)
{
	uint32_t bits;
	memcpy(&bits, &x, sizeof bits);
	return bits;
}

static void real(bool single, const double *x, size_t count, struct upk_text *data)
{
	size_t bytes = single ? 4 : 8;
	unsigned char *made = calloc(count, bytes);

	assert_non_null(made);
	for (size_t i = 0; i < count; i++)
		put(made + i * bytes, single ? bits_of_float((float)x[i]) : bits_of_double(x[i]),
			bytes);
	*data = (struct upk_text){ (char *)made, count * bytes };
}

/* Any number of them, so that every rest behind whole registers is met, at any place in them. */
static void binary_reals_are_what_was_put(void **state)
{
	enum { MOST = 21 };
	double x[MOST] = { NAN, -0.0, DBL_TRUE_MIN, 1e30, -1e30 };
	struct upk_random random;

	(void)state;
	upk_random_seed(&random, 1);
	for (size_t i = 5; i < MOST; i++)
		x[i] = upk_random_unit(&random) - 0.5;
	for (size_t count = 1; count <= MOST; count++)
		for (int single = 0; single < 2; single++) {
			char json[160];
			struct upk_arena arena = { 0 };
			struct upk_text data;
			struct upk_tensor t;
			real(single, x, count, &data);
			snprintf(json, sizeof json,
				"{\"name\":\"x\",\"shape\":[%zu],\"datatype\":\"FP%d\","
				"\"parameters\":{\"binary_data_size\":%zu}}",
				count, single ? 32 : 64, data.size);
			assert_true(read_tensor(json, data, &arena, &t, NULL));
			assert_true(t.dimensions == 1 && t.rows == count && t.width == 1);
			for (size_t i = 0; i < count; i++) {
				double want = single ? (double)(float)x[i] : x[i];
				if (isnan(want))
					assert_true(isnan(t.numbers[i]));
				else
					assert_true(bits_of_double(t.numbers[i]) ==
						bits_of_double(want));
			}
			upk_arena_finish(&arena);
			free((void *)(uintptr_t)data.data);
		}
}

static void an_infinite_binary_real_is_found_wherever_it_stands(void **state)
{
	enum { COUNT = 19 };

	(void)state;
	for (size_t at = 0; at < 4 * COUNT; at++) {
		bool single = at % 2, negative = at / 2 % 2;
		double x[COUNT] = { 0 };
		char json[160], want[80];
		struct upk_arena arena = { 0 };
		struct upk_error err = { 0 };
		struct upk_text data;
		struct upk_tensor t;
		x[at / 4] = negative ? -INFINITY : INFINITY;
		real(single, x, COUNT, &data);
		snprintf(json, sizeof json,
			"{\"name\":\"x\",\"shape\":[%d],\"datatype\":\"FP%d\","
			"\"parameters\":{\"binary_data_size\":%zu}}",
			COUNT, single ? 32 : 64, data.size);
		snprintf(want, sizeof want,
			"data[%zu]: infinity: want a finite number that FP%d holds", at / 4,
			single ? 32 : 64);
		assert_false(read_tensor(json, data, &arena, &t, &err));
		assert_int_equal(err.code, UPK_INVALID);
		assert_string_equal(err.message, want);
		upk_arena_finish(&arena);
		free((void *)(uintptr_t)data.data);
	}
}

static const struct {
	const char *json, *message;
} broken[] = {
	{ "{\"name\":\"x\",\"shape\":[2],\"datatype\":\"FP32\",\"data\":[1,1e39]}",
		"data[1]: infinity: want a finite number that FP32 holds" },
	{ "{\"name\":\"x\",\"shape\":[2],\"datatype\":\"INT8\",\"data\":[1,128]}",
		"data[1]: 128: want a whole number that INT8 holds" },
	{ "{\"name\":\"x\",\"shape\":[2],\"datatype\":\"UINT16\",\"data\":[0.5,1]}",
		"data[0]: 0.5: want a whole number that UINT16 holds" },
	{ "{\"name\":\"x\",\"shape\":[1000],\"datatype\":\"FP64\",\"data\":[1]}",
		"shape: [1000]: the body is too short for so many values" },
	{ "{\"name\":\"x\",\"shape\":[9,1000],\"datatype\":\"FP64\",\"data\":[1]}",
		"shape: [9, 1000]: the body is too short for so many values" },
};

static void what_is_wrong_is_said_as_it_was_sent(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof broken / sizeof *broken; i++) {
		struct upk_arena arena = { 0 };
		struct upk_error err = { 0 };
		struct upk_tensor t;
		assert_false(read_tensor(broken[i].json, (struct upk_text){ 0 }, &arena, &t, &err));
		assert_int_equal(err.code, UPK_INVALID);
		assert_string_equal(err.message, broken[i].message);
		upk_arena_finish(&arena);
	}
}

static void refuse(const char *json, const struct upk_features *list, const char *message)
{
	struct upk_infer_request q;
	struct upk_error err = { 0 };
	bool read = upk_infer_request_read(&q, upk_text_of(json), (struct upk_text){ 0 }, &err);

	assert_false(read && upk_infer_request_numbers(&q, list, &err));
	upk_infer_request_finish(&q);
	assert_int_equal(err.code, UPK_INVALID);
	assert_string_equal(err.message, message);
}

#define INPUT(name, shape) \
	"{\"name\":\"" name "\",\"shape\":" shape ",\"datatype\":\"FP64\",\"data\":[1,2]}"

static struct upk_features *features(const char *json)
{
	cJSON *names = cJSON_Parse(json);
	struct upk_features *list = upk_features_parse(names, NULL);

	cJSON_Delete(names);
	assert_non_null(list);
	return list;
}

static void what_does_not_go_with_the_model_is_named(void **state)
{
	struct upk_features *list = features("[\"a\",\"b\"]");

	(void)state;
	refuse("{\"inputs\":[" INPUT("c", "[2]") "]}", list,
		"inputs[0].name: \"c\": want \"features\", all in one, or one of the model's "
		"features, a, b");
	refuse("{\"inputs\":[" INPUT("aa", "[2]") "]}", list,
		"inputs[0].name: \"aa\"; did you mean a? want \"features\", all in one, or one "
		"of the model's features, a, b");
	refuse("{\"inputs\":[" INPUT("feature", "[2]") "]}", list,
		"inputs[0].name: \"feature\"; did you mean features? want \"features\", all in "
		"one, or one of the model's features, a, b");
	refuse("{\"inputs\":[" INPUT("a", "[2]") "," INPUT("a", "[2]") "]}", list,
		"inputs[1].name: \"a\" came before");
	refuse("{\"inputs\":[" INPUT("a", "[1,2]") "]}", list,
		"inputs[0].shape: [1, 2]: a has [rows, 1]");
	refuse("{\"inputs\":[" INPUT("features", "[2]") "]}", list,
		"inputs[0].shape: [2]: features has [rows, 2]");
	refuse("{\"inputs\":[" INPUT(
		       "a", "[2]") "],\"outputs\":[{\"name\":\"label\"},"
				   "{\"name\":\"probabilities\"},{\"name\":\"label\"}]}",
		list, "outputs: \"label\" came before");
	upk_features_unref(list);
}

static void all_in_one_is_offered_where_all_are_numbers(void **state)
{
	struct upk_features *list = features("[\"a\",{\"name\":\"b\",\"type\":\"category\"}]");

	(void)state;
	refuse("{\"inputs\":[" INPUT("feature", "[2]") "]}", list,
		"inputs[0].name: \"feature\": want one of the model's features, a, b");
	upk_features_unref(list);
}

/* Names of 60 bytes, more than are shown. */
static void of_many_features_the_first_are_named(void **state)
{
	struct upk_buffer json = { 0 }, message = { 0 };
	struct upk_features *list;

	(void)state;
	upk_buffer_puts(&message,
		"inputs[0].name: \"c\": want \"features\", all in one, or one of the model's "
		"features, ");
	for (int i = 0; i < 40; i++)
		upk_buffer_printf(&json, "%s\"%060d\"", i ? "," : "[", i);
	for (int i = 0; i < 4; i++)
		upk_buffer_printf(&message, "%060d, ", i);
	upk_buffer_append(&message, "...", 4);
	upk_buffer_append(&json, "]", 2);
	assert_false(json.failed || message.failed);
	list = features(json.data);
	refuse("{\"inputs\":[" INPUT("c", "[2]") "]}", list, message.data);
	upk_features_unref(list);
	upk_buffer_finish(&json);
	upk_buffer_finish(&message);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(binary_reals_are_what_was_put),
		cmocka_unit_test(an_infinite_binary_real_is_found_wherever_it_stands),
		cmocka_unit_test(what_is_wrong_is_said_as_it_was_sent),
		cmocka_unit_test(what_does_not_go_with_the_model_is_named),
		cmocka_unit_test(all_in_one_is_offered_where_all_are_numbers),
		cmocka_unit_test(of_many_features_the_first_are_named),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
