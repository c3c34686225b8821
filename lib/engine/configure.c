#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "core/core.h"
#include "core/scorer.h"
#include "engine/control.h"
#include "engine/engine.h"
#include "engine/replacement.h"
#include "store/history.h"
#include "store/model.h"
#include "tail/tail_state.h"
#include "tail/warnings.h"
#include "writer/building.h"
#include "writer/feed.h"
#include "writer/group.h"
#include "writer/persist.h"
#include "writer/rebuild.h"

enum { BUILT_AT_ONCE = 20000 }; /* places: the writer reads so many in some ten milliseconds */

/* One configuration of one model. */
struct put {
	struct upk_control control;
	const char *name;
	struct upk_text config;
	const char *if_match;
	bool from_file;                /* a configuration file puts it */
	struct upk_building *building; /* its windows; NULL: the writer builds them */
	bool built;
	struct upk_model *before; /* a reference: another PUT of it is being built */
	bool created;
};

/* What the schema has stays as learnt when the new configuration does not name it. */
static bool replace_rows(
	struct upk_engine *e, struct upk_model *m, struct upk_text config, struct upk_error *err)
{
	struct upk_buffer state = { 0 }, learnt = { 0 };
	upk_tail_state_write(m->tail, &state);
	upk_schema_write_learnt(m->schema, &m->used, &learnt);
	const struct upk_model_row row = { .model = m->number,
		.name = upk_text_of(m->name),
		.config = config,
		.learnt = upk_buffer_text(&learnt),
		.paused = m->tail->paused,
		.state = upk_buffer_text(&state),
		.state_place = m->tail->place,
		.state_seq = m->tail->seen };
	bool done = state.failed || learnt.failed
		? upk_fail(err, UPK_NOMEM, "no memory for a configuration")
		: upk_model_set_config(e->store, m->number, config, false, err) &&
			upk_model_set_learnt(e->store, m->number, row.learnt, err) &&
			upk_model_set_state(e->store, m->number, row.state_place, row.state_seq,
				row.state, err) &&
			upk_persist_live(e, m, err) && upk_rebuild_model(e, m, &row, err);
	upk_buffer_finish(&state);
	upk_buffer_finish(&learnt);
	return done;
}

/* A window's history goes with its definition: another window of that name has none of it. */
static bool forget_windows(struct upk_engine *e, const struct upk_model *m,
	const struct upk_config *config, struct upk_error *err)
{
	const struct upk_config *had = m->tail->config;
	for (size_t i = 0; i < had->windows_count; i++) {
		const struct upk_window_config *window = &had->windows[i];
		bool stays = false;
		for (size_t j = 0; j < config->windows_count; j++)
			stays = stays || upk_config_same_window(window, &config->windows[j]);
		if (!stays &&
			!upk_history_remove(e->store, m->number, upk_text_of(window->name), err))
			return false;
	}
	return true;
}

static bool replace(
	struct upk_engine *e, struct upk_model *m, struct upk_control *c, struct upk_error *err)
{
	const struct put *p = (const struct put *)(void *)c;
	if (m->read_only && !p->from_file)
		return upk_fail(err, UPK_CONFLICT,
			"model %s is configured by a file and read-only here", m->name);
	struct upk_config *config = upk_config_parse(p->config, err);
	bool done = config && upk_replacement_check(e, m, config, p->if_match, err) &&
		upk_persist_orders(e, m, &m->orders, err) && forget_windows(e, m, config, err) &&
		replace_rows(e, m, p->config, err);
	upk_config_unref(config);
	return done;
}

struct place {
	struct upk_engine *engine;
	const struct upk_model *model;
};

static void log_warning(void *context, const char *warning)
{
	const struct place *place = context;
	upk_engine_log(place->engine, UPK_LOG_WARNING, "model %s: %s", place->model->name, warning);
}

/* The tail is written whole, so the rows behind its state are all that the rebuilt one needs. A
 * rebuilt tail that could not be committed is rebuilt once more from what the store has. */
