#include "writer/turn.h"

#include <errno.h>
#include <time.h>

#include "base/clock.h"

void upk_turn_init(struct upk_turn *t, pthread_mutex_t *lock)
{
	pthread_condattr_t monotonic;

	*t = (struct upk_turn){ .lock = lock, .taken = true };
	pthread_condattr_init(&monotonic);
	pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
	pthread_cond_init(&t->changed, &monotonic);
	pthread_condattr_destroy(&monotonic);
}

void upk_turn_finish(struct upk_turn *t)
{
	pthread_cond_destroy(&t->changed);
}

void upk_turn_notice(struct upk_turn *t)
{
	if (t->waiting > 0 || t->wanted)
		pthread_cond_broadcast(&t->changed);
}

void upk_turn_take(struct upk_turn *t)
{
	t->wanted = true;
	if (t->taken)
		upk_turn_notice(t);
	while (t->taken)
		pthread_cond_wait(&t->changed, t->lock);
	t->wanted = false;
	t->taken = true;
}

void upk_turn_leave(struct upk_turn *t)
{
	t->taken = false;
	upk_turn_notice(t);
}

static bool is_open(const struct upk_turn *t, int64_t now)
{
	return !t->wanted && (!t->taken || t->visited) && now >= t->closed_until;
}

bool upk_turn_visit(struct upk_turn *t, bool (*may)(const void *context), const void *context)
{
	int64_t now = upk_clock_monotonic_ns(), end = now + UPK_TURN_SLOW_NS;
	const struct timespec until = { end / 1000000000, end % 1000000000 };
	bool in_time = true;

	t->waiting++;
	while (in_time && t->taken && is_open(t, now) && may(context))
		in_time = pthread_cond_timedwait(&t->changed, t->lock, &until) != ETIMEDOUT;
	t->waiting--;
	if (t->taken || !is_open(t, now) || !may(context))
		return false;
	t->taken = t->visited = true;
	return true;
}

void upk_turn_end_visit(struct upk_turn *t, int64_t took_ns)
{
	if (took_ns > UPK_TURN_SLOW_NS)
		t->closed_until = upk_clock_monotonic_ns() + UPK_TURN_REST * took_ns;
	t->visited = false;
	upk_turn_leave(t);
}
