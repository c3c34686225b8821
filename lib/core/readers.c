#include "core/readers.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

/* Idle ones beyond these are closed: a burst of readers does not keep its files open for ever. */
enum { KEPT = 8 };

struct upk_readers {
	pthread_mutex_t lock;
	char *folder;
	struct upk_store *idle[KEPT];
	size_t count;
};

struct upk_readers *upk_readers_create(const char *folder, struct upk_error *err)
{
	struct upk_readers *r = calloc(1, sizeof *r);
	char *copy = strdup(folder);
	if (!r || !copy || pthread_mutex_init(&r->lock, NULL) != 0) {
		free(r);
		free(copy);
		upk_fail(err, UPK_NOMEM, "no memory for read-only connections");
		return NULL;
	}
	r->folder = copy;
	return r;
}

void upk_readers_destroy(struct upk_readers *r)
{
	if (!r)
		return;
	for (size_t i = 0; i < r->count; i++)
		upk_store_close(r->idle[i]);
	pthread_mutex_destroy(&r->lock);
	free(r->folder);
	free(r);
}

struct upk_store *upk_readers_take(struct upk_readers *r, struct upk_error *err)
{
	struct upk_store *s = NULL;
	pthread_mutex_lock(&r->lock);
	if (r->count > 0)
		s = r->idle[--r->count];
	pthread_mutex_unlock(&r->lock);
	return s ? s : upk_store_open(r->folder, UPK_STORE_READ, err);
}

void upk_readers_give_back(struct upk_readers *r, struct upk_store *s)
{
	if (!s)
		return;
	pthread_mutex_lock(&r->lock);
	bool kept = r->count < KEPT;
	if (kept)
		r->idle[r->count++] = s;
	pthread_mutex_unlock(&r->lock);
	if (!kept)
		upk_store_close(s);
}