static bool replace_model(
	struct upk_engine *e, struct upk_model *m, struct put *p, struct upk_error *err)
{
	if (m->stale && !upk_rebuild_stale(e, m, err))
		return false;
	const struct upk_tail *before = m->tail;
	bool done = upk_control_transact(e, m, &p->control, replace, err);
	if (!done && m->tail != before)
		m->stale = true;
	if (!done)
		return false;
	pthread_mutex_lock(&m->lock);
	e->automatic -= m->automatic;
	m->automatic = false;
	pthread_mutex_unlock(&m->lock);
	upk_feed_prepare(e, m, upk_clock_now(e->clock));
	upk_engine_log(e, UPK_LOG_INFO, "model %s: configured", m->name);
	upk_warnings_each(m->tail, log_warning, &(struct place){ e, m });
	return true;
}

static bool create_model(struct upk_engine *e, struct put *p, struct upk_error *err)
{
	if (p->if_match)
		return upk_fail(err, UPK_PRECONDITION, "If-Match: there is no model %s", p->name);
	if (!upk_store_begin(e->store, err))
		return false;
	struct upk_model *m = upk_group_create_model(e, p->name, p->config, false, err);
	bool done = m && upk_store_commit(e->store, err);
	if (!done) {
		upk_store_rollback(e->store);
		if (m)
			upk_registry_remove(e->registry, m);
	} else {
		upk_engine_log(e, UPK_LOG_INFO, "model %s: created", p->name);
	}
	upk_model_unref(m);
	p->created = done;
	return done;
}

/* Stored configurations may be from before the limits that hold for new ones. */
static struct upk_config *parse(struct upk_text json, struct upk_error *err)
{
	struct upk_config *config = upk_config_parse(json, err);
	if (config && upk_scorer_check(config, err))
		return config;
	upk_config_unref(config);
	return NULL;
}

static bool put(struct upk_engine *e, struct upk_control *c, struct upk_error *err)
{
	struct put *p = (struct put *)(void *)c;
	struct upk_config *config = parse(p->config, err);
	if (!config)
		return false;
	upk_config_unref(config);
	struct upk_model *m = upk_registry_find(e->registry, p->name);
	if (p->building && (!m || !upk_building_of(p->building, m))) {
		upk_model_unref(m);
		return upk_fail(err, UPK_CONFLICT,
			"model %s was deleted while its windows were built", p->name);
	}
	if (!m)
		return create_model(e, p, err);
	if (p->built)
		upk_building_hand_over(p->building);
	bool done = replace_model(e, m, p, err);
	upk_model_unref(m);
	return done;
}

/* What is refused is refused before anything is read. */
static bool begin_building(struct upk_engine *e, struct upk_model *m, struct put *p,
	struct upk_config *config, struct upk_error *err)
{
	if (!upk_replacement_check(e, m, config, p->if_match, err))
		return false;
	pthread_mutex_lock(&m->lock);
	bool busy = m->building != NULL;
	pthread_mutex_unlock(&m->lock);
	if (busy)
		p->before = upk_model_ref(m);
	else
		p->building = upk_building_begin(e, m, config, err);
	return busy || p->building;
}

static bool begin_put(struct upk_engine *e, struct upk_control *c, struct upk_error *err)
{
	struct put *p = (struct put *)(void *)c;
	struct upk_config *config = parse(p->config, err);
	if (!config)
		return false;
	struct upk_model *m = upk_registry_find(e->registry, p->name);
	bool beside = m && !m->stale && !m->read_only && m->tail->place > BUILT_AT_ONCE;
	bool done = !beside || begin_building(e, m, p, config, err);
	upk_model_unref(m);
	upk_config_unref(config);
	return done;
}

