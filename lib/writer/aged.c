#include "writer/aged.h"

#include <stdlib.h>

#include "core/core.h"
#include "intake/recent.h"
#include "store/remove.h"
#include "writer/erase.h"
#include "writer/feed.h"

enum {
	EVENTS_MOST = 32768,     /* of a step: so many are in memory */
	KEPT_MOST = 4096,        /* copies of rows among them */
	LOOK_AFTER = 64,         /* rows between two looks at the time */
	RUN_MS = 10 * 60 * 1000, /* for so long rows wait for an open run */
};

/* Sequence numbers or places in a row. */
struct span {
	int64_t first, last;
};

struct spans {
	struct span *items;
	size_t count, capacity;
	bool apart; /* a row that stays lies behind the last one */
};

/* A model that loses rows. */
struct touched {
	struct upk_model *model; /* borrowed */
	struct upk_steps steps;
	struct span places;
	int64_t last_place; /* the greatest that went */
};

enum aged_kind {
	WHOLE, /* its row says all about it */
	LATE,  /* labels came later */
	MIXED, /* a label came first, or it was an example first */
};

/* All lie in spans of events. */
struct aged_event {
	enum aged_kind kind;
	size_t touched;
	struct upk_step
		step; /* of a whole one; place 0: it was not complete, only seq is filled in */
	struct upk_kept_event *kept; /* of the others */
};

/* A label that completed an event. */
struct aged_label {
	int64_t seq, place;
	size_t touched;
};

struct step {
	struct upk_engine *e;
	const struct upk_aged *what;
	int64_t to; /* rows after it stay */
	struct aged_event *events;
	size_t events_count, events_capacity, kept_count;
	struct aged_label *labels; /* those that completed an event */
	size_t labels_count, labels_capacity;
	struct spans event_spans, label_spans;
	int64_t *upgraded; /* of the step's events, those that were examples first */
	size_t upgraded_count, upgraded_at;
	uint32_t *indices; /* (models_count) into touched, from 1; 0: not touched */
	struct touched *touched;
	size_t touched_count;
	struct upk_model **fed;
	size_t last; /* index of the model that was asked for last */
	int64_t took;
	struct upk_error *err;
	bool failed;
};

static bool fail_memory(struct step *s)
{
	s->failed = true;
	upk_fail(s->err, UPK_NOMEM, "no memory for rows that are too old");
	return false;
}

/* ---- whose rows ---- */

static bool find_model(const struct step *s, int64_t number, size_t *index)
{
	size_t low = 0, high = s->what->models_count;
	while (low < high) {
		size_t middle = low + (high - low) / 2;
		if (s->what->models[middle]->number < number)
			low = middle + 1;
		else
			high = middle;
	}
	*index = low;
	return low < s->what->models_count && s->what->models[low]->number == number;
}

/* NULL: rows of another one, which stay. */
static struct upk_model *model_of(struct step *s, int64_t number)
{
	if (s->last >= s->what->models_count || s->what->models[s->last]->number != number) {
		size_t index;
		if (!find_model(s, number, &index))
			return NULL;
		s->last = index;
	}
	struct upk_model *m = s->what->models[s->last];
	return !m->deleted && m->tail->config->retention_ms == s->what->age ? m : NULL;
}

/* Of the model that was asked for last. */
static bool touch(struct step *s, size_t *touched)
{
	if (s->indices[s->last] == 0) {
		struct touched *grown = realloc(s->touched, (s->touched_count + 1) * sizeof *grown);
		if (!grown)
			return fail_memory(s);
		s->touched = grown;
		s->touched[s->touched_count++] =
			(struct touched){ .model = s->what->models[s->last] };
		s->indices[s->last] = (uint32_t)s->touched_count;
	}
	*touched = s->indices[s->last] - 1;
	return true;
}

/* ---- what is there ---- */

static bool add_span(struct step *s, struct spans *spans, int64_t seq)
{
	if (spans->count > 0 && !spans->apart) {
		spans->items[spans->count - 1].last = seq;
		return true;
	}
	if (spans->count == spans->capacity) {
		size_t capacity = spans->capacity ? 2 * spans->capacity : 16;
		struct span *items = realloc(spans->items, capacity * sizeof *items);
		if (!items)
			return fail_memory(s);
		spans->items = items;
		spans->capacity = capacity;
	}
	spans->items[spans->count++] = (struct span){ seq, seq };
	spans->apart = false;
	return true;
}

/* false: the step ends before this row. */
static bool is_due(struct step *s, const struct upk_model *m, int64_t seq, int64_t arrival)
{
	int64_t late = s->what->now - s->what->age - arrival;
	bool due = late > 0 && !(m && (m->stale || (m->tail->open_run != 0 && late < RUN_MS)));
	if (!due && seq <= s->to)
		s->to = seq - 1;
	return due;
}

