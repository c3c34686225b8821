#include "writer/rebuild.h"

#include <stdlib.h>
#include <string.h>

#include "core/scorer.h"
#include "intake/recent.h"
#include "store/alert.h"
#include "store/place.h"
#include "store/run.h"
#include "tail/retraining.h"
#include "writer/building.h"
#include "writer/feed.h"
#include "writer/jobs.h"
#include "writer/later.h"
#include "writer/persist.h"
#include "writer/refill.h"
#include "writer/unsaved.h"

/* Declared features win over learnt ones. */
static struct upk_schema *schema_of(struct upk_engine *e, struct upk_model *m,
	const struct upk_model_row *row, struct upk_config *config, struct upk_error *err)
{
	struct upk_text *classes = NULL;
	struct upk_features *learnt = NULL;
	struct upk_schema *schema = NULL;
	struct upk_buffer json = { 0 };
	size_t count = 0;
	int64_t list = 0;
	if (!upk_schema_read_learnt(row->learnt, &classes, &count, &learnt, err))
		return NULL;

	struct upk_features *features = config->features ? config->features : learnt;
	bool done = true;
	if (features) {
		upk_features_write(features, &json);
		done = json.failed ? upk_fail(err, UPK_NOMEM, "no memory for a feature list")
				   : upk_feature_list_number(e->store, m->number,
					     upk_buffer_text(&json), &list, err);
	}
	if (done)
		schema = upk_schema_create(config, classes, count, features, list,
			m->schema ? m->schema->generation + 1 : 1, err);
	upk_buffer_finish(&json);
	upk_features_unref(learnt);
	free(classes);
	return schema;
}

/* Alerts that no rule holds any more: their rule was changed or taken away. */
struct orphans {
	const struct upk_tail *tail;
	int64_t alerts[UPK_RULES_MAX];
	size_t count;
};

static bool collect_orphan(void *context, const struct upk_alert_row *row)
{
	struct orphans *o = context;
	bool held = !upk_text_is(row->state, "firing");
	for (size_t i = 0; i < o->tail->rules_count; i++)
		held = held || o->tail->rules[i].alert == row->alert;
	if (!held)
		o->alerts[o->count++] = row->alert;
	return o->count < UPK_RULES_MAX;
}

static bool resolve_orphans(struct upk_engine *e, struct upk_model *m, const struct upk_tail *tail,
	struct upk_error *err)
{
	struct orphans o = { .tail = tail };
	const struct upk_filter all = { .limit = INT64_MAX };
	if (!upk_alert_each(e->store, m->number, &all, collect_orphan, &o, err))
		return false;
	for (size_t i = 0; i < o.count; i++) {
		struct upk_alert_row row;
		bool found;
		if (!upk_alert_get(e->store, m->number, o.alerts[i], &found, &row, err))
			return false;
		row.state = upk_text_of("resolved");
		row.resolved = upk_clock_now(e->clock);
		row.resolved_by = upk_text_of("changed");
		if (found && !upk_alert_update(e->store, &row, err))
			return false;
	}
	return true;
}

/* Events in memory carry tags of the old tail. A stale model's is kept until it is known that the
 * new one has all that it has. */
static void install(struct upk_engine *e, struct upk_model *m, struct upk_schema *schema,
	struct upk_tail *tail, const struct upk_used *used)
{
	if (m->tail)
		upk_recent_clear(e->recent);
	pthread_mutex_lock(&m->lock);
	struct upk_schema *old_schema = m->schema;
	struct upk_tail *old_tail = m->tail;
	m->schema = schema;
	m->tail = tail;
	m->used = *used;
	m->stored_place = tail->place;
	m->behind = m->stale && old_tail;
	m->stale = false;
	upk_building_lose_locked(m);
	upk_orders_clear(&m->orders);
	pthread_mutex_unlock(&m->lock);
	int64_t look = upk_windows_look(tail->config);
	e->look_ms = look < e->look_ms ? look : e->look_ms;
	if (m->behind) {
		m->old_schema = old_schema;
		m->old_tail = old_tail;
		return;
	}
	upk_schema_unref(old_schema);
	upk_tail_destroy(old_tail);
}

