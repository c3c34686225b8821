#include "writer/aged.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>

#include <cmocka.h>

#include "engine/bed.h"
#include "core/core.h"
#include "core/registry.h"
#include "writer/writer.h"

/* Rows are younger than the model's retention by the engine's clock; each test says by what clock
 * they are old. */
enum { MINUTE = 60 * 1000 };
static const int64_t age = INT64_C(10) * 24 * 60 * MINUTE;

/* Steps on the writer's thread from a sequence number on, until one comes no further. */
struct steps {
	struct upk_task task;
	int64_t now;
	int64_t from, to; /* to: the last number that was done */
	bool fine;
};

static bool read_labels(struct upk_engine *e, struct upk_labelled *labelled)
{
	bool all = false;
	upk_labelled_start(labelled, 0);
	while (!all)
		if (!upk_labelled_follow(labelled, e->store, e->seq, &all, NULL))
			return false;
	return true;
}

static void run_steps(struct upk_engine *e, struct upk_task *task)
{
	struct steps *s = (struct steps *)(void *)task;
	struct upk_labelled labelled = { 0 };
	const struct upk_background pace = { 0 };
	struct upk_model *m = upk_registry_find(e->registry, "m");
	struct upk_aged what = { .models = &m,
		.models_count = 1,
		.labelled = &labelled,
		.pace = &pace,
		.age = age,
		.now = s->now,
		.to = e->seq };
	int64_t took;
	s->fine = read_labels(e, &labelled);
	s->to = s->from - 1;
	do {
		what.from = s->to + 1;
		s->fine = s->fine && upk_aged_step(e, &what, &s->to, &took, NULL);
	} while (s->fine && s->to >= what.from && s->to < e->seq);
	upk_labelled_finish(&labelled);
	upk_model_unref(m);
}

/* As if it were so many minutes later than the clock, and ten days. */
static int64_t step_from(struct bed_timed *t, int64_t from, int64_t minutes)
{
	struct steps s = { .task = { .run = run_steps },
		.now = (int64_t)atomic_load(&t->clock.now) + age + minutes * MINUTE,
		.from = from };
	upk_writer_call(t->bed.engine->writer, &s.task);
	assert_true(s.fine);
	return s.to;
}

#define WINDOW "\"windows\":[{\"name\":\"all\",\"count\":100}]"
#define PAIR(id) "{\"id\":\"" id "\",\"predicted\":\"x\",\"label\":\"x\"}"

static void a_step_ends_before_the_first_row_that_is_too_young(void **state)
{
	struct bed_timed *t = *state;
	struct bed *b = &t->bed;
	bed_put(b, "m", "{\"retention\":\"10d\"," WINDOW "}");
	bed_send(b, UPK_ITEM_EVENT, "[" PAIR("a") "," PAIR("b") "," PAIR("c") "]");
	bed_clock_pass(&t->clock, 40);
	bed_send(b, UPK_ITEM_EVENT, "[" PAIR("d") "," PAIR("e") "]");
	assert_true(bed_until(b, "m", "\"pairs\":5"));
	assert_int_equal(step_from(t, 1, -41), 0);
	assert_true(bed_until(b, "m", "\"pairs\":5"));
	assert_int_equal(step_from(t, 1, -20), 3);
	assert_true(bed_until(b, "m", "\"pairs\":2"));
	assert_int_equal(step_from(t, 4, 1), 5);
	assert_true(bed_until(b, "m", "\"pairs\":0"));
}

static void what_went_is_gone_after_a_restart_and_its_ids_are_free(void **state)
{
	struct bed_timed *t = *state;
	struct bed *b = &t->bed;
	struct upk_post post;
	bed_put(b, "m", "{\"retention\":\"10d\"," WINDOW "}");
	bed_send(b, UPK_ITEM_EVENT, "[" PAIR("a") "," PAIR("b") "]");
	bed_clock_pass(&t->clock, 40);
	bed_send(b, UPK_ITEM_EVENT, PAIR("c"));
	assert_int_equal(step_from(t, 1, -20), 2);
	bed_reopen(b);
	assert_true(bed_until(b, "m", "\"pairs\":1"));
	bed_post(b, &post, UPK_ITEM_EVENT, "m", "[" PAIR("a") "," PAIR("c") "]", 0);
	assert_int_equal(post.joined, 1);
	assert_int_equal(post.duplicates, 1);
	bed_finish(&post);
}

static void rows_of_a_model_without_retention_stay(void **state)
{
	struct bed_timed *t = *state;
	struct bed *b = &t->bed;
	struct upk_post post;
	bed_put(b, "m", "{\"retention\":\"10d\"," WINDOW "}");
	bed_put(b, "ever", "{" WINDOW "}");
	bed_post(b, &post, UPK_ITEM_EVENT, "ever", "[" PAIR("a") "," PAIR("b") "]", 0);
	bed_finish(&post);
	bed_send(b, UPK_ITEM_EVENT, PAIR("a"));
	assert_int_equal(step_from(t, 1, 1), 3);
	assert_true(bed_until(b, "m", "\"pairs\":0"));
	assert_true(bed_until(b, "ever", "\"pairs\":2"));
}

#define ON_BED(test) cmocka_unit_test_setup_teardown(test, bed_timed_setup, bed_timed_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		ON_BED(a_step_ends_before_the_first_row_that_is_too_young),
		ON_BED(what_went_is_gone_after_a_restart_and_its_ids_are_free),
		ON_BED(rows_of_a_model_without_retention_stay),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
