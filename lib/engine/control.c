#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "core/core.h"
#include "core/scorer.h"
#include "engine/engine.h"
#include "runs/promotion.h"
#include "store/event.h"
#include "store/history.h"
#include "store/model.h"
#include "store/sweep.h"
#include "tail/retraining.h"
#include "tail/tail_state.h"
#include "tail/warnings.h"
#include "writer/building.h"
#include "writer/feed.h"
#include "writer/group.h"
#include "writer/jobs.h"
#include "writer/persist.h"
#include "writer/rebuild.h"
#include "writer/writer.h"

enum { BUILT_AT_ONCE = 20000 }; /* places: the writer reads so many in some ten milliseconds */

/* One control request on the writer's thread: act's arguments and what came of them. */
struct control {
	struct upk_task task;
	bool (*act)(struct upk_engine *e, struct control *c, struct upk_error *err);
	const char *name;
	struct upk_text config;
	const char *if_match;
	int64_t number; /* in: run, version; out: run, version */
	bool flag;      /* in: paused; out: created */
	const struct upk_person *person;
	bool from_file; /* a configuration file puts it */
	const struct upk_model_file *files;
	size_t files_count;
	struct upk_building *building; /* of a PUT: its windows; NULL: the writer builds them */
	bool built;
	struct upk_model *before; /* a reference: another PUT of it is being built */
	bool done;
	struct upk_error *err;
};

static void run_control(struct upk_engine *e, struct upk_task *task)
{
	struct control *c = (struct control *)(void *)task;
	if (upk_engine_broken(e, c->err))
		c->done = false;
	else if (!upk_engine_ready(e))
		c->done = upk_fail(c->err, UPK_BUSY, "the models have not been rebuilt");
	else
		c->done = c->act(e, c, c->err);
}

static bool call(struct upk_engine *e, struct control *c, struct upk_error *err)
{
	struct upk_error unused;
	c->err = err ? err : &unused;
	c->task.run = run_control;
	upk_writer_call(e->writer, &c->task);
	return c->done;
}

/* Said no before anything was changed; after any other failure memory may be ahead of the store. */
static bool refused(enum upk_code code)
{
	return code == UPK_NOT_FOUND || code == UPK_CONFLICT || code == UPK_INVALID ||
		code == UPK_PRECONDITION;
}

/* Within one transaction. What of the tail was changed before a failure is the caller's to put
 * right: it marks the model stale. */
static bool transact(struct upk_engine *e, struct upk_model *m, struct control *c,
	bool (*change)(
		struct upk_engine *, struct upk_model *, struct control *, struct upk_error *),
	struct upk_error *err)
{
	if (!upk_store_begin(e->store, err))
		return false;
	if (change(e, m, c, err) && upk_store_commit(e->store, err))
		return true;
	upk_store_rollback(e->store);
	return false;
}

static bool on_model(struct upk_engine *e, struct control *c,
	bool (*change)(
		struct upk_engine *, struct upk_model *, struct control *, struct upk_error *),
	struct upk_error *err)
{
	struct upk_model *m = upk_registry_get(e->registry, c->name, err);
	if (!m)
		return false;
	bool done = !m->stale || upk_rebuild_stale(e, m, err);
	struct upk_error reason = { 0 };
	if (done && !transact(e, m, c, change, &reason)) {
		m->stale = m->stale || !refused(reason.code);
		done = upk_fail(err, reason.code, "%s", reason.message);
	}
	upk_model_unref(m);
	return done;
}

/* ---- PUT ---- */

static bool same_feature(const struct upk_feature *a, const struct upk_feature *b)
{
	return a->type == b->type && a->size == b->size;
}

static bool check_list(
	const struct upk_features *had, const struct upk_features *wanted, struct upk_error *err)
{
	for (size_t i = 0; i < upk_features_count(wanted); i++) {
		const struct upk_feature *f = upk_features_at(wanted, i);
		int at = upk_features_find(had, upk_text_of(f->name));
		if (at >= 0 && !same_feature(f, upk_features_at(had, (size_t)at)))
			return upk_fail(err, UPK_CONFLICT,
				"features: the type of \"%s\" can't be changed once the model has "
				"had it",
				f->name);
	}
	return true;
}