/* A tail that could not catch up with the one that it replaced gives way to it again. */
static void end_behind(struct upk_engine *e, struct upk_model *m)
{
	if (!m->behind)
		return;
	struct upk_schema *schema = m->old_schema;
	struct upk_tail *tail = m->old_tail;
	pthread_mutex_lock(&m->lock);
	bool back = m->tail->seen < tail->seen;
	if (back) {
		m->old_schema = m->schema;
		m->old_tail = m->tail;
		m->schema = schema;
		m->tail = tail;
	}
	m->behind = false;
	pthread_cond_broadcast(&m->built);
	pthread_mutex_unlock(&m->lock);
	if (back)
		upk_recent_clear(e->recent);
	upk_schema_unref(m->old_schema);
	upk_tail_destroy(m->old_tail);
	m->old_schema = NULL;
	m->old_tail = NULL;
}

/* Without them they are read when they are asked for. */
static void fill_scores(struct upk_engine *e, const struct upk_model *m, struct upk_tail *tail)
{
	struct upk_error reason = { 0 };
	if (tail->scorer.ring &&
		!upk_scorer_fill(tail->scorer.ring, e->store, m->number, tail->config, tail->schema,
			&tail->windows, tail->place, &reason))
		upk_engine_log(e, UPK_LOG_WARNING, "model %s: scores are not kept for rules: %s",
			m->name, reason.message);
}

bool upk_rebuild_model(struct upk_engine *e, struct upk_model *m, const struct upk_model_row *row,
	struct upk_error *err)
{
	struct upk_config *config = upk_config_parse(row->config, err);
	struct upk_used used;
	if (!config)
		return false;
	struct upk_schema *schema = schema_of(e, m, row, config, err);
	struct upk_tail *tail = schema ? upk_tail_create(config, schema, false, err) : NULL;
	upk_config_unref(config);
	if (tail)
		tail->scorer = upk_scorer_of(e, m);
	if (tail && upk_refill_tail(e, m, tail, row, err) && resolve_orphans(e, m, tail, err) &&
		upk_schema_read_used(schema, row->learnt, &used, err) &&
		upk_place_last(e->store, m->number, &m->last_place, err)) {
		m->last_event = tail->event > m->last_event ? tail->event : m->last_event;
		fill_scores(e, m, tail);
		install(e, m, schema, tail, &used);
		return true;
	}
	upk_tail_destroy(tail);
	upk_schema_unref(schema);
	return false;
}

/* ---- catching up ---- */

/* A run that was going on at so many crashes fails at the next: it may be what ends the daemon. */
enum { RESUMED_MOST = 3 };

struct open_runs {
	int64_t model;
	int64_t resumed; /* the run that goes on; 0: none */
	int64_t runs[64];
	size_t count;
};

static bool collect_open(void *context, const struct upk_run_row *row)
{
	struct open_runs *open = context;
	if (row->model == open->model && row->run != open->resumed &&
		!upk_text_is(row->state, "waiting"))
		open->runs[open->count++] = row->run;
	return open->count < 64;
}

/* One that waited for its turn, or for the daemon to be started again, is no cause of a crash. */
static bool was_going_on(
	struct upk_engine *e, const struct upk_model *m, bool *yes, struct upk_error *err)
{
	struct upk_run_row row;
	bool found = false;
	if (m->tail->open_run != 0 &&
		!upk_run_get(e->store, m->number, m->tail->open_run, &found, &row, err))
		return false;
	*yes = found && upk_text_is(row.state, "running");
	return true;
}

/* The token of a run that is given up comes back, and nothing else of it stays. why NULL: the
 * daemon was restarted, and the run goes on. */
