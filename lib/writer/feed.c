#include "writer/feed.h"

#include "windows/past.h"
#include "writer/building.h"
#include "writer/persist.h"
#include "writer/unsaved.h"

static void fall_behind(struct upk_engine *e, struct upk_model *m, const struct upk_error *err)
{
	m->stale = true;
	upk_repair_put_off(&m->repair, upk_clock_monotonic_ns());
	upk_building_lose(m);
	upk_orders_clear(&m->orders);
	upk_engine_log(e, UPK_LOG_ERROR,
		"model %s: windows and rules are behind and will be rebuilt: %s", m->name,
		err->code != UPK_OK ? err->message : "no memory");
}

/* Nothing of a model whose orders were lost is stored. */
static bool store_orders(
	struct upk_engine *e, struct upk_model *const *models, size_t count, struct upk_error *err)
{
	if (!upk_store_begin(e->store, err))
		return false;
	for (size_t i = 0; i < count; i++)
		if (!models[i]->stale &&
			(!upk_persist_orders(e, models[i], &models[i]->orders, err) ||
				!upk_unsaved_save_one(e, models[i], err)))
			return false;
	return upk_store_commit(e->store, err);
}

/* What was given out within the transaction is read again from the store. */
static void undo_orders(struct upk_engine *e, struct upk_model *const *models, size_t count,
	const struct upk_error *err)
{
	upk_store_rollback(e->store);
	upk_unsaved_rollback(e);
	for (size_t i = 0; i < count; i++)
		if (!models[i]->stale)
			fall_behind(e, models[i], err);
}

void upk_feed_orders_of(struct upk_engine *e, struct upk_model *const *models, size_t count)
{
	struct upk_error err = { 0 };
	size_t whole = 0;
	for (size_t i = 0; i < count; i++) {
		if (models[i]->orders.failed)
			fall_behind(e, models[i], &err);
		whole += !models[i]->stale;
	}
	if (whole == 0)
		return;
	if (!store_orders(e, models, count, &err)) {
		undo_orders(e, models, count, &err);
		return;
	}
	upk_unsaved_commit(e);
	for (size_t i = 0; i < count; i++) {
		if (models[i]->stale)
			continue;
		upk_persist_follow(e, models[i], &models[i]->orders);
		upk_orders_clear(&models[i]->orders);
	}
}

void upk_feed_orders(struct upk_engine *e, struct upk_model *m)
{
	upk_feed_orders_of(e, &m, 1);
}

static struct upk_past past_of(struct upk_engine *e, struct upk_model *m)
{
	return (struct upk_past){ e->store, m->number, m->tail->schema, &m->tail->tags };
}

/* With the labels that the tail has seen: those of `as_of`. Under the model's lock: a span is read
 * in about a millisecond. */
static bool expire(struct upk_engine *e, struct upk_model *m, int64_t now, int64_t as_of,
	struct upk_error *err)
{
	struct upk_windows *ws = &m->tail->windows;
	const struct upk_past past = past_of(e, m);
	struct upk_scan span = { .as_of = as_of };
	struct upk_seats seats = { 0 };
	bool done = true;
	int64_t after;
	size_t window;
	upk_tail_expire(m->tail, now);
	while (done && upk_windows_wanted(ws, &window, &span.from, &span.to, &after)) {
		int64_t from = span.from;
		span.to++;
		seats.count = 0;
		done = upk_past_read(&past, &span, after, &seats, err) &&
			upk_window_load(ws->at[window], from, seats.items, seats.count, err);
		upk_tail_expire(m->tail, now);
	}
	upk_seats_finish(&seats);
	return done;
}

/* Older pairs into the seats that a removal left empty. */
static bool refill(struct upk_engine *e, struct upk_model *m, int64_t as_of, struct upk_error *err)
{
	struct upk_windows *ws = &m->tail->windows;
	const struct upk_past past = past_of(e, m);
	struct upk_scan older = { .from = 1, .as_of = as_of };
	struct upk_seats seats = { 0 };
	size_t many;
	if (!upk_windows_lack(ws, &older.to, &many))
		return true;
	if (older.to > m->tail->place)
		older.to = m->tail->place + 1;
	older.newest = (int64_t)many;
	bool done = upk_past_read(&past, &older, INT64_MIN, &seats, err) &&
		upk_windows_refill(ws, seats.items, seats.count, many, err);
	upk_seats_finish(&seats);
	return done;
}

