#include "learn/space.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/json.h"
#include "learn/learner.h"

static cJSON *json_of(const char *text)
{
	cJSON *json = upk_json_parse(upk_text_of(text), NULL);

	assert_non_null(json);
	return json;
}

/* The space borrows names from what it returns. */
static cJSON *read(struct upk_space *s, const struct upk_learner *learner, const char *text)
{
	struct upk_error err = { 0 };
	cJSON *json = json_of(text);

	upk_space_init(s, learner->space);
	if (!upk_space_read(s, json, learner->check, &err))
		fail_msg("%s: %s", text, err.message);
	return json;
}

static void draws_stay_in_their_ranges_and_on_their_steps(void **state)
{
	struct upk_space s;
	struct upk_random random;
	struct upk_point point;
	size_t counts[5] = { 0 };
	cJSON *json = read(&s, &upk_mlp,
		"{\"layers\": {\"type\": \"int\", \"low\": 1, \"high\": 4},"
		"\"dropout\": {\"type\": \"float\", \"low\": 0.1, \"high\": 0.5, \"step\": 0.2},"
		"\"learning_rate\": {\"type\": \"float\", \"low\": 1e-4, \"high\": 1e-2,"
		" \"sampling\": \"log\"}}");
	size_t layers = upk_space_find(&s, "layers"), rate = upk_space_find(&s, "learning_rate"),
	       dropout = upk_space_find(&s, "dropout"), low = 0;

	(void)state;
	upk_random_seed(&random, 3);
	for (int i = 0; i < 4000; i++) {
		upk_space_draw(&s, &random, &point);
		double n = upk_space_value(&s.parameters[layers], point.at[layers]);
		double r = upk_space_value(&s.parameters[rate], point.at[rate]);
		double d = upk_space_value(&s.parameters[dropout], point.at[dropout]);
		assert_true(n == 1 || n == 2 || n == 3 || n == 4);
		counts[(size_t)n]++;
		assert_true(r >= 1e-4 && r <= 1e-2);
		low += r < 1e-3;
		assert_true(d == 0.1 || d == 0.1 + 0.2 || d == 0.1 + 2 * 0.2);
	}
	/* Four equally likely numbers, and the middle of a logarithm: 5 sd are 137 and 158. */
	for (size_t n = 1; n <= 4; n++)
		assert_true(labs((long)counts[n] - 1000) < 137);
	assert_true(labs((long)low - 2000) < 158);
	cJSON_Delete(json);
}

static void a_parameter_is_active_when_the_one_it_hangs_on_has_its_value(void **state)
{
	struct upk_space s;
	struct upk_random random;
	struct upk_point point;
	cJSON *json = read(&s, &upk_mlp, "{}");

	(void)state;
	upk_random_seed(&random, 1);
	for (int i = 0; i < 200; i++) {
		upk_space_draw(&s, &random, &point);
		cJSON *settings = upk_space_settings(&s, &point, NULL, NULL);
		double layers = cJSON_GetObjectItem(settings, "layers")->valuedouble;
		assert_true((layers >= 2) == (cJSON_GetObjectItem(settings, "neurons_2") != NULL));
		assert_true((layers >= 3) == (cJSON_GetObjectItem(settings, "neurons_3") != NULL));
		assert_true(upk_mlp.check(settings, NULL));
		cJSON_Delete(settings);
	}
	cJSON_Delete(json);
}

static void settings_become_a_point_and_the_point_the_settings(void **state)
{
	for (size_t l = 0; upk_learner_at(l); l++) {
		struct upk_space s;
		struct upk_random random;
		struct upk_point point, again;
		(void)state;
		upk_space_init(&s, upk_learner_at(l)->space);
		upk_random_seed(&random, 9);
		for (int i = 0; i < 50; i++) {
			upk_space_draw(&s, &random, &point);
			cJSON *settings = upk_space_settings(&s, &point, NULL, NULL);
			upk_space_point(&s, settings, &again);
			for (size_t k = 0; k < s.count; k++) {
				assert_true(isnan(point.at[k]) == isnan(again.at[k]));
				if (isnan(point.at[k]))
					continue;
				double x = upk_space_value(&s.parameters[k], point.at[k]);
				double y = upk_space_value(&s.parameters[k], again.at[k]);
				assert_true(fabs(x - y) <= 1e-9 * fabs(x));
			}
			cJSON_Delete(settings);
		}
	}
}

