#include "writer/checkpointer.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum {
	ENOUGH_PAGES = 1024, /* to be worth a pass */
	REST_PAGES = 128,    /* the writer may copy so many */
	MOST_PAGES = 16384,  /* beyond, the writer waits for the disk */
	HELD_MS = 100,       /* until the next try, when a reader stands in the way */
};

struct upk_checkpointer {
	struct upk_engine *engine;
	struct upk_store *store; /* the thread's */
	pthread_t thread;
	pthread_mutex_t lock; /* over what follows */
	pthread_cond_t wake, passed;
	int pages;  /* in the WAL */
	int copied; /* of them */
	bool passing, held, stopping;
	bool warned; /* the log knows of the reader */
	struct upk_error failed;
};

/* A transaction that began or ended meanwhile may keep a few pages back. What failed is tried again
 * after the same while. */
static void note_copied(struct upk_checkpointer *c, const struct upk_wal *wal, bool done)
{
	c->held = !done || wal->pages - wal->copied > REST_PAGES;
	if (done)
		c->copied = wal->copied <= c->pages ? wal->copied : 0;
}

/* ---- the thread ---- */

static void wait_a_little(struct upk_checkpointer *c)
{
	struct timespec until;
	clock_gettime(CLOCK_MONOTONIC, &until);
	until.tv_nsec += HELD_MS * 1000000L;
	until.tv_sec += until.tv_nsec / 1000000000L;
	until.tv_nsec %= 1000000000L;
	while (!c->stopping && pthread_cond_timedwait(&c->wake, &c->lock, &until) == 0)
		;
}

static void warn(struct upk_checkpointer *c)
{
	bool long_held = c->held && c->pages > MOST_PAGES;
	if (long_held && !c->warned)
		upk_engine_log(c->engine, UPK_LOG_WARNING,
			"upkeepd.db-wal grows, it has %d MiB: some program has been reading "
			"upkeepd.db in one transaction for long",
			(int)((int64_t)c->pages * UPK_STORE_PAGE >> 20));
	if (long_held || !c->held)
		c->warned = long_held;
}

/* One pass with the lock released. */
static void pass(struct upk_checkpointer *c)
{
	struct upk_wal wal = { 0 };
	struct upk_error err = { 0 };
	c->passing = true;
	pthread_mutex_unlock(&c->lock);
	bool done = upk_store_checkpoint(c->store, &wal, &err);
	pthread_mutex_lock(&c->lock);
	c->passing = false;
	if (!done)
		c->failed = err;
	note_copied(c, &wal, done);
	if (done)
		warn(c);
	pthread_cond_broadcast(&c->passed);
}

static void *work(void *argument)
{
	struct upk_checkpointer *c = argument;
	pthread_mutex_lock(&c->lock);
	while (!c->stopping) {
		if (c->held)
			wait_a_little(c);
		else if (c->pages < ENOUGH_PAGES || c->pages - c->copied <= REST_PAGES)
			pthread_cond_wait(&c->wake, &c->lock);
		if (!c->stopping && c->pages >= ENOUGH_PAGES && c->pages - c->copied > REST_PAGES)
			pass(c);
		else
			c->held = false;
	}
	pthread_mutex_unlock(&c->lock);
	return NULL;
}

/* ---- the writer ---- */

/* The WAL began anew with the transaction that made it shorter. */
static void note_pages(struct upk_checkpointer *c, int pages)
{
	if (pages < c->pages)
		c->copied = 0;
	c->pages = pages;
}

/* Little is left, or so much that the writer has to wait. */
static bool is_writers_turn(const struct upk_checkpointer *c)
{
	return c->pages >= ENOUGH_PAGES && !c->held &&
		(c->pages > MOST_PAGES || (!c->passing && c->pages - c->copied <= REST_PAGES));
}