static bool settle_open_runs(
	struct upk_engine *e, struct upk_model *m, const char *why, struct upk_error *err)
{
	bool crashed;
	if (!was_going_on(e, m, &crashed, err))
		return false;
	bool resumes = !why && m->tail->open.resumed + crashed <= RESUMED_MOST;
	struct open_runs open = { .model = m->number, .resumed = resumes ? m->tail->open_run : 0 };
	if (!why)
		why = "the daemon crashed four times while the run went on";
	if (!upk_run_each_open(e->store, collect_open, &open, err))
		return false;
	for (size_t i = 0; i < open.count; i++)
		if (!upk_persist_run_state(e, m, open.runs[i], "failed", why, err))
			return false;
	pthread_mutex_lock(&m->lock);
	if (open.resumed != 0)
		m->tail->open.resumed += crashed;
	else if (m->tail->open_run != 0)
		upk_retraining_ended(m->tail, UPK_RUN_CANCELLED, 0, upk_clock_now(e->clock));
	pthread_mutex_unlock(&m->lock);
	if (open.resumed != 0 && !upk_persist_run_state(e, m, open.resumed, "queued", NULL, err))
		return false;
	return (open.count == 0 && open.resumed == 0) || upk_persist_state(e, m, err);
}

static int64_t last_event(const struct upk_model *m, const struct upk_steps *steps)
{
	int64_t last = m->last_event;
	for (size_t i = 0; i < steps->count; i++)
		last = steps->items[i].step.event > last ? steps->items[i].step.event : last;
	return last;
}

/* Steps that were committed after the state, through the tail: so a crash between a commit and its
 * rules loses no alert. Runs that were open have been interrupted: they
 * fail with `why`, or, where it is NULL, go on. */
static bool catch_up(struct upk_engine *e, struct upk_model *m, const struct upk_later *later,
	const char *why, struct upk_error *err)
{
	struct upk_steps steps = { 0 };
	if (!upk_store_begin(e->store, err))
		return false;
	if (!settle_open_runs(e, m, why, err) || !upk_later_steps(e, m, later, &steps, err) ||
		!upk_store_commit(e->store, err)) {
		upk_store_rollback(e->store);
		upk_steps_finish(&steps);
		return false;
	}
	int64_t resumed = why ? 0 : m->tail->open_run;
	m->last_event = last_event(m, &steps);
	if (steps.count > 0)
		upk_unsaved_note(e, m, later->after + 1);
	upk_feed_steps(e, m, &steps, false);
	upk_steps_finish(&steps);
	if (m->stale)
		return upk_fail(err, UPK_BUSY, "model %s: its rules can't catch up", m->name);
	return resumed == 0 || upk_jobs_queue(e, m, &m->tail->open, err);
}

static bool catch_up_alone(
	struct upk_engine *e, struct upk_model *m, const char *why, struct upk_error *err)
{
	struct upk_later later = { 0 };
	bool done =
		upk_later_read(e, m->tail->seen, &later, err) && catch_up(e, m, &later, why, err);
	upk_later_finish(&later);
	return done;
}

/* ---- all models ---- */

struct kept_row {
	struct upk_model_row row;
	char *texts[4];
};

struct kept_rows {
	struct kept_row *items;
	size_t count;
	bool failed;
};

static bool keep_row(void *context, const struct upk_model_row *row)
{
	struct kept_rows *kept = context;
	struct kept_row *items = realloc(kept->items, (kept->count + 1) * sizeof *items);
	kept->failed = !items;
	if (!items)
		return false;
	kept->items = items;
	struct kept_row *k = &items[kept->count++];
	*k = (struct kept_row){ .row = *row };
	struct upk_text *texts[] = { &k->row.name, &k->row.config, &k->row.learnt, &k->row.state };
	for (size_t i = 0; i < 4; i++) {
		if (!texts[i]->data)
			continue;
		k->texts[i] = upk_text_copy(*texts[i]);
		kept->failed = kept->failed || !k->texts[i];
		texts[i]->data = k->texts[i];
	}
	return !kept->failed;
}

