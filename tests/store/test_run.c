#include "fixture.h"

#include "store/model.h"
#include "store/run.h"
#include "store/version.h"

static struct upk_run_row row_of(const struct fixture *f, int64_t run, const char *state)
{
	return (struct upk_run_row){
		.model = f->model,
		.run = run,
		.state = upk_text_of(state),
		.kind = upk_text_of("alert"),
		.rule = upk_text_of("fell"),
		.reason = upk_text_of("why"),
		.alert = 4,
		.now = 900,
		.change = 300,
		.as_of = 2000,
		.seed = -1,
		.queued = run * 1000,
	};
}

static void insert(struct fixture *f, int64_t run, const char *state)
{
	struct upk_error err = { 0 };
	struct upk_run_row row = row_of(f, run, state);
	fixture_begin(f);
	assert_ok(upk_run_insert(f->store, &row, &err), &err);
	fixture_commit(f);
}

static struct upk_run_row get(struct fixture *f, int64_t run)
{
	struct upk_error err = { 0 };
	bool found = false;
	struct upk_run_row row;
	assert_ok(upk_run_get(f->store, f->model, run, &found, &row, &err), &err);
	assert_true(found);
	return row;
}

static void a_run_reads_back_as_it_was_written(void **state)
{
	struct fixture *f = *state;
	struct upk_error err = { 0 };
	insert(f, 1, "queued");
	struct upk_run_row row = get(f, 1);
	assert_text(row.state, "queued");
	assert_text(row.kind, "alert");
	assert_text(row.rule, "fell");
	assert_text(row.reason, "why");
	assert_int_equal(row.alert, 4);
	assert_int_equal(row.now, 900);
	assert_int_equal(row.change, 300);
	assert_int_equal(row.as_of, 2000);
	assert_int_equal(row.seed, -1);
	assert_int_equal(row.queued, 1000);
	assert_int_equal(row.started + row.ended + row.version, 0);
	assert_null(row.candidates.data);
	assert_null(row.gate.data);
	assert_null(row.verdict.data);

	bool found = true;
	assert_ok(upk_run_get(f->store, f->model, 2, &found, &row, &err), &err);
	assert_false(found);
}

static void update_tells_how_it_ended(void **state)
{
	struct fixture *f = *state;
	struct upk_error err = { 0 };
	insert(f, 1, "queued");
	struct upk_run_row end = { .model = f->model,
		.run = 1,
		.state = upk_text_of("succeeded"),
		.started = 5,
		.ended = 6,
		.candidates = upk_text_of("[1]"),
		.gate = upk_text_of("{}"),
		.verdict = upk_text_of("better"),
		.version = 7 };
	fixture_begin(f);
	assert_ok(upk_run_update(f->store, &end, &err), &err);
	end.run = 2;
	assert_false(upk_run_update(f->store, &end, &err));
	assert_int_equal(err.code, UPK_NOT_FOUND);
	fixture_commit(f);

	struct upk_run_row row = get(f, 1);
	assert_text(row.state, "succeeded");
	assert_int_equal(row.started, 5);
	assert_int_equal(row.ended, 6);
	assert_text(row.candidates, "[1]");
	assert_text(row.gate, "{}");
	assert_text(row.verdict, "better");
	assert_int_equal(row.version, 7);
	assert_text(row.reason, "why");
	assert_int_equal(row.queued, 1000);
}

struct seen {
	size_t count, most;
	int64_t runs[8];
};

static bool take(void *context, const struct upk_run_row *row)
{
	struct seen *seen = context;
	seen->runs[seen->count++] = row->run;
	return seen->count < seen->most;
}

static struct seen filtered(struct fixture *f, struct upk_filter filter)
{
	struct upk_error err = { 0 };
	struct seen seen = { .most = 8 };
	assert_ok(upk_run_each(f->store, f->model, &filter, take, &seen, &err), &err);
	return seen;
}

