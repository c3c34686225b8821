#include "engine/retention.h"

#include <stdlib.h>

#include "engine/core.h"
#include "engine/erase.h"
#include "engine/feed.h"
#include "store/remove.h"

enum {
	EVENTS_MOST = 4096,      /* of a step: so many are in memory */
	LOOK_AFTER = 64,         /* rows between two looks at the time */
	BEHIND_MS = 5000,        /* rows that are too old for longer are in the way of new ones */
	RUN_MS = 10 * 60 * 1000, /* for so long rows wait for an open run */
	JUMP_MS = 24 * 60 * 60 *
		1000, /* a clock that is ahead by more between two looks has jumped */
};

void upk_retention_finish(struct upk_retention *r)
{
	for (size_t i = 0; i < r->models_count; i++)
		upk_model_unref(r->models[i]);
	free(r->models);
	free(r->cursors);
	r->models = NULL;
	r->cursors = NULL;
	r->models_count = r->cursors_count = 0;
}

static int by_number(const void *a, const void *b)
{
	const struct upk_model *x = *(struct upk_model *const *)a;
	const struct upk_model *y = *(struct upk_model *const *)b;
	return x->number < y->number ? -1 : x->number > y->number;
}

static int64_t age_of(const struct upk_model *m)
{
	return m->tail->config->retention_ms;
}

/* A model whose retention is another now is looked at from its first row. */
static bool note_age(struct upk_retention *r, struct upk_model *m)
{
	size_t i = 0;
	while (i < r->cursors_count && r->cursors[i].age != age_of(m))
		i++;
	if (i == r->cursors_count) {
		struct upk_retention_cursor *cursors =
			realloc(r->cursors, (i + 1) * sizeof *cursors);
		if (!cursors)
			return false;
		r->cursors = cursors;
		r->cursors[r->cursors_count++] = (struct upk_retention_cursor){ .age = age_of(m) };
	}
	r->cursors[i].idle = false;
	if (m->retention != age_of(m))
		r->cursors[i].after = 0;
	m->retention = age_of(m);
	return true;
}

static bool list_models(struct upk_engine *e)
{
	struct upk_retention *r = &e->retention;
	size_t count, kept = 0;
	struct upk_model **all = upk_registry_all(e->registry, &count, NULL);
	if (!all)
		return false;
	for (size_t i = 0; i < r->models_count; i++)
		upk_model_unref(r->models[i]);
	free(r->models);
	for (size_t i = 0; i < count; i++) {
		if (age_of(all[i]) > 0 && note_age(r, all[i])) {
			all[kept++] = all[i];
		} else {
			all[i]->retention = 0;
			upk_model_unref(all[i]);
		}
	}
	qsort(all, kept, sizeof(struct upk_model *), by_number);
	r->models = all;
	r->models_count = kept;
	return true;
}

/* After a jump ahead nothing is thrown away until the clock is back or a person has started the
 * daemon anew. */
static void look_at_clock(struct upk_engine *e)
{
	struct upk_retention *r = &e->retention;
	int64_t now = upk_clock_now(e->clock);
	if (r->held)
		r->held = now - r->clock > JUMP_MS;
	else if (r->clock != 0 && r->models_count > 0 && now - r->clock > JUMP_MS) {
		r->held = true;
		upk_engine_log(e, UPK_LOG_ERROR,
			"the clock has jumped ahead by %lld s: retention holds until it is back or "
			"the daemon is started again",
			(long long)(now - r->clock) / 1000);
	}
	if (!r->held)
		r->clock = now;
}

void upk_retention_look(struct upk_engine *e)
{
	int64_t seq, arrival;
	if (upk_engine_ready(e) && list_models(e))
		look_at_clock(e);
	if (upk_oldest_item(e->store, 0, &seq, &arrival, NULL))
		atomic_store(&e->retention.oldest, arrival);
}

static struct upk_retention_cursor *next_cursor(const struct upk_retention *r)
{
	for (size_t i = 0; i < r->cursors_count; i++) {
		struct upk_retention_cursor *c = &r->cursors[(r->turn + i) % r->cursors_count];
		if (!c->idle)
			return c;
	}
	return NULL;
}

bool upk_retention_due(const struct upk_engine *e, bool busy)
{
	const struct upk_retention *r = &e->retention;
	return !r->held && r->models_count > 0 && next_cursor(r) &&
		upk_background_due(&r->pace, busy);
}

/* ---- one step ---- */

struct aged_event {
	struct upk_model *model; /* borrowed */
	struct upk_kept_event kept;
};