static void fixed_parameters_and_settings_of_the_model_stay(void **state)
{
	struct upk_space s;
	struct upk_random random;
	struct upk_point point;
	cJSON *base = json_of("{\"layers\": 2, \"patience\": 3}");
	cJSON *json = json_of("{\"learning_rate\": 0.01, \"dropout\": null}");

	(void)state;
	upk_space_init(&s, upk_mlp.space);
	upk_space_fix(&s, base);
	assert_true(upk_space_read(&s, json, upk_mlp.check, NULL));
	upk_random_seed(&random, 2);
	for (int i = 0; i < 20; i++) {
		upk_space_draw(&s, &random, &point);
		cJSON *settings = upk_space_settings(&s, &point, base, NULL);
		assert_true(cJSON_GetObjectItem(settings, "layers")->valuedouble == 2);
		assert_true(cJSON_GetObjectItem(settings, "patience")->valuedouble == 3);
		assert_true(cJSON_GetObjectItem(settings, "learning_rate")->valuedouble == 0.01);
		assert_non_null(cJSON_GetObjectItem(settings, "neurons_2"));
		assert_null(cJSON_GetObjectItem(settings, "neurons_3"));
		assert_null(cJSON_GetObjectItem(settings, "dropout"));
		cJSON_Delete(settings);
	}
	cJSON_Delete(base);
	cJSON_Delete(json);
}

static void what_hangs_on_a_parameter_goes_with_it(void **state)
{
	struct upk_space s;
	cJSON *json = read(&s, &upk_mlp, "{\"layers\": null}");

	(void)state;
	assert_int_equal(upk_space_find(&s, "layers"), s.count);
	assert_int_equal(upk_space_find(&s, "neurons_2"), s.count);
	assert_int_equal(upk_space_find(&s, "neurons_3"), s.count);
	assert_true(upk_space_find(&s, "neurons") < s.count);
	cJSON_Delete(json);
}

static void what_is_written_reads_back_to_the_same_text(void **state)
{
	struct upk_space s, again;
	struct upk_buffer first = { 0 }, second = { 0 };
	struct upk_json_writer a = upk_json_writer_on(&first), b = upk_json_writer_on(&second);
	cJSON *json = read(&s, &upk_mlp,
		"{\"balance\": {\"type\": \"boolean\"}, \"epochs\": 50,"
		"\"batch\": {\"type\": \"choice\", \"values\": [16, 32], \"when\": {\"balance\": "
		"1}}}");

	(void)state;
	upk_space_write(&s, &a, NULL);
	upk_buffer_putc(&first, '\0');
	cJSON *back = json_of(first.data);
	upk_space_init(&again, NULL);
	assert_true(upk_space_read(&again, back, upk_mlp.check, NULL));
	upk_space_write(&again, &b, NULL);
	upk_buffer_putc(&second, '\0');
	assert_string_equal(first.data, second.data);
	assert_non_null(strstr(first.data, "\"balance\":{\"type\":\"boolean\"}"));
	assert_non_null(strstr(first.data, "\"epochs\":50"));
	assert_non_null(strstr(first.data, "\"when\":{\"balance\":[1]}"));
	upk_buffer_finish(&first);
	upk_buffer_finish(&second);
	cJSON_Delete(back);
	cJSON_Delete(json);
}

