#include "core/model.h"

#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "store/model.h"

struct upk_model *upk_model_create(const char *name, int64_t number, struct upk_error *err)
{
	struct upk_model *m = calloc(1, sizeof *m);
	char *copy = strdup(name);
	if (!m || !copy || pthread_mutex_init(&m->lock, NULL) != 0) {
		free(m);
		free(copy);
		upk_fail(err, UPK_NOMEM, "no memory for model %s", name);
		return NULL;
	}
	pthread_cond_init(&m->built, NULL);
	m->name = copy;
	m->number = number;
	atomic_init(&m->refs, 1);
	return m;
}

struct upk_model *upk_model_ref(struct upk_model *m)
{
	atomic_fetch_add(&m->refs, 1);
	return m;
}

void upk_model_unref(struct upk_model *m)
{
	if (!m || atomic_fetch_sub(&m->refs, 1) != 1)
		return;
	for (size_t i = 0; i < m->lists_count; i++)
		upk_features_unref(m->lists[i].features);
	free(m->lists);
	upk_tail_destroy(m->tail);
	upk_schema_unref(m->schema);
	upk_totals_finish(&m->totals);
	upk_orders_finish(&m->orders);
	pthread_cond_destroy(&m->built);
	pthread_mutex_destroy(&m->lock);
	free(m->name);
	free(m);
}

bool upk_model_begin_read(struct upk_model *m, struct upk_error *err)
{
	pthread_mutex_lock(&m->lock);
	while (m->behind)
		pthread_cond_wait(&m->built, &m->lock);
	if (m->tail)
		return true;
	pthread_mutex_unlock(&m->lock);
	return upk_fail(err, UPK_BUSY, "model '%s': its windows are still being built", m->name);
}

void upk_model_end_read(struct upk_model *m)
{
	pthread_mutex_unlock(&m->lock);
}

struct upk_schema *upk_model_schema(struct upk_model *m)
{
	pthread_mutex_lock(&m->lock);
	struct upk_schema *schema = upk_schema_ref(m->schema);
	pthread_mutex_unlock(&m->lock);
	return schema;
}

bool upk_read_feature_list(struct upk_store *store, int64_t model, int64_t number,
	struct upk_features **list, struct upk_error *err)
{
	struct upk_text text;
	if (!upk_feature_list_get(store, model, number, &text, err))
		return false;
	cJSON *json = upk_json_parse(text, err);
	if (!json)
		return false;
	*list = upk_features_parse(json, err);
	cJSON_Delete(json);
	return *list != NULL;
}

void upk_model_forget_lists(struct upk_model *m, size_t known)
{
	while (m->lists_count > known)
		upk_features_unref(m->lists[--m->lists_count].features);
}

bool upk_model_list(struct upk_model *m, struct upk_store *store, int64_t number,
	const struct upk_features **list, struct upk_error *err)
{
	for (size_t i = 0; i < m->lists_count; i++) {
		if (m->lists[i].number == number) {
			*list = m->lists[i].features;
			return true;
		}
	}
	struct upk_features *features;
	if (!upk_read_feature_list(store, m->number, number, &features, err))
		return false;
	struct upk_feature_list *lists = realloc(m->lists, (m->lists_count + 1) * sizeof *lists);
	if (!lists) {
		upk_features_unref(features);
		return upk_fail(err, UPK_NOMEM, "no memory for a feature list");
	}
	m->lists = lists;
	m->lists[m->lists_count++] = (struct upk_feature_list){ number, features };
	*list = features;
	return true;
}