struct step {
	struct upk_engine *e;
	const struct upk_retention_cursor *cursor;
	int64_t now;
	int64_t to; /* the last sequence number of the step: rows of that age end, or have to wait
		     */
	struct aged_event *events;
	size_t events_count;
	int64_t *labels; /* that wait */
	size_t labels_count;
	struct upk_model **models; /* of the events, each once, by number; borrowed */
	struct upk_steps *steps;   /* what each of them loses */
	size_t models_count;
	int64_t took; /* ns, but for commits */
	struct upk_error *err;
	bool failed;
};

static struct upk_model *model_of(const struct step *s, int64_t number)
{
	const struct upk_retention *r = &s->e->retention;
	const struct upk_model key = { .number = number };
	const struct upk_model *wanted = &key;
	struct upk_model **found = r->models_count == 0
		? NULL
		: bsearch(&wanted, r->models, r->models_count, sizeof(struct upk_model *),
			  by_number);
	return found && !(*found)->deleted && age_of(*found) == s->cursor->age ? *found : NULL;
}

static bool fail_memory(struct step *s)
{
	s->failed = true;
	upk_fail(s->err, UPK_NOMEM, "no memory for rows that are too old");
	return false;
}

/* false: the step ends before this row. */
static bool is_due(struct step *s, const struct upk_model *m, int64_t seq, int64_t arrival)
{
	int64_t late = s->now - s->cursor->age - arrival;
	bool due = late > 0 && !(m && (m->stale || (m->tail->open_run != 0 && late < RUN_MS)));
	if (!due && seq <= s->to)
		s->to = seq - 1;
	return due;
}

static bool take_event(void *context, const struct upk_event_row *row)
{
	struct step *s = context;
	struct upk_model *m = model_of(s, row->model);
	if (!is_due(s, m, row->seq, row->arrival))
		return false;
	if (!m)
		return true;
	if (s->events_count == EVENTS_MOST) {
		s->to = row->seq - 1;
		return false;
	}
	struct aged_event *events = realloc(s->events, (s->events_count + 1) * sizeof *events);
	if (!events)
		return fail_memory(s);
	s->events = events;
	s->events[s->events_count].model = m;
	s->failed = !upk_keep_event(&s->events[s->events_count].kept, row, s->err);
	s->events_count += !s->failed;
	return !s->failed;
}

static bool take_label(void *context, const struct upk_label_row *row)
{
	struct step *s = context;
	struct upk_model *m = model_of(s, row->model);
	if (!is_due(s, m, row->seq, row->arrival))
		return false;
	if (!m || row->event != 0)
		return true;
	int64_t *labels = realloc(s->labels, (s->labels_count + 1) * sizeof *labels);
	if (!labels)
		return fail_memory(s);
	s->labels = labels;
	s->labels[s->labels_count++] = row->seq;
	return true;
}

static bool collect(struct step *s, struct upk_error *err)
{
	int64_t from = s->cursor->after + 1;
	return upk_event_scan(s->e->store, from, s->to, take_event, s, err) && !s->failed &&
		(s->to < from ||
			(upk_label_scan(s->e->store, from, s->to, take_label, s, err) &&
				!s->failed));
}

/* Numbers are given in the order of events, and so go in it; but an example that became a pair has
 * a later one, between those of events that stay. */
static bool note_number(struct step *s, const struct upk_model *m, const struct upk_event_row *row,
	const struct upk_erased *erased, struct upk_error *err)
{
	return row->number == 0 || erased->places[1] == 0 ||
		upk_event_add_gone(s->e->store, m->number, row->number, err);
}

/* An event without an id has no labels but its own. */
static bool find(struct step *s, const struct aged_event *event, struct upk_known *known,
	struct upk_error *err)
{
	const struct upk_event_row *row = &event->kept.row;
	if (row->id.data)
		return upk_known_find(
			s->e->ids, s->e->store, event->model->number, row->id, known, err);
	*known = (struct upk_known){ .found = true };
	return upk_keep_event(&known->event, row, err);
}

static bool list_touched(struct step *s, struct upk_error *err)
{
	s->models = calloc(s->events_count + 1, sizeof(struct upk_model *));
	for (size_t i = 0; s->models && i < s->events_count; i++)
		s->models[i] = s->events[i].model;
	if (s->models)
		qsort(s->models, s->events_count, sizeof(struct upk_model *), by_number);
	for (size_t i = 0; s->models && i < s->events_count; i++)
		if (s->models_count == 0 || s->models[s->models_count - 1] != s->models[i])
			s->models[s->models_count++] = s->models[i];
	s->steps = calloc(s->models_count + 1, sizeof *s->steps);
	return (s->models && s->steps) ||
		upk_fail(err, UPK_NOMEM, "no memory for rows that are too old");
}

