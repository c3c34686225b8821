#include "windows/score_task.h"

#include <pthread.h>
#include <stdlib.h>

struct upk_scoring {
	pthread_t thread;
	pthread_mutex_t lock; /* over what follows, and the states and links of all tasks */
	pthread_cond_t wake, ended;
	struct upk_score_task *first, *last; /* that wait */
	bool stopping;
};

struct upk_score_task {
	struct upk_scoring *scoring;
	struct upk_score_task *next;
	enum { IDLE, WAITS, RUNS, DONE } state;
	const char *metric;
	struct upk_score_copy copy;
	double value;
	struct upk_error err; /* its code is UPK_OK: the value counts */
};

/* ---- the thread ---- */

static struct upk_score_task *take(struct upk_scoring *s)
{
	while (!s->first && !s->stopping)
		pthread_cond_wait(&s->wake, &s->lock);
	struct upk_score_task *t = s->first;
	if (!t)
		return NULL;
	s->first = t->next;
	t->state = RUNS;
	return t;
}

static void *work(void *argument)
{
	struct upk_scoring *s = argument;
	struct upk_score_task *t;
	pthread_mutex_lock(&s->lock);
	while ((t = take(s))) {
		pthread_mutex_unlock(&s->lock);
		t->err = (struct upk_error){ 0 };
		upk_score_copy_metric(&t->copy, t->metric, &t->value, &t->err);
		pthread_mutex_lock(&s->lock);
		t->state = DONE;
		pthread_cond_broadcast(&s->ended);
	}
	pthread_mutex_unlock(&s->lock);
	return NULL;
}

static bool start_thread(struct upk_scoring *s)
{
	if (pthread_mutex_init(&s->lock, NULL) != 0)
		return false;
	if (pthread_cond_init(&s->wake, NULL) != 0)
		goto destroy_lock;
	if (pthread_cond_init(&s->ended, NULL) != 0)
		goto destroy_wake;
	if (pthread_create(&s->thread, NULL, work, s) == 0)
		return true;
	pthread_cond_destroy(&s->ended);
destroy_wake:
	pthread_cond_destroy(&s->wake);
destroy_lock:
	pthread_mutex_destroy(&s->lock);
	return false;
}

struct upk_scoring *upk_scoring_start(struct upk_error *err)
{
	struct upk_scoring *s = calloc(1, sizeof *s);
	if (!s) {
		upk_fail(err, UPK_NOMEM, "no memory for scores");
		return NULL;
	}
	if (start_thread(s))
		return s;
	free(s);
	upk_fail(err, UPK_IO, "no thread for scores");
	return NULL;
}

void upk_scoring_stop(struct upk_scoring *s)
{
	if (!s)
		return;
	pthread_mutex_lock(&s->lock);
	s->stopping = true;
	pthread_cond_signal(&s->wake);
	pthread_mutex_unlock(&s->lock);
	pthread_join(s->thread, NULL);
	pthread_cond_destroy(&s->ended);
	pthread_cond_destroy(&s->wake);
	pthread_mutex_destroy(&s->lock);
	free(s);
}

/* ---- the owner ---- */

struct upk_score_task *upk_score_task_create(struct upk_scoring *s)
{
	struct upk_score_task *t = calloc(1, sizeof *t);
	if (t)
		t->scoring = s;
	return t;
}

static void unlink_task(struct upk_score_task *t)
{
	struct upk_scoring *s = t->scoring;
	struct upk_score_task *before = NULL, *at = s->first;
	for (; at != t; at = at->next)
		before = at;
	if (before)
		before->next = t->next;
	else
		s->first = t->next;
	if (s->last == t)
		s->last = before;
}

void upk_score_task_destroy(struct upk_score_task *t)
{
	if (!t)
		return;
	pthread_mutex_lock(&t->scoring->lock);
	if (t->state == WAITS)
		unlink_task(t);
	while (t->state == RUNS)
		pthread_cond_wait(&t->scoring->ended, &t->scoring->lock);
	pthread_mutex_unlock(&t->scoring->lock);
	upk_score_copy_finish(&t->copy);
	free(t);
}

struct upk_score_copy *upk_score_task_copy(struct upk_score_task *t)
{
	return &t->copy;
}

void upk_score_task_begin(struct upk_score_task *t, const char *metric)
{
	struct upk_scoring *s = t->scoring;
	pthread_mutex_lock(&s->lock);
	t->metric = metric;
	t->state = WAITS;
	t->next = NULL;
	if (s->first)
		s->last->next = t;
	else
		s->first = t;
	s->last = t;
	pthread_cond_signal(&s->wake);
	pthread_mutex_unlock(&s->lock);
}

bool upk_score_task_pending(const struct upk_score_task *t)
{
	pthread_mutex_lock(&t->scoring->lock);
	bool pending = t->state != IDLE;
	pthread_mutex_unlock(&t->scoring->lock);
	return pending;
}

bool upk_score_task_end(struct upk_score_task *t, double *value, struct upk_error *err)
{
	struct upk_scoring *s = t->scoring;
	pthread_mutex_lock(&s->lock);
	while (t->state != DONE)
		pthread_cond_wait(&s->ended, &s->lock);
	t->state = IDLE;
	pthread_mutex_unlock(&s->lock);
	if (t->err.code != UPK_OK)
		return upk_fail(err, t->err.code, "%s", t->err.message);
	*value = t->value;
	return true;
}