static void free_rows(struct kept_rows *kept)
{
	for (size_t i = 0; i < kept->count; i++)
		for (size_t j = 0; j < 4; j++)
			free(kept->items[i].texts[j]);
	free(kept->items);
}

static bool read_rows(struct upk_engine *e, struct kept_rows *kept, struct upk_error *err)
{
	if (!upk_model_each(e->store, keep_row, kept, err))
		return false;
	return !kept->failed || upk_fail(err, UPK_NOMEM, "no memory for the models");
}

static bool rebuild_within(struct upk_engine *e, struct upk_model *m,
	const struct upk_model_row *row, struct upk_error *err)
{
	if (!upk_store_begin(e->store, err))
		return false;
	if (upk_rebuild_model(e, m, row, err) && upk_store_commit(e->store, err))
		return true;
	upk_store_rollback(e->store);
	return false;
}

static bool start_model(struct upk_engine *e, const struct upk_model_row *row,
	const struct upk_later *later, struct upk_error *err)
{
	struct upk_model *m = upk_model_create(row->name.data, row->model, err);
	if (!m)
		return false;
	m->created = row->created;
	m->automatic = row->automatic;
	bool done = rebuild_within(e, m, row, err) && upk_registry_add(e->registry, m, err);
	if (done) {
		e->automatic += row->automatic;
		done = catch_up(e, m, later, NULL, err);
		m->stale = !done;
	}
	if (!done)
		upk_fail_in(err, "model %s: ", m->name);
	upk_model_unref(m);
	return done;
}

/* A start that failed is repeated: what it did stays done. */
static bool start_or_repair(struct upk_engine *e, const struct upk_model_row *row,
	const struct upk_later *later, struct upk_error *err)
{
	struct upk_model *m = upk_registry_find(e->registry, row->name.data);
	if (!m)
		return start_model(e, row, later, err);
	bool done = !m->stale || upk_rebuild_stale(e, m, err);
	upk_model_unref(m);
	return done;
}

bool upk_rebuild_all(struct upk_engine *e, struct upk_error *err)
{
	struct kept_rows kept = { 0 };
	struct upk_later later = { 0 };
	int64_t saved;
	bool done = read_rows(e, &kept, err) && upk_store_saved(e->store, &saved, err) &&
		upk_later_read(e, saved, &later, err);
	for (size_t i = 0; done && i < kept.count; i++)
		done = start_or_repair(e, &kept.items[i].row, &later, err);
	upk_later_finish(&later);
	free_rows(&kept);
	return done;
}

bool upk_rebuild_stale(struct upk_engine *e, struct upk_model *m, struct upk_error *err)
{
	struct kept_rows kept = { 0 };
	const struct upk_repair before = m->repair;
	bool done = read_rows(e, &kept, err);
	for (size_t i = 0; done && i < kept.count; i++) {
		if (kept.items[i].row.model != m->number)
			continue;
		if (m->tail->open_run != 0)
			upk_jobs_cancel(e->jobs, m, m->tail->open_run);
		done = rebuild_within(e, m, &kept.items[i].row, err) &&
			catch_up_alone(e, m,
				"the daemon could not store what the run needed, and began anew",
				err);
	}
	free_rows(&kept);
	end_behind(e, m);
	m->stale = !done;
	if (!done && m->repair.at == before.at) /* else it fell behind within */
		upk_repair_put_off(&m->repair, upk_clock_monotonic_ns());
	return done;
}

void upk_rebuild_if_due(struct upk_engine *e, struct upk_model *m)
{
	struct upk_error err = { 0 };
	if (upk_repair_due(&m->repair, upk_clock_monotonic_ns()) && !upk_rebuild_stale(e, m, &err))
		upk_engine_log(e, UPK_LOG_ERROR, "model %s: can't be rebuilt yet: %s", m->name,
			err.message);
}