static bool was_upgraded(struct step *s, int64_t seq)
{
	while (s->upgraded_at < s->upgraded_count && s->upgraded[s->upgraded_at] < seq)
		s->upgraded_at++;
	return s->upgraded_at < s->upgraded_count && s->upgraded[s->upgraded_at] == seq;
}

static enum aged_kind kind_of(struct step *s, const struct upk_event_row *row)
{
	bool label_first = row->place != 0 && !row->label.data;
	if (was_upgraded(s, row->seq) || label_first)
		return MIXED;
	return upk_labelled_has(s->what->labelled, row->seq) ? LATE : WHOLE;
}

static bool keep(struct step *s, struct aged_event *event, const struct upk_event_row *row)
{
	event->kept = malloc(sizeof *event->kept);
	if (!event->kept)
		return fail_memory(s);
	s->failed = !upk_keep_event(event->kept, row, s->err);
	if (s->failed) {
		free(event->kept);
		event->kept = NULL;
	}
	s->kept_count += !s->failed;
	return !s->failed;
}

static bool describe(struct step *s, struct aged_event *event, struct upk_model *m,
	const struct upk_event_row *row)
{
	event->step.seq = row->seq;
	if (row->place == 0)
		return true;
	s->failed =
		!upk_erase_describe(s->e, m, row, row->label, s->what->now, &event->step, s->err);
	/* The row's features go with the scan: that there were some is all that is asked. */
	if (event->step.features.data)
		event->step.features = (struct upk_text){ "", 0 };
	return !s->failed;
}

static bool has_room(struct step *s)
{
	if (s->events_count < s->events_capacity)
		return true;
	size_t capacity = s->events_capacity ? 2 * s->events_capacity : 256;
	struct aged_event *events = realloc(s->events, capacity * sizeof *events);
	if (!events)
		return fail_memory(s);
	s->events = events;
	s->events_capacity = capacity;
	return true;
}

static bool take_event(void *context, const struct upk_event_row *row)
{
	struct step *s = context;
	struct upk_model *m = model_of(s, row->model);
	if (!is_due(s, m, row->seq, row->arrival))
		return false;
	if (!m) {
		s->event_spans.apart = true;
		return true;
	}
	if (s->events_count == EVENTS_MOST || s->kept_count == KEPT_MOST) {
		s->to = row->seq - 1;
		return false;
	}
	struct aged_event event = { .kind = kind_of(s, row) };
	if (!has_room(s) || !touch(s, &event.touched) || !add_span(s, &s->event_spans, row->seq) ||
		!(event.kind == WHOLE ? describe(s, &event, m, row) : keep(s, &event, row)))
		return false;
	event.step.seq = row->seq;
	s->events[s->events_count++] = event;
	return true;
}

static bool add_label(struct step *s, const struct upk_label_row *row)
{
	if (s->labels_count == s->labels_capacity) {
		size_t capacity = s->labels_capacity ? 2 * s->labels_capacity : 256;
		struct aged_label *labels = realloc(s->labels, capacity * sizeof *labels);
		if (!labels)
			return fail_memory(s);
		s->labels = labels;
		s->labels_capacity = capacity;
	}
	struct aged_label label = { .seq = row->seq, .place = row->place };
	if (!touch(s, &label.touched))
		return false;
	s->labels[s->labels_count++] = label;
	return true;
}

/* One that came first goes with its event, which may stay. */
static bool take_label(void *context, const struct upk_label_row *row)
{
	struct step *s = context;
	struct upk_model *m = model_of(s, row->model);
	if (!is_due(s, m, row->seq, row->arrival))
		return false;
	if (!m || row->event > row->seq) {
		s->label_spans.apart = true;
		return true;
	}
	return add_span(s, &s->label_spans, row->seq) && (row->place == 0 || add_label(s, row));
}

static bool take_upgraded(void *context, int64_t seq, int64_t event)
{
	struct step *s = context;
	(void)event;
	int64_t *grown = realloc(s->upgraded, (s->upgraded_count + 1) * sizeof *grown);
	if (!grown)
		return fail_memory(s);
	s->upgraded = grown;
	s->upgraded[s->upgraded_count++] = seq;
	return true;
}

static bool collect(struct step *s, struct upk_error *err)
{
	int64_t from = s->what->from;
	const struct upk_links links = { .after = from - 1, .to = s->to, .most = s->to - from + 1 };
	s->indices = calloc(s->what->models_count + 1, sizeof *s->indices);
	if (!s->indices)
		return fail_memory(s);
	return upk_upgraded_events(s->e->store, &links, take_upgraded, s, err) && !s->failed &&
		upk_event_scan(s->e->store, from, s->to, take_event, s, err) && !s->failed &&
		(s->to < from ||
			(upk_label_scan(s->e->store, from, s->to, take_label, s, err) &&
				!s->failed));
}