static bool look(struct upk_checkpointer *c)
{
	note_pages(c, upk_store_wal_pages(c->engine->store));
	bool turn = c->failed.code == UPK_OK && is_writers_turn(c);
	if (!turn && c->pages >= ENOUGH_PAGES)
		pthread_cond_signal(&c->wake);
	return turn;
}

bool upk_checkpointer_look(struct upk_checkpointer *c)
{
	pthread_mutex_lock(&c->lock);
	bool due = look(c) || c->failed.code != UPK_OK;
	pthread_mutex_unlock(&c->lock);
	return due;
}

/* By the thread's pass, or another's. */
static void wait_for_pass(struct upk_checkpointer *c)
{
	while (c->pages > MOST_PAGES && c->passing && !c->held)
		pthread_cond_wait(&c->passed, &c->lock);
}

bool upk_checkpointer_follow(struct upk_checkpointer *c, struct upk_error *err)
{
	struct upk_wal wal = { 0 };
	pthread_mutex_lock(&c->lock);
	bool turn = look(c);
	bool done =
		c->failed.code == UPK_OK || upk_fail(err, c->failed.code, "%s", c->failed.message);
	c->failed.code = UPK_OK;
	if (turn) {
		wait_for_pass(c);
		turn = is_writers_turn(c);
	}
	pthread_mutex_unlock(&c->lock);
	if (!turn)
		return done;
	done = upk_store_checkpoint(c->engine->store, &wal, err);
	pthread_mutex_lock(&c->lock);
	note_copied(c, &wal, done);
	pthread_mutex_unlock(&c->lock);
	return done;
}

int64_t upk_checkpointer_wal_bytes(struct upk_checkpointer *c)
{
	pthread_mutex_lock(&c->lock);
	int64_t pages = c->pages;
	pthread_mutex_unlock(&c->lock);
	return pages * UPK_STORE_PAGE;
}

/* ---- life ---- */

static bool start_thread(struct upk_checkpointer *c)
{
	pthread_condattr_t monotonic;
	if (pthread_condattr_init(&monotonic) != 0)
		return false;
	bool fine = pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC) == 0 &&
		pthread_cond_init(&c->wake, &monotonic) == 0;
	pthread_condattr_destroy(&monotonic);
	if (!fine)
		return false;
	if (pthread_cond_init(&c->passed, NULL) != 0)
		goto destroy_wake;
	if (pthread_mutex_init(&c->lock, NULL) != 0)
		goto destroy_passed;
	if (pthread_create(&c->thread, NULL, work, c) == 0)
		return true;
	pthread_mutex_destroy(&c->lock);
destroy_passed:
	pthread_cond_destroy(&c->passed);
destroy_wake:
	pthread_cond_destroy(&c->wake);
	return false;
}

struct upk_checkpointer *upk_checkpointer_start(struct upk_engine *e, struct upk_error *err)
{
	struct upk_checkpointer *c = calloc(1, sizeof *c);
	if (!c) {
		upk_fail(err, UPK_NOMEM, "no memory for the checkpointer");
		return NULL;
	}
	c->engine = e;
	c->store = upk_store_open(e->folder, UPK_STORE_COPY, err);
	if (!c->store)
		goto free_checkpointer;
	if (!start_thread(c)) {
		upk_fail(err, UPK_IO, "the checkpointer's thread can't be started");
		goto close_store;
	}
	return c;

close_store:
	upk_store_close(c->store);
free_checkpointer:
	free(c);
	return NULL;
}

void upk_checkpointer_stop(struct upk_checkpointer *c)
{
	if (!c)
		return;
	pthread_mutex_lock(&c->lock);
	c->stopping = true;
	pthread_cond_signal(&c->wake);
	pthread_mutex_unlock(&c->lock);
	pthread_join(c->thread, NULL);
	pthread_mutex_destroy(&c->lock);
	pthread_cond_destroy(&c->passed);
	pthread_cond_destroy(&c->wake);
	upk_store_close(c->store);
	free(c);
}
