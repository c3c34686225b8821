#include "writer/writer.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "core/core.h"
#include "core/health.h"
#include "writer/checkpointer.h"
#include "writer/feed.h"
#include "writer/group.h"
#include "writer/queue.h"
#include "writer/rebuild.h"
#include "writer/retention.h"
#include "writer/turn.h"
#include "writer/unsaved.h"

enum {
	TICK_MS = 1000,
};

struct upk_writer {
	struct upk_engine *engine;
	pthread_t thread;
	pthread_mutex_t
		lock; /* over the turn, the tasks, the queue, what visitors left and stopping */
	pthread_cond_t wake;
	struct upk_turn turn;
	struct upk_task *first_task, *last_task;
	struct upk_queue queue;
	bool visited; /* since the thread's last round */
	bool left;    /* a visitor left something for the thread's round */
	bool stopping;
	int64_t ticked, looked; /* the thread's own; monotonic ms */
};

static int64_t monotonic_ms(void)
{
	return upk_clock_monotonic_ns() / 1000000;
}

void upk_writer_push(struct upk_writer *w, struct upk_task *task)
{
	task->next = NULL;
	pthread_mutex_lock(&w->lock);
	*(w->last_task ? &w->last_task->next : &w->first_task) = task;
	w->last_task = task;
	pthread_cond_signal(&w->wake);
	upk_turn_notice(&w->turn);
	pthread_mutex_unlock(&w->lock);
}

struct upk_post *upk_writer_post(
	struct upk_writer *w, struct upk_post *posts, struct upk_error *err)
{
	struct upk_post *left = posts;

	pthread_mutex_lock(&w->lock);
	if (w->stopping)
		upk_fail(err, UPK_BUSY, "the daemon is stopping");
	while (left && !w->stopping) {
		struct upk_post *next = left->next;
		if (!upk_queue_add(&w->queue, left, err))
			break;
		left = next;
	}
	upk_turn_notice(&w->turn);
	pthread_mutex_unlock(&w->lock);
	if (left != posts)
		pthread_cond_signal(&w->wake);
	return left;
}

void upk_writer_answered(struct upk_writer *w, const struct upk_post *posts)
{
	pthread_mutex_lock(&w->lock);
	for (const struct upk_post *post = posts; post; post = post->next)
		upk_queue_answered(&w->queue, post);
	pthread_mutex_unlock(&w->lock);
}

/* ---- visitors ---- */

static bool has_work(const struct upk_writer *w)
{
	return w->first_task || upk_queue_waits(&w->queue) || w->left || w->stopping;
}

static bool may_visit(const void *context)
{
	return !has_work(context);
}

/* What the thread's round does after a group, as far as it is quick; true: the rest is due. */
static bool follow_visit(struct upk_engine *e)
{
	if (atomic_load(&e->broken))
		return true;
	upk_room_follow(e);
	return upk_checkpointer_look(e->checkpointer);
}

static void leave(struct upk_writer *w, bool visited, bool left, int64_t took)
{
	pthread_mutex_lock(&w->lock);
	w->visited = w->visited || visited;
	w->left = w->left || left;
	if (left)
		pthread_cond_signal(&w->wake);
	upk_turn_end_visit(&w->turn, took);
	pthread_mutex_unlock(&w->lock);
}

bool upk_writer_write(struct upk_writer *w, struct upk_post *posts)
{
	pthread_mutex_lock(&w->lock);
	bool visits = upk_turn_visit(&w->turn, may_visit, w);
	pthread_mutex_unlock(&w->lock);
	if (!visits)
		return false;
	int64_t began = upk_clock_monotonic_ns();
	bool quick = upk_group_is_quick(w->engine, posts), left = false;
	if (quick) {
		upk_group_write(w->engine, posts);
		left = follow_visit(w->engine);
	}
	leave(w, quick, left, upk_clock_monotonic_ns() - began);
	return quick;
}

/* ---- calls ---- */

struct call {
	struct upk_task task;
	struct upk_task *inner;
	pthread_mutex_t lock;
	pthread_cond_t done;
	bool ended;
};

static void run_call(struct upk_engine *e, struct upk_task *task)
{
	struct call *call = (struct call *)(void *)task;
	call->inner->run(e, call->inner);
	upk_engine_notice_broken_store(e);
	pthread_mutex_lock(&call->lock);
	call->ended = true;
	pthread_cond_signal(&call->done);
	pthread_mutex_unlock(&call->lock);
}

