/* What is asked of the writer, at the points where it comes too early, too late or at once. */
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/buffer.h"
#include "core/core.h"
#include "core/health.h"
#include "engine/bed.h"
#include "learn/contest.h"
#include "report/report.h"
#include "store/store.h"
#include "writer/building.h"

/* ---- what the tests hold up ---- */

static atomic_bool hold;           /* while it is set */
static atomic_int inside, at_once; /* buildings that run, and the most of them at a time */
static atomic_int waiting;         /* PUTs that wait for another's building */
static atomic_bool no_commit;      /* while it is set every commit fails */
static atomic_bool training;       /* a first run has begun */

static void wait_until_let_go(void)
{
	while (atomic_load(&hold))
		usleep(1000);
}

bool __real_upk_building_run(struct upk_building *b, struct upk_error *err);
bool __wrap_upk_building_run(struct upk_building *b, struct upk_error *err);

bool __wrap_upk_building_run(struct upk_building *b, struct upk_error *err)
{
	int now = atomic_fetch_add(&inside, 1) + 1;
	if (now > atomic_load(&at_once))
		atomic_store(&at_once, now);
	wait_until_let_go();
	bool done = __real_upk_building_run(b, err);
	atomic_fetch_sub(&inside, 1);
	return done;
}

void __real_upk_building_wait(struct upk_model *m);
void __wrap_upk_building_wait(struct upk_model *m);

void __wrap_upk_building_wait(struct upk_model *m)
{
	atomic_fetch_add(&waiting, 1);
	__real_upk_building_wait(m);
}

bool __real_upk_store_commit(struct upk_store *s, struct upk_error *err);
bool __wrap_upk_store_commit(struct upk_store *s, struct upk_error *err);

bool __wrap_upk_store_commit(struct upk_store *s, struct upk_error *err)
{
	if (atomic_load(&no_commit))
		return upk_fail(err, UPK_FULL, "no room");
	return __real_upk_store_commit(s, err);
}

bool __wrap_upk_contest_first(const struct upk_contest_request *r, struct upk_contest_outcome *out,
	struct upk_error *err);

bool __wrap_upk_contest_first(
	const struct upk_contest_request *r, struct upk_contest_outcome *out, struct upk_error *err)
{
	(void)r, (void)out;
	atomic_store(&training, true);
	wait_until_let_go();
	return upk_fail(err, UPK_CANCELLED, "cancelled");
}

static int setup(void **state)
{
	atomic_store(&hold, false);
	atomic_store(&inside, 0);
	atomic_store(&at_once, 0);
	atomic_store(&waiting, 0);
	atomic_store(&no_commit, false);
	atomic_store(&training, false);
	return bed_setup(state);
}

static int teardown(void **state)
{
	atomic_store(&hold, false);
	return bed_teardown(state);
}

/* ---- whether it can be asked at all ---- */

static void before_the_models_are_rebuilt_it_is_busy(void **state)
{
	struct bed *b = *state;
	struct upk_error err = { 0 };
	bed_put(b, "m", "{}");
	atomic_store(&b->engine->ready, false);
	assert_false(upk_engine_pause(b->engine, "m", true, &err));
	assert_int_equal(err.code, UPK_BUSY);
	atomic_store(&b->engine->ready, true);
	assert_true(upk_engine_pause(b->engine, "m", true, &err));
}

static void a_broken_engine_says_why_and_does_nothing(void **state)
{
	struct bed *b = *state;
	struct upk_error err = { 0 };
	bed_put(b, "m", "{}");
	upk_fail(&b->engine->cause, UPK_CORRUPT, "the disk is gone");
	atomic_store(&b->engine->broken, true);
	bool done = upk_engine_pause(b->engine, "m", true, &err);
	atomic_store(&b->engine->broken, false);
	assert_false(done);
	assert_int_equal(err.code, UPK_CORRUPT);
	assert_string_equal(err.message, "the disk is gone");
}

/* ---- configurations ---- */

enum { PAIRS = 21000, POST = 3000 }; /* more than the writer builds windows of by itself */

#define CLASSES "\"classes\":[\"0\",\"1\"]"

static void fill(struct bed *b)
{
	bed_put(b, "m", "{" CLASSES "}");
	for (int i = 0; i < PAIRS; i += POST) {
		struct upk_buffer body = { 0 };
		for (int j = i; j < i + POST; j++)
			upk_buffer_printf(&body, "%c{\"predicted\":\"%d\",\"label\":\"1\"}",
				j > i ? ',' : '[', j % 2);
		upk_buffer_append(&body, "]", 2);
		bed_send(b, UPK_ITEM_EVENT, body.data);
		upk_buffer_finish(&body);
	}
}

struct put {
	struct bed *bed;
	const char *config;
	pthread_t thread;
	enum upk_code code;
};

static void *put(void *argument)
{
	struct put *p = argument;
	struct upk_error err = { 0 };
	bool created;
	(void)upk_engine_put_model(
		p->bed->engine, "m", upk_text_of(p->config), NULL, &created, &err);
	p->code = err.code;
	return NULL;
}

static void start_put(struct put *p)
{
	assert_int_equal(pthread_create(&p->thread, NULL, put, p), 0);
}

static void end_put(struct put *p)
{
	assert_int_equal(pthread_join(p->thread, NULL), 0);
}

static char *describe(struct bed *b, struct upk_error *err)
{
	struct upk_buffer out = { 0 };
	struct upk_json_writer w = upk_json_writer_on(&out);
	char etag[20];
	bool done = upk_report_model(b->engine, "m", etag, &w, err);
	char *text = done ? upk_text_copy(upk_buffer_text(&out)) : NULL;
	upk_buffer_finish(&out);
	return text;
}

