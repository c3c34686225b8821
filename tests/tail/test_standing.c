#include "tail/standing.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "engine/stream.h"

static void expect(const struct stream *s, const char *words)
{
	struct upk_error err = { 0 };

	assert_false(upk_standing_no_champion(s->tail, "m", &err));
	assert_int_equal(err.code, UPK_CONFLICT);
	assert_string_equal(err.message, words);
}

static void a_model_that_is_watched_says_how_it_comes_to_a_version(void **state)
{
	struct stream s;

	(void)state;
	stream_open(&s, "{\"features\":[\"x\"]}", 2);
	stream_event(&s, 0);
	expect(&s,
		"model m has no champion yet: it is watching; it has predictions of its own "
		"service and no version: start a run by POST .../runs, or wait for one that an "
		"alert starts");
	snprintf(s.tail->no_champion, sizeof s.tail->no_champion, "one class");
	s.tail->paused = true;
	expect(&s,
		"model m has no champion yet: it is paused; it has predictions of its own "
		"service and no version: start a run by POST .../runs, or wait for one that an "
		"alert starts once PUT .../retraining has it go on; the last run came to none: "
		"one class");
	s.tail->open_run = 7;
	expect(&s, "model m has no champion yet: it is retraining; run 7 goes on");
	stream_close(&s);
}

static void one_that_is_paused_before_a_row_says_how_it_goes_on(void **state)
{
	struct stream s;

	(void)state;
	stream_open(&s, "{\"features\":[\"x\"]}", 2);
	s.tail->paused = true;
	expect(&s,
		"model m has no champion yet: it is paused; start a run by POST .../runs, or go "
		"on with PUT .../retraining");
	s.tail->paused = false;
	expect(&s,
		"model m has no champion yet: it is collecting, and waits for 500 more rows with "
		"features and labels");
	stream_close(&s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_model_that_is_watched_says_how_it_comes_to_a_version),
		cmocka_unit_test(one_that_is_paused_before_a_row_says_how_it_goes_on),
	};

	return cmocka_run_group_tests_name("standing", tests, NULL, NULL);
}