static bool expire(struct step *s, const struct aged_event *event, struct upk_error *err)
{
	struct upk_known known;
	struct upk_erased erased = { 0 };
	struct upk_model **found = bsearch(
		&event->model, s->models, s->models_count, sizeof(struct upk_model *), by_number);
	if (!find(s, event, &known, err))
		return false;
	bool same = known.found && known.event.row.seq == event->kept.row.seq;
	bool done = !same ||
		(upk_erase_known(s->e, event->model, &known, s->now, &s->steps[found - s->models],
			 &erased, err) &&
			note_number(s, event->model, &event->kept.row, &erased, err));
	upk_known_finish(&known);
	return done;
}

static bool remove_rows(struct step *s, struct upk_error *err)
{
	int64_t started = upk_clock_monotonic_ns();
	for (size_t i = 0; i < s->events_count; i++) {
		int64_t seq = s->events[i].kept.row.seq;
		if (i > 0 && i % LOOK_AFTER == 0 && seq <= s->to &&
			upk_background_over(&s->e->retention.pace, started))
			s->to = seq - 1;
		if (seq <= s->to && !expire(s, &s->events[i], err))
			return false;
	}
	for (size_t i = 0; i < s->labels_count; i++)
		if (s->labels[i] <= s->to && !upk_remove_label(s->e->store, s->labels[i], err))
			return false;
	return true;
}

/* Not as removals: what a counter counted has happened, and the range that it is asked for is over.
 */
static void feed(struct step *s)
{
	int64_t started = upk_clock_monotonic_ns();
	size_t fed = 0;
	for (size_t i = 0; i < s->models_count; i++) {
		struct upk_model *m = s->models[i];
		if (s->steps[i].count > 0 && !m->stale)
			upk_feed_steps(s->e, m, &s->steps[i], false);
		if (!m->stale)
			s->models[fed++] = m;
	}
	s->took += upk_clock_monotonic_ns() - started;
	upk_feed_orders_of(s->e, s->models, fed);
}

static bool write(struct step *s, struct upk_error *err)
{
	int64_t started = upk_clock_monotonic_ns();
	if (!list_touched(s, err))
		return false;
	for (size_t i = 0; i < s->models_count; i++)
		upk_feed_prepare(s->e, s->models[i], s->now);
	bool done = upk_store_begin(s->e->store, err);
	bool removed = done && remove_rows(s, err);
	s->took += upk_clock_monotonic_ns() - started;
	if (done && (!removed || !upk_store_commit(s->e->store, err))) {
		upk_store_rollback(s->e->store);
		done = false;
	}
	if (done)
		feed(s);
	return done;
}

static void finish(struct step *s)
{
	for (size_t i = 0; i < s->events_count; i++)
		upk_kept_finish(&s->events[i].kept);
	for (size_t i = 0; s->steps && i < s->models_count; i++)
		upk_steps_finish(&s->steps[i]);
	free(s->steps);
	free(s->models);
	free(s->events);
	free(s->labels);
}

static bool step(struct upk_engine *e, struct upk_retention_cursor *cursor, int64_t *took,
	struct upk_error *err)
{
	struct step s = { .e = e, .cursor = cursor, .now = upk_engine_now(e), .err = err };
	int64_t seq, arrival, started = upk_clock_monotonic_ns();
	if (!upk_oldest_item(e->store, cursor->after, &seq, &arrival, err))
		return false;
	cursor->idle = seq == 0 || arrival >= s.now - cursor->age;
	e->retention.pace.behind = !cursor->idle && s.now - cursor->age - arrival > BEHIND_MS;
	if (cursor->idle)
		return true;
	int64_t rows = upk_background_rows(&e->retention.pace);
	cursor->after = seq - 1;
	s.to = seq - 1 + rows < e->seq ? seq - 1 + rows : e->seq;
	bool done = collect(&s, err);
	s.took = upk_clock_monotonic_ns() - started;
	done = done && (s.events_count + s.labels_count == 0 || write(&s, err));
	cursor->idle = s.to < seq; /* it waits for a run */
	if (done)
		cursor->after = s.to;
	*took = s.took;
	finish(&s);
	return done;
}

void upk_retention_run(struct upk_engine *e)
{
	struct upk_error err = { 0 };
	struct upk_retention *r = &e->retention;
	struct upk_retention_cursor *cursor = next_cursor(r);
	int64_t took = 0;
	if (cursor && !step(e, cursor, &took, &err)) {
		if (err.code == UPK_FULL)
			upk_room_failed(e, true);
		upk_engine_log(
			e, UPK_LOG_WARNING, "old rows can't be taken away yet: %s", err.message);
		cursor->idle = true;
	}
	r->turn++;
	upk_background_stepped(&r->pace, took);
}
