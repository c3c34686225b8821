#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/buffer.h"
#include "core/core.h"
#include "core/model.h"
#include "engine/bed.h"
#include "learn/contest.h"
#include "store/event.h"
#include "store/model.h"
#include "store/place.h"
#include "writer/group.h"
#include "writer/rebuild.h"
#include "writer/writer.h"

/* Pairs that came after the model's state: rebuilding reads them again. */
enum { PAIRS = 4000, TIMES = 40 };

#define PAIR "{\"predicted\":\"x\",\"label\":\"y\"}"

/* The model whose own tail can't be published, while it is set: for the writer's thread. */
static struct upk_model *unpublished;

bool __real_upk_tail_publish(struct upk_tail *t, struct upk_error *err);
bool __wrap_upk_tail_publish(struct upk_tail *t, struct upk_error *err);

bool __wrap_upk_tail_publish(struct upk_tail *t, struct upk_error *err)
{
	if (unpublished && unpublished->tail == t)
		return upk_fail(err, UPK_NOMEM, "no memory");
	return __real_upk_tail_publish(t, err);
}

/* A first run goes on until it is cancelled, or for 20 s. */
static atomic_bool running, cancelled;

bool __wrap_upk_contest_first(const struct upk_contest_request *r, struct upk_contest_outcome *out,
	struct upk_error *err);

bool __wrap_upk_contest_first(
	const struct upk_contest_request *r, struct upk_contest_outcome *out, struct upk_error *err)
{
	(void)out;
	atomic_store(&running, true);
	for (int i = 0; i < 20000 && !atomic_load(r->setup.cancel); i++)
		usleep(1000);
	atomic_store(&cancelled, atomic_load(r->setup.cancel));
	atomic_store(&running, false);
	return upk_fail(err, UPK_CANCELLED, "cancelled");
}

static int setup(void **state)
{
	struct bed *b = calloc(1, sizeof *b);
	struct upk_buffer body = { 0 };
	bed_open(b);
	bed_put(b, "m", "{\"windows\":[{\"name\":\"all\",\"count\":100000}],\"rules\":[]}");
	for (int i = 0; i < PAIRS; i++)
		upk_buffer_puts(&body, i == 0 ? "[" PAIR : "," PAIR);
	upk_buffer_append(&body, "]", 2); /* with its end */
	bed_send(b, UPK_ITEM_EVENT, upk_buffer_text(&body).data);
	upk_buffer_finish(&body);
	*state = b;
	return 0;
}

static int teardown(void **state)
{
	bed_remove(*state);
	free(*state);
	return 0;
}

struct rebuilding {
	struct upk_task task;
	bool done, stale;
	int64_t pause; /* before it is tried once more */
	bool free;     /* no transaction was left open */
};

static void rebuild(struct upk_engine *e, struct upk_task *task)
{
	struct rebuilding *r = (struct rebuilding *)(void *)task;
	struct upk_error err = { 0 };
	struct upk_model *m = upk_registry_find(e->registry, "m");
	m->stale = true;
	r->done = upk_rebuild_stale(e, m, &err);
	r->stale = m->stale;
	r->pause = m->repair.pause;
	r->free = upk_store_begin(e->store, NULL);
	upk_store_rollback(e->store);
	upk_model_unref(m);
}

static bool shows(struct bed *b, int pairs)
{
	char wanted[32];
	char *metrics = bed_metrics(b, "m");
	(void)snprintf(wanted, sizeof wanted, "\"pairs\":%d,", pairs);
	bool all = strstr(metrics, wanted) != NULL;
	free(metrics);
	return all;
}

/* It failed once: it is tried again at once, and then after ever longer pauses. */
static void assert_put_off(const struct rebuilding *r)
{
	assert_false(r->done);
	assert_true(r->stale);
	assert_true(r->free);
	assert_int_equal(r->pause, 1000000000);
}

struct watcher {
	struct bed *bed;
	atomic_bool enough;
	int less;
};

static void *watch(void *argument)
{
	struct watcher *w = argument;
	while (!atomic_load(&w->enough))
		w->less += !shows(w->bed, PAIRS);
	return NULL;
}

