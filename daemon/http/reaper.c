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
	*entry = (struct upk_reaped){ .fd = fd, .deadline = deadline };

	pthread_mutex_lock(&r->mutex);
	entry->next = r->first;
	if (r->first)
		r->first->before = entry;
	r->first = entry;
	pthread_mutex_unlock(&r->mutex);
	return entry;
}

void upk_reaper_remove(struct upk_reaper *r, struct upk_reaped *entry)
{
	if (!entry)
		return;
	pthread_mutex_lock(&r->mutex);
	if (entry->before)
		entry->before->next = entry->next;
	else
		r->first = entry->next;
	if (entry->next)
		entry->next->before = entry->before;
	pthread_mutex_unlock(&r->mutex);
	free(entry);
}

void upk_reaper_set(struct upk_reaper *r, struct upk_reaped *entry, int64_t deadline)
{
	if (!entry)
		return;
	pthread_mutex_lock(&r->mutex);
	entry->deadline = deadline;
	pthread_mutex_unlock(&r->mutex);
}

void upk_reaper_pass(struct upk_reaper *r, int64_t now)
{
	pthread_mutex_lock(&r->mutex);
	for (struct upk_reaped *entry = r->first; entry; entry = entry->next) {
		if (!entry->deadline || now < entry->deadline)
			continue;
		shutdown(entry->fd, SHUT_RDWR);
		entry->deadline = 0;
	}
	pthread_mutex_unlock(&r->mutex);
}
