#include "runs/trials.h"

#include <math.h>
#include <string.h>

#include "store/fixture.h"
#include "store/trial.h"

/* A run with a trial that went well and one that failed. */
static void insert_trials(struct fixture *f)
{
	fixture_begin(f);
	fixture_run(f, 1);
	fixture_trial(f, 1, 1, 0.75);
	fixture_trial(f, 1, 2, (double)NAN);
	fixture_commit(f);
}

/* The caller finishes it. */
static struct upk_trial asked(int64_t number, const char *settings)
{
	return (struct upk_trial){ .number = number,
		.kind = UPK_TRIAL_OPTIMISE,
		.learner = &upk_trees,
		.parent = number > 1 ? 1 : 0,
		.settings = strdup(settings),
		.from = 3,
		.to = 9,
		.rows = 5,
		.seed = 7 };
}

static struct upk_trials *open_trials(struct fixture *f, int64_t run)
{
	struct upk_error err = { 0 };
	struct upk_model *m = upk_model_create("m", f->model, &err);
	struct upk_trials *t = upk_trials_read(NULL, m, run, f->store, &err);
	assert_ok(t != NULL, &err);
	upk_model_unref(m);
	return t;
}

static void stored_trials_are_recalled_with_what_came_of_them(void **state)
{
	struct fixture *f = *state;
	const char *settings = "{\"rounds\":9}";
	insert_trials(f);
	struct upk_trials *t = open_trials(f, 1);
	struct upk_search_watch watch = upk_trials_watch(t);
	struct upk_trial one = asked(1, settings), two = asked(2, settings);
	assert_true(watch.recall(watch.context, &one));
	assert_false(one.failed);
	assert_true(one.score == 0.75 && one.seconds == 0.25);
	assert_string_equal(one.error, "");
	assert_true(watch.recall(watch.context, &two));
	assert_true(two.failed && isnan(two.score));
	assert_string_equal(two.error, "it diverged");
	upk_trial_finish(&one);
	upk_trial_finish(&two);
	upk_trials_destroy(t);
}

static void a_trial_that_differs_in_anything_is_made_again(void **state)
{
	struct fixture *f = *state;
	const char *settings = "{\"rounds\":9}";
	insert_trials(f);
	struct upk_trials *t = open_trials(f, 1);
	struct upk_search_watch watch = upk_trials_watch(t);
	struct upk_trial differing[8];
	for (size_t i = 0; i < 8; i++)
		differing[i] = asked(1, settings);
	differing[0].settings[strlen(settings) - 2] = '8';
	differing[1].seed = 8;
	differing[2].rows = 6;
	differing[3].from = 2;
	differing[4].to = 10;
	differing[5].kind = UPK_TRIAL_ADJUST;
	differing[6].learner = &upk_mlp;
	differing[7].number = 3;
	for (size_t i = 0; i < 8; i++)
		assert_false(watch.recall(watch.context, &differing[i]));
	for (size_t i = 0; i < 8; i++)
		upk_trial_finish(&differing[i]);
	upk_trials_destroy(t);
}

static void another_run_has_none_of_them(void **state)
{
	struct fixture *f = *state;
	const char *settings = "{\"rounds\":9}";
	insert_trials(f);
	struct upk_trials *t = open_trials(f, 2);
	struct upk_search_watch watch = upk_trials_watch(t);
	struct upk_trial one = asked(1, settings);
	assert_false(watch.recall(watch.context, &one));
	upk_trial_finish(&one);
	upk_trials_destroy(t);
}

static void a_trial_that_was_cut_is_recalled_with_the_rounds_that_it_was_left_with(void **state)
{
	struct fixture *f = *state;
	insert_trials(f);
	struct upk_trials *t = open_trials(f, 1);
	struct upk_search_watch watch = upk_trials_watch(t);
	struct upk_trial longer = asked(1, "{\"rounds\":40}"), shorter = asked(1, "{\"rounds\":5}");
	assert_true(watch.recall(watch.context, &longer));
	assert_string_equal(longer.settings, "{\"rounds\":9}");
	assert_false(watch.recall(watch.context, &shorter));
	upk_trial_finish(&longer);
	upk_trial_finish(&shorter);
	upk_trials_destroy(t);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, fixture_setup, fixture_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(stored_trials_are_recalled_with_what_came_of_them),
		TEST(a_trial_that_differs_in_anything_is_made_again),
		TEST(another_run_has_none_of_them),
		TEST(a_trial_that_was_cut_is_recalled_with_the_rounds_that_it_was_left_with),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