static void assert_has(struct bed *b, const char *words)
{
	struct upk_error err = { 0 };
	char *text = describe(b, &err);
	assert_non_null(text);
	if (!strstr(text, words))
		fail_msg("no %s in %s", words, text);
	free(text);
}

static void while_one_builds_another_waits(void **state)
{
	struct bed *b = *state;
	struct put one = { .bed = b,
		.config = "{" CLASSES ",\"windows\":[{\"name\":\"one\",\"count\":15000}]}" };
	struct put two = { .bed = b,
		.config = "{" CLASSES ",\"windows\":[{\"name\":\"two\",\"count\":16000}]}" };
	fill(b);
	atomic_store(&hold, true);
	start_put(&one);
	while (atomic_load(&inside) < 1)
		usleep(1000);
	start_put(&two);
	while (atomic_load(&inside) < 2 && atomic_load(&waiting) == 0)
		usleep(1000);
	atomic_store(&hold, false);
	end_put(&one);
	end_put(&two);
	assert_int_equal(one.code, UPK_OK);
	assert_int_equal(two.code, UPK_OK);
	assert_int_equal(atomic_load(&at_once), 1);
	assert_has(b, "\"two\":{\"pairs\":16000");
}

/* With `anew` there is another of its name by then. */
static void delete_meanwhile(struct bed *b, bool anew)
{
	struct upk_error err = { 0 };
	struct put one = { .bed = b,
		.config = "{" CLASSES ",\"windows\":[{\"name\":\"one\",\"count\":15000}]}" };
	fill(b);
	atomic_store(&inside, 0);
	atomic_store(&hold, true);
	start_put(&one);
	while (atomic_load(&inside) < 1)
		usleep(1000);
	assert_true(upk_engine_delete_model(b->engine, "m", &err));
	if (anew)
		bed_put(b, "m", "{\"windows\":[{\"name\":\"new\",\"count\":7}]}");
	atomic_store(&hold, false);
	end_put(&one);
	assert_int_equal(one.code, UPK_CONFLICT);
}

static void a_configuration_of_a_model_that_was_deleted_meanwhile_is_refused(void **state)
{
	struct bed *b = *state;
	struct upk_error err = { 0 };
	delete_meanwhile(b, false);
	assert_null(describe(b, &err));
	assert_int_equal(err.code, UPK_NOT_FOUND);
	delete_meanwhile(b, true);
	assert_has(b, "\"new\":{\"pairs\":0");
}

static void a_model_that_could_not_be_stored_is_not_there(void **state)
{
	struct bed *b = *state;
	struct upk_error err = { 0 };
	bool created = false;
	atomic_store(&no_commit, true);
	bool done = upk_engine_put_model(b->engine, "m", upk_text_of("{}"), NULL, &created, &err);
	atomic_store(&no_commit, false);
	assert_false(done);
	assert_int_equal(err.code, UPK_FULL);
	err = (struct upk_error){ 0 };
	assert_null(describe(b, &err));
	assert_int_equal(err.code, UPK_NOT_FOUND);
	assert_true(upk_engine_put_model(b->engine, "m", upk_text_of("{}"), NULL, &created, &err));
	assert_true(created);
}

/* ---- runs ---- */

static void answered(struct upk_post *posts)
{
	atomic_store((atomic_bool *)posts->context, true);
}

/* At once, not when the run's thread has seen it. */
static void a_cancel_answers_the_post_that_waits_for_the_run(void **state)
{
	struct bed *b = *state;
	struct upk_error err = { 0 };
	struct upk_buffer body = { 0 };
	static struct upk_post post; /* is answered in any case, perhaps when the test has failed */
	static atomic_bool done;
	bed_put(b, "m", "{\"classes\":[\"0\",\"1\"],\"features\":[\"a\"]}");
	for (int i = 0; i < 600; i++)
		upk_buffer_printf(&body, "%c{\"features\":[%d],\"label\":\"%d\"}", i ? ',' : '[',
			i % 7, i % 2);
	upk_buffer_append(&body, "]", 2);
	bed_decode(b, &post, UPK_ITEM_EVENT, "m", body.data);
	post.settle = true;
	post.done = answered;
	post.context = &done;
	atomic_store(&hold, true);
	assert_null(upk_engine_post(b->engine, &post, &err));
	while (!atomic_load(&training))
		usleep(1000);
	assert_false(atomic_load(&done));
	assert_true(upk_engine_cancel_run(b->engine, "m", 1, NULL, &err));
	assert_true(atomic_load(&done));
	assert_int_equal(post.accepted, 600);
	assert_false(post.unsettled);
	bed_finish(&post);
	upk_buffer_finish(&body);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(
			before_the_models_are_rebuilt_it_is_busy, setup, teardown),
		cmocka_unit_test_setup_teardown(
			a_broken_engine_says_why_and_does_nothing, setup, teardown),
		cmocka_unit_test_setup_teardown(while_one_builds_another_waits, setup, teardown),
		cmocka_unit_test_setup_teardown(
			a_configuration_of_a_model_that_was_deleted_meanwhile_is_refused, setup,
			teardown),
		cmocka_unit_test_setup_teardown(
			a_model_that_could_not_be_stored_is_not_there, setup, teardown),
		cmocka_unit_test_setup_teardown(
			a_cancel_answers_the_post_that_waits_for_the_run, setup, teardown),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
