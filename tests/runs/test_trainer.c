#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "engine/bed.h"
#include "learn/choice.h"
#include "report/report.h"
#include "runs/rows.h"
#include "store/run.h"
#include "versions/live_start.h"

/* The trainer where a run's shadow can't be made. */

static atomic_bool failing;

bool __real_upk_live_start_make(struct upk_live_start *start, const struct upk_dataset *d,
	size_t from, size_t to, const struct upk_text *classes, const atomic_bool *cancel,
	struct upk_error *err);
bool __wrap_upk_live_start_make(struct upk_live_start *start, const struct upk_dataset *d,
	size_t from, size_t to, const struct upk_text *classes, const atomic_bool *cancel,
	struct upk_error *err);

bool __wrap_upk_live_start_make(struct upk_live_start *start, const struct upk_dataset *d,
	size_t from, size_t to, const struct upk_text *classes, const atomic_bool *cancel,
	struct upk_error *err)
{
	if (atomic_load(&failing))
		return upk_fail(err, UPK_NOMEM, "no memory for a shadow");
	return __real_upk_live_start_make(start, d, from, to, classes, cancel, err);
}

/* How a run stands in the store when its rows are read, and one whose beginning takes its time to
 * be stored. */

static atomic_bool slow;
static char stored_state[16];

bool __real_upk_run_update(
	struct upk_store *s, const struct upk_run_row *row, struct upk_error *err);
bool __wrap_upk_run_update(
	struct upk_store *s, const struct upk_run_row *row, struct upk_error *err);

bool __wrap_upk_run_update(
	struct upk_store *s, const struct upk_run_row *row, struct upk_error *err)
{
	if (atomic_load(&slow))
		usleep(200000);
	return __real_upk_run_update(s, row, err);
}

bool __real_upk_rows_read(struct upk_store *store, int64_t model, const struct upk_schema *schema,
	int64_t now, int64_t as_of, int64_t champion, const atomic_bool *cancel,
	struct upk_rows *rows, struct upk_error *err);
bool __wrap_upk_rows_read(struct upk_store *store, int64_t model, const struct upk_schema *schema,
	int64_t now, int64_t as_of, int64_t champion, const atomic_bool *cancel,
	struct upk_rows *rows, struct upk_error *err);

bool __wrap_upk_rows_read(struct upk_store *store, int64_t model, const struct upk_schema *schema,
	int64_t now, int64_t as_of, int64_t champion, const atomic_bool *cancel,
	struct upk_rows *rows, struct upk_error *err)
{
	struct upk_run_row run;
	bool found;

	if (atomic_load(&slow) && upk_run_get(store, model, 1, &found, &run, err) && found)
		snprintf(stored_state, sizeof stored_state, "%.*s", (int)run.state.size,
			run.state.data);
	return __real_upk_rows_read(store, model, schema, now, as_of, champion, cancel, rows, err);
}

/* How often a learner was chosen, and what the first run said of its progress just before. */

static atomic_int choices;
static struct upk_engine *_Atomic watched;
static char progress[64];

bool __real_upk_choice(const struct upk_choice_request *r, size_t *chosen,
	double scores[UPK_CHOICE_LEARNERS], struct upk_error *err);
bool __wrap_upk_choice(const struct upk_choice_request *r, size_t *chosen,
	double scores[UPK_CHOICE_LEARNERS], struct upk_error *err);

bool __wrap_upk_choice(const struct upk_choice_request *r, size_t *chosen,
	double scores[UPK_CHOICE_LEARNERS], struct upk_error *err)
{
	struct upk_engine *e = atomic_load(&watched);
	struct upk_buffer out = { 0 };
	struct upk_json_writer w = upk_json_writer_on(&out);

	atomic_fetch_add(&choices, 1);
	if (e && upk_report_run(e, "m", 1, &w, err)) {
		upk_buffer_putc(&out, '\0');
		const char *found = strstr(out.data, "\"progress\":");
		snprintf(progress, sizeof progress, "%s", found ? found : "");
	}
	upk_buffer_finish(&out);
	return __real_upk_choice(r, chosen, scores, err);
}