static void who_looks_while_a_model_is_made_anew_sees_all_of_it(void **state)
{
	struct watcher w = { .bed = *state };
	pthread_t thread;
	assert_int_equal(pthread_create(&thread, NULL, watch, &w), 0);
	for (int i = 0; i < TIMES; i++) {
		struct rebuilding r = { .task = { .run = rebuild } };
		upk_writer_call(w.bed->engine->writer, &r.task);
		assert_true(r.done);
	}
	atomic_store(&w.enough, true);
	pthread_join(thread, NULL);
	assert_int_equal(w.less, 0);
}

/* A pair in the store that the model has not seen. */
static void add_pair(struct upk_engine *e, const struct upk_model *m, const char *class)
{
	const struct upk_text both = upk_text_of(class);
	const struct upk_event_row event = { .seq = e->seq + 1,
		.model = m->number,
		.number = m->last_event + 1,
		.place = m->last_place + 1,
		.arrival = e->arrival,
		.predicted = both,
		.label = both };
	const struct upk_place_row place = {
		.model = m->number, .place = event.place, .event = event.seq, .arrival = e->arrival
	};
	assert_true(upk_store_begin(e->store, NULL));
	assert_true(upk_event_insert_many(e->store, &event, 1, NULL));
	assert_true(upk_place_insert_many(e->store, &place, 1, NULL));
	assert_true(upk_store_commit(e->store, NULL));
}

static void add_and_rebuild(struct upk_engine *e, struct upk_task *task)
{
	struct upk_model *m = upk_registry_find(e->registry, "m");
	add_pair(e, m, "x");
	upk_model_unref(m);
	rebuild(e, task);
}

static void a_model_that_is_made_anew_has_what_it_missed(void **state)
{
	struct bed *b = *state;
	struct rebuilding r = { .task = { .run = add_and_rebuild } };
	upk_writer_call(b->engine->writer, &r.task);
	assert_true(r.done);
	assert_false(r.stale);
	assert_true(shows(b, PAIRS + 1));
}

/* Of a class that the model does not have: it can't catch up. */
static void spoil_and_rebuild(struct upk_engine *e, struct upk_task *task)
{
	struct upk_model *m = upk_registry_find(e->registry, "m");
	add_pair(e, m, "nobody's");
	upk_model_unref(m);
	rebuild(e, task);
}

static void a_model_that_cant_be_made_anew_shows_what_it_did(void **state)
{
	struct bed *b = *state;
	struct rebuilding r = { .task = { .run = spoil_and_rebuild } };
	upk_writer_call(b->engine->writer, &r.task);
	assert_put_off(&r);
	assert_true(shows(b, PAIRS));
}

static void rebuild_unpublished(struct upk_engine *e, struct upk_task *task)
{
	struct upk_model *m = upk_registry_find(e->registry, "m");
	unpublished = m;
	add_and_rebuild(e, task);
	unpublished = NULL;
	upk_model_unref(m);
}

/* It fell behind again within: one failure, not two. */
static void a_model_that_cant_follow_once_it_is_made_anew_is_put_off_once(void **state)
{
	struct bed *b = *state;
	struct rebuilding behind = { .task = { .run = rebuild_unpublished } };
	struct rebuilding again = { .task = { .run = rebuild } };
	upk_writer_call(b->engine->writer, &behind.task);
	assert_put_off(&behind);
	assert_true(shows(b, PAIRS));
	upk_writer_call(b->engine->writer, &again.task);
	assert_true(again.done);
	assert_true(shows(b, PAIRS + 1));
}

static bool keep_learnt(void *context, const struct upk_model_row *row)
{
	char **learnt = context;
	*learnt = upk_text_copy(row->learnt);
	return false;
}

static void set_learnt(struct upk_engine *e, const struct upk_model *m, const char *learnt)
{
	assert_true(upk_store_begin(e->store, NULL));
	assert_true(upk_model_set_learnt(e->store, m->number, upk_text_of(learnt), NULL));
	assert_true(upk_store_commit(e->store, NULL));
}