/* One after the other; a building that fails is made up for on the writer's thread. */
static bool build_beside(struct upk_engine *e, struct put *p, struct upk_error *err)
{
	struct upk_error reason = { 0 };
	p->control.act = begin_put;
	for (;;) {
		if (!upk_control_call(e, &p->control, err))
			return false;
		if (!p->before)
			break;
		upk_building_wait(p->before);
		upk_model_unref(p->before);
		p->before = NULL;
	}
	p->built = p->building && upk_building_run(p->building, &reason);
	if (p->building && !p->built)
		upk_engine_log(e, UPK_LOG_WARNING,
			"model %s: its windows are built while others wait: %s", p->name,
			reason.message);
	return true;
}

bool upk_engine_put_model(struct upk_engine *e, const char *name, struct upk_text config,
	const char *if_match, bool *created, struct upk_error *err)
{
	struct put p = { .name = name, .config = config, .if_match = if_match };
	bool done = build_beside(e, &p, err);
	p.control.act = put;
	done = done && upk_control_call(e, &p.control, err);
	upk_building_end(p.building);
	if (done)
		*created = p.created;
	return done;
}

/* ---- configuration files ---- */

/* Each is checked against the model that is there before any is put. */
static bool check_file(
	struct upk_engine *e, const struct upk_model_file *file, struct upk_error *err)
{
	struct upk_config *config = parse(file->config, err);
	struct upk_model *m = config ? upk_registry_find(e->registry, file->name) : NULL;
	bool done = config && (!m || upk_replacement_check(e, m, config, NULL, err));
	upk_model_unref(m);
	upk_config_unref(config);
	return done || upk_fail_in(err, "%s: model %s: ", file->origin, file->name);
}

static bool put_file(struct upk_engine *e, const struct upk_model_file *file, struct upk_error *err)
{
	struct put p = { .name = file->name, .config = file->config, .from_file = true };
	struct upk_model *m = upk_registry_find(e->registry, file->name);
	struct upk_config *config = upk_config_parse(file->config, err);
	bool same = m && config && strcmp(m->tail->config->etag, config->etag) == 0;
	upk_config_unref(config);
	upk_model_unref(m);
	if (!same && !put(e, &p.control, err))
		return upk_fail_in(err, "%s: model %s: ", file->origin, file->name);
	return true;
}

/* All configuration files at once. */
struct filing {
	struct upk_control control;
	const struct upk_model_file *files;
	size_t count;
};

static bool has_file(const struct filing *f, const char *name)
{
	for (size_t i = 0; i < f->count; i++)
		if (strcmp(f->files[i].name, name) == 0)
			return true;
	return false;
}

static bool check_room(struct upk_engine *e, const struct filing *f, struct upk_error *err)
{
	size_t count = upk_registry_count(e->registry);
	for (size_t i = 0; i < f->count; i++) {
		struct upk_model *m = upk_registry_find(e->registry, f->files[i].name);
		count += m == NULL;
		upk_model_unref(m);
	}
	return count <= (size_t)e->max_models ||
		upk_fail(err, UPK_CONFLICT,
			"the files would make it %zu models: max_models is %lld", count,
			(long long)e->max_models);
}

static bool configure(struct upk_engine *e, struct upk_control *c, struct upk_error *err)
{
	const struct filing *f = (const struct filing *)(void *)c;
	if (!check_room(e, f, err))
		return false;
	for (size_t i = 0; i < f->count; i++)
		if (!check_file(e, &f->files[i], err))
			return false;
	for (size_t i = 0; i < f->count; i++)
		if (!put_file(e, &f->files[i], err))
			return false;

	size_t count;
	struct upk_model **models = upk_registry_all(e->registry, &count, err);
	if (!models)
		return false;
	for (size_t i = 0; i < count; i++) {
		pthread_mutex_lock(&models[i]->lock);
		models[i]->read_only = has_file(f, models[i]->name);
		pthread_mutex_unlock(&models[i]->lock);
	}
	upk_registry_give_back(models);
	return true;
}

bool upk_engine_configure(struct upk_engine *e, const struct upk_model_file *files, size_t count,
	struct upk_error *err)
{
	struct filing f = { { .act = configure }, files, count };
	return upk_control_call(e, &f.control, err);
}
