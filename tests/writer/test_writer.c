#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "engine/bed.h"
#include "report/report.h"

/* Posts that the caller's own thread writes, beside those that are handed over. */

static int setup(void **state)
{
	struct bed *b = calloc(1, sizeof *b);
	bed_open(b);
	*state = b;
	return 0;
}

static int teardown(void **state)
{
	bed_remove(*state);
	free(*state);
	return 0;
}

/* The writer's thread may be at a tick. */
static bool write_soon(struct bed *b, struct upk_post *posts)
{
	for (int i = 0; i < 500; i++) {
		if (upk_engine_write(b->engine, posts))
			return true;
		usleep(10000);
	}
	return false;
}

static void event(struct bed *b, struct upk_post *post, const char *model, const char *id)
{
	char body[128];
	snprintf(body, sizeof body, "[{\"id\":\"%s\",\"predicted\":\"x\",\"label\":\"x\"}]", id);
	bed_decode(b, post, UPK_ITEM_EVENT, model, body);
}

static void a_list_is_answered_at_once_in_its_order(void **state)
{
	struct bed *b = *state;
	const char *ids[] = { "1", "2", "1" };
	struct upk_post posts[3];
	bed_put(b, "m", "{}");
	bed_put(b, "n", "{}");
	for (size_t i = 0; i < 3; i++) {
		event(b, &posts[i], "m", ids[i]);
		posts[i].next = i < 2 ? &posts[i + 1] : NULL;
	}
	assert_true(write_soon(b, posts));
	for (size_t i = 0; i < 3; i++) {
		assert_int_equal(posts[i].error.code, UPK_OK);
		assert_int_equal(posts[i].accepted, 1);
		assert_int_equal(posts[i].duplicates, i == 2);
		bed_finish(&posts[i]);
	}
	struct upk_post again;
	bed_reopen(b);
	event(b, &again, "m", "2");
	assert_true(write_soon(b, &again));
	assert_int_equal(again.duplicates, 1);
	bed_finish(&again);
}

/* What is answered together, in the order of the answers. */
struct answers {
	pthread_mutex_t lock;
	pthread_cond_t came;
	size_t calls, count;
	const struct upk_post *posts[3];
};

static void note_answers(struct upk_post *posts)
{
	struct answers *a = posts->context;
	pthread_mutex_lock(&a->lock);
	a->calls++;
	for (const struct upk_post *post = posts; post; post = post->next)
		a->posts[a->count++] = post;
	pthread_cond_signal(&a->came);
	pthread_mutex_unlock(&a->lock);
}

/* Of two models, one of them a duplicate. */
static void what_is_handed_over_together_is_answered_together(void **state)
{
	struct bed *b = *state;
	struct answers a = { PTHREAD_MUTEX_INITIALIZER, PTHREAD_COND_INITIALIZER, 0, 0, { NULL } };
	const char *ids[] = { "1", "2", "2" };
	struct upk_error err = { 0 };
	struct upk_post posts[3];
	bed_put(b, "m", "{}");
	bed_put(b, "n", "{}");
	for (size_t i = 0; i < 3; i++) {
		event(b, &posts[i], i == 0 ? "n" : "m", ids[i]);
		posts[i].done = note_answers;
		posts[i].context = &a;
		posts[i].next = i < 2 ? &posts[i + 1] : NULL;
	}
	assert_null(upk_engine_post(b->engine, posts, &err));
	pthread_mutex_lock(&a.lock);
	while (a.count < 3)
		pthread_cond_wait(&a.came, &a.lock);
	pthread_mutex_unlock(&a.lock);
	assert_int_equal(a.calls, 1);
	for (size_t i = 0; i < 3; i++) {
		assert_ptr_equal(a.posts[i], &posts[i]);
		assert_int_equal(posts[i].accepted, 1);
		assert_int_equal(posts[i].duplicates, i == 2);
		bed_finish(&posts[i]);
	}
}