/* Against every list that the model has had: stored rows follow them. */
static bool check_features(struct upk_engine *e, struct upk_model *m,
	const struct upk_config *config, struct upk_error *err)
{
	const struct upk_features *had;
	for (int64_t list = 1; config->features; list++) {
		struct upk_error reason = { 0 };
		if (!upk_model_list(m, e->store, list, &had, &reason))
			return reason.code == UPK_NOT_FOUND ||
				upk_fail(err, reason.code, "%s", reason.message);
		if (!check_list(had, config->features, err))
			return false;
	}
	return true;
}

static bool declares(const struct upk_config *config, struct upk_text class)
{
	for (size_t i = 0; i < config->classes_count; i++)
		if (upk_text_is(class, config->classes[i]))
			return true;
	return config->classes_count == 0;
}

static bool predicts(const struct upk_bench *bench, struct upk_text class)
{
	for (size_t i = 0; i < upk_bench_count(bench); i++) {
		const struct upk_predictor *p = upk_serving_predictor(upk_bench_at(bench, i));
		for (size_t j = 0; j < upk_predictor_classes(p); j++)
			if (upk_text_equal(upk_predictor_class(p, j), class))
				return true;
	}
	return false;
}

/* Stored scores and points of history go by a class's number: one that goes must be the last. */
static bool check_order(
	const struct upk_model *m, const struct upk_config *config, struct upk_error *err)
{
	const struct upk_schema *s = m->schema;
	for (size_t i = 1; m->last_event + m->last_place > 0 && i < s->classes_count; i++)
		if (!declares(config, s->classes[i - 1]) && declares(config, s->classes[i]))
			return upk_fail(err, UPK_CONFLICT,
				"classes: \"%.*s\" can't be taken away: the model has events, and "
				"classes "
				"that it learnt later",
				(int)s->classes[i - 1].size, s->classes[i - 1].data);
	return true;
}

static bool check_classes(
	const struct upk_model *m, const struct upk_config *config, struct upk_error *err)
{
	for (size_t i = 0; i < m->schema->classes_count; i++) {
		struct upk_text class = m->schema->classes[i];
		if (declares(config, class))
			continue;
		if (m->used.class[i] || predicts(m->tail->bench, class))
			return upk_fail(err, UPK_CONFLICT,
				"classes: \"%.*s\" is used by stored events or versions and can't "
				"be "
				"taken away",
				(int)class.size, class.data);
	}
	return check_order(m, config, err);
}

static bool check_match(const struct upk_model *m, const char *if_match, struct upk_error *err)
{
	if (!if_match || strcmp(if_match, "*") == 0)
		return true;
	const char *etag = m->tail->config->etag;
	const char *at = strstr(if_match, etag);
	if (at && at > if_match && at[-1] == '"' && at[strlen(etag)] == '"')
		return true;
	return upk_fail(err, UPK_PRECONDITION,
		"If-Match: %s does not match the configuration's \"%s\"", if_match, etag);
}

/* What the schema has stays as learnt when the new configuration does not name it. */
static bool replace_rows(
	struct upk_engine *e, struct upk_model *m, struct control *c, struct upk_error *err)
{
	struct upk_buffer state = { 0 }, learnt = { 0 };
	upk_tail_state_write(m->tail, &state);
	upk_schema_write_learnt(m->schema, &m->used, &learnt);
	const struct upk_model_row row = { .model = m->number,
		.name = upk_text_of(m->name),
		.config = c->config,
		.learnt = upk_buffer_text(&learnt),
		.paused = m->tail->paused,
		.state = upk_buffer_text(&state),
		.state_place = m->tail->place,
		.state_seq = m->tail->seen };
	bool done = state.failed || learnt.failed
		? upk_fail(err, UPK_NOMEM, "no memory for a configuration")
		: upk_model_set_config(e->store, m->number, c->config, false, err) &&
			upk_model_set_learnt(e->store, m->number, row.learnt, err) &&
			upk_model_set_state(e->store, m->number, row.state_place, row.state_seq,
				row.state, err) &&
			upk_persist_live(e, m, err) &&
			upk_rebuild_model(e, m, &row, err);
	upk_buffer_finish(&state);
	upk_buffer_finish(&learnt);
	return done;
}

