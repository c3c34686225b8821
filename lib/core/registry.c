#include "core/registry.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "base/spelling.h"

/* A sorted array: models are looked up far more often than they come or go, and lists want them in
 * the order of their names. The lock is held for no longer than a search or a copy. */
struct upk_registry {
	pthread_mutex_t lock;
	struct upk_model **models; /* references, in the order of their names */
	size_t count, capacity;
};

struct upk_registry *upk_registry_create(struct upk_error *err)
{
	struct upk_registry *r = calloc(1, sizeof *r);
	if (!r || pthread_mutex_init(&r->lock, NULL) != 0) {
		free(r);
		upk_fail(err, UPK_NOMEM, "no memory for the list of models");
		return NULL;
	}
	return r;
}

void upk_registry_destroy(struct upk_registry *r)
{
	if (!r)
		return;
	for (size_t i = 0; i < r->count; i++)
		upk_model_unref(r->models[i]);
	free(r->models);
	pthread_mutex_destroy(&r->lock);
	free(r);
}

/* The first model whose name is not less: where `name` stands or would stand. */
static size_t seat_of(const struct upk_registry *r, const char *name)
{
	size_t low = 0, high = r->count;
	while (low < high) {
		size_t middle = low + (high - low) / 2;
		if (strcmp(r->models[middle]->name, name) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

struct upk_model *upk_registry_find(struct upk_registry *r, const char *name)
{
	struct upk_model *found = NULL;
	pthread_mutex_lock(&r->lock);
	size_t i = seat_of(r, name);
	if (i < r->count && strcmp(r->models[i]->name, name) == 0)
		found = upk_model_ref(r->models[i]);
	pthread_mutex_unlock(&r->lock);
	return found;
}

static bool make_room(struct upk_registry *r)
{
	if (r->count < r->capacity)
		return true;
	size_t capacity = r->capacity ? r->capacity * 2 : 16;
	struct upk_model **models = realloc(r->models, capacity * sizeof(struct upk_model *));
	if (!models)
		return false;
	r->models = models;
	r->capacity = capacity;
	return true;
}

bool upk_registry_add(struct upk_registry *r, struct upk_model *m, struct upk_error *err)
{
	pthread_mutex_lock(&r->lock);
	bool room = make_room(r);
	if (room) {
		size_t i = seat_of(r, m->name);
		memmove(r->models + i + 1, r->models + i,
			(r->count - i) * sizeof(struct upk_model *));
		r->models[i] = upk_model_ref(m);
		r->count++;
	}
	pthread_mutex_unlock(&r->lock);
	return room || upk_fail(err, UPK_NOMEM, "no memory for model %s", m->name);
}

void upk_registry_remove(struct upk_registry *r, const struct upk_model *m)
{
	struct upk_model *gone = NULL;
	pthread_mutex_lock(&r->lock);
	size_t i = seat_of(r, m->name);
	if (i < r->count && r->models[i] == m) {
		gone = r->models[i];
		r->count--;
		memmove(r->models + i, r->models + i + 1,
			(r->count - i) * sizeof(struct upk_model *));
	}
	pthread_mutex_unlock(&r->lock);
	upk_model_unref(gone);
}

struct upk_model **upk_registry_all(struct upk_registry *r, size_t *count, struct upk_error *err)
{
	pthread_mutex_lock(&r->lock);
	size_t n = r->count;
	struct upk_model **all = malloc((n + 1) * sizeof(struct upk_model *));
	for (size_t i = 0; all && i < n; i++)
		all[i] = upk_model_ref(r->models[i]);
	pthread_mutex_unlock(&r->lock);
	if (!all) {
		upk_fail(err, UPK_NOMEM, "no memory for a list of %zu models", n);
		return NULL;
	}
	all[n] = NULL;
	*count = n;
	return all;
}

void upk_registry_give_back(struct upk_model **models)
{
	for (size_t i = 0; models && models[i]; i++)
		upk_model_unref(models[i]);
	free(models);
}

/* Comparing takes longer than a search, so it is done without the lock. */
bool upk_registry_missing(struct upk_registry *r, const char *name, struct upk_error *err)
{
	struct upk_spelling spelling = { .word = name };
	char near[UPK_SPELLING_SIZE], known[UPK_SPELLING_SIZE] = "";
	size_t count = 0;
	bool fits = true;
	struct upk_model **models = upk_registry_all(r, &count, NULL);
	for (size_t i = 0; i < count; i++)
		upk_spelling_try(&spelling, upk_text_of(models[i]->name));
	for (size_t i = 0; fits && i < count; i++)
		fits = upk_spelling_add(known, upk_text_of(models[i]->name));
	if (spelling.nearest.data)
		upk_fail(err, UPK_NOT_FOUND, "there is no model %s%s", name,
			upk_spelling_ask(&spelling, near));
	else if (count > 0)
		upk_fail(err, UPK_NOT_FOUND, "there is no model %s: there are %s", name, known);
	else
		upk_fail(err, UPK_NOT_FOUND,
			"there is no model %s, nor any other: PUT /v1/models/%s makes it", name,
			name);
	upk_registry_give_back(models);
	return false;
}

struct upk_model *upk_registry_get(struct upk_registry *r, const char *name, struct upk_error *err)
{
	struct upk_model *m = upk_registry_find(r, name);
	if (!m)
		upk_registry_missing(r, name, err);
	return m;
}

size_t upk_registry_count(struct upk_registry *r)
{
	pthread_mutex_lock(&r->lock);
	size_t count = r->count;
	pthread_mutex_unlock(&r->lock);
	return count;
}
