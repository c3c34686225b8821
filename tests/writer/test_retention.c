#include "base/random.h"
#include "engine/bed.h"
#include "report/report.h"
#include "store/check.h"
#include "store/event.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

/* The writer looks at the clock every second. */
static void let_it_look(void)
{
	usleep(2500 * 1000);
}

#define WINDOW "\"windows\":[{\"name\":\"all\",\"count\":100}]"
#define PAIR(id) "{\"id\":\"" id "\",\"predicted\":\"x\",\"label\":\"x\",\"features\":[1]}"

static void rows_that_are_too_old_go_and_no_others(void **state)
{
	struct bed_timed *t = *state;
	struct bed *b = &t->bed;
	bed_put(b, "m", "{\"retention\":\"1h\"," WINDOW "}");
	bed_put(b, "ever", "{" WINDOW "}");
	bed_send(b, UPK_ITEM_EVENT, "[" PAIR("a") "," PAIR("b") "," PAIR("c") "]");
	bed_send(b, UPK_ITEM_LABEL, "{\"id\":\"early\",\"label\":\"x\"}");
	struct upk_post post;
	bed_post(b, &post, UPK_ITEM_EVENT, "ever", PAIR("a"), 0);
	bed_finish(&post);
	bed_clock_pass(&t->clock, 40);
	bed_send(b, UPK_ITEM_EVENT, "[" PAIR("d") "," PAIR("e") "]");
	assert_true(bed_until(b, "m", "\"pairs\":5"));
	bed_clock_pass(&t->clock, 40);
	assert_true(bed_until(b, "m", "\"pairs\":2"));
	assert_true(bed_until(b, "ever", "\"pairs\":1"));

	bed_post(b, &post, UPK_ITEM_EVENT, "m", "[" PAIR("a") "," PAIR("d") "]", 0);
	assert_int_equal(post.duplicates, 1); /* d is there still, a is new again */
	assert_int_equal(post.joined, 1);
	bed_finish(&post);
	bed_post(b, &post, UPK_ITEM_EVENT, "m", "{\"id\":\"early\",\"predicted\":\"x\"}", 0);
	assert_int_equal(post.joined, 0); /* the label that waited for it has gone */
	bed_finish(&post);
	bed_reopen(b);
	assert_true(bed_until(b, "m", "\"pairs\":3"));
}

static bool exposed(struct bed *b, const char *line)
{
	struct upk_error err = { 0 };
	struct upk_buffer out = { 0 };
	if (!upk_report_prometheus(b->engine, false, &out, &err))
		fail_msg("%s", err.message);
	upk_buffer_append(&out, "", 1);
	bool found = strstr(out.data, line) != NULL;
	upk_buffer_finish(&out);
	return found;
}

static void counters_keep_what_has_happened(void **state)
{
	struct bed_timed *t = *state;
	struct bed *b = &t->bed;
	bed_put(b, "m", "{\"retention\":\"1h\"," WINDOW "}");
	bed_send(b, UPK_ITEM_EVENT, "[" PAIR("a") "," PAIR("b") "]");
	const char *counted = "true_positives_total{model=\"m\",class=\"x\"} 2\n";
	const char *removed = "true_positives_removed_total{model=\"m\",class=\"x\"} 0\n";
	assert_true(exposed(b, counted));
	bed_clock_pass(&t->clock, 90);
	assert_true(bed_until(b, "m", "\"pairs\":0"));
	assert_true(exposed(b, counted));
	assert_true(exposed(b, removed));
}

static void a_clock_that_jumps_ahead_takes_nothing(void **state)
{
	struct bed_timed *t = *state;
	struct bed *b = &t->bed;
	bed_put(b, "m", "{\"retention\":\"1h\"," WINDOW "}");
	bed_send(b, UPK_ITEM_EVENT, "[" PAIR("a") "," PAIR("b") "]");
	let_it_look();
	bed_clock_pass(&t->clock, 3 * 24 * 60);
	let_it_look();
	char *metrics = bed_metrics(b, "m");
	assert_non_null(strstr(metrics, "\"pairs\":2"));
	free(metrics);
	bed_clock_pass(&t->clock, -3 * 24 * 60);
	let_it_look();
	bed_clock_pass(&t->clock, 90);
	assert_true(bed_until(b, "m", "\"pairs\":0"));
}

/* ---- whatever came, what is left is as if it were read anew ---- */

enum { ITEMS = 120, ROUNDS = 8 };

/* One item of an id among the last few hundred: an event with or without a label, an example, a
 * label. */
static void send_any(struct bed *b, struct upk_random *random, int64_t newest)
{
	static const char *const classes[] = { "x", "y", "z" };
	struct upk_post post;
	char body[200];
	int64_t back =
		(int64_t)upk_random_below(random, upk_random_below(random, 4) == 0 ? 400 : 20);
	long long id = newest > back ? newest - back : newest;
	const char *label = classes[upk_random_below(random, 3)];
	const char *predicted = classes[upk_random_below(random, 3)];
	enum upk_item_kind kind = UPK_ITEM_EVENT;
	switch (upk_random_below(random, 5)) {
	case 0:
		snprintf(body, sizeof body,
			"{\"id\":\"%lld\",\"predicted\":\"%s\",\"label\":\"%s\",\"features\":[1]}",
			(long long)newest, predicted, label);
		break;
	case 1:
		snprintf(body, sizeof body,
			"{\"id\":\"%lld\",\"predicted\":\"%s\",\"features\":[1]}", id, predicted);
		break;
	case 2:
		snprintf(body, sizeof body, "{\"id\":\"%lld\",\"label\":\"%s\",\"features\":[1]}",
			(long long)newest, label);
		break;
	default:
		kind = UPK_ITEM_LABEL;
		snprintf(body, sizeof body, "{\"id\":\"%lld\",\"label\":\"%s\"}", id, label);
	}
	bed_post(b, &post, kind, "m", body,
		0); /* another prediction of an id is refused, which is fine */
	bed_finish(&post);
}

