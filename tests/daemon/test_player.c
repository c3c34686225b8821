#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "client/player.h"
#include "client/replay.h"
#include "fake_daemon.h"

#define UNUSED __attribute__((unused))

/* 500 rows of a, a, b, then `later` rows: the first column is over 10 in every third one, and those
 * are labelled b, but for each eleventh. */
static struct upk_stream *make_stream(size_t later)
{
	char path[] = "/tmp/upkeepd-player-XXXXXX";
	int fd = mkstemp(path);
	assert_true(fd >= 0);
	FILE *f = fdopen(fd, "w");
	fprintf(f, "x,y,class\n");
	for (size_t row = 0; row < 500 + later; row++) {
		bool b = row % 3 == 2;
		fprintf(f, "%d,%zu,%s\n", b ? 11 : 1, row, b && row % 11 ? "b" : "a");
	}
	fclose(f);
	struct upk_stream_options options = { .path = path };
	struct upk_stream *s = upk_stream_read(&options, NULL);
	assert_non_null(s);
	unlink(path);
	return s;
}

struct played {
	struct fake_daemon daemon;
	struct upk_client *client;
	bool ok;
	struct upk_replay outcome;
	struct upk_error err;
	cJSON *log;
};

static void play(
	struct played *p, size_t later, struct upk_player_options options, const char *fault)
{
	*p = (struct played){ .ok = false };
	fake_daemon_start(&p->daemon, fault);
	p->client = upk_client_create(p->daemon.url, NULL);
	assert_non_null(p->client);
	struct upk_stream *stream = make_stream(later);
	struct upk_progress progress = upk_progress_begin(0);
	options.model = "m";
	p->ok = upk_play(p->client, stream, &options, &progress, NULL, &p->outcome, &p->err);
	upk_stream_destroy(stream);
	p->log = upk_client_call(p->client, "GET", "/log", (struct upk_text){ 0 }, NULL);
	assert_non_null(p->log);
}

static void finish(struct played *p)
{
	cJSON_Delete(p->log);
	upk_client_destroy(p->client);
	fake_daemon_stop(&p->daemon);
}

static void assert_log(const struct played *p, const char *const *wanted)
{
	int i = 0;
	for (; wanted[i]; i++)
		assert_string_equal(cJSON_GetStringValue(cJSON_GetArrayItem(p->log, i)), wanted[i]);
	assert_int_equal(cJSON_GetArraySize(p->log), i);
}

static void labels_follow_their_rows_at_the_delay(void **state UNUSED)
{
	static const char *const wanted[] = {
		"create {\"classes\": [\"a\", \"b\"], \"features\": [\"x\", \"y\"], "
		"\"retrain\": {\"budget\": null}}",
		"pause",
		"examples 2..501 (500) settled",
		"run",
		"resume",
		"predict 502..505 (4) settled",
		"predict 506..509 (4) settled",
		"labels 502..505 (4) settled",
		"predict 510..511 (2) settled",
		"labels 506..511 (6) settled",
		"version 1 (10)",
		NULL,
	};
	struct played p;
	play(&p, 10, (struct upk_player_options){ .label_delay = 4, .lockstep = true }, NULL);
	assert_true(p.ok);
	assert_log(&p, wanted);
	finish(&p);
}

static void without_delay_each_row_is_labelled_at_once(void **state UNUSED)
{
	static const char *const wanted[] = {
		"create {\"classes\": [\"a\", \"b\"], \"features\": [\"x\", \"y\"], \"rules\": [], "
		"\"retrain\": {\"budget\": null, \"learner\": \"logistic\", \"live\": false}}",
		"pause",
		"examples 2..501 (500)",
		"run",
		"resume",
		"predict 502..502 (1)",
		"labels 502..502 (1)",
		"predict 503..503 (1)",
		"labels 503..503 (1)",
		"version 1 (2)",
		NULL,
	};
	struct played p;
	const struct upk_player_options options = {
		.learner = "logistic", .no_live = true, .rules = "[]"
	};
	play(&p, 2, options, NULL);
	assert_true(p.ok);
	assert_log(&p, wanted);
	finish(&p);
}

