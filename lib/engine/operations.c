#include <pthread.h>

#include "core/core.h"
#include "engine/control.h"
#include "engine/engine.h"
#include "runs/promotion.h"
#include "store/model.h"
#include "store/sweep.h"
#include "tail/retraining.h"
#include "writer/feed.h"
#include "writer/group.h"
#include "writer/jobs.h"
#include "writer/rebuild.h"

/* What is asked of one model, but for its configuration. */
struct operation {
	struct upk_control control;
	const char *name;
	int64_t number; /* in: run, version; out: run, version */
	bool paused;
	const struct upk_person *person;
};

/* Said no before anything was changed; after any other failure memory may be ahead of the store. */
static bool refused(enum upk_code code)
{
	return code == UPK_NOT_FOUND || code == UPK_CONFLICT || code == UPK_INVALID ||
		code == UPK_PRECONDITION;
}

static bool on_model(struct upk_engine *e, struct upk_control *c, upk_control_change *change,
	struct upk_error *err)
{
	const struct operation *o = (const struct operation *)(void *)c;
	struct upk_model *m = upk_registry_get(e->registry, o->name, err);
	if (!m)
		return false;
	bool done = !m->stale || upk_rebuild_stale(e, m, err);
	struct upk_error reason = { 0 };
	if (done && !upk_control_transact(e, m, c, change, &reason)) {
		m->stale = m->stale || !refused(reason.code);
		done = upk_fail(err, reason.code, "%s", reason.message);
	}
	upk_model_unref(m);
	return done;
}

static bool remove_rows(
	struct upk_engine *e, struct upk_model *m, struct upk_control *c, struct upk_error *err)
{
	(void)c;
	if (m->read_only)
		return upk_fail(err, UPK_CONFLICT,
			"model %s is configured by a file and read-only here", m->name);
	return upk_sweep_begin(e->store, m->number, err);
}

static bool delete_model(struct upk_engine *e, struct upk_control *c, struct upk_error *err)
{
	struct operation *o = (struct operation *)(void *)c;
	struct upk_model *m = upk_registry_get(e->registry, o->name, err);
	if (!m)
		return false;
	bool done = upk_control_transact(e, m, c, remove_rows, err) ||
		(upk_room_made(e, err) && upk_control_transact(e, m, c, remove_rows, err));
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
	struct operation o = { .control.act = delete_model, .name = name };
	return upk_control_call(e, &o.control, err);
}

static bool start_run(struct upk_engine *e, struct upk_control *c, struct upk_error *err)
{
	struct operation *o = (struct operation *)(void *)c;
	struct upk_model *m = upk_registry_get(e->registry, o->name, err);
	if (!m)
		return false;
	const struct upk_moment moment = { e->seq, upk_clock_now(e->clock), &m->orders };
	bool done = !m->stale || upk_rebuild_stale(e, m, err);
	if (done) {
		pthread_mutex_lock(&m->lock);
		done = upk_retraining_by_hand(m->tail, &moment, err);
		o->number = m->tail->last_run;
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
	struct operation o = { .control.act = start_run, .name = name };
	bool done = upk_control_call(e, &o.control, err);
	if (done)
		*run = o.number;
	return done;
}

static bool cancel_rows(
	struct upk_engine *e, struct upk_model *m, struct upk_control *c, struct upk_error *err)
{
	struct operation *o = (struct operation *)(void *)c;
	return upk_promotion_cancel(e, m, o->number, o->person, err);
}

static bool cancel_run(struct upk_engine *e, struct upk_control *c, struct upk_error *err)
{
	struct operation *o = (struct operation *)(void *)c;
	if (!on_model(e, c, cancel_rows, err))
		return false;
	struct upk_model *m = upk_registry_find(e->registry, o->name);
	if (m)
		upk_group_settle(e, m);
	upk_model_unref(m);
	return true;
}

bool upk_engine_cancel_run(struct upk_engine *e, const char *name, int64_t run,
	const struct upk_person *person, struct upk_error *err)
{
	struct operation o = {
		.control.act = cancel_run, .name = name, .number = run, .person = person
	};
	return upk_control_call(e, &o.control, err);
}

static bool promote_rows(
	struct upk_engine *e, struct upk_model *m, struct upk_control *c, struct upk_error *err)
{
	struct operation *o = (struct operation *)(void *)c;
	return upk_promotion_by_hand(e, m, o->number, o->person, err);
}

static bool promote(struct upk_engine *e, struct upk_control *c, struct upk_error *err)
{
	return on_model(e, c, promote_rows, err);
}

bool upk_engine_promote(struct upk_engine *e, const char *name, int64_t version,
	const struct upk_person *person, struct upk_error *err)
{
	struct operation o = {
		.control.act = promote, .name = name, .number = version, .person = person
	};
	return upk_control_call(e, &o.control, err);
}

static bool rollback_rows(
	struct upk_engine *e, struct upk_model *m, struct upk_control *c, struct upk_error *err)
{
	struct operation *o = (struct operation *)(void *)c;
	return upk_promotion_rollback(e, m, &o->number, err);
}

static bool rollback(struct upk_engine *e, struct upk_control *c, struct upk_error *err)
{
	return on_model(e, c, rollback_rows, err);
}

bool upk_engine_rollback(
	struct upk_engine *e, const char *name, int64_t *version, struct upk_error *err)
{
	struct operation o = { .control.act = rollback, .name = name };
	bool done = upk_control_call(e, &o.control, err);
	if (done)
		*version = o.number;
	return done;
}

static bool pause_rows(
	struct upk_engine *e, struct upk_model *m, struct upk_control *c, struct upk_error *err)
{
	struct operation *o = (struct operation *)(void *)c;
	if (!upk_model_set_paused(e->store, m->number, o->paused, err))
		return false;
	pthread_mutex_lock(&m->lock);
	m->tail->paused = o->paused;
	pthread_mutex_unlock(&m->lock);
	return true;
}

static bool pause_model(struct upk_engine *e, struct upk_control *c, struct upk_error *err)
{
	return on_model(e, c, pause_rows, err);
}

bool upk_engine_pause(struct upk_engine *e, const char *name, bool paused, struct upk_error *err)
{
	struct operation o = { .control.act = pause_model, .name = name, .paused = paused };
	return upk_control_call(e, &o.control, err);
}
