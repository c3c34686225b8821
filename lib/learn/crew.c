#include "learn/crew.h"

#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>

/* How often a thread looks before it sleeps: about 20 us, since a fit hands out blocks in quick
 * succession and to wake a thread takes longer than that. */
enum { LOOKS = 500 };

struct task {
	void (*work)(void *context, size_t block);
	void *context;
	uint32_t blocks;
};

/* `ticket` holds the number of the task in its upper half, and the next block to hand out in its
 * lower: whoever is late with an old task gets no block of the new one. */
struct upk_crew {
	pthread_mutex_t lock; /* over task and over */
	pthread_cond_t wake, done;
	struct task task;
	bool over;
	atomic_uint_fast64_t ticket;
	atomic_uint_fast32_t finished; /* blocks of the task */
	size_t threads;                /* started; the caller is not among them */
	pthread_t thread[];
};

static uint32_t number_of(uint64_t ticket)
{
	return (uint32_t)(ticket >> 32);
}

static void rest(void)
{
#if defined(__x86_64__)
	__builtin_ia32_pause();
#endif
}

/* Blocks of the task `number`, for as long as there are some. */
static void take_blocks(struct upk_crew *c, const struct task *task, uint32_t number)
{
	uint64_t ticket = atomic_load(&c->ticket);

	while (number_of(ticket) == number && (uint32_t)ticket < task->blocks) {
		if (!atomic_compare_exchange_weak(&c->ticket, &ticket, ticket + 1))
			continue;
		task->work(task->context, (uint32_t)ticket);
		if (atomic_fetch_add(&c->finished, 1) + 1 == task->blocks) {
			pthread_mutex_lock(&c->lock);
			pthread_cond_signal(&c->done);
			pthread_mutex_unlock(&c->lock);
		}
		ticket = atomic_load(&c->ticket);
	}
}

/* Waits for a task after the one with this number. false: there will be none. */
static bool next_task(struct upk_crew *c, uint32_t *number, struct task *task)
{
	for (int i = 0; i < LOOKS && number_of(atomic_load(&c->ticket)) == *number; i++)
		rest();
	pthread_mutex_lock(&c->lock);
	while (!c->over && number_of(atomic_load(&c->ticket)) == *number)
		pthread_cond_wait(&c->wake, &c->lock);
	bool over = c->over;
	*number = number_of(atomic_load(&c->ticket));
	*task = c->task;
	pthread_mutex_unlock(&c->lock);
	return !over;
}

static void *serve(void *argument)
{
	struct upk_crew *c = argument;
	struct task task;
	uint32_t number = 0;

	while (next_task(c, &number, &task))
		take_blocks(c, &task, number);
	return NULL;
}

size_t upk_crew_default(void)
{
	cpu_set_t set;
	size_t count = sched_getaffinity(0, sizeof set, &set) == 0 ? (size_t)CPU_COUNT(&set) : 1;

	if (count <= 2)
		return 1;
	return count - 1 < UPK_CREW_DEFAULT_MOST ? count - 1 : UPK_CREW_DEFAULT_MOST;
}

/* As many as can be started. Signals are for the process's own threads to take. */
static void start_threads(struct upk_crew *c, size_t wanted)
{
	sigset_t all, old;
	bool failed = false;

	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &old);
	while (!failed && c->threads < wanted) {
		failed = pthread_create(&c->thread[c->threads], NULL, serve, c) != 0;
		c->threads += !failed;
	}
	pthread_sigmask(SIG_SETMASK, &old, NULL);
}

struct upk_crew *upk_crew_create(size_t threads, struct upk_error *err)
{
	struct upk_crew *c = calloc(1, sizeof *c + threads * sizeof *c->thread);

	if (!c) {
		upk_fail(err, UPK_NOMEM, "no memory for %zu threads", threads);
		return NULL;
	}
	pthread_mutex_init(&c->lock, NULL);
	pthread_cond_init(&c->wake, NULL);
	pthread_cond_init(&c->done, NULL);
	start_threads(c, threads - 1);
	return c;
}

void upk_crew_destroy(struct upk_crew *c)
{
	if (!c)
		return;
	pthread_mutex_lock(&c->lock);
	c->over = true;
	pthread_cond_broadcast(&c->wake);
	pthread_mutex_unlock(&c->lock);
	for (size_t i = 0; i < c->threads; i++)
		pthread_join(c->thread[i], NULL);
	pthread_cond_destroy(&c->done);
	pthread_cond_destroy(&c->wake);
	pthread_mutex_destroy(&c->lock);
	free(c);
}

size_t upk_crew_threads(const struct upk_crew *c)
{
	return c ? c->threads + 1 : 1;
}

static uint32_t hand_out(struct upk_crew *c, const struct task *task)
{
	pthread_mutex_lock(&c->lock);
	uint32_t number = number_of(atomic_load(&c->ticket)) + 1;
	c->task = *task;
	atomic_store(&c->finished, 0);
	atomic_store(&c->ticket, (uint64_t)number << 32);
	pthread_cond_broadcast(&c->wake);
	pthread_mutex_unlock(&c->lock);
	return number;
}

static void wait_for_last(struct upk_crew *c, uint32_t blocks)
{
	for (int i = 0; i < LOOKS && atomic_load(&c->finished) < blocks; i++)
		rest();
	pthread_mutex_lock(&c->lock);
	while (atomic_load(&c->finished) < blocks)
		pthread_cond_wait(&c->done, &c->lock);
	pthread_mutex_unlock(&c->lock);
}

void upk_crew_run(
	struct upk_crew *c, size_t blocks, void (*work)(void *context, size_t block), void *context)
{
	struct task task = { work, context, (uint32_t)blocks };

	if (!c || c->threads == 0 || blocks < 2) {
		for (size_t i = 0; i < blocks; i++)
			work(context, i);
		return;
	}
	take_blocks(c, &task, hand_out(c, &task));
	wait_for_last(c, task.blocks);
}