static void a_long_delay_is_sent_in_batches_of_1000(void **state UNUSED)
{
	struct played p;
	play(&p, 2500, (struct upk_player_options){ .label_delay = 2100 }, NULL);
	assert_true(p.ok);
	static const char *const wanted[] = {
		"predict 502..1501 (1000)",
		"predict 1502..2501 (1000)",
		"predict 2502..3001 (500)",
		"labels 502..1501 (1000)",
		"labels 1502..2501 (1000)",
		"labels 2502..3001 (500)",
	};
	for (int i = 0; i < 6; i++)
		assert_string_equal(
			cJSON_GetStringValue(cJSON_GetArrayItem(p.log, 5 + i)), wanted[i]);
	finish(&p);
}

/* Rows 500 .. 2999; b is foreseen in every third, and wrong where the row is one of 33 too. */
static void figures_and_floors_are_of_the_scored_rows(void **state UNUSED)
{
	struct played p;
	size_t hits = 0, alone = 0, repeated = 0;
	play(&p, 2500, (struct upk_player_options){ .label_delay = 100 }, NULL);
	for (size_t row = 500; row < 3000; row++) {
		bool b = row % 3 == 2, is_b = b && row % 11;
		/* The last label known is that of the row before the batch that is 100 rows back.
		 */
		size_t known = row < 600 ? 499 : row - row % 100 - 101;
		bool known_b = known % 3 == 2 && known % 11;
		hits += b == is_b;
		alone += !is_b;
		repeated += known_b == is_b;
	}
	assert_true(p.ok);
	assert_int_equal(p.outcome.rows, 2500);
	assert_true(p.outcome.maintained.accuracy == (double)hits / 2500);
	assert_true(p.outcome.version_1.accuracy == (double)alone / 2500);
	assert_true(p.outcome.majority.accuracy == (double)alone / 2500);
	assert_true(p.outcome.last_label.accuracy == (double)repeated / 2500);
	finish(&p);
}

static void runs_are_counted_over_all_pages(void **state UNUSED)
{
	struct played p;
	play(&p, 2, (struct upk_player_options){ 0 }, NULL);
	assert_true(p.ok);
	assert_int_equal(p.outcome.runs.started, 150);
	assert_int_equal(p.outcome.runs.promoted, 1);
	assert_int_equal(p.outcome.runs.rejected, 147);
	assert_int_equal(p.outcome.runs.failed, 1);
	assert_true(p.outcome.seconds_training == 300);
	finish(&p);
}

static void a_busy_daemon_is_asked_again(void **state UNUSED)
{
	struct played p;
	play(&p, 1, (struct upk_player_options){ 0 }, "busy");
	assert_true(p.ok);
	static const char *const wanted[] = { "busy", "labels 502..502 (1)", "version 1 (1)" };
	for (int i = 0; i < 3; i++)
		assert_string_equal(
			cJSON_GetStringValue(cJSON_GetArrayItem(p.log, 6 + i)), wanted[i]);
	finish(&p);
}

static void a_row_that_is_refused_stops_the_replay(void **state UNUSED)
{
	struct played p;
	play(&p, 5, (struct upk_player_options){ .label_delay = 5 }, "reject");
	assert_false(p.ok);
	assert_string_equal(p.err.message, "/predict: item 0: features: 11 is too odd");
	finish(&p);
}

static void a_first_run_that_fails_is_said_and_resumed(void **state UNUSED)
{
	static const char *const wanted[] = {
		"create {\"classes\": [\"a\", \"b\"], \"features\": [\"x\", \"y\"], "
		"\"retrain\": {\"budget\": null}}",
		"pause",
		"examples 2..501 (500)",
		"run",
		"resume",
		NULL,
	};
	struct played p;
	play(&p, 5, (struct upk_player_options){ 0 }, "untrained");
	assert_false(p.ok);
	assert_string_equal(
		p.err.message, "run 1 is failed and there is no champion: one class only");
	assert_log(&p, wanted);
	finish(&p);
}

static void an_existing_model_is_left_paused_as_it_was(void **state UNUSED)
{
	static const char *const wanted[] = { "pause", "examples 2..501 (500)", "run", "pause" };
	struct played p;
	play(&p, 2, (struct upk_player_options){ 0 }, "exists");
	assert_true(p.ok);
	for (int i = 0; i < 4; i++)
		assert_string_equal(cJSON_GetStringValue(cJSON_GetArrayItem(p.log, i)), wanted[i]);
	finish(&p);
}

