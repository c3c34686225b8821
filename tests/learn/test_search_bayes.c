#include "learn/search.h"

#include <math.h>
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

/* ---- what is proposed after trials made up ---- */

/* `rounds` is what grows; `plain` takes no part in the work. */
static const struct upk_setting settings[] = {
	{ "plain", 0.5, 0, 1, false },
	{ "rounds", 100, 1, 1000, true },
	{ NULL, 0, 0, 0, false },
};

static const struct upk_parameter parameters[] = {
	{ .name = "plain", .high = 1 },
	{ .name = "rounds", .kind = UPK_SPACE_INT, .low = 1, .high = 1000, .step = 1, .log = true },
	{ .name = NULL },
};

enum { PLAIN, ROUNDS };
enum { TRIALS = 12, BEST = 3, SEEDS = 200 };

static double rounds_of(const cJSON *json)
{
	double v[2];

	assert_true(upk_settings_read(json, "made", settings, 2, v, NULL));
	return v[1];
}

static double work_in_rounds(const struct upk_fit_size *size, const cJSON *json)
{
	(void)size;
	return rounds_of(json);
}

/* What comes before the first round takes as long as 10,000 of them. */
static double work_with_a_start(const struct upk_fit_size *size, const cJSON *json)
{
	(void)size;
	return 10000 + rounds_of(json);
}

static const struct upk_learner made = {
	.name = "made", .settings = settings, .work = work_in_rounds, .resource = "rounds"
};

struct past {
	struct upk_learner learner;
	struct upk_space space;
	struct upk_trial trials[TRIALS];
	struct upk_search_view view;
};

/* 12 trials, the i-th better than the next: the three best with 100 rounds, the others with 20. */
static void make_past(struct past *p)
{
	*p = (struct past){ .learner = made };
	upk_space_init(&p->space, parameters);
	for (size_t i = 0; i < TRIALS; i++) {
		struct upk_trial *t = &p->trials[i];
		*t = (struct upk_trial){ .number = (int64_t)i + 1, .score = (double)i };
		t->point.at[PLAIN] = 0.04 + 0.08 * (double)i;
		t->point.at[ROUNDS] =
			upk_space_at(&p->space.parameters[ROUNDS], i < BEST ? 100 : 20);
	}
	p->view = (struct upk_search_view){ .learner = &p->learner,
		.space = &p->space,
		.trials = p->trials,
		.count = TRIALS,
		.budget = 40,
		.lower_is_better = true,
		.resumes = true,
		.grown = ROUNDS };
}

/* parents[i]: how many of SEEDS proposals go on from the i-th trial; parents[TRIALS]: from none. */
static void count_parents(struct past *p, size_t *parents)
{
	memset(parents, 0, (TRIALS + 1) * sizeof *parents);
	for (p->view.seed = 1; p->view.seed <= SEEDS; p->view.seed++) {
		struct upk_proposal out = { 0 };
		assert_true(upk_search_bayes.propose(&p->view, &out));
		parents[out.parent ? out.parent - 1 : TRIALS]++;
	}
}

static size_t sum(const size_t *counts, size_t from, size_t to)
{
	size_t all = 0;

	for (size_t i = from; i < to; i++)
		all += counts[i];
	return all;
}

/* A start takes so long that more rounds of a trial are chosen whenever they may be. */
static void one_of_the_three_best_goes_on_where_that_saves_the_start(void **state)
{
	struct past p;
	size_t parents[TRIALS + 1];

	(void)state;
	make_past(&p);
	p.learner.work = work_with_a_start;
	count_parents(&p, parents);
	assert_int_equal(sum(parents, 0, BEST), SEEDS);

	/* Where each round costs as much, all of a new trial may be worth more than the rest of
	 * one. */
	p.learner.work = work_in_rounds;
	count_parents(&p, parents);
	assert_true(parents[TRIALS] > 0);
	assert_int_equal(sum(parents, BEST, TRIALS), 0);
}

