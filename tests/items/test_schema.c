#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "items/schema.h"

/* Learnt classes, separated by spaces. */
static struct upk_schema *schema(const char *config, const char *learnt, struct upk_error *err)
{
	struct upk_text classes[16];
	size_t count = 0;
	for (const char *at = learnt; *at; count++) {
		size_t size = strcspn(at, " ");
		classes[count] = (struct upk_text){ at, size };
		at += size + (at[size] == ' ');
	}
	struct upk_config *c = upk_config_parse(upk_text_of(config), NULL);
	assert_non_null(c);
	struct upk_schema *s = upk_schema_create(c, classes, count, NULL, 0, 7, err);
	upk_config_unref(c);
	return s;
}

static void positive_is_configured_or_plain_from_the_classes(void **state)
{
	(void)state;
	static const struct {
		const char *config, *learnt;
		int positive;
	} rows[] = {
		{ "{}", "", -1 },
		{ "{}", "0 1", 1 },
		{ "{}", "1 0", 0 },
		{ "{}", "1", 0 },
		{ "{}", "0", -1 },
		{ "{}", "0 1 2", -1 },
		{ "{}", "true false", 0 },
		{ "{}", "true 1", -1 },
		{ "{}", "ham spam", -1 },
		{ "{\"positive\":\"spam\"}", "ham spam", 1 },
		{ "{\"positive\":\"spam\"}", "ham", -1 },
		{ "{\"classes\":[\"a\",\"b\"],\"positive\":\"b\"}", "x y", 1 },
		{ "{\"classes\":[0,1]}", "", 1 },
	};
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct upk_schema *s = schema(rows[i].config, rows[i].learnt, NULL);
		assert_non_null(s);
		assert_int_equal(s->positive, rows[i].positive);
		upk_schema_unref(s);
	}
}

static void classes_are_found_by_name(void **state)
{
	(void)state;
	struct upk_schema *s = schema("{}", "ham spam", NULL);
	assert_int_equal(upk_schema_class(s, upk_text_of("spam")), 1);
	assert_int_equal(upk_schema_class(s, upk_text_of("spa")), -1);
	assert_string_equal(s->classes[0].data, "ham");
	assert_false(s->classes_declared);
	assert_int_equal(s->generation, 7);
	upk_schema_unref(s);
}

static void declared_classes_take_the_place_of_learnt_ones(void **state)
{
	(void)state;
	struct upk_schema *s = schema("{\"classes\":[\"b\",\"a\"]}", "x y z", NULL);
	assert_true(s->classes_declared);
	assert_int_equal(s->classes_count, 2);
	assert_int_equal(upk_schema_class(s, upk_text_of("x")), -1);
	assert_int_equal(upk_schema_class(s, upk_text_of("a")), 1);
	upk_schema_unref(s);
}

static void learnt_parts_are_read_back(void **state)
{
	(void)state;
	struct upk_config *c = upk_config_parse(upk_text_of("{}"), NULL);
	struct upk_features *f = upk_features_learn(upk_text_of("{\"a\":1,\"b\":\"x\"}"), NULL);
	struct upk_text names[] = { { "h\"m", 3 }, { "spam", 4 } };
	for (int with = 0; with < 2; with++) {
		struct upk_schema *s = upk_schema_create(c, names, 2, with ? f : NULL, 1, 1, NULL);
		struct upk_buffer out = { 0 };
		struct upk_used used = { .class = { [1] = true } }, read;
		upk_schema_write_learnt(s, &used, &out);
		struct upk_text *classes = NULL;
		struct upk_features *features = NULL;
		size_t count = 0;
		assert_true(upk_schema_read_learnt(
			upk_buffer_text(&out), &classes, &count, &features, NULL));
		assert_int_equal(count, 2);
		assert_true(upk_schema_read_used(s, upk_buffer_text(&out), &read, NULL));
		assert_true(!read.class[0] && read.class[1]);
		assert_true(upk_text_equal(classes[0], names[0]));
		assert_true(upk_text_equal(classes[1], names[1]));
		assert_true((features != NULL) == with);
		if (with) {
			struct upk_buffer given = { 0 }, got = { 0 };
			upk_features_write(f, &given);
			upk_features_write(features, &got);
			assert_true(upk_text_equal(
				upk_buffer_text(&given), upk_buffer_text(&got)));
			upk_buffer_finish(&given);
			upk_buffer_finish(&got);
		}
		free(classes);
		upk_features_unref(features);
		upk_buffer_finish(&out);
		upk_schema_unref(s);
	}
	upk_features_unref(f);
	upk_config_unref(c);
}

static void wrong_learnt_parts_are_refused(void **state)
{
	(void)state;
	static const char *const rows[] = { "", "{}", "{\"classes\":[1],\"features\":null}",
		"{\"classes\":\"a\"}", "{\"classes\":[],\"features\":[3]}" };
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct upk_error err = { 0 };
		struct upk_text *classes = NULL;
		struct upk_features *features = NULL;
		size_t count;
		assert_false(upk_schema_read_learnt(
			upk_text_of(rows[i]), &classes, &count, &features, &err));
		assert_null(classes);
		assert_null(features);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(positive_is_configured_or_plain_from_the_classes),
		cmocka_unit_test(classes_are_found_by_name),
		cmocka_unit_test(declared_classes_take_the_place_of_learnt_ones),
		cmocka_unit_test(learnt_parts_are_read_back),
		cmocka_unit_test(wrong_learnt_parts_are_refused),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
