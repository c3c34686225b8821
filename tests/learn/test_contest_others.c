#include "learn/contest.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/random.h"
#include "learn/sample.h"

static const struct upk_text classes[] = { { "ham", 3 }, { "spam", 4 } };

enum { CHANGE = 2000, ROWS = 3000 };

/* Until CHANGE the label is whether a + b is positive, what was served is right in 19 of 20. Then
 * it is the same, or, `crossed`, whether a and b have the same sign, which no straight line tells;
 * what was served guesses. One label in 20 is wrong. */
static void make(struct upk_dataset *d, bool crossed, uint64_t seed)
{
	struct upk_random r;

	upk_random_seed(&r, seed);
	upk_dataset_init(d, sample_columns(2), 2);
	for (int64_t i = 0; i < ROWS; i++) {
		double x[] = { upk_random_unit(&r) - 0.5, upk_random_unit(&r) - 0.5 };
		bool y = i < CHANGE || !crossed ? x[0] + x[1] > 0 : (x[0] > 0) == (x[1] > 0);
		bool served = upk_random_unit(&r) < (i < CHANGE ? 0.95 : 0.5) ? y : !y;
		y = upk_random_unit(&r) < 0.05 ? !y : y;
		if (!upk_dataset_add(d, x, y, served, 1 + i, NULL))
			abort();
	}
}

/* Until CHANGE the label is as above. Then it is the opposite, but for a strip where it stays: a
 * straight line tells it in three of four, if it is fitted on rows since then. What was served
 * guesses. */
static void make_turned(struct upk_dataset *d, size_t rows, uint64_t seed)
{
	struct upk_random r;

	upk_random_seed(&r, seed);
	upk_dataset_init(d, sample_columns(2), 2);
	for (size_t i = 0; i < rows; i++) {
		double x[] = { upk_random_unit(&r) - 0.5, upk_random_unit(&r) - 0.5 };
		bool y = x[0] + x[1] > 0, served = upk_random_unit(&r) < 0.5;
		y = i >= CHANGE && x[0] < 0.25 ? !y : y;
		y = upk_random_unit(&r) < 0.05 ? !y : y;
		if (!upk_dataset_add(d, x, y, served, 1 + (int64_t)i, NULL))
			abort();
	}
}

static struct upk_contest_request request_on(const struct upk_dataset *d, enum upk_gate_kind kind,
	const struct upk_contest_other *others, size_t count)
{
	return (struct upk_contest_request){
		.data = d,
		.setup = { .learner = &upk_logistic, .classes = classes },
		.others = others,
		.others_count = count,
		.decision = { .positive = -1 },
		.measure = { upk_metric_find("f1"), UPK_AVERAGE_MACRO, 0 },
		.kind = kind,
		.margin = 0.002,
		.checks = upk_checks_default,
		.first_errors = NAN,
		.change = 1 + CHANGE,
	};
}

static struct upk_contest_other other(const struct upk_learner *learner)
{
	return (struct upk_contest_other){ .setup = { .learner = learner, .classes = classes } };
}

static void run(const struct upk_contest_request *r, struct upk_contest_outcome *out)
{
	struct upk_error err = { 0 };

	if (!upk_contest(r, out, &err))
		fail_msg("%s", err.message);
}

static bool refuse(
	const struct upk_fit_input *in, const cJSON *settings, void **fitted, struct upk_error *err)
{
	(void)in, (void)settings, (void)fitted;
	return upk_fail(err, UPK_INVALID, "not on such rows");
}

static bool run_out(
	const struct upk_fit_input *in, const cJSON *settings, void **fitted, struct upk_error *err)
{
	(void)in, (void)settings, (void)fitted;
	return upk_fail(err, UPK_NOMEM, "no memory");
}

static void one_that_is_better_after_the_change_is_picked(void **state)
{
	const struct upk_contest_other others[] = { other(&upk_trees) };
	struct upk_contest_outcome out;
	struct upk_dataset d;

	(void)state;
	make(&d, true, 1);
	struct upk_contest_request r = request_on(&d, UPK_GATE_ALERT, others, 1);
	run(&r, &out);
	assert_true(out.passed);
	assert_int_equal(out.picked, out.count - 1);
	const struct upk_contest_candidate *picked = &out.candidates[out.picked];
	assert_ptr_equal(picked->learner, &upk_trees);
	assert_string_equal(upk_predictor_learner(out.predictor), "trees");
	assert_true(out.challenger == picked->score && picked->score > 0.85);
	for (size_t i = 0; i < out.picked; i++) {
		assert_ptr_equal(out.candidates[i].learner, &upk_logistic);
		assert_true(out.candidates[i].score < 0.65);
	}
	char who[64];
	snprintf(who, sizeof who, "trees fitted on %zu rows has macro f1 ", picked->rows);
	assert_memory_equal(out.verdict, who, strlen(who));
	/* It is fitted again from where its window begins. */
	assert_int_equal(out.from, picked->from);
	assert_int_equal(out.to, 1 + ROWS);
	assert_int_equal(out.rows, picked->rows + out.holdout);
	upk_contest_finish(&out);
	upk_dataset_finish(&d);
}