/* The store has the model without the classes that it learnt, and then with them. */
static void rebuild_unread(struct upk_engine *e, struct upk_task *task)
{
	struct upk_model *m = upk_registry_find(e->registry, "m");
	char *learnt = NULL;
	assert_true(upk_model_each(e->store, keep_learnt, &learnt, NULL));
	assert_non_null(learnt);
	set_learnt(e, m, "[]");
	rebuild(e, task);
	set_learnt(e, m, learnt);
	free(learnt);
	upk_model_unref(m);
}

static void a_model_that_cant_be_read_is_made_anew_when_it_can(void **state)
{
	struct bed *b = *state;
	struct rebuilding unread = { .task = { .run = rebuild_unread } };
	struct rebuilding read = { .task = { .run = rebuild } };
	upk_writer_call(b->engine->writer, &unread.task);
	assert_put_off(&unread);
	assert_true(shows(b, PAIRS));
	upk_writer_call(b->engine->writer, &read.task);
	assert_true(read.done);
	assert_false(read.stale);
	assert_true(shows(b, PAIRS));
}

struct posting {
	struct upk_task task;
	struct upk_post post;
	bool stale; /* behind the group */
};

/* Nothing ticks between: it is one task of the writer's. */
static void fall_behind_and_post(struct upk_engine *e, struct upk_task *task)
{
	struct posting *p = (struct posting *)(void *)task;
	struct upk_model *m = upk_registry_find(e->registry, "m");
	m->stale = true;
	upk_group_write(e, &p->post);
	p->stale = m->stale;
	upk_model_unref(m);
}

static void a_model_that_fell_behind_is_made_anew_by_the_next_post(void **state)
{
	struct bed *b = *state;
	struct posting p = { .task = { .run = fall_behind_and_post } };
	bed_decode(b, &p.post, UPK_ITEM_EVENT, "m", PAIR);
	p.post.name = strdup("m");
	assert_non_null(p.post.name);
	upk_writer_call(b->engine->writer, &p.task);
	assert_int_equal(p.post.accepted, 1);
	assert_false(p.stale);
	assert_true(shows(b, PAIRS + 1));
	bed_finish(&p.post);
}

static void post_rows(struct bed *b, int count)
{
	struct upk_buffer body = { 0 };
	for (int i = 0; i < count; i++)
		upk_buffer_printf(&body, "%s{\"features\":[%d],\"label\":\"%s\"}", i ? "," : "[",
			i % 11, i % 11 > 5 ? "high" : "low");
	upk_buffer_append(&body, "]", 2);
	bed_send(b, UPK_ITEM_EVENT, body.data);
	upk_buffer_finish(&body);
}

static bool until(atomic_bool *what, bool wanted)
{
	for (int i = 0; i < 10000 && atomic_load(what) != wanted; i++)
		usleep(1000);
	return atomic_load(what) == wanted;
}

/* It has failed in the store: nobody waits for what it would come to. */
static void a_run_of_a_model_that_is_made_anew_is_cancelled(void **state)
{
	struct bed *b = *state;
	struct rebuilding r = { .task = { .run = rebuild } };
	bed_put(b, "m", "{}");
	post_rows(b, 500);
	assert_true(until(&running, true));
	upk_writer_call(b->engine->writer, &r.task);
	assert_true(r.done);
	assert_true(until(&running, false));
	assert_true(atomic_load(&cancelled));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(
			who_looks_while_a_model_is_made_anew_sees_all_of_it, setup, teardown),
		cmocka_unit_test_setup_teardown(
			a_model_that_is_made_anew_has_what_it_missed, setup, teardown),
		cmocka_unit_test_setup_teardown(
			a_model_that_cant_be_made_anew_shows_what_it_did, setup, teardown),
		cmocka_unit_test_setup_teardown(
			a_model_that_cant_follow_once_it_is_made_anew_is_put_off_once, setup,
			teardown),
		cmocka_unit_test_setup_teardown(
			a_model_that_cant_be_read_is_made_anew_when_it_can, setup, teardown),
		cmocka_unit_test_setup_teardown(
			a_model_that_fell_behind_is_made_anew_by_the_next_post, setup, teardown),
		cmocka_unit_test_setup_teardown(
			a_run_of_a_model_that_is_made_anew_is_cancelled, bed_setup, bed_teardown),
	};
	return cmocka_run_group_tests_name("rebuild", tests, NULL, NULL);
}