void upk_writer_call(struct upk_writer *w, struct upk_task *task)
{
	struct call call = { .task = { .run = run_call }, .inner = task };
	pthread_mutex_init(&call.lock, NULL);
	pthread_cond_init(&call.done, NULL);
	upk_writer_push(w, &call.task);
	pthread_mutex_lock(&call.lock);
	while (!call.ended)
		pthread_cond_wait(&call.done, &call.lock);
	pthread_mutex_unlock(&call.lock);
	pthread_cond_destroy(&call.done);
	pthread_mutex_destroy(&call.lock);
}

/* ---- the thread ---- */

struct work {
	struct upk_task *tasks;
	struct upk_post *posts;
	bool visited; /* others have written meanwhile */
	bool stop;
};

/* How long until a tick or a look is due, ms. Neither comes when the engine is broken. */
static int64_t idle_ms(const struct upk_writer *w)
{
	if (atomic_load(&w->engine->broken))
		return TICK_MS;
	int64_t now = monotonic_ms();
	int64_t tick = w->ticked + TICK_MS - now, look = w->looked + w->engine->look_ms - now;
	int64_t wait = tick < look ? tick : look;
	return wait < 1 ? 1 : wait;
}

static struct work take_work(struct upk_writer *w)
{
	struct work work = {
		.tasks = w->first_task, .posts = upk_queue_take(&w->queue), .visited = w->visited
	};
	w->first_task = w->last_task = NULL;
	w->visited = w->left = false;
	work.stop = w->stopping && !work.tasks && !work.posts;
	return work;
}

/* Others may have the turn meanwhile. Not for long when there is something to do in the background.
 */
static struct work wait_for_work(struct upk_writer *w)
{
	int64_t end = upk_clock_monotonic_ns() + idle_ms(w) * 1000000;
	const struct timespec until = { end / 1000000000, end % 1000000000 };

	bool sweep = !atomic_load(&w->engine->broken) &&
		(upk_sweeper_due(w->engine, false) || upk_retention_due(w->engine, false));
	pthread_mutex_lock(&w->lock);
	if (!sweep && !has_work(w)) {
		upk_turn_leave(&w->turn);
		while (!has_work(w))
			if (pthread_cond_timedwait(&w->wake, &w->lock, &until) == ETIMEDOUT)
				break;
		upk_turn_take(&w->turn);
	}
	struct work work = take_work(w);
	pthread_mutex_unlock(&w->lock);
	return work;
}

static void run_tasks(struct upk_engine *e, struct upk_task *task)
{
	while (task) {
		struct upk_task *next = task->next; /* run may free the task */
		task->run(e, task);
		task = next;
	}
}

static void note_look(struct upk_engine *e, const struct upk_model *m)
{
	int64_t look = upk_windows_look(m->tail->config);
	e->look_ms = look < e->look_ms ? look : e->look_ms;
}

static void tick_model(struct upk_engine *e, struct upk_model *m)
{
	bool sound = !m->stale;
	if (m->stale)
		upk_rebuild_if_due(e, m);
	if (!m->stale)
		upk_feed_tick(e, m, upk_clock_now(e->clock));
	if (sound && !m->stale)
		upk_repair_end(&m->repair);
	note_look(e, m);
	upk_group_settle(e, m);
}

static void look_at_model(struct upk_engine *e, struct upk_model *m)
{
	if (!m->stale && upk_windows_look(m->tail->config) < TICK_MS)
		upk_feed_prepare(e, m, upk_clock_now(e->clock));
}

static void each_model(struct upk_engine *e, void (*act)(struct upk_engine *, struct upk_model *))
{
	struct upk_error err = { 0 };
	size_t count;
	struct upk_model **models = upk_registry_all(e->registry, &count, &err);
	for (size_t i = 0; models && i < count; i++)
		act(e, models[i]);
	if (models)
		upk_registry_give_back(models);
	else
		upk_engine_log(e, UPK_LOG_ERROR, "%s", err.message);
}

static void checkpoint(struct upk_engine *e)
{
	struct upk_error err = { 0 };
	if (upk_checkpointer_follow(e->checkpointer, &err))
		return;
	upk_engine_log(e, UPK_LOG_WARNING, "the WAL can't be copied back: %s", err.message);
	if (err.code == UPK_IO)
		upk_engine_break(e, &err);
}

/* Short of memory or space, it is tried again; what is damaged stays so. What was shown first after
 * that would be as old as the last step, but for the tick. */