static void the_window_is_the_one_that_was_picked_without_it(void **state)
{
	const struct upk_contest_other others[] = { other(&upk_trees) };
	struct upk_contest_outcome alone, out;
	struct upk_dataset d;

	(void)state;
	make(&d, false, 2);
	struct upk_contest_request r = request_on(&d, UPK_GATE_ALERT, others, 0);
	run(&r, &alone);
	assert_memory_equal(alone.verdict, "macro f1 ", 9);
	r.others_count = 1;
	run(&r, &out);
	assert_int_equal(out.count, alone.count + 1);
	assert_int_equal(out.candidates[alone.count].from, alone.candidates[alone.picked].from);
	assert_int_equal(out.candidates[alone.count].rows, alone.candidates[alone.picked].rows);
	upk_contest_finish(&alone);
	upk_contest_finish(&out);
	upk_dataset_finish(&d);
}

static void one_that_is_as_good_is_not(void **state)
{
	const struct upk_contest_other others[] = { other(&upk_logistic), other(&upk_trees) };
	struct upk_contest_outcome out;
	struct upk_dataset d;
	size_t picked = 0;

	(void)state;
	for (uint64_t seed = 1; seed <= 20; seed++) {
		make(&d, false, seed);
		struct upk_contest_request r = request_on(&d, UPK_GATE_ALERT, others, 2);
		run(&r, &out);
		assert_int_not_equal(out.picked, out.count - 2);
		picked += out.picked == out.count - 1;
		upk_contest_finish(&out);
		upk_dataset_finish(&d);
	}
	assert_in_range(picked, 0, 5);
}

static void one_that_cannot_be_fitted_is_left_out(void **state)
{
	struct upk_learner refusing = upk_logistic;
	refusing.fit = refuse;
	const struct upk_contest_other others[] = { other(&refusing), other(&upk_trees) };
	struct upk_contest_outcome out;
	struct upk_dataset d;

	(void)state;
	make(&d, true, 3);
	struct upk_contest_request r = request_on(&d, UPK_GATE_ALERT, others, 2);
	run(&r, &out);
	assert_ptr_equal(out.candidates[out.count - 1].learner, &upk_trees);
	assert_ptr_equal(out.candidates[out.count - 2].learner, &upk_logistic);
	assert_string_equal(upk_predictor_learner(out.predictor), "trees");
	upk_contest_finish(&out);
	upk_dataset_finish(&d);
}

static void want_of_memory_fails_the_run(void **state)
{
	struct upk_learner poor = upk_logistic;
	poor.fit = run_out;
	const struct upk_contest_other others[] = { other(&poor) };
	struct upk_error err = { 0 };
	struct upk_contest_outcome out;
	struct upk_dataset d;

	(void)state;
	make(&d, true, 4);
	struct upk_contest_request r = request_on(&d, UPK_GATE_ALERT, others, 1);
	assert_false(upk_contest(&r, &out, &err));
	assert_int_equal(err.code, UPK_NOMEM);
	upk_dataset_finish(&d);
}

/* The first of the windows with the highest score. */
static size_t best_of(const struct upk_contest_outcome *out, size_t windows)
{
	size_t best = 0;

	for (size_t i = 1; i < windows; i++)
		if (out->candidates[i].score > out->candidates[best].score)
			best = i;
	return best;
}

/* Of windows that are alike the longest is picked, not the best. */
static void its_window_is_the_picked_one_where_another_is_better_by_chance(void **state)
{
	const struct upk_contest_other others[] = { other(&upk_trees) };
	struct upk_contest_outcome alone, out;
	struct upk_dataset d;
	size_t seen = 0;

	(void)state;
	for (uint64_t seed = 1; seed <= 20; seed++) {
		make(&d, false, seed);
		struct upk_contest_request r = request_on(&d, UPK_GATE_ALERT, others, 0);
		run(&r, &alone);
		if (alone.picked != best_of(&alone, alone.count)) {
			r.others_count = 1;
			run(&r, &out);
			assert_int_equal(out.candidates[alone.count].from,
				alone.candidates[alone.picked].from);
			upk_contest_finish(&out);
			seen++;
		}
		upk_contest_finish(&alone);
		upk_dataset_finish(&d);
	}
	assert_in_range(seen, 1, 20);
}