static void wrong_members_are_named_with_their_value(void **state)
{
	static const char *const cases[][2] = {
		{ "{\"layers\": \"2\"}", "layers: want an object, a number or null" },
		{ "{\"layers\": 7}", "layers: settings.layers is 7: want 1 to 4" },
		{ "{\"width\": 7}", "width: settings.width: mlp has no such setting: want one of layers, neurons, "
			"neurons_2, neurons_3, neurons_4, learning_rate, batch, epochs, patience, "
			"dropout, l2, balance" },
		{ "{\"layers\": {}}", "layers.type: want float, int, choice or boolean" },
		{ "{\"layers\": {\"type\": \"int\"}}", "layers.low and high are wanted" },
		{ "{\"layers\": {\"type\": \"int\", \"low\": 3, \"high\": 2}}",
			"layers.low is 3: want at most high, which is 2" },
		{ "{\"layers\": {\"type\": \"int\", \"low\": 1.5, \"high\": 2}}",
			"layers.low and step of an int: want whole numbers" },
		{ "{\"l2\": {\"type\": \"float\", \"low\": 0, \"high\": 2, \"sampling\": \"log\"}}",
			"l2.low is 0: want more than 0 to sample log" },
		{ "{\"l2\": {\"type\": \"float\", \"low\": 0, \"high\": 2, \"step\": 0}}",
			"l2.step: want more than 0" },
		{ "{\"l2\": {\"type\": \"float\", \"low\": 0, \"high\": 2, \"sampling\": \"ln\"}}",
			"l2.sampling: want linear or log" },
		{ "{\"l2\": {\"type\": \"float\", \"values\": [1]}}",
			"l2.values: a float has no such member: want one of type, when, low, high, "
			"step, sampling" },
		{ "{\"batch\": {\"type\": \"choice\"}}", "batch.values are wanted" },
		{ "{\"batch\": {\"type\": \"choice\", \"values\": [\"a\"]}}",
			"batch.values: want 1 to 16 numbers" },
		{ "{\"layers\": {\"type\": \"int\", \"low\": 1, \"high\": 9}}",
			"layers: settings.layers is 9: want 1 to 4" },
		{ "{\"layers\": {\"type\": \"int\", \"low\": 1, \"high\": 2, \"when\": 1}}",
			"layers.when: want an object of one parameter and its values" },
		{ "{\"layers\": {\"type\": \"int\", \"low\": 1, \"high\": 2,"
		  " \"when\": {\"width\": 32}}}",
			"layers.when.width: want another parameter that does not hang on it" },
		{ "{\"l2\": {\"type\": \"boolean\", \"when\": {\"balance\": 1}},"
		  " \"balance\": {\"type\": \"boolean\", \"when\": {\"l2\": 1}}}",
			"balance.when.l2: want another parameter that does not hang on it" },
		{ "[]", "want an object" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		struct upk_space s;
		struct upk_error err = { 0 };
		cJSON *json = json_of(cases[i][0]);
		upk_space_init(&s, upk_mlp.space);
		assert_false(upk_space_read(&s, json, upk_mlp.check, &err));
		assert_int_equal(err.code, UPK_INVALID);
		assert_string_equal(err.message, cases[i][1]);
		cJSON_Delete(json);
	}
}

static void levels_are_those_of_the_steps_and_choices(void **state)
{
	const struct upk_parameter stepped = {
		.name = "a", .kind = UPK_SPACE_INT, .low = 1, .high = 3, .step = 1
	};
	const struct upk_parameter any = { .name = "b", .low = 1, .high = 3 };
	const struct upk_parameter one = { .name = "c", .low = 3, .high = 3 };
	const struct upk_parameter choice = { .name = "d", .kind = UPK_SPACE_CHOICE, .count = 4 };

	(void)state;
	assert_int_equal(upk_space_levels(&stepped, 5), 3);
	assert_int_equal(upk_space_levels(&stepped, 2), 2);
	assert_int_equal(upk_space_levels(&any, 5), 5);
	assert_int_equal(upk_space_levels(&one, 5), 1);
	assert_int_equal(upk_space_levels(&choice, 5), 4);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(draws_stay_in_their_ranges_and_on_their_steps),
		cmocka_unit_test(a_parameter_is_active_when_the_one_it_hangs_on_has_its_value),
		cmocka_unit_test(settings_become_a_point_and_the_point_the_settings),
		cmocka_unit_test(fixed_parameters_and_settings_of_the_model_stay),
		cmocka_unit_test(what_hangs_on_a_parameter_goes_with_it),
		cmocka_unit_test(what_is_written_reads_back_to_the_same_text),
		cmocka_unit_test(wrong_members_are_named_with_their_value),
		cmocka_unit_test(levels_are_those_of_the_steps_and_choices),
	};

	return cmocka_run_group_tests_name("space", tests, NULL, NULL);
}