#define WINDOW "\"windows\":[{\"name\":\"last\",\"count\":100}]"

/* What may take long is for the writer's thread, and nothing of it has happened. */
static void what_may_take_long_is_refused(void **state)
{
	struct bed *b = *state;
	struct upk_post post, made;
	bed_put(b, "sorts",
		"{\"classes\":[\"x\",\"y\"],\"positive\":\"y\"," WINDOW ",\"rules\":[{\"name\":"
		"\"auc\",\"metric\":\"roc_auc\",\"window\":\"last\",\"below\":0.5}]}");
	event(b, &post, "sorts", "1");
	event(b, &made, "made", "1");
	for (int i = 0; i < 20; i++) {
		assert_false(upk_engine_write(b->engine, &post));
		assert_false(upk_engine_write(b->engine, &made));
		usleep(10000);
	}
	bed_finish(&post);
	bed_finish(&made);
	bed_post(b, &post, UPK_ITEM_EVENT, "sorts", "[{\"id\":\"1\",\"predicted\":\"x\"}]", 0);
	assert_int_equal(post.duplicates, 0);
	bed_finish(&post);
}

enum { THREADS = 4, POSTS = 150 };

struct sender {
	struct bed *bed;
	pthread_t thread;
	size_t number, written, accepted, duplicates;
	bool hands_over;
};

/* Pairs of threads send the same ids, one of them with its own hands whenever it may. */
static void *send_all(void *argument)
{
	struct sender *s = argument;
	for (size_t i = 0; i < POSTS; i++) {
		char body[128];
		struct upk_post post;
		snprintf(body, sizeof body, "[{\"id\":\"%zu-%zu\",\"predicted\":\"x\"}]",
			s->number / 2, i);
		bed_decode(s->bed, &post, UPK_ITEM_EVENT, "m", body);
		bool written = !s->hands_over && upk_engine_write(s->bed->engine, &post);
		if (!written) {
			bed_finish(&post);
			bed_post(s->bed, &post, UPK_ITEM_EVENT, "m", body, 0);
		}
		s->written += written;
		s->accepted += post.accepted;
		s->duplicates += post.duplicates;
		bed_finish(&post);
	}
	return NULL;
}

static void threads_that_write_and_the_writers_thread_take_turns(void **state)
{
	struct bed *b = *state;
	struct sender senders[THREADS] = { 0 };
	size_t accepted = 0, duplicates = 0, written = 0;
	bed_put(b, "m", "{}");
	for (size_t i = 0; i < THREADS; i++) {
		senders[i] = (struct sender){ .bed = b, .number = i, .hands_over = i == 1 };
		assert_int_equal(
			pthread_create(&senders[i].thread, NULL, send_all, &senders[i]), 0);
	}
	for (size_t i = 0; i < THREADS; i++) {
		bed_put(b, "other", "{}"); /* a task of the writer's thread */
		assert_int_equal(pthread_join(senders[i].thread, NULL), 0);
		accepted += senders[i].accepted;
		duplicates += senders[i].duplicates;
		written += senders[i].written;
	}
	assert_int_equal(accepted, THREADS * POSTS);
	assert_int_equal(duplicates, THREADS * POSTS / 2);
	assert_true(written > 0);

	bed_reopen(b);
	struct upk_post post;
	bed_post(b, &post, UPK_ITEM_EVENT, "m", "[{\"id\":\"1-149\",\"predicted\":\"x\"}]", 0);
	assert_int_equal(post.duplicates, 1);
	bed_finish(&post);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(
			a_list_is_answered_at_once_in_its_order, setup, teardown),
		cmocka_unit_test_setup_teardown(
			what_is_handed_over_together_is_answered_together, setup, teardown),
		cmocka_unit_test_setup_teardown(what_may_take_long_is_refused, setup, teardown),
		cmocka_unit_test_setup_teardown(
			threads_that_write_and_the_writers_thread_take_turns, setup, teardown),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