/* ---- removing ---- */

/* Numbers are given in the order of events, and so go in it; but an example that became a pair has
 * a later one, between those of events that stay. */
static bool note_number(struct step *s, const struct upk_model *m, const struct upk_event_row *row,
	const struct upk_erased *erased, struct upk_error *err)
{
	return row->number == 0 || erased->places[1] == 0 ||
		upk_event_add_gone(s->e->store, m->number, row->number, err);
}

/* What is known of the event. Its id may be another one's, if any: then it has no labels but its
 * own. */
static bool find(struct step *s, const struct upk_model *m, const struct upk_event_row *row,
	struct upk_known *known, struct upk_error *err)
{
	*known = (struct upk_known){ .found = false };
	if (row->id.data && !upk_known_find(s->e->ids, s->e->store, m->number, row->id, known, err))
		return false;
	if (known->found && known->event.row.seq == row->seq)
		return true;
	upk_known_finish(known);
	*known = (struct upk_known){ .found = true };
	return upk_keep_event(&known->event, row, err);
}

static void note_place(struct touched *t, int64_t place)
{
	if (place > t->last_place)
		t->last_place = place;
}

static bool expire_mixed(struct step *s, const struct aged_event *event, struct upk_error *err)
{
	struct touched *t = &s->touched[event->touched];
	const struct upk_event_row *row = &event->kept->row;
	struct upk_known known;
	struct upk_erased erased = { 0 };
	if (!find(s, t->model, row, &known, err))
		return false;
	bool done =
		upk_erase_known(s->e, t->model, &known, s->what->now, &t->steps, &erased, err) &&
		note_number(s, t->model, row, &erased, err);
	note_place(t, erased.places[0]);
	upk_known_finish(&known);
	return done;
}

/* The newest label of a late event says its class, the one that completed it when it became a pair.
 */
struct finding {
	struct step *s;
	struct touched *t;
	const struct upk_event_row *row;
	struct upk_step step;
	size_t labels;
	bool failed;
};

static bool take_late(
	void *context, const struct upk_event_row *event, const struct upk_label_row *label)
{
	struct finding *f = context;
	const struct upk_event_row *row = f->row;
	if (event || label->event != row->seq)
		return true;
	if (f->labels++ == 0) {
		f->failed = !upk_erase_describe(f->s->e, f->t->model, row, label->class,
			f->s->what->now, &f->step, f->s->err);
		if (f->failed)
			return false;
	}
	if (label->place != 0) {
		f->step.place = label->place;
		f->step.delay = label->time - row->time;
		if (row->predicted.data && label->time > row->time)
			f->step.time = label->time;
	}
	return f->step.place == 0;
}

static bool expire_late(struct step *s, const struct aged_event *event, struct upk_error *err)
{
	struct finding f = { .s = s, .t = &s->touched[event->touched], .row = &event->kept->row };
	if (!upk_known_each(
		    s->e->ids, s->e->store, false, f.row->model, f.row->id, take_late, &f, err) ||
		f.failed)
		return false;
	if (f.labels == 0 && f.row->place != 0)
		f.failed = !upk_erase_describe(
			s->e, f.t->model, f.row, f.row->label, s->what->now, &f.step, err);
	upk_recent_forget(s->e->recent, f.row->seq);
	bool own = f.row->place != 0;
	return !f.failed &&
		(f.step.place == 0 || upk_steps_add_borrowed(&f.t->steps, &f.step, err)) &&
		(f.labels + own < 2 || upk_remove_revisions(s->e->store, f.row->seq, err));
}

/* First, since they may take longer than the step may. */
static bool expire_kept(struct step *s, int64_t started, struct upk_error *err)
{
	size_t removed = 0;
	for (size_t i = 0; i < s->events_count; i++) {
		const struct aged_event *event = &s->events[i];
		if (event->kind == WHOLE)
			continue;
		if (removed > 0 && removed % LOOK_AFTER == 0 && event->step.seq <= s->to &&
			upk_background_over(
				s->what->pace, started, event->step.seq - s->what->from))
			s->to = event->step.seq - 1;
		if (event->step.seq > s->to)
			return true;
		if (!(event->kind == LATE ? expire_late(s, event, err)
					  : expire_mixed(s, event, err)))
			return false;
		removed++;
	}
	return true;
}

static bool remove_places(struct step *s, const struct touched *t, struct upk_error *err)
{
	return t->places.first == 0 ||
		upk_place_remove_range(
			s->e->store, t->model->number, t->places.first, t->places.last, err);
}

static bool remove_place(struct step *s, struct touched *t, int64_t place, struct upk_error *err)
{
	note_place(t, place);
	if (t->places.first != 0 && place == t->places.last + 1) {
		t->places.last++;
		return true;
	}
	bool done = remove_places(s, t, err);
	t->places = (struct span){ place, place };
	return done;
}