static void post_rows(struct bed *b, size_t count)
{
	struct upk_buffer body = { 0 };
	struct upk_post post;

	upk_buffer_puts(&body, "[");
	for (size_t i = 0; i < count; i++)
		upk_buffer_printf(&body, "%s{\"features\":[%zu,%zu],\"label\":\"%s\"}",
			i ? "," : "", i % 11, i % 7, i % 11 > 5 ? "high" : "low");
	upk_buffer_append(&body, "]", 2);
	assert_false(body.failed);
	bed_post(b, &post, UPK_ITEM_EVENT, "m", body.data, BED_SETTLE);
	assert_int_equal(post.accepted, count);
	bed_finish(&post);
	upk_buffer_finish(&body);
}

static void expect_report(struct bed *b,
	bool (*report)(struct upk_engine *e, const char *model, const struct upk_list_query *query,
		struct upk_json_writer *w, struct upk_error *err),
	const char *text, bool there)
{
	const struct upk_list_query query = { .limit = 100 };
	struct upk_error err = { 0 };
	struct upk_buffer out = { 0 };
	struct upk_json_writer w = upk_json_writer_on(&out);

	assert_true(report(b->engine, "m", &query, &w, &err));
	upk_buffer_append(&out, "", 1);
	if ((strstr(out.data, text) != NULL) != there)
		fail_msg("%s: %s", text, out.data);
	upk_buffer_finish(&out);
}

/* The gate had let the version through; without its shadow the run has come to nothing. */
static void a_run_that_fails_after_its_contest_keeps_no_version(void **state)
{
	struct bed *b = *state;

	atomic_store(&failing, true);
	bed_put(b, "m", "{}");
	post_rows(b, 500);
	expect_report(b, upk_report_runs, "\"state\":\"failed\"", true);
	expect_report(b, upk_report_runs, "no memory for a shadow", true);
	expect_report(b, upk_report_versions, "\"version\":", false);

	atomic_store(&failing, false);
	post_rows(b, 500);
	expect_report(b, upk_report_runs, "\"state\":\"succeeded\"", true);
	expect_report(b, upk_report_versions, "\"version\":1", true);
}

/* So that a run which ends the daemon is known at the next start, however soon it does. */
static void a_run_is_stored_as_running_before_it_reads_a_row(void **state)
{
	struct bed *b = *state;

	bed_put(b, "m", "{}");
	atomic_store(&slow, true);
	post_rows(b, 500);
	atomic_store(&slow, false);
	assert_string_equal(stored_state, "running");
	expect_report(b, upk_report_runs, "\"state\":\"succeeded\"", true);
}

/* Of each learner four fits are the choice's, and the first version is fitted twice. */
static void progress_counts_from_before_the_first_fit(void **state)
{
	struct bed *b = *state;

	bed_put(b, "m", "{}");
	atomic_store(&watched, b->engine);
	post_rows(b, 500);
	atomic_store(&watched, NULL);
	assert_non_null(strstr(progress, "\"progress\":{\"done\":0,\"total\":14}"));
}

static void a_run_says_by_what_its_learner_was_chosen(void **state)
{
	struct bed *b = *state;

	bed_put(b, "m", "{}");
	post_rows(b, 500);
	expect_report(b, upk_report_runs,
		"\"held\":false},\"choice\":[{\"learner\":\"logistic\",\"score\":1},{", true);
	expect_report(b, upk_report_runs, "{\"learner\":\"mlp\",\"score\":1}]", true);
}

static void a_learner_that_is_given_was_chosen_by_nothing(void **state)
{
	struct bed *b = *state;

	bed_put(b, "m", "{\"retrain\":{\"learner\":\"trees\"}}");
	post_rows(b, 500);
	expect_report(b, upk_report_runs, "\"held\":false},\"choice\":null", true);
}