/* A version that knows the stream after the change, from rows of another one. */
static struct upk_predictor *old_version(void)
{
	const struct upk_predictor_setup setup = { .learner = &upk_trees, .classes = classes };
	struct upk_dataset d;

	make_turned(&d, 3 * ROWS, 90);
	struct upk_predictor *p = upk_predictor_fit(&setup, &d, CHANGE, 3 * ROWS, NULL);
	assert_non_null(p);
	upk_dataset_finish(&d);
	return p;
}

static void its_window_is_the_best_where_an_old_version_was_picked(void **state)
{
	const struct upk_contest_other others[] = { other(&upk_logistic) };
	const struct upk_contest_old old[] = { { 7, old_version(), 1 } };
	struct upk_contest_outcome out;
	struct upk_dataset d;

	(void)state;
	make_turned(&d, ROWS, 6);
	struct upk_contest_request r = request_on(&d, UPK_GATE_ALERT, others, 1);
	r.change = 1 + 500;
	r.old = old;
	r.olds = 1;
	run(&r, &out);
	size_t windows = out.count - 2, best = best_of(&out, windows);
	assert_int_equal(out.picked, windows);
	assert_int_equal(out.version, 7);
	assert_int_not_equal(best, 0);
	assert_true(out.candidates[best].from > 1);
	assert_int_equal(out.candidates[out.count - 1].from, out.candidates[best].from);
	upk_contest_finish(&out);
	upk_dataset_finish(&d);
	upk_predictor_unref(old[0].predictor);
}

static void an_old_version_that_was_refused_is_not_named(void **state)
{
	const struct upk_contest_old old[] = { { 7, old_version(), 1 } };
	struct upk_contest_outcome out;
	struct upk_dataset d;

	(void)state;
	make_turned(&d, ROWS, 6);
	struct upk_contest_request r = request_on(&d, UPK_GATE_ALERT, NULL, 0);
	r.old = old;
	r.olds = 1;
	r.margin = 1;
	run(&r, &out);
	assert_int_equal(out.candidates[out.picked].version, 7);
	assert_false(out.passed || out.held);
	assert_int_equal(out.version, 0);
	assert_null(out.predictor);
	upk_contest_finish(&out);
	upk_dataset_finish(&d);
	upk_predictor_unref(old[0].predictor);
}

/* c moves where the windows say so, whoever is fitted on the one that was picked. */
static void after_growth_c_is_where_the_window_of_one_that_is_picked_begins(void **state)
{
	const struct upk_contest_other others[] = { other(&upk_trees) };
	struct upk_contest_outcome out;
	struct upk_dataset d;

	(void)state;
	make_turned(&d, ROWS, 7);
	struct upk_contest_request r = request_on(&d, UPK_GATE_GROWTH, others, 1);
	r.change = 1 + 500;
	run(&r, &out);
	assert_true(out.passed);
	assert_string_equal(upk_predictor_learner(out.predictor), "trees");
	assert_true(out.from >= 1 + CHANGE);
	assert_int_equal(out.change, out.from);
	upk_contest_finish(&out);
	upk_dataset_finish(&d);
}

/* ---- a search ---- */

/* What a search tried: how many of each kind, and how many with so few leaves. */
struct tried {
	size_t adjusted, optimised, few;
};

/* Of trees; their own number is greater. */
static const struct upk_parameter few_leaves[] = {
	{ .name = "leaves", .kind = UPK_SPACE_INT, .low = 5, .high = 7, .step = 1 },
	{ 0 },
};

static void count_trial(void *context, const struct upk_trial *trial, bool recalled)
{
	struct tried *t = context;
	const char *leaves = strstr(trial->settings, "\"leaves\":");

	(void)recalled;
	t->adjusted += trial->kind == UPK_TRIAL_ADJUST;
	t->optimised += trial->kind == UPK_TRIAL_OPTIMISE;
	t->few += leaves && strtol(leaves + strlen("\"leaves\":"), NULL, 10) <= 7;
}

static struct upk_tuning search_of(size_t trials, struct tried *tried)
{
	return (struct upk_tuning){ .trials = trials,
		.repetitions = 1,
		.method = upk_search_method_find("random"),
		.objective = { upk_metric_find("f1"), UPK_AVERAGE_MACRO, 0 },
		.watch = { .finished = count_trial, .context = tried } };
}

