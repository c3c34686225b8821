#include "report/report_rows.h"

#include <math.h>

#include "store/fixture.h"

/* A run with a trial that went well and one that failed. */
static void insert_trials(struct fixture *f)
{
	fixture_begin(f);
	fixture_run(f, 1);
	fixture_trial(f, 1, 1, 0.75);
	fixture_trial(f, 1, 2, (double)NAN);
	fixture_commit(f);
}

static void trials_are_shown_in_their_order(void **state)
{
	static const char wanted[] =
		"{\"trials\":[{\"trial\":1,\"kind\":\"optimise\",\"learner\":\"trees\","
		"\"settings\":{\"rounds\":9},\"parent\":null,\"from\":3,\"to\":9,\"rows\":5,"
		"\"seed\":7,\"state\":\"done\",\"error\":null,\"score\":0.75,\"seconds\":0.25,"
		"\"curve\":{\"every\":1,\"loss\":[0.5]}},"
		"{\"trial\":2,\"kind\":\"optimise\",\"learner\":\"trees\","
		"\"settings\":{\"rounds\":9},\"parent\":1,\"from\":3,\"to\":9,\"rows\":5,"
		"\"seed\":7,\"state\":\"failed\",\"error\":\"it diverged\",\"score\":null,"
		"\"seconds\":0.25,\"curve\":{\"every\":1,\"loss\":[0.5]}}]}";
	struct fixture *f = *state;
	struct upk_error err = { 0 };
	struct upk_buffer out = { 0 };
	struct upk_json_writer w = upk_json_writer_on(&out);
	insert_trials(f);
	upk_json_object(&w, NULL);
	assert_ok(upk_report_write_trials(f->store, f->model, 1, &w, &err), &err);
	upk_json_object_end(&w);
	assert_text(upk_buffer_text(&out), wanted);
	upk_buffer_finish(&out);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(
			trials_are_shown_in_their_order, fixture_setup, fixture_teardown),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