/* A whole event's place is its own; that of a late one goes with its label, unless it was complete
 * before. */
static bool remove_own_place(struct step *s, const struct aged_event *event, struct upk_error *err)
{
	struct touched *t = &s->touched[event->touched];
	if (event->kind == MIXED)
		return true;
	if (event->kind == LATE)
		return event->kept->row.place == 0 ||
			remove_place(s, t, event->kept->row.place, err);
	upk_recent_forget(s->e->recent, event->step.seq);
	return event->step.place == 0 ||
		(upk_steps_add_borrowed(&t->steps, &event->step, err) &&
			remove_place(s, t, event->step.place, err));
}

/* Events and labels side by side, so that the places come in their order, but for few. */
static bool remove_own_places(struct step *s, struct upk_error *err)
{
	size_t i = 0, k = 0;
	for (;;) {
		int64_t event = i < s->events_count ? s->events[i].step.seq : INT64_MAX;
		int64_t label = k < s->labels_count ? s->labels[k].seq : INT64_MAX;
		if ((event < label ? event : label) > s->to)
			return true;
		bool done = event < label ? remove_own_place(s, &s->events[i++], err)
					  : remove_place(s, &s->touched[s->labels[k].touched],
						    s->labels[k].place, err);
		if (!done)
			return false;
		k += label < event;
	}
}

static bool remove_all_places(struct step *s, struct upk_error *err)
{
	if (!remove_own_places(s, err))
		return false;
	for (size_t i = 0; i < s->touched_count; i++) {
		const struct touched *t = &s->touched[i];
		if (!remove_places(s, t, err) ||
			(t->last_place != 0 &&
				!upk_place_note_removed(
					s->e->store, t->model->number, t->last_place, err)))
			return false;
	}
	return true;
}

static bool remove_spans(struct step *s, const struct spans *spans,
	bool (*remove)(struct upk_store *, int64_t from, int64_t to, struct upk_error *err),
	struct upk_error *err)
{
	for (size_t i = 0; i < spans->count && spans->items[i].first <= s->to; i++) {
		const struct span *span = &spans->items[i];
		if (!remove(s->e->store, span->first, span->last < s->to ? span->last : s->to, err))
			return false;
	}
	return true;
}

static bool remove_rows(struct step *s, struct upk_error *err)
{
	return expire_kept(s, upk_clock_monotonic_ns(), err) && remove_all_places(s, err) &&
		remove_spans(s, &s->event_spans, upk_remove_events, err) &&
		remove_spans(s, &s->label_spans, upk_remove_labels, err);
}

/* Not as removals: what a counter counted has happened, and the range that it is asked for is over.
 */
static void feed(struct step *s)
{
	int64_t started = upk_clock_monotonic_ns();
	size_t fed = 0;
	for (size_t i = 0; i < s->touched_count; i++) {
		struct touched *t = &s->touched[i];
		if (t->steps.count > 0 && !t->model->stale)
			upk_feed_steps(s->e, t->model, &t->steps, false);
		if (!t->model->stale)
			s->fed[fed++] = t->model;
	}
	s->took += upk_clock_monotonic_ns() - started;
	upk_feed_orders_of(s->e, s->fed, fed);
}

static bool write(struct step *s, struct upk_error *err)
{
	int64_t started = upk_clock_monotonic_ns();
	s->fed = malloc((s->touched_count + 1) * sizeof(struct upk_model *));
	if (!s->fed)
		return fail_memory(s);
	for (size_t i = 0; i < s->touched_count; i++)
		upk_feed_prepare(s->e, s->touched[i].model, s->what->now);
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
	for (size_t i = 0; i < s->events_count; i++) {
		if (s->events[i].kept)
			upk_kept_finish(s->events[i].kept);
		free(s->events[i].kept);
	}
	for (size_t i = 0; i < s->touched_count; i++)
		upk_steps_finish(&s->touched[i].steps);
	free(s->events);
	free(s->labels);
	free(s->event_spans.items);
	free(s->label_spans.items);
	free(s->upgraded);
	free(s->indices);
	free(s->touched);
	free(s->fed);
}

bool upk_aged_step(struct upk_engine *e, const struct upk_aged *what, int64_t *to, int64_t *took,
	struct upk_error *err)
{
	struct step s = {
		.e = e, .what = what, .to = what->to, .last = what->models_count, .err = err
	};
	int64_t started = upk_clock_monotonic_ns();
	bool done = collect(&s, err);
	s.took = upk_clock_monotonic_ns() - started;
	done = done && (s.events_count + s.label_spans.count == 0 || write(&s, err));
	*to = s.to;
	*took = s.took;
	finish(&s);
	return done;
}
