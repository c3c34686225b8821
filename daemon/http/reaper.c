#include "http/reaper.h"

#include <stdlib.h>
#include <sys/socket.h>

bool upk_reaper_init(struct upk_reaper *r)
{
	return pthread_mutex_init(&r->mutex, NULL) == 0;
}

void upk_reaper_finish(struct upk_reaper *r)
{
	pthread_mutex_destroy(&r->mutex);
}

struct upk_reaped *upk_reaper_add(struct upk_reaper *r, int fd, int64_t deadline)
{
	struct upk_reaped *entry = malloc(sizeof *entry);
	if (!entry)
		return NULL;
	*entry = (struct upk_reaped){ .fd = fd };
	atomic_init(&entry->deadline, deadline);
	atomic_init(&entry->pressed, 0);
	atomic_init(&entry->busy, false);

	pthread_mutex_lock(&r->mutex);
	entry->next = r->first;
	*(r->first ? &r->first->before : &r->last) = entry;
	r->first = entry;
	pthread_mutex_unlock(&r->mutex);
	return entry;
}

void upk_reaper_remove(struct upk_reaper *r, struct upk_reaped *entry)
{
	if (!entry)
		return;
	pthread_mutex_lock(&r->mutex);
	*(entry->before ? &entry->before->next : &r->first) = entry->next;
	*(entry->next ? &entry->next->before : &r->last) = entry->before;
	pthread_mutex_unlock(&r->mutex);
	free(entry);
}

void upk_reaper_set(struct upk_reaped *entry, int64_t deadline)
{
	if (entry)
		atomic_store_explicit(&entry->deadline, deadline, memory_order_relaxed);
}

void upk_reaper_set_pressed(struct upk_reaped *entry, int64_t deadline)
{
	if (entry)
		atomic_store_explicit(&entry->pressed, deadline, memory_order_relaxed);
}

void upk_reaper_set_busy(struct upk_reaped *entry, bool busy)
{
	if (entry)
		atomic_store_explicit(&entry->busy, busy, memory_order_relaxed);
}

/* Its end is seen by the connection's own thread, which removes it. */
static void cut(struct upk_reaped *entry)
{
	shutdown(entry->fd, SHUT_RDWR);
	atomic_store(&entry->busy, true);
	atomic_store(&entry->deadline, 0);
	atomic_store(&entry->pressed, 0);
}

static bool is_over(_Atomic int64_t *deadline, int64_t now)
{
	int64_t at = atomic_load_explicit(deadline, memory_order_relaxed);
	return at != 0 && now >= at;
}

void upk_reaper_pass(struct upk_reaper *r, int64_t now, bool pressed)
{
	pthread_mutex_lock(&r->mutex);
	for (struct upk_reaped *entry = r->first; entry; entry = entry->next) {
		if (is_over(&entry->deadline, now) || (pressed && is_over(&entry->pressed, now)))
			cut(entry);
	}
	pthread_mutex_unlock(&r->mutex);
}

bool upk_reaper_make_room(struct upk_reaper *r)
{
	pthread_mutex_lock(&r->mutex);
	struct upk_reaped *entry = r->last;
	while (entry && atomic_load(&entry->busy))
		entry = entry->before;
	if (entry)
		cut(entry);
	pthread_mutex_unlock(&r->mutex);
	return entry != NULL;
}