static void count_removed(struct upk_model *m, const struct upk_step *step)
{
	if (!step->example)
		upk_totals_remove(&m->totals, step->pair);
}

static void count(struct upk_model *m, const struct upk_step *step)
{
	if (step->kind == UPK_STEP_PAIR)
		upk_totals_add(&m->totals, step->pair);
	if (step->kind == UPK_STEP_REMOVAL)
		count_removed(m, step);
	if (step->kind != UPK_STEP_REVISION || step->example)
		return;
	struct upk_pair was = { .actual = step->was, .predicted = step->pair.predicted };
	upk_totals_remove(&m->totals, was);
	upk_totals_add(&m->totals, step->pair);
	m->totals.pairs--;
	m->totals.revised++;
}

/* Removals in a row: what is known of pairs that are not in memory is read again when all are done,
 * and rules look at windows that have been filled up. */
static bool feed_removals(struct upk_engine *e, struct upk_model *m, const struct upk_step *first,
	const struct upk_steps *steps, size_t from, size_t to, struct upk_error *err)
{
	bool done = expire(e, m, first->arrival, first->seq - 1, err);
	for (size_t i = from; done && i < to; i++) {
		const struct upk_step step = upk_steps_at(steps, i);
		done = upk_tail_step(m->tail, &step, &m->orders, err);
	}
	return done && expire(e, m, first->arrival, first->seq, err) &&
		refill(e, m, first->seq, err) &&
		upk_tail_judge(m->tail, first->seq, first->arrival, &m->orders, err);
}

static size_t removals_end(const struct upk_steps *steps, size_t from)
{
	while (from < steps->count && steps->items[from].step.kind == UPK_STEP_REMOVAL)
		from++;
	return from;
}

static bool feed_each(struct upk_engine *e, struct upk_model *m, const struct upk_steps *steps,
	struct upk_error *err)
{
	bool done = true;
	for (size_t i = 0, end; done && i < steps->count; i = end) {
		const struct upk_step step = upk_steps_at(steps, i);
		end = removals_end(steps, i);
		if (end > i) {
			done = feed_removals(e, m, &step, steps, i, end, err);
			continue;
		}
		end = i + 1;
		done = expire(e, m, step.arrival, step.seq - 1, err) &&
			upk_tail_step(m->tail, &step, &m->orders, err);
	}
	return done;
}

static bool count_each(struct upk_model *m, const struct upk_steps *steps, struct upk_error *err)
{
	if (!upk_totals_grow(&m->totals, m->schema->classes_count, err))
		return false;
	for (size_t i = 0; i < steps->count; i++)
		count(m, &steps->items[i].step);
	return true;
}

void upk_feed_steps(
	struct upk_engine *e, struct upk_model *m, const struct upk_steps *steps, bool counted)
{
	struct upk_error err = { 0 };
	pthread_mutex_lock(&m->lock);
	bool done = (!counted || count_each(m, steps, &err)) && feed_each(e, m, steps, &err);
	for (size_t i = 0; m->building && i < steps->count; i++) {
		const struct upk_step step = upk_steps_at(steps, i);
		upk_building_note(m->building, &step);
	}
	done = done && upk_tail_publish(m->tail, &err);
	pthread_mutex_unlock(&m->lock);
	if (done)
		m->tail->seen = e->seq;
	if (!done)
		fall_behind(e, m, &err);
	else if (upk_persist_urgent(m, &m->orders))
		upk_feed_orders(e, m);
}

void upk_feed_prepare(struct upk_engine *e, struct upk_model *m, int64_t now)
{
	struct upk_error err = { 0 };
	pthread_mutex_lock(&m->lock);
	bool done = expire(e, m, now, m->tail->seen, &err);
	pthread_mutex_unlock(&m->lock);
	if (!done)
		fall_behind(e, m, &err);
}

void upk_feed_tick(struct upk_engine *e, struct upk_model *m, int64_t now)
{
	struct upk_error err = { 0 };
	pthread_mutex_lock(&m->lock);
	bool done = expire(e, m, now, e->seq, &err) &&
		upk_tail_tick(m->tail, e->seq, now, &m->orders, &err);
	pthread_mutex_unlock(&m->lock);
	if (!done)
		fall_behind(e, m, &err);
	else if (m->orders.count > 0)
		upk_feed_orders(e, m);
}