static void runs_come_newest_first_through_the_filter(void **state)
{
	struct fixture *f = *state;
	struct upk_error err = { 0 };
	int64_t last = -1;
	assert_ok(upk_run_last(f->store, f->model, &last, &err), &err);
	assert_int_equal(last, 0);
	for (int64_t run = 1; run <= 5; run++)
		insert(f, run, "failed");
	assert_ok(upk_run_last(f->store, f->model, &last, &err), &err);
	assert_int_equal(last, 5);

	struct seen all = filtered(f, (struct upk_filter){ .limit = 8 });
	assert_int_equal(all.count, 5);
	assert_int_equal(all.runs[0], 5);
	assert_int_equal(filtered(f, (struct upk_filter){ .limit = 2 }).count, 2);
	struct seen below = filtered(f, (struct upk_filter){ .before = 3, .limit = 8 });
	assert_int_equal(below.count, 2);
	assert_int_equal(below.runs[0], 2);
	struct seen times =
		filtered(f, (struct upk_filter){ .from = 2000, .to = 4000, .limit = 8 });
	assert_int_equal(times.count, 2);
	assert_int_equal(times.runs[0], 3);
	assert_int_equal(times.runs[1], 2);
}

static void open_runs_of_all_models_come_oldest_first(void **state)
{
	struct fixture *f = *state;
	struct upk_error err = { 0 };
	struct upk_model_row other = { .name = upk_text_of("other"),
		.config = upk_text_of("{}"),
		.learnt = upk_text_of("{}") };
	insert(f, 3, "waiting");
	insert(f, 4, "succeeded");
	insert(f, 5, "queued");
	fixture_begin(f);
	assert_ok(upk_model_insert(f->store, &other, &f->model, &err), &err);
	fixture_commit(f);
	insert(f, 1, "running");
	insert(f, 2, "cancelled");

	struct seen seen = { .most = 8 }, stopped = { .most = 1 };
	assert_ok(upk_run_each_open(f->store, take, &seen, &err), &err);
	assert_int_equal(seen.count, 3);
	assert_int_equal(seen.runs[0], 1);
	assert_int_equal(seen.runs[1], 3);
	assert_int_equal(seen.runs[2], 5);
	assert_ok(upk_run_each_open(f->store, take, &stopped, &err), &err);
	assert_int_equal(stopped.count, 1);
}

static void insert_version(struct fixture *f, int64_t version, int64_t run)
{
	struct upk_error err = { 0 };
	struct upk_run_row row = {
		.run = run, .model = f->model, .state = upk_text_of("succeeded"), .version = version
	};
	const struct upk_version_row made = { .model = f->model,
		.version = version,
		.learner = upk_text_of("logistic"),
		.settings = upk_text_of("{}"),
		.run = run };
	fixture_begin(f);
	assert_ok(upk_version_insert(f->store, &made, (struct upk_text){ "x", 1 }, &err), &err);
	assert_ok(upk_run_update(f->store, &row, &err), &err);
	fixture_commit(f);
}

static bool is_there(struct fixture *f, int64_t run)
{
	struct upk_error err = { 0 };
	bool found;
	struct upk_run_row row;
	assert_ok(upk_run_get(f->store, f->model, run, &found, &row, &err), &err);
	return found;
}

static void old_runs_go_but_open_ones_and_those_of_versions(void **state)
{
	struct fixture *f = *state;
	struct upk_error err = { 0 };
	static const char *const states[] = { "succeeded", "waiting", "rejected", "running",
		"failed", "cancelled", "rejected" };
	for (int64_t i = 1; i <= 7; i++)
		insert(f, i, states[i - 1]);
	insert_version(f, 1, 1);
	fixture_begin(f);
	assert_ok(upk_run_remove_old(f->store, f->model, 6, 2, &err), &err);
	fixture_commit(f);
	const bool left[] = { true, true, false, true, false, true, true };
	for (int64_t i = 1; i <= 7; i++)
		assert_int_equal(is_there(f, i), left[i - 1]);
	fixture_begin(f);
	assert_ok(upk_run_remove_old(f->store, f->model, 6, 2, &err), &err);
	fixture_commit(f);
	assert_false(is_there(f, 6));
	assert_true(is_there(f, 7));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, fixture_setup, fixture_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_run_reads_back_as_it_was_written),
		TEST(update_tells_how_it_ended),
		TEST(runs_come_newest_first_through_the_filter),
		TEST(old_runs_go_but_open_ones_and_those_of_versions),
		TEST(open_runs_of_all_models_come_oldest_first),
	};
	return cmocka_run_group_tests_name("run", tests, NULL, NULL);
}