static void rebuild(struct upk_engine *e)
{
	struct upk_error err = { 0 };
	if (upk_rebuild_all(e, &err)) {
		each_model(e, tick_model);
		atomic_store(&e->ready, !atomic_load(&e->broken));
		return;
	}
	upk_engine_log(e, UPK_LOG_ERROR, "the models can't be rebuilt: %s", err.message);
	if (err.code == UPK_FULL)
		upk_room_failed(e, true);
	if (err.code != UPK_NOMEM && err.code != UPK_FULL && err.code != UPK_BUSY)
		upk_engine_break(e, &err);
}

static void tick_when_due(struct upk_writer *w)
{
	int64_t now = monotonic_ms();
	if (now - w->ticked < TICK_MS)
		return;
	w->ticked = w->looked = now;
	w->engine->look_ms = TICK_MS;
	if (!upk_engine_ready(w->engine))
		rebuild(w->engine);
	each_model(w->engine, tick_model);
	upk_sweeper_wake(w->engine);
	upk_retention_look(w->engine);
	upk_room_look(w->engine);
}

/* Between ticks: short duration windows, and no rules. */
static void look_when_due(struct upk_writer *w)
{
	int64_t now = monotonic_ms();
	if (now - w->looked < w->engine->look_ms || !upk_engine_ready(w->engine))
		return;
	w->looked = now;
	if (w->engine->look_ms < TICK_MS)
		each_model(w->engine, look_at_model);
}

/* A start after a clean end has nothing to read again. */
static void save_states(struct upk_engine *e)
{
	struct upk_error err = { 0 };
	if (!upk_engine_ready(e) || atomic_load(&e->broken))
		return;
	if (upk_store_begin(e->store, &err) && upk_unsaved_save(e, e->seq, true, &err) &&
		upk_store_commit(e->store, &err)) {
		upk_unsaved_commit(e);
		return;
	}
	upk_store_rollback(e->store);
	upk_unsaved_rollback(e);
	upk_engine_log(e, UPK_LOG_WARNING, "the models' states can't be stored: %s", err.message);
}

static void *work(void *argument)
{
	struct upk_writer *w = argument;
	struct upk_engine *e = w->engine;
	upk_room_look(e);
	rebuild(e);
	upk_retention_look(e);

	for (;;) {
		upk_engine_notice_broken_store(e);
		struct work todo = wait_for_work(w);
		if (todo.stop)
			break;
		bool busy = todo.tasks || todo.posts || todo.visited;
		run_tasks(e, todo.tasks);
		if (todo.posts)
			upk_group_write(e, todo.posts);
		if (atomic_load(&e->broken)) {
			each_model(e, upk_group_release);
			continue;
		}
		tick_when_due(w);
		look_when_due(w);
		upk_room_follow(e);
		if (upk_sweeper_due(e, busy))
			upk_sweeper_run(e);
		if (upk_retention_due(e, busy))
			upk_retention_run(e);
		checkpoint(e);
	}
	each_model(e, upk_group_release);
	if (!atomic_load(&e->broken))
		save_states(e);
	return NULL;
}

bool upk_writer_start(struct upk_engine *e, struct upk_error *err)
{
	struct upk_writer *w = calloc(1, sizeof *w);
	if (!w)
		return upk_fail(err, UPK_NOMEM, "no memory for the writer");
	w->engine = e;
	w->queue.bytes_max = e->queue_bytes;
	w->ticked = w->looked = monotonic_ms();
	e->look_ms = TICK_MS;
	e->writer = w;
	pthread_condattr_t monotonic;
	pthread_condattr_init(&monotonic);
	pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
	pthread_mutex_init(&w->lock, NULL);
	pthread_cond_init(&w->wake, &monotonic);
	pthread_condattr_destroy(&monotonic);
	upk_turn_init(&w->turn, &w->lock);
	int failed = pthread_create(&w->thread, NULL, work, w);
	if (!failed)
		return true;
	upk_turn_finish(&w->turn);
	e->writer = NULL;
	free(w);
	return upk_fail(err, UPK_IO, "the writer's thread can't be started: %s", strerror(failed));
}

void upk_writer_stop(struct upk_writer *w)
{
	if (!w)
		return;
	pthread_mutex_lock(&w->lock);
	w->stopping = true;
	pthread_cond_signal(&w->wake);
	pthread_mutex_unlock(&w->lock);
	pthread_join(w->thread, NULL);
	upk_turn_finish(&w->turn);
	pthread_cond_destroy(&w->wake);
	pthread_mutex_destroy(&w->lock);
	free(w);
}