static bool take_first(void *context, const struct upk_event_row *row)
{
	*(int64_t *)context = row->arrival;
	return false;
}

static void wait_for_retention(struct bed_timed *t)
{
	struct upk_error err = { 0 };
	struct upk_store *rows = upk_store_open(t->bed.folder, UPK_STORE_READ, &err);
	int64_t arrival = 0, limit = upk_clock_now(&t->clock.clock) - 60 * 60 * 1000;
	assert_non_null(rows);
	for (int i = 0; i < 3000 && arrival < limit; i++) {
		usleep(10 * 1000);
		arrival = INT64_MAX;
		assert_true(upk_event_scan(rows, 1, INT64_MAX, take_first, &arrival, &err));
	}
	assert_true(arrival >= limit);
	upk_store_close(rows);
}

static void report_broken(void *context, const char *what, int64_t rows)
{
	(void)context;
	fail_msg("%lld %s", (long long)rows, what);
}

static void check_rows(struct bed *b)
{
	struct upk_error err = { 0 };
	struct upk_store *rows = upk_store_open(b->folder, UPK_STORE_READ, &err);
	assert_non_null(rows);
	if (!upk_check_rows(rows, report_broken, NULL, &err))
		fail_msg("%s", err.message);
	upk_store_close(rows);
}

static void assert_same(const char *before, const char *after)
{
	size_t at = 0;
	while (before[at] && before[at] == after[at])
		at++;
	size_t from = at > 200 ? at - 200 : 0;
	if (before[at] != after[at])
		fail_msg("%.300s\nis after a restart\n%.300s", before + from, after + from);
}

static void what_is_left_is_what_a_restart_finds(void **state)
{
	struct bed_timed *t = *state;
	struct bed *b = &t->bed;
	struct upk_random random;
	int64_t newest = 0;
	upk_random_seed(&random, 7);
	bed_put(b, "m",
		"{\"retention\":\"1h\",\"rules\":[],\"classes\":[\"x\",\"y\",\"z\"],\"windows\":["
		"{\"name\":\"few\",\"count\":40},{\"name\":\"many\",\"count\":1000},"
		"{\"name\":\"short\",\"duration\":\"45m\"},{\"name\":\"long\",\"duration\":\"3h\"}]"
		"}");
	for (int round = 0; round < ROUNDS; round++) {
		for (int i = 0; i < ITEMS; i++)
			send_any(b, &random, ++newest);
		bed_clock_pass(&t->clock, 25);
		wait_for_retention(t);
		bed_send(b, UPK_ITEM_EVENT,
			"{\"predicted\":\"x\",\"label\":\"x\"}"); /* tells windows the time */
		check_rows(b);
		char *before = bed_metrics(b, "m");
		bed_reopen(b);
		char *after = bed_metrics(b, "m");
		assert_same(before, after);
		free(before);
		free(after);
	}
}

/* A label that came later is kept for as long as an event is, from its own arrival on. */
static void a_later_label_goes_after_its_event(void **state)
{
	struct bed_timed *t = *state;
	struct bed *b = &t->bed;
	struct upk_erasure erasure;
	struct upk_error err = { 0 };
	bed_put(b, "m", "{\"retention\":\"1h\"," WINDOW "}");
	bed_send(b, UPK_ITEM_EVENT,
		"[{\"id\":\"a\",\"predicted\":\"x\"},{\"id\":\"b\",\"predicted\":\"x\"}]");
	bed_clock_pass(&t->clock, 40);
	bed_send(b, UPK_ITEM_LABEL,
		"[{\"id\":\"a\",\"label\":\"x\"},{\"id\":\"b\",\"label\":\"x\"}]");
	assert_true(bed_until(b, "m", "\"pairs\":2"));
	bed_clock_pass(&t->clock, 40);
	assert_true(bed_until(b, "m", "\"pairs\":0"));
	check_rows(b);
	assert_true(upk_engine_erase(b->engine, "m", upk_text_of("a"), &erasure, &err));
	assert_false(erasure.event);
	assert_int_equal(erasure.labels, 1);
	assert_false(upk_engine_erase(b->engine, "m", upk_text_of("a"), &erasure, &err));
	assert_int_equal(err.code, UPK_NOT_FOUND);
	check_rows(b);

	struct upk_post post; /* the id is new again, and its old label is not its own */
	bed_post(b, &post, UPK_ITEM_EVENT, "m", "{\"id\":\"b\",\"predicted\":\"x\"}", 0);
	assert_int_equal(post.duplicates + post.joined, 0);
	bed_finish(&post);
	bed_clock_pass(&t->clock, 40);
	wait_for_retention(t);
	check_rows(b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(
			rows_that_are_too_old_go_and_no_others, bed_timed_setup, bed_timed_teardown),
		cmocka_unit_test_setup_teardown(counters_keep_what_has_happened, bed_timed_setup, bed_timed_teardown),
		cmocka_unit_test_setup_teardown(
			what_is_left_is_what_a_restart_finds, bed_timed_setup, bed_timed_teardown),
		cmocka_unit_test_setup_teardown(
			a_later_label_goes_after_its_event, bed_timed_setup, bed_timed_teardown),
		cmocka_unit_test_setup_teardown(
			a_clock_that_jumps_ahead_takes_nothing, bed_timed_setup, bed_timed_teardown),
	};
	return cmocka_run_group_tests_name("retention", tests, NULL, NULL);
}
