#include "learn/distinct.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

/* Rows of a number, a category `lang` of few values, and a category `body` with so many different
 * values; the first `missing` have no body. */
static struct upk_distinct find(size_t rows, size_t values, size_t missing)
{
	const struct upk_column items[] = {
		{ .name = { "x", 1 }, .type = UPK_COLUMN_NUMBER },
		{ .name = { "lang", 4 }, .type = UPK_COLUMN_CATEGORY },
		{ .name = { "body", 4 }, .type = UPK_COLUMN_CATEGORY },
	};
	struct upk_columns *columns = upk_columns_create(items, 3, NULL);
	struct upk_distinct d = { .values = 1 };
	struct upk_table t;

	assert_non_null(columns);
	upk_table_init(&t, columns);
	for (size_t i = 0; i < rows; i++) {
		char lang[8], body[32];
		double x = 1;
		snprintf(lang, sizeof lang, "l%zu", i % 3);
		snprintf(body, sizeof body, "body %zu", i % values);
		assert_true(upk_table_add(&t, &x, NULL));
		assert_true(upk_table_set_category(&t, i, 1, upk_text_of(lang), NULL));
		if (i >= missing)
			assert_true(upk_table_set_category(&t, i, 2, upk_text_of(body), NULL));
	}
	assert_true(upk_distinct_find(&t, &d, NULL));
	if (d.column)
		assert_memory_equal(d.column->name.data, "body", 4);
	upk_table_finish(&t);
	d.column = d.column ? &items[2] : NULL;
	upk_columns_destroy(columns);
	return d;
}

static void values_of_which_most_come_once_are_told(void **state)
{
	struct upk_distinct d = find(300, 151, 0);

	(void)state;
	assert_non_null(d.column);
	assert_int_equal(d.values, 151);
	assert_int_equal(d.rows, 300);
	d = find(300, 150, 0);
	assert_null(d.column);
	assert_int_equal(d.values, 0);
}

static void rows_without_a_value_do_not_count(void **state)
{
	(void)state;
	assert_int_equal(find(300, 300, 180).rows, 120);
	assert_null(find(300, 300, 201).column);
}

static void of_few_rows_nothing_is_told(void **state)
{
	(void)state;
	assert_null(find(99, 99, 0).column);
	assert_non_null(find(100, 100, 0).column);
	assert_null(find(0, 1, 0).column);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(values_of_which_most_come_once_are_told),
		cmocka_unit_test(rows_without_a_value_do_not_count),
		cmocka_unit_test(of_few_rows_nothing_is_told),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
