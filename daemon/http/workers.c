#include "http/workers.h"

#include <pthread.h>
#include <stdlib.h>

struct upk_workers {
	size_t most, started;
	pthread_mutex_t mutex; /* guards what follows */
	pthread_cond_t wake;
	struct upk_errand *first, *last;
	size_t waiting;
	bool stopping;
	pthread_t threads[];
};

static struct upk_errand *take(struct upk_workers *w)
{
	pthread_mutex_lock(&w->mutex);
	while (!w->first && !w->stopping)
		pthread_cond_wait(&w->wake, &w->mutex);
	struct upk_errand *errand = w->first;
	if (errand) {
		w->first = errand->next;
		if (!w->first)
			w->last = NULL;
		w->waiting--;
	}
	pthread_mutex_unlock(&w->mutex);
	return errand;
}

static void *work(void *context)
{
	struct upk_workers *w = context;
	struct upk_errand *errand;

	while ((errand = take(w)))
		errand->run(errand);
	return NULL;
}

struct upk_workers *upk_workers_start(size_t threads, size_t most, struct upk_error *err)
{
	struct upk_workers *w = calloc(1, sizeof *w + threads * sizeof *w->threads);
	if (!w)
		goto fail;
	w->most = most;
	if (pthread_mutex_init(&w->mutex, NULL) != 0)
		goto free_workers;
	if (pthread_cond_init(&w->wake, NULL) != 0)
		goto destroy_mutex;
	while (w->started < threads && pthread_create(&w->threads[w->started], NULL, work, w) == 0)
		w->started++;
	if (w->started == threads)
		return w;

	upk_workers_stop(w);
	upk_fail(err, UPK_IO, "no thread for the HTTP server");
	return NULL;

destroy_mutex:
	pthread_mutex_destroy(&w->mutex);
free_workers:
	free(w);
fail:
	upk_fail(err, UPK_NOMEM, "no memory for the HTTP server");
	return NULL;
}

bool upk_workers_add(struct upk_workers *w, struct upk_errand *errand)
{
	errand->next = NULL;
	pthread_mutex_lock(&w->mutex);
	bool room = w->waiting < w->most;
	if (room) {
		*(w->last ? &w->last->next : &w->first) = errand;
		w->last = errand;
		w->waiting++;
	}
	pthread_mutex_unlock(&w->mutex);
	if (room) /* now, so that the thread does not wake up to a mutex that is held */
		pthread_cond_signal(&w->wake);
	return room;
}

bool upk_workers_withdraw(struct upk_workers *w, struct upk_errand *errand)
{
	struct upk_errand *before = NULL;

	pthread_mutex_lock(&w->mutex);
	struct upk_errand *at = w->first;
	for (; at && at != errand; at = at->next)
		before = at;
	if (at) {
		*(before ? &before->next : &w->first) = at->next;
		if (w->last == at)
			w->last = before;
		w->waiting--;
	}
	pthread_mutex_unlock(&w->mutex);
	return at != NULL;
}

void upk_workers_stop(struct upk_workers *w)
{
	if (!w)
		return;
	pthread_mutex_lock(&w->mutex);
	w->stopping = true;
	pthread_cond_broadcast(&w->wake);
	pthread_mutex_unlock(&w->mutex);
	for (size_t i = 0; i < w->started; i++)
		pthread_join(w->threads[i], NULL);
	pthread_cond_destroy(&w->wake);
	pthread_mutex_destroy(&w->mutex);
	free(w);
}