static void a_model_that_does_not_fit_is_left_alone(void **state UNUSED)
{
	static const char *const nothing[] = { NULL };
	static const char *const rows[][2] = {
		{ "foreign",
			"model m: the model has no feature for the column \"y\": use "
			"another --model or --drop" },
		{ "swapped",
			"model m: feature 1 of the model is \"y\", of the file \"x\": "
			"give the file the model's columns in the model's order, or use "
			"another --model" },
		{ "narrow",
			"model m: the model's classes lack the file's \"b\": use another "
			"--model" },
	};
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct played p;
		play(&p, 2, (struct upk_player_options){ 0 }, rows[i][0]);
		assert_false(p.ok);
		assert_string_equal(p.err.message, rows[i][1]);
		assert_log(&p, nothing);
		finish(&p);
	}
}

static void a_file_that_was_played_before_orders_no_run(void **state UNUSED)
{
	static const char *const wanted[] = { "pause", "examples 2..501 (500)", "pause", NULL };
	struct played p;
	play(&p, 2, (struct upk_player_options){ 0 }, "played");
	assert_false(p.ok);
	assert_non_null(strstr(p.err.message, "this file was played into model m before"));
	assert_log(&p, wanted);
	finish(&p);
}

static void too_few_rows_are_refused_before_anything_is_sent(void **state UNUSED)
{
	static const char *const nothing[] = { NULL };
	struct played p;
	play(&p, 0, (struct upk_player_options){ 0 }, NULL);
	assert_false(p.ok);
	assert_string_equal(p.err.message, "500 rows: the first 500 only make the first version");
	assert_log(&p, nothing);
	finish(&p);
}

static void the_json_line_has_what_the_issue_lists(void **state UNUSED)
{
	struct upk_replay o = {
		.rows = 7,
		.maintained = { 0.5, 0.25, 0.125 },
		.version_1 = { 1, 1, 0.0 / 0.0 },
		.runs = { 4, 1, 2, 1 },
		.seconds = 1.23456,
		.seconds_training = 0.5,
	};
	char *text = NULL;
	size_t size = 0;
	FILE *f = open_memstream(&text, &size);
	assert_true(upk_replay_print_json(&o, f, NULL));
	fclose(f);
	assert_string_equal(text,
		"{\"rows\":7,\"maintained\":{\"accuracy\":0.5,\"macro_f1\":0.25,\"rolling_f1\":0."
		"125},"
		"\"version_1\":{\"accuracy\":1,\"macro_f1\":1,\"rolling_f1\":null},"
		"\"last_label\":{\"accuracy\":0,\"macro_f1\":0,\"rolling_f1\":0},"
		"\"majority\":{\"accuracy\":0,\"macro_f1\":0,\"rolling_f1\":0},"
		"\"runs\":{\"started\":4,\"promoted\":1,\"rejected\":2,\"failed\":1},"
		"\"seconds\":1.235,\"seconds_training\":0.5}\n");
	free(text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(labels_follow_their_rows_at_the_delay),
		cmocka_unit_test(without_delay_each_row_is_labelled_at_once),
		cmocka_unit_test(a_long_delay_is_sent_in_batches_of_1000),
		cmocka_unit_test(figures_and_floors_are_of_the_scored_rows),
		cmocka_unit_test(runs_are_counted_over_all_pages),
		cmocka_unit_test(a_busy_daemon_is_asked_again),
		cmocka_unit_test(a_row_that_is_refused_stops_the_replay),
		cmocka_unit_test(a_first_run_that_fails_is_said_and_resumed),
		cmocka_unit_test(an_existing_model_is_left_paused_as_it_was),
		cmocka_unit_test(a_model_that_does_not_fit_is_left_alone),
		cmocka_unit_test(a_file_that_was_played_before_orders_no_run),
		cmocka_unit_test(too_few_rows_are_refused_before_anything_is_sent),
		cmocka_unit_test(the_json_line_has_what_the_issue_lists),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