static void a_search_is_of_the_learner_that_was_picked_and_in_its_space(void **state)
{
	struct upk_contest_other others[] = { other(&upk_trees) };
	struct tried tried = { 0 };
	struct upk_tuning tuning = search_of(4, &tried);
	struct upk_contest_outcome out;
	struct upk_dataset d;

	(void)state;
	make(&d, true, 5);
	upk_space_init(&others[0].space, few_leaves);
	upk_space_init(&tuning.space, upk_logistic.space);
	struct upk_contest_request r = request_on(&d, UPK_GATE_MANUAL, others, 1);
	r.tuning = &tuning;
	run(&r, &out);
	assert_string_equal(upk_predictor_learner(out.predictor), "trees");
	for (size_t i = 0; i < out.count; i++)
		if (out.candidates[i].trial)
			assert_ptr_equal(out.candidates[i].learner, &upk_trees);
	assert_int_equal(tried.optimised, 4);
	assert_in_range(tried.few, 3, 4); /* the first may have those of the setup */
	upk_contest_finish(&out);
	upk_dataset_finish(&d);
}

static struct upk_predictor *champion_of(
	const struct upk_learner *learner, const struct upk_dataset *d)
{
	const struct upk_predictor_setup setup = { .learner = learner, .classes = classes };
	struct upk_predictor *p = upk_predictor_fit(&setup, d, 0, CHANGE, NULL);

	assert_non_null(p);
	return p;
}

/* Trees are picked: they go on from trees, and from nothing else. */
static void a_champion_of_another_learner_is_not_gone_on_from(void **state)
{
	const struct upk_learner *learners[] = { &upk_trees, &upk_logistic };
	const struct upk_contest_other others[] = { other(&upk_trees) };

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		struct tried tried = { 0 };
		struct upk_tuning tuning = search_of(4, &tried);
		struct upk_contest_outcome out;
		struct upk_dataset d;
		make(&d, true, 5);
		tuning.champion = champion_of(learners[i], &d);
		tuning.champion_to = 1 + CHANGE;
		struct upk_contest_request r = request_on(&d, UPK_GATE_MANUAL, others, 1);
		r.tuning = &tuning;
		run(&r, &out);
		assert_string_equal(upk_predictor_learner(out.predictor), "trees");
		assert_int_equal(tried.adjusted, i == 0 ? 1 : 0);
		assert_int_equal(tried.optimised, i == 0 ? 3 : 4);
		upk_contest_finish(&out);
		upk_predictor_unref(tuning.champion);
		upk_dataset_finish(&d);
	}
}

/* ---- the first version ---- */

static void the_first_version_is_held_to_the_class_with_the_most_rows(void **state)
{
	struct upk_contest_outcome out;
	struct upk_dataset d;
	struct upk_error err = { 0 };

	(void)state;
	for (uint16_t most = 0; most < 2; most++) {
		upk_dataset_init(&d, sample_columns(2), 2);
		for (int64_t i = 0; i < ROWS; i++) {
			double x[] = { (double)(i % 7), (double)(i % 5) };
			uint16_t y = i % 4 ? most : !most;
			assert_true(upk_dataset_add(&d, x, y, -1, 1 + i, NULL));
		}
		struct upk_contest_request r = request_on(&d, UPK_GATE_MANUAL, NULL, 0);
		r.measure =
			(struct upk_measure){ upk_metric_find("accuracy"), UPK_AVERAGE_NONE, 0 };
		assert_true(upk_contest_first(&r, &out, &err));
		assert_true(fabs(out.champion - 0.75) < 0.01);
		upk_contest_finish(&out);
		upk_dataset_finish(&d);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(one_that_is_better_after_the_change_is_picked),
		cmocka_unit_test(the_window_is_the_one_that_was_picked_without_it),
		cmocka_unit_test(one_that_is_as_good_is_not),
		cmocka_unit_test(one_that_cannot_be_fitted_is_left_out),
		cmocka_unit_test(want_of_memory_fails_the_run),
		cmocka_unit_test(its_window_is_the_picked_one_where_another_is_better_by_chance),
		cmocka_unit_test(its_window_is_the_best_where_an_old_version_was_picked),
		cmocka_unit_test(an_old_version_that_was_refused_is_not_named),
		cmocka_unit_test(after_growth_c_is_where_the_window_of_one_that_is_picked_begins),
		cmocka_unit_test(a_search_is_of_the_learner_that_was_picked_and_in_its_space),
		cmocka_unit_test(a_champion_of_another_learner_is_not_gone_on_from),
		cmocka_unit_test(the_first_version_is_held_to_the_class_with_the_most_rows),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
