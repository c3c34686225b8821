#include "engine/bed.h"
#include "engine/report.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

struct test {
	struct bed bed;
	struct bed_clock clock;
};

/* The writer looks at the clock every second. */
static void let_it_look(void)
{
	usleep(2500 * 1000);
}

static int setup(void **state)
{
	struct test *t = calloc(1, sizeof *t);
	assert_non_null(t);
	bed_clock_init(&t->clock);
	t->bed.clock = &t->clock.clock;
	bed_open(&t->bed);
	*state = t;
	return 0;
}

static int teardown(void **state)
{
	struct test *t = *state;
	bed_remove(&t->bed);
	free(t);
	return 0;
}

#define WINDOW "\"windows\":[{\"name\":\"all\",\"count\":100}]"
#define PAIR(id) "{\"id\":\"" id "\",\"predicted\":\"x\",\"label\":\"x\",\"features\":[1]}"

static void rows_that_are_too_old_go_and_no_others(void **state)
{
	struct test *t = *state;
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
	struct test *t = *state;
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
	struct test *t = *state;
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

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(
			rows_that_are_too_old_go_and_no_others, setup, teardown),
		cmocka_unit_test_setup_teardown(
			counters_keep_what_has_happened, setup, teardown),
		cmocka_unit_test_setup_teardown(
			a_clock_that_jumps_ahead_takes_nothing, setup, teardown),
	};
	return cmocka_run_group_tests_name("retention", tests, NULL, NULL);
}
