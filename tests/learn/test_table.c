#include "learn/table.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static const struct upk_column items[] = {
	{ .name = { "v", 1 }, .type = UPK_COLUMN_VECTOR, .size = 2 },
	{ .name = { "a", 1 } },
	{ .name = { "c", 1 }, .type = UPK_COLUMN_CATEGORY },
	{ .name = { "t", 1 }, .type = UPK_COLUMN_TEXT },
	{ .name = { "b", 1 } },
	{ .name = { "w", 1 }, .type = UPK_COLUMN_VECTOR, .size = 3 },
};

static void values_come_back_and_what_was_not_set_is_missing(void **state)
{
	struct upk_columns *columns = upk_columns_create(items, 6, NULL);
	const float w[] = { 1, -2.5F, 3 };
	struct upk_table t;
	char text[32];

	(void)state;
	upk_table_init(&t, columns);
	for (int round = 0; round < 2; round++) {
		upk_table_clear(&t);
		for (size_t i = 0; i < 700; i++) {
			snprintf(text, sizeof text, "v%zu", i % 300);
			assert_true(upk_table_add(&t, (double[]){ (double)i, 0.5 }, NULL));
			if (i % 2)
				continue;
			upk_table_set_floats(&t, i, 5, (const char *)w);
			assert_true(upk_table_set_category(&t, i, 2, upk_text_of(text), NULL));
			assert_true(upk_table_set_text(&t, i, 3, upk_text_of(text), NULL));
		}
		assert_int_equal(t.values_count, 150);
		for (size_t i = 0; i < 700; i++) {
			snprintf(text, sizeof text, "v%zu", i % 300);
			struct upk_text value = upk_table_value(&t, upk_table_code(&t, i, 2));
			assert_true(upk_table_number(&t, i, 1) == (double)i);
			assert_true(upk_table_number(&t, i, 4) == 0.5);
			assert_true(isnan(upk_table_floats(&t, i, 0)[0]));
			assert_true(upk_text_is(value, i % 2 ? NULL : text));
			assert_true(upk_text_is(upk_table_text(&t, i, 3), i % 2 ? NULL : text));
			if (i % 2)
				assert_true(isnan(upk_table_floats(&t, i, 5)[2]));
			else
				assert_memory_equal(upk_table_floats(&t, i, 5), w, sizeof w);
		}
	}
	upk_table_finish(&t);
	upk_columns_destroy(columns);
}

static void an_empty_category_is_missing_and_an_empty_text_is_not(void **state)
{
	struct upk_columns *columns = upk_columns_create(items, 6, NULL);
	struct upk_table t;

	(void)state;
	upk_table_init(&t, columns);
	assert_true(upk_table_add(&t, (double[]){ 0, 0 }, NULL));
	assert_true(upk_table_set_category(&t, 0, 2, upk_text_of(""), NULL));
	assert_true(upk_table_set_text(&t, 0, 3, upk_text_of(""), NULL));
	assert_int_equal(upk_table_code(&t, 0, 2), 0);
	assert_true(upk_text_is(upk_table_text(&t, 0, 3), ""));
	upk_table_finish(&t);
	upk_columns_destroy(columns);
}

static void columns_are_found_by_name_type_and_size(void **state)
{
	struct upk_columns *columns = upk_columns_create(items, 6, NULL);
	struct upk_column wanted = items[5];

	(void)state;
	assert_int_equal(upk_columns_find(columns, &wanted, 0), 5);
	wanted.size = 4;
	assert_int_equal(upk_columns_find(columns, &wanted, 5), -1);
	wanted.type = UPK_COLUMN_TEXT;
	assert_int_equal(upk_columns_find(columns, &wanted, 5), -1);
	upk_columns_destroy(columns);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(values_come_back_and_what_was_not_set_is_missing),
		cmocka_unit_test(an_empty_category_is_missing_and_an_empty_text_is_not),
		cmocka_unit_test(columns_are_found_by_name_type_and_size),
	};

	return cmocka_run_group_tests_name("learn/table", tests, NULL, NULL);
}
