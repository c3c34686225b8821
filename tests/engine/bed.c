#include "engine/bed.h"

#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "report/report.h"

static int64_t told(const struct upk_clock *clock)
{
	return atomic_load(&((const struct bed_clock *)(const void *)clock)->now);
}

void bed_clock_init(struct bed_clock *c)
{
	c->clock.now = told;
	atomic_init(&c->now, INT64_C(1700000000000));
}

void bed_clock_pass(struct bed_clock *c, int64_t minutes)
{
	atomic_fetch_add(&c->now, minutes * 60 * 1000);
}

struct answer {
	pthread_mutex_t lock;
	pthread_cond_t came;
	bool done;
};

static void open_engine(struct bed *b)
{
	struct upk_error err = { 0 };
	const struct upk_engine_options options = { .folder = b->folder,
		.clock = b->clock,
		.auto_create = true,
		.log = b->log,
		.context = b->context };
	b->engine = upk_engine_open(&options, &err);
	if (!b->engine)
		fail_msg("%s", err.message);
	while (!upk_engine_ready(b->engine))
		usleep(1000);
}

void bed_open(struct bed *b)
{
	snprintf(b->folder, sizeof b->folder, "%s/upkeepd-test-XXXXXX",
		access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp");
	assert_non_null(mkdtemp(b->folder));
	open_engine(b);
}

void bed_reopen_closed(struct bed *b)
{
	open_engine(b);
}

void bed_reopen(struct bed *b)
{
	upk_engine_close(b->engine);
	open_engine(b);
}

void bed_remove(struct bed *b)
{
	static const char *const files[] = { "upkeepd.db", "upkeepd.db-wal", "upkeepd.db-shm",
		"lock", "committed", "reserve" };
	char path[128];
	upk_engine_close(b->engine);
	for (size_t i = 0; i < sizeof files / sizeof *files; i++) {
		snprintf(path, sizeof path, "%s/%s", b->folder, files[i]);
		(void)unlink(path);
	}
	assert_int_equal(rmdir(b->folder), 0);
}

int bed_setup(void **state)
{
	struct bed *b = calloc(1, sizeof *b);
	assert_non_null(b);
	bed_open(b);
	*state = b;
	return 0;
}

int bed_teardown(void **state)
{
	bed_remove(*state);
	free(*state);
	return 0;
}

int bed_timed_setup(void **state)
{
	struct bed_timed *t = calloc(1, sizeof *t);
	assert_non_null(t);
	bed_clock_init(&t->clock);
	t->bed.clock = &t->clock.clock;
	bed_open(&t->bed);
	*state = t;
	return 0;
}

int bed_timed_teardown(void **state)
{
	struct bed_timed *t = *state;
	bed_remove(&t->bed);
	free(t);
	return 0;
}

/* A post is gone once its thread has seen that it is answered. */
static void came(struct upk_post *posts)
{
	while (posts) {
		struct answer *a = posts->context;
		posts = posts->next;
		pthread_mutex_lock(&a->lock);
		a->done = true;
		pthread_cond_signal(&a->came);
		pthread_mutex_unlock(&a->lock);
	}
}

void bed_decode(struct bed *b, struct upk_post *post, enum upk_item_kind kind, const char *model,
	const char *body)
{
	struct upk_error err = { 0 };
	struct upk_schema *schema = upk_engine_schema(b->engine, model, &err);
	if (!schema)
		fail_msg("%s", err.message);
	*post = (struct upk_post){ .model = model };
	post->batch = upk_batch_decode(kind, false, strdup(body), strlen(body), schema,
		upk_clock_now(b->clock ? b->clock : upk_clock_system()), &err);
	upk_schema_unref(schema);
	if (!post->batch)
		fail_msg("%s", err.message);
	upk_engine_ask_ahead(b->engine, post);
}

void bed_hand_over(struct bed *b, struct upk_post *post, unsigned flags)
{
	struct answer a = { .done = false };
	struct upk_error err = { 0 };
	pthread_mutex_init(&a.lock, NULL);
	pthread_cond_init(&a.came, NULL);
	post->settle = (flags & BED_SETTLE) != 0;
	post->atomic = (flags & BED_ATOMIC) != 0;
	post->done = came;
	post->context = &a;
	if (upk_engine_post(b->engine, post, &err))
		fail_msg("%s", err.message);
	pthread_mutex_lock(&a.lock);
	while (!a.done)
		pthread_cond_wait(&a.came, &a.lock);
	pthread_mutex_unlock(&a.lock);
	pthread_cond_destroy(&a.came);
	pthread_mutex_destroy(&a.lock);
}

void bed_post(struct bed *b, struct upk_post *post, enum upk_item_kind kind, const char *model,
	const char *body, unsigned flags)
{
	bed_decode(b, post, kind, model, body);
	bed_hand_over(b, post, flags);
}

void bed_finish(struct upk_post *post)
{
	upk_post_finish(post);
}

char *bed_metrics(struct bed *b, const char *model)
{
	struct upk_error err = { 0 };
	struct upk_buffer out = { 0 };
	struct upk_json_writer w = upk_json_writer_on(&out);
	const struct upk_metrics_query query = { .level = 0.95 };
	if (!upk_report_metrics(b->engine, model, &query, &w, &err))
		fail_msg("%s", err.message);
	char *text = upk_text_copy(upk_buffer_text(&out));
	upk_buffer_finish(&out);
	return text;
}

void bed_send(struct bed *b, enum upk_item_kind kind, const char *body)
{
	struct upk_post post;
	bed_post(b, &post, kind, "m", body, 0);
	if (post.error.code != UPK_OK || post.rejected_total > 0)
		fail_msg("%s: %s", body,
			post.rejected_total ? post.rejected[0].error : post.error.message);
	bed_finish(&post);
}

void bed_put(struct bed *b, const char *model, const char *config)
{
	struct upk_error err = { 0 };
	bool created;
	if (!upk_engine_put_model(b->engine, model, upk_text_of(config), NULL, &created, &err))
		fail_msg("%s", err.message);
}

bool bed_until(struct bed *b, const char *model, const char *text)
{
	bool found = false;
	for (int i = 0; i < 1500 && !found; i++) {
		char *metrics = bed_metrics(b, model);
		found = strstr(metrics, text) != NULL;
		free(metrics);
		if (!found)
			usleep(10000);
	}
	return found;
}
