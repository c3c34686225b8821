#include "fixture.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "store/run.h"
#include "store/trial.h"

struct seen {
	size_t count;
	char text[256];
};

static bool take(void *context, const struct upk_trial_row *row)
{
	struct seen *seen = context;
	size_t used = strlen(seen->text);
	snprintf(seen->text + used, sizeof seen->text - used, "%lld:%lld:%lld:%g:%.*s ",
		(long long)row->run, (long long)row->trial, (long long)row->parent, row->score,
		(int)row->error.size, row->error.data ? row->error.data : "");
	seen->count++;
	assert_text(row->kind, "optimise");
	assert_text(row->learner, "trees");
	assert_text(row->settings, "{\"rounds\":9}");
	assert_text(row->curve, "{\"every\":1,\"loss\":[0.5]}");
	assert_int_equal(row->from * 1000 + row->to * 100 + row->rows * 10 + row->seed, 3957);
	assert_true(row->seconds == 0.25);
	return true;
}

static void expect(struct fixture *f, int64_t run, const char *wanted)
{
	struct upk_error err = { 0 };
	struct seen seen = { 0 };
	assert_ok(upk_trial_each(f->store, f->model, run, take, &seen, &err), &err);
	assert_string_equal(seen.text, wanted);
}

static void trials_read_back_as_they_were_written(void **state)
{
	struct fixture *f = *state;
	fixture_begin(f);
	fixture_run(f, 1);
	fixture_run(f, 2);
	fixture_trial(f, 1, 2, NAN);
	fixture_trial(f, 1, 1, 0.1);
	fixture_trial(f, 2, 1, 0.3);
	fixture_commit(f);
	expect(f, 1, "1:1:0:0.1: 1:2:1:nan:it diverged ");
	expect(f, 2, "2:1:0:0.3: ");
	expect(f, 3, "");
}

static void the_oldest_go_but_not_those_of_later_runs(void **state)
{
	struct fixture *f = *state;
	struct upk_error err = { 0 };
	fixture_begin(f);
	for (int64_t run = 1; run <= 3; run++) {
		fixture_run(f, run);
		fixture_trial(f, run, 1, 1);
		fixture_trial(f, run, 2, 2);
	}
	/* Beyond the newest three: 2:1, 1:2 and 1:1; those of run 2 and later stay. */
	assert_ok(upk_trial_remove_old(f->store, f->model, 1, 3, 1, &err), &err);
	fixture_commit(f);
	expect(f, 1, "1:1:0:1: ");
	expect(f, 2, "2:1:0:1: 2:2:1:2: ");
	fixture_begin(f);
	assert_ok(upk_trial_remove_old(f->store, f->model, 2, 3, 9, &err), &err);
	fixture_commit(f);
	expect(f, 1, "");
	expect(f, 2, "2:2:1:2: ");
	expect(f, 3, "3:1:0:1: 3:2:1:2: ");
}

static void trials_go_with_their_run(void **state)
{
	struct fixture *f = *state;
	struct upk_error err = { 0 };
	fixture_begin(f);
	struct upk_run_row ended = { .model = f->model, .run = 1, .state = upk_text_of("failed") };
	fixture_run(f, 1);
	fixture_trial(f, 1, 1, 1);
	assert_ok(upk_run_update(f->store, &ended, &err), &err);
	assert_ok(upk_run_remove_old(f->store, f->model, 1, 9, &err), &err);
	fixture_commit(f);
	expect(f, 1, "");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, fixture_setup, fixture_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(trials_read_back_as_they_were_written),
		TEST(the_oldest_go_but_not_those_of_later_runs),
		TEST(trials_go_with_their_run),
	};
	return cmocka_run_group_tests_name("trial", tests, NULL, NULL);
}