static void a_run_that_must_fail_does_before_a_learner_is_chosen(void **state)
{
	struct bed *b = *state;
	struct upk_error err = { 0 };
	int64_t run;

	bed_put(b, "m", "{}");
	atomic_store(&choices, 0);
	post_rows(b, 500);
	assert_int_equal(choices, 1);
	assert_true(upk_engine_start_run(b->engine, "m", &run, &err));
	post_rows(b, 1);
	expect_report(b, upk_report_runs, "of the newest 250 rows 0 are pairs", true);
	assert_int_equal(choices, 1);
}

static void post_batch(struct bed *b, enum upk_item_kind kind, size_t from, size_t to)
{
	struct upk_buffer body = { 0 };

	upk_buffer_puts(&body, "[");
	for (size_t i = from; i < to; i++)
		if (kind == UPK_ITEM_PREDICT)
			upk_buffer_printf(&body, "%s{\"id\":\"%zu\",\"features\":[%zu,%zu]}",
				i > from ? "," : "", i, i % 11, i % 7);
		else
			upk_buffer_printf(&body, "%s{\"id\":\"%zu\",\"label\":\"%s\"}",
				i > from ? "," : "", i, i % 11 > 5 ? "high" : "low");
	upk_buffer_append(&body, "]", 2);
	assert_false(body.failed);
	bed_send(b, kind, body.data);
	upk_buffer_finish(&body);
}

/* The labels of a hundred rows come after the next hundred were predicted: of the newest 250 rows
 * those of the third hundred waited for 150 to 199 others, those of the fourth and fifth for 100 to
 * 199. The median is 158. */
static void rows_say_what_was_known_when_they_were_predicted(void **state)
{
	struct bed *b = *state;
	struct upk_error err = { 0 };
	struct upk_rows rows;
	atomic_bool cancel = false;

	bed_put(b, "m", "{\"rules\":[],\"retrain\":{\"learner\":\"logistic\",\"trials\":0}}");
	post_rows(b, 500);
	for (size_t i = 0; i < 500; i += 100) {
		post_batch(b, UPK_ITEM_PREDICT, i, i + 100);
		if (i > 0)
			post_batch(b, UPK_ITEM_LABEL, i - 100, i);
	}
	post_batch(b, UPK_ITEM_LABEL, 400, 500);
	struct upk_schema *schema = upk_engine_schema(b->engine, "m", &err);
	struct upk_store *store = upk_store_open(b->folder, UPK_STORE_READ, &err);
	assert_true(schema && store);
	assert_true(upk_rows_read(store, 1, schema, 1001, INT64_MAX, 0, &cancel, &rows, &err));
	assert_int_equal(rows.data.rows, 1000);
	assert_int_equal(upk_dataset_lag(&rows.data, 750, 1000), 158);
	upk_rows_finish(&rows);
	upk_store_close(store);
	upk_schema_unref(schema);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(a_run_that_fails_after_its_contest_keeps_no_version,
			bed_setup, bed_teardown),
		cmocka_unit_test_setup_teardown(
			a_run_is_stored_as_running_before_it_reads_a_row, bed_setup, bed_teardown),
		cmocka_unit_test_setup_teardown(
			progress_counts_from_before_the_first_fit, bed_setup, bed_teardown),
		cmocka_unit_test_setup_teardown(
			a_run_says_by_what_its_learner_was_chosen, bed_setup, bed_teardown),
		cmocka_unit_test_setup_teardown(
			a_learner_that_is_given_was_chosen_by_nothing, bed_setup, bed_teardown),
		cmocka_unit_test_setup_teardown(
			a_run_that_must_fail_does_before_a_learner_is_chosen, bed_setup,
			bed_teardown),
		cmocka_unit_test_setup_teardown(
			rows_say_what_was_known_when_they_were_predicted, bed_setup, bed_teardown),
	};
	return cmocka_run_group_tests_name("trainer", tests, NULL, NULL);
}
