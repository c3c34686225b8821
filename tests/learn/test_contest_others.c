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

static void a_search_is_of_the_learner_that_was_picked(void **state)
{
	struct upk_contest_other others[] = { other(&upk_trees) };
	const struct upk_tuning tuning = { .trials = 3,
		.repetitions = 1,
		.method = upk_search_method_find("random"),
		.objective = { upk_metric_find("f1"), UPK_AVERAGE_MACRO, 0 } };
	struct upk_contest_outcome out;
	struct upk_dataset d;

	(void)state;
	make(&d, true, 5);
	upk_space_init(&others[0].space, upk_trees.space);
	struct upk_contest_request r = request_on(&d, UPK_GATE_MANUAL, others, 1);
	r.tuning = &tuning;
	run(&r, &out);
	assert_string_equal(upk_predictor_learner(out.predictor), "trees");
	for (size_t i = 0; i < out.count; i++)
		if (out.candidates[i].trial)
			assert_ptr_equal(out.candidates[i].learner, &upk_trees);
	upk_contest_finish(&out);
	upk_dataset_finish(&d);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(one_that_is_better_after_the_change_is_picked),
		cmocka_unit_test(the_window_is_the_one_that_was_picked_without_it),
		cmocka_unit_test(one_that_is_as_good_is_not),
		cmocka_unit_test(one_that_cannot_be_fitted_is_left_out),
		cmocka_unit_test(want_of_memory_fails_the_run),
		cmocka_unit_test(a_search_is_of_the_learner_that_was_picked),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