static bool check_replacement(struct upk_engine *e, struct upk_model *m,
	const struct upk_config *config, const char *if_match, struct upk_error *err)
{
	return check_match(m, if_match, err) && check_features(e, m, config, err) &&
		check_classes(m, config, err);
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
	struct upk_engine *e, struct upk_model *m, struct control *c, struct upk_error *err)
{
	if (m->read_only && !c->from_file)
		return upk_fail(err, UPK_CONFLICT,
			"model %s is configured by a file and read-only here", m->name);
	struct upk_config *config = upk_config_parse(c->config, err);
	bool done = config && check_replacement(e, m, config, c->if_match, err) &&
		upk_persist_orders(e, m, &m->orders, err) && forget_windows(e, m, config, err) &&
		replace_rows(e, m, c, err);
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
	struct upk_engine *e, struct upk_model *m, struct control *c, struct upk_error *err)
{
	if (m->stale && !upk_rebuild_stale(e, m, err))
		return false;
	const struct upk_tail *before = m->tail;
	bool done = transact(e, m, c, replace, err);
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

static bool create_model(struct upk_engine *e, struct control *c, struct upk_error *err)
{
	if (c->if_match)
		return upk_fail(err, UPK_PRECONDITION, "If-Match: there is no model %s", c->name);
	if (!upk_store_begin(e->store, err))
		return false;
	struct upk_model *m = upk_group_create_model(e, c->name, c->config, false, err);
	bool done = m && upk_store_commit(e->store, err);
	if (!done) {
		upk_store_rollback(e->store);
		if (m)
			upk_registry_remove(e->registry, m);
	} else {
		upk_engine_log(e, UPK_LOG_INFO, "model %s: created", c->name);
	}
	upk_model_unref(m);
	c->flag = done;
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

static bool put(struct upk_engine *e, struct control *c, struct upk_error *err)
{
	struct upk_config *config = parse(c->config, err);
	if (!config)
		return false;
	upk_config_unref(config);
	struct upk_model *m = upk_registry_find(e->registry, c->name);
	if (c->building && (!m || !upk_building_of(c->building, m))) {
		upk_model_unref(m);
		return upk_fail(err, UPK_CONFLICT,
			"model %s was deleted while its windows were built", c->name);
	}
	if (!m)
		return create_model(e, c, err);
	if (c->built)
		upk_building_hand_over(c->building);
	bool done = replace_model(e, m, c, err);
	upk_model_unref(m);
	return done;
}

/* What is refused is refused before anything is read. */
static bool begin_building(struct upk_engine *e, struct upk_model *m, struct control *c,
	struct upk_config *config, struct upk_error *err)
{
	if (!check_replacement(e, m, config, c->if_match, err))
		return false;
	pthread_mutex_lock(&m->lock);
	bool busy = m->building != NULL;
	pthread_mutex_unlock(&m->lock);
	if (busy)
		c->before = upk_model_ref(m);
	else
		c->building = upk_building_begin(e, m, config, err);
	return busy || c->building;
}

static bool begin_put(struct upk_engine *e, struct control *c, struct upk_error *err)
{
	struct upk_config *config = parse(c->config, err);
	if (!config)
		return false;
	struct upk_model *m = upk_registry_find(e->registry, c->name);
	bool beside = m && !m->stale && !m->read_only && m->tail->place > BUILT_AT_ONCE;
	bool done = !beside || begin_building(e, m, c, config, err);
	upk_model_unref(m);
	upk_config_unref(config);
	return done;
}

/* One after the other; a building that fails is made up for on the writer's thread. */
static bool build_beside(struct upk_engine *e, struct control *c, struct upk_error *err)
{
	struct upk_error reason = { 0 };
	c->act = begin_put;
	for (;;) {
		if (!call(e, c, err))
			return false;
		if (!c->before)
			break;
		upk_building_wait(c->before);
		upk_model_unref(c->before);
		c->before = NULL;
	}
	c->built = c->building && upk_building_run(c->building, &reason);
	if (c->building && !c->built)
		upk_engine_log(e, UPK_LOG_WARNING,
			"model %s: its windows are built while others wait: %s", c->name,
			reason.message);
	return true;
}

bool upk_engine_put_model(struct upk_engine *e, const char *name, struct upk_text config,
	const char *if_match, bool *created, struct upk_error *err)
{
	struct control c = { .name = name, .config = config, .if_match = if_match };
	bool done = build_beside(e, &c, err);
	c.act = put;
	done = done && call(e, &c, err);
	upk_building_end(c.building);
	if (done)
		*created = c.flag;
	return done;
}

/* ---- configuration files ---- */

/* Each is checked against the model that is there before any is put. */
static bool check_file(
	struct upk_engine *e, const struct upk_model_file *file, struct upk_error *err)
{
	struct upk_config *config = parse(file->config, err);
	struct upk_model *m = config ? upk_registry_find(e->registry, file->name) : NULL;
	bool done = config && (!m || check_replacement(e, m, config, NULL, err));
	upk_model_unref(m);
	upk_config_unref(config);
	return done || upk_fail_in(err, "%s: model %s: ", file->origin, file->name);
}

static bool put_file(struct upk_engine *e, const struct upk_model_file *file, struct upk_error *err)
{
	struct control c = { .name = file->name, .config = file->config, .from_file = true };
	struct upk_model *m = upk_registry_find(e->registry, file->name);
	struct upk_config *config = upk_config_parse(file->config, err);
	bool same = m && config && strcmp(m->tail->config->etag, config->etag) == 0;
	upk_config_unref(config);
	upk_model_unref(m);
	if (!same && !put(e, &c, err))
		return upk_fail_in(err, "%s: model %s: ", file->origin, file->name);
	return true;
}

static bool has_file(const struct control *c, const char *name)
{
	for (size_t i = 0; i < c->files_count; i++)
		if (strcmp(c->files[i].name, name) == 0)
			return true;
	return false;
}

static bool check_room(struct upk_engine *e, const struct control *c, struct upk_error *err)
{
	size_t count = upk_registry_count(e->registry);
	for (size_t i = 0; i < c->files_count; i++) {
		struct upk_model *m = upk_registry_find(e->registry, c->files[i].name);
		count += m == NULL;
		upk_model_unref(m);
	}
	return count <= (size_t)e->max_models ||
		upk_fail(err, UPK_CONFLICT,
			"the files would make it %zu models: max_models is %lld", count,
			(long long)e->max_models);
}

static bool configure(struct upk_engine *e, struct control *c, struct upk_error *err)
{
	if (!check_room(e, c, err))
		return false;
	for (size_t i = 0; i < c->files_count; i++)
		if (!check_file(e, &c->files[i], err))
			return false;
	for (size_t i = 0; i < c->files_count; i++)
		if (!put_file(e, &c->files[i], err))
			return false;

	size_t count;
	struct upk_model **models = upk_registry_all(e->registry, &count, err);
	if (!models)
		return false;
	for (size_t i = 0; i < count; i++) {
		pthread_mutex_lock(&models[i]->lock);
		models[i]->read_only = has_file(c, models[i]->name);
		pthread_mutex_unlock(&models[i]->lock);
	}
	upk_registry_give_back(models);
	return true;
}

bool upk_engine_configure(struct upk_engine *e, const struct upk_model_file *files, size_t count,
	struct upk_error *err)
{
	struct control c = { .act = configure, .files = files, .files_count = count };
	return call(e, &c, err);
}

/* ---- the rest ---- */

static bool remove_rows(
	struct upk_engine *e, struct upk_model *m, struct control *c, struct upk_error *err)
{
	(void)c;
	if (m->read_only)
		return upk_fail(err, UPK_CONFLICT,
			"model %s is configured by a file and read-only here", m->name);
	return upk_sweep_begin(e->store, m->number, err);
}

static bool delete_model(struct upk_engine *e, struct control *c, struct upk_error *err)
{
	struct upk_model *m = upk_registry_get(e->registry, c->name, err);
	if (!m)
		return false;
	bool done = transact(e, m, c, remove_rows, err) ||
		(upk_room_made(e, err) && transact(e, m, c, remove_rows, err));
	if (done) {
		upk_registry_remove(e->registry, m);
		pthread_mutex_lock(&m->lock);
		m->deleted = true;
		pthread_mutex_unlock(&m->lock);
		upk_sweeper_wake(e);
		e->automatic -= m->automatic;
		if (m->tail->open_run != 0)
			upk_jobs_cancel(e->jobs, m, m->tail->open_run);
		upk_group_settle(e, m);
		upk_engine_log(e, UPK_LOG_INFO, "model %s: deleted", m->name);
	}
	upk_model_unref(m);
	return done;
}

bool upk_engine_delete_model(struct upk_engine *e, const char *name, struct upk_error *err)
{
	struct control c = { .act = delete_model, .name = name };
	return call(e, &c, err);
}

static bool start_run(struct upk_engine *e, struct control *c, struct upk_error *err)
{
	struct upk_model *m = upk_registry_get(e->registry, c->name, err);
	if (!m)
		return false;
	const struct upk_moment moment = { e->seq, upk_clock_now(e->clock), &m->orders };
	bool done = !m->stale || upk_rebuild_stale(e, m, err);
	if (done) {
		pthread_mutex_lock(&m->lock);
		done = upk_retraining_by_hand(m->tail, &moment, err);
		c->number = m->tail->last_run;
		pthread_mutex_unlock(&m->lock);
	}
	if (done) {
		upk_feed_orders(e, m);
		done = !m->stale || upk_fail(err, UPK_BUSY, "the run can't be stored");
	}
	upk_model_unref(m);
	return done;
}

bool upk_engine_start_run(
	struct upk_engine *e, const char *name, int64_t *run, struct upk_error *err)
{
	struct control c = { .act = start_run, .name = name };
	bool done = call(e, &c, err);
	if (done)
		*run = c.number;
	return done;
}

static bool cancel_rows(
	struct upk_engine *e, struct upk_model *m, struct control *c, struct upk_error *err)
{
	return upk_promotion_cancel(e, m, c->number, c->person, err);
}

static bool cancel_run(struct upk_engine *e, struct control *c, struct upk_error *err)
{
	if (!on_model(e, c, cancel_rows, err))
		return false;
	struct upk_model *m = upk_registry_find(e->registry, c->name);
	if (m)
		upk_group_settle(e, m);
	upk_model_unref(m);
	return true;
}

bool upk_engine_cancel_run(struct upk_engine *e, const char *name, int64_t run,
	const struct upk_person *person, struct upk_error *err)
{
	struct control c = { .act = cancel_run, .name = name, .number = run, .person = person };
	return call(e, &c, err);
}

static bool promote_rows(
	struct upk_engine *e, struct upk_model *m, struct control *c, struct upk_error *err)
{
	return upk_promotion_by_hand(e, m, c->number, c->person, err);
}

static bool promote(struct upk_engine *e, struct control *c, struct upk_error *err)
{
	return on_model(e, c, promote_rows, err);
}

bool upk_engine_promote(struct upk_engine *e, const char *name, int64_t version,
	const struct upk_person *person, struct upk_error *err)
{
	struct control c = { .act = promote, .name = name, .number = version, .person = person };
	return call(e, &c, err);
}

static bool rollback_rows(
	struct upk_engine *e, struct upk_model *m, struct control *c, struct upk_error *err)
{
	return upk_promotion_rollback(e, m, &c->number, err);
}

static bool rollback(struct upk_engine *e, struct control *c, struct upk_error *err)
{
	return on_model(e, c, rollback_rows, err);
}

bool upk_engine_rollback(
	struct upk_engine *e, const char *name, int64_t *version, struct upk_error *err)
{
	struct control c = { .act = rollback, .name = name };
	bool done = call(e, &c, err);
	if (done)
		*version = c.number;
	return done;
}

static bool pause_rows(
	struct upk_engine *e, struct upk_model *m, struct control *c, struct upk_error *err)
{
	if (!upk_model_set_paused(e->store, m->number, c->flag, err))
		return false;
	pthread_mutex_lock(&m->lock);
	m->tail->paused = c->flag;
	pthread_mutex_unlock(&m->lock);
	return true;
}

static bool pause_model(struct upk_engine *e, struct control *c, struct upk_error *err)
{
	return on_model(e, c, pause_rows, err);
}

bool upk_engine_pause(struct upk_engine *e, const char *name, bool paused, struct upk_error *err)
{
	struct control c = { .act = pause_model, .name = name, .flag = paused };
	return call(e, &c, err);
}
