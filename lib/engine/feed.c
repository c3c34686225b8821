#include "engine/feed.h"

#include "engine/persist.h"

static void fall_behind(struct upk_engine *e, struct upk_model *m, const struct upk_error *err)
{
	m->stale = true;
	upk_orders_clear(&m->orders);
	upk_engine_log(e, UPK_LOG_ERROR,
		"model %s: windows and rules are behind and will be rebuilt: %s", m->name,
		err->code != UPK_OK ? err->message : "no memory");
}

void upk_feed_orders(struct upk_engine *e, struct upk_model *m)
{
	struct upk_error err = { 0 };
	if (m->orders.failed) {
		fall_behind(e, m, &err);
		return;
	}
	int64_t stored = m->stored_place;
	if (!upk_store_begin(e->store, &err) || !upk_persist_orders(e, m, &m->orders, &err) ||
		!upk_persist_state(e, m, &err) || !upk_store_commit(e->store, &err)) {
		upk_store_rollback(e->store);
		m->stored_place = stored;
		fall_behind(e, m, &err);
		return;
	}
	upk_persist_follow(e, m, &m->orders);
	upk_orders_clear(&m->orders);
}

static void count(struct upk_model *m, const struct upk_step *step)
{
	if (step->kind == UPK_STEP_PAIR)
		upk_totals_add(&m->totals, step->pair);
	if (step->kind != UPK_STEP_REVISION || step->example)
		return;
	struct upk_pair was = { .actual = step->was, .predicted = step->pair.predicted };
	upk_totals_remove(&m->totals, was);
	upk_totals_add(&m->totals, step->pair);
	m->totals.pairs--;
	m->totals.revised++;
}

void upk_feed_steps(
	struct upk_engine *e, struct upk_model *m, const struct upk_steps *steps, bool counted)
{
	struct upk_error err = { 0 };
	bool done = true;
	pthread_mutex_lock(&m->lock);
	if (counted)
		done = upk_totals_grow(&m->totals, m->schema->classes_count, &err);
	for (size_t i = 0; done && i < steps->count; i++) {
		const struct upk_step step = upk_steps_at(steps, i);
		if (counted)
			count(m, &step);
		done = upk_tail_step(m->tail, &step, &m->orders, &err);
	}
	pthread_mutex_unlock(&m->lock);
	if (done)
		m->tail->seen = e->seq;
	if (!done)
		fall_behind(e, m, &err);
	else if (upk_persist_urgent(m, &m->orders))
		upk_feed_orders(e, m);
}

void upk_feed_tick(struct upk_engine *e, struct upk_model *m, int64_t now)
{
	struct upk_error err = { 0 };
	pthread_mutex_lock(&m->lock);
	bool done = upk_tail_tick(m->tail, e->seq, now, &m->orders, &err);
	pthread_mutex_unlock(&m->lock);
	if (!done)
		fall_behind(e, m, &err);
	else if (m->orders.count > 0)
		upk_feed_orders(e, m);
}