/* The three best have gone on, and were no better for it. */
static void a_trial_goes_on_once(void **state)
{
	struct past p;
	size_t parents[TRIALS + 1];

	(void)state;
	make_past(&p);
	p.learner.work = work_with_a_start;
	for (size_t i = 0; i < BEST; i++)
		p.trials[TRIALS - 1 - i].parent = p.trials[i].number;
	count_parents(&p, parents);
	assert_int_equal(parents[TRIALS], SEEDS);
}

/* The three best were better with fewer rounds. */
static void what_was_cut_does_not_go_on(void **state)
{
	struct past p;
	size_t parents[TRIALS + 1];

	(void)state;
	make_past(&p);
	p.learner.work = work_with_a_start;
	for (size_t i = 0; i < BEST; i++)
		p.trials[i].cut = true;
	count_parents(&p, parents);
	assert_int_equal(parents[TRIALS], SEEDS);
}

/* The only one that did not fail has gone on. */
static void what_failed_does_not_go_on(void **state)
{
	struct past p;
	size_t parents[TRIALS + 1];

	(void)state;
	make_past(&p);
	p.learner.work = work_with_a_start;
	for (size_t i = 1; i < TRIALS; i++) {
		p.trials[i].failed = true;
		p.trials[i].score = NAN;
	}
	p.trials[TRIALS - 1].parent = p.trials[0].number;
	count_parents(&p, parents);
	assert_int_equal(parents[TRIALS], SEEDS);
}

/* The second best went on from the best, the third from one that is as good. */
static void a_trial_that_gained_nothing_by_more_rounds_gets_no_more(void **state)
{
	struct past p;
	size_t parents[TRIALS + 1];

	(void)state;
	make_past(&p);
	p.learner.work = work_with_a_start;
	p.trials[1].parent = p.trials[0].number;
	p.trials[2].parent = p.trials[3].number;
	p.trials[3].score = p.trials[2].score;
	count_parents(&p, parents);
	assert_int_equal(parents[TRIALS], SEEDS);

	p.trials[3].score += 0.5;
	count_parents(&p, parents);
	assert_int_equal(parents[2], SEEDS);
}

static double mean_log_rounds(struct past *p, size_t budget)
{
	double all = 0;

	p->view.budget = budget;
	for (p->view.seed = 1; p->view.seed <= SEEDS; p->view.seed++) {
		struct upk_proposal out = { 0 };
		assert_true(upk_search_bayes.propose(&p->view, &out));
		all += log(upk_space_value(&p->space.parameters[ROUNDS], out.point.at[ROUNDS]));
	}
	return all / SEEDS;
}

/* Of as many trials, those that are all but the last of the search save less than the first few. */
static void work_counts_less_and_less_until_the_last_trial(void **state)
{
	struct past p;

	(void)state;
	make_past(&p);
	p.view.grown = p.space.count;
	double early = mean_log_rounds(&p, 1000 * TRIALS);
	double midway = mean_log_rounds(&p, 2 * TRIALS);
	double last = mean_log_rounds(&p, TRIALS + 1);
	p.learner.work = NULL;
	double untold = mean_log_rounds(&p, TRIALS + 1);
	assert_true(early < midway && midway < last && last <= untold);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_work_is_told_of_all_inputs_of_a_row),
		cmocka_unit_test(one_of_the_three_best_goes_on_where_that_saves_the_start),
		cmocka_unit_test(a_trial_goes_on_once),
		cmocka_unit_test(what_was_cut_does_not_go_on),
		cmocka_unit_test(what_failed_does_not_go_on),
		cmocka_unit_test(a_trial_that_gained_nothing_by_more_rounds_gets_no_more),
		cmocka_unit_test(work_counts_less_and_less_until_the_last_trial),
	};

	return cmocka_run_group_tests_name("search_bayes", tests, NULL, NULL);
}
