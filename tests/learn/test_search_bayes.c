#include "learn/search.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

/* ---- how large a fit is ---- */

static struct upk_fit_size told;

static double note_size(const struct upk_fit_size *size, const cJSON *settings)
{
	(void)settings;
	told = *size;
	return 1;
}

/* 24 rows, of which 16 are fitted on. */
static void make_rows(struct upk_dataset *d, const struct upk_columns *columns)
{
	const char vector[768 * sizeof(float)] = { 0 };

	upk_dataset_init(d, columns, 2);
	for (size_t i = 0; i < 24; i++) {
		double x = i % 3 ? 1 : -1;
		char word[16];
		snprintf(word, sizeof word, "w%zu", i);
		assert_true(upk_dataset_add(d, &x, x > 0, -1, (int64_t)i + 1, NULL));
		upk_table_set_floats(&d->table, i, 1, vector);
		assert_true(upk_table_set_category(&d->table, i, 2, upk_text_of(word), NULL));
		assert_true(upk_table_set_text(&d->table, i, 3, upk_text_of(word), NULL));
	}
}

static void search(const struct upk_dataset *d, const struct upk_learner *learner, size_t values)
{
	static const struct upk_text classes[] = { { "n", 1 }, { "y", 1 } };
	struct upk_search_request r = { .data = d,
		.cut = 16,
		.to = d->rows,
		.setup = { .learner = learner, .classes = classes, .values = values },
		.kind = UPK_TRIAL_OPTIMISE,
		.method = &upk_search_bayes,
		.trials = 3,
		.repetitions = 1,
		.first = 1,
		.decision = { .positive = -1 },
		.objective = { upk_metric_find("log_loss"), UPK_AVERAGE_NONE, 0 } };
	struct upk_search s;

	upk_space_init(&r.space, learner->space);
	assert_true(upk_search(&r, &s, NULL));
	upk_search_finish(&s);
}

/* A vector is as wide as its values, a category as those that get a column and `other`, a text as
 * the terms that the learner takes. */
static void the_work_is_told_of_all_inputs_of_a_row(void **state)
{
	static const struct upk_column items[] = {
		{ .name = { "x", 1 } },
		{ .name = { "v", 1 }, .type = UPK_COLUMN_VECTOR, .size = 768 },
		{ .name = { "c", 1 }, .type = UPK_COLUMN_CATEGORY },
		{ .name = { "t", 1 }, .type = UPK_COLUMN_TEXT },
	};
	struct upk_columns *columns = upk_columns_create(items, 4, NULL);
	struct upk_learner telling = upk_trees;
	struct upk_dataset d;

	(void)state;
	make_rows(&d, columns);
	telling.work = note_size;
	telling.text.most = 50;
	search(&d, &telling, 10);
	assert_int_equal(told.rows, 16);
	assert_int_equal(told.classes, 2);
	assert_int_equal(told.width.dense, 769);
	assert_int_equal(told.width.sparse, 11 + 50);
	assert_int_equal(told.values, 1 + 50);

	search(&d, &telling, 0);
	assert_int_equal(told.width.sparse, UPK_PREDICTOR_VALUES + 1 + 50);
	upk_dataset_finish(&d);
	upk_columns_destroy(columns);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_work_is_told_of_all_inputs_of_a_row),
	};

	return cmocka_run_group_tests_name("search_bayes", tests, NULL, NULL);
}
