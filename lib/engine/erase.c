#include "engine/erase.h"

#include <stdlib.h>

#include "engine/feed.h"
#include "engine/live.h"
#include "engine/rebuild.h"
#include "engine/writer.h"
#include "engine/recent.h"
#include "store/remove.h"
#include "store/version.h"

/* Rows of an id's labels: sequence numbers, and the places that they completed, 0: none. */
struct labels {
	struct {
		int64_t seq, place;
	} * items;
	size_t count;
	bool failed;
};

static bool take_label(
	void *context, const struct upk_event_row *event, const struct upk_label_row *label)
{
	struct labels *l = context;
	if (event)
		return true;
	void *items = realloc(l->items, (l->count + 1) * sizeof *l->items);
	l->failed = !items;
	if (!items)
		return false;
	l->items = items;
	l->items[l->count].seq = label->seq;
	l->items[l->count++].place = label->place;
	return true;
}

/* With those whose event has gone before them. */
static bool remove_labels(struct upk_engine *e, struct upk_model *m, struct upk_text id,
	size_t *count, struct upk_error *err)
{
	struct labels l = { 0 };
	if (!id.data)
		return true;
	bool done = upk_known_each(e->ids, e->store, false, m->number, id, take_label, &l, err);
	if (l.failed)
		done = upk_fail(err, UPK_NOMEM, "no memory for an event's labels");
	for (size_t i = 0; done && i < l.count; i++) {
		int64_t place = l.items[i].place;
		done = upk_remove_label(e->store, l.items[i].seq, err) &&
			(place == 0 ||
				(upk_place_remove_range(e->store, m->number, place, place, err) &&
					upk_place_note_removed(e->store, m->number, place, err)));
	}
	*count += l.count;
	free(l.items);
	return done;
}

/* When the label came that completed it; its own came with it. */
static bool label_time(struct upk_engine *e, const struct upk_event_row *row,
	const struct upk_place_row *place, int64_t *time, struct upk_error *err)
{
	struct upk_label_row label;
	bool found = false;
	*time = row->time;
	if (place->label != 0 && !upk_label_get(e->store, place->label, &found, &label, err))
		return false;
	if (found)
		*time = label.time;
	return true;
}

static bool tag_of(
	struct upk_model *m, struct upk_made_by version, upk_tag *tag, struct upk_error *err)
{
	if (!version.name.data) {
		*tag = (upk_tag)version.number;
		return true;
	}
	pthread_mutex_lock(&m->lock);
	bool done = upk_tags_of(&m->tail->tags, version, tag, err);
	pthread_mutex_unlock(&m->lock);
	return done;
}

bool upk_erase_describe(struct upk_engine *e, struct upk_model *m, const struct upk_event_row *row,
	struct upk_text class, int64_t now, struct upk_step *step, struct upk_error *err)
{
	int actual = upk_schema_class(m->schema, class);
	int predicted = row->predicted.data ? upk_schema_class(m->schema, row->predicted) : 0;
	if (actual < 0 || predicted < 0)
		return upk_fail(err, UPK_CORRUPT,
			"event %lld has a class that model %s does not have", (long long)row->seq,
			m->name);
	*step = (struct upk_step){ .kind = UPK_STEP_REMOVAL,
		.example = !row->predicted.data,
		.seq = e->seq,
		.arrival = now,
		.event = row->number,
		.place = row->place,
		.time = row->time,
		.pair = { (uint16_t)actual, (uint16_t)predicted },
		.features = row->features };
	return tag_of(m, row->version, &step->tag, err);
}

/* As it was last counted. */
static bool describe(struct upk_engine *e, struct upk_model *m, const struct upk_known *known,
	const struct upk_place_row *place, int64_t now, struct upk_step *step,
	struct upk_error *err)
{
	const struct upk_event_row *row = &known->event.row;
	struct upk_text class;
	int64_t labelled;
	if (!label_time(e, row, place, &labelled, err) ||
		!upk_known_class(known, e->store, &class, err) ||
		!upk_erase_describe(e, m, row, class, now, step, err))
		return false;
	step->place = place->place;
	step->time = place->time;
	step->delay = labelled - row->time;
	return true;
}

static bool remove_place(struct upk_engine *e, struct upk_model *m, const struct upk_known *known,
	int64_t number, int64_t now, struct upk_steps *steps, struct upk_error *err)
{
	struct upk_place_row place;
	struct upk_step step;
	bool found;
	if (!upk_place_get(e->store, m->number, number, &found, &place, err))
		return false;
	if (!found)
		return true;
	return describe(e, m, known, &place, now, &step, err) && upk_steps_add(steps, &step, err) &&
		upk_place_remove_range(e->store, m->number, number, number, err);
}

bool upk_erase_known(struct upk_engine *e, struct upk_model *m, const struct upk_known *known,
	int64_t now, struct upk_steps *steps, struct upk_erased *erased, struct upk_error *err)
{
	const struct upk_event_row *row = &known->event.row;
	int64_t *places = erased->places;
	if (!upk_known_place(known, e->store, &places[0], err) ||
		!upk_place_before(e->store, row->seq, &places[1], err))
		return false;
	if (places[0] != 0 && !remove_place(e, m, known, places[0], now, steps, err))
		return false;
	upk_recent_forget(e->recent, row->seq);
	return remove_labels(e, m, row->id, &erased->labels, err) &&
		upk_remove_event(e->store, row->seq, err);
}

/* ---- one event by its id, on demand ---- */

struct request {
	struct upk_task task;
	const char *name;
	struct upk_text id;
	struct upk_erasure *out;
	struct upk_error *err;
	bool done;
};

struct trained {
	const struct upk_erased *erased;
	struct upk_erasure *out;
};

/* A version that is adjusted live goes on learning behind its last place. */
static bool take_version(void *context, const struct upk_version_row *row)
{
	struct trained *t = context;
	bool fitted = false, live = upk_text_is(row->settings, UPK_LIVE_SETTINGS);
	for (size_t i = 0; i < 2; i++)
		fitted = fitted ||
			(t->erased->places[i] != 0 && t->erased->places[i] >= row->from &&
				(live || t->erased->places[i] < row->to));
	if (fitted && t->out->versions_count < UPK_ERASURE_VERSIONS)
		t->out->versions[t->out->versions_count++] = row->version;
	return t->out->versions_count < UPK_ERASURE_VERSIONS;
}

static bool remove_known(struct upk_engine *e, struct upk_model *m, struct request *r,
	const struct upk_known *known, struct upk_steps *steps, struct upk_error *err)
{
	struct upk_erased erased = { 0 };
	struct trained trained = { &erased, r->out };
	int64_t now = upk_engine_now(e);
	bool done = known->found ? upk_erase_known(e, m, known, now, steps, &erased, err)
				 : remove_labels(e, m, r->id, &erased.labels, err);
	if (!done)
		return false;
	if (!known->found && erased.labels == 0)
		return upk_fail(err, UPK_NOT_FOUND, "event '%.*s': model '%s' has none of that id",
			(int)r->id.size, r->id.data, m->name);
	int64_t number = known->found ? known->event.row.number : 0;
	if (number != 0 && !upk_event_add_gone(e->store, m->number, number, err))
		return false;
	if (erased.places[0] != 0 &&
		!upk_place_note_removed(e->store, m->number, erased.places[0], err))
		return false;
	r->out->event = known->found;
	r->out->labels = erased.labels;
	return !known->event.row.features.data ||
		upk_version_each(e->store, m->number, 0, INT64_MAX, take_version, &trained, err);
}

static bool erase_within(struct upk_engine *e, struct upk_model *m, struct request *r,
	const struct upk_known *known, struct upk_error *err)
{
	struct upk_steps steps = { 0 };
	if (!upk_store_begin(e->store, err))
		return false;
	bool done = remove_known(e, m, r, known, &steps, err) && upk_store_commit(e->store, err);
	if (!done)
		upk_store_rollback(e->store);
	if (done) {
		upk_feed_steps(e, m, &steps, true);
		if (!m->stale)
			upk_feed_orders(e, m);
	}
	upk_steps_finish(&steps);
	return done;
}

static bool erase(
	struct upk_engine *e, struct upk_model *m, struct request *r, struct upk_error *err)
{
	struct upk_known known;
	if (m->stale && !upk_rebuild_stale(e, m, err))
		return false;
	upk_feed_prepare(e, m, upk_clock_now(e->clock));
	if (!upk_known_find(e->ids, e->store, m->number, r->id, &known, err))
		return false;
	bool done = erase_within(e, m, r, &known, err);
	upk_known_finish(&known);
	return done;
}

static void run_request(struct upk_engine *e, struct upk_task *task)
{
	struct request *r = (struct request *)(void *)task;
	if (!upk_engine_ready(e)) {
		r->done = upk_fail(r->err, UPK_BUSY, "the models have not been rebuilt");
		return;
	}
	struct upk_model *m = upk_registry_find(e->registry, r->name);
	if (!m) {
		r->done = upk_registry_missing(e->registry, r->name, r->err);
		return;
	}
	r->done = erase(e, m, r, r->err);
	upk_model_unref(m);
}

bool upk_engine_erase(struct upk_engine *e, const char *name, struct upk_text id,
	struct upk_erasure *erasure, struct upk_error *err)
{
	struct request r = {
		.task = { .run = run_request }, .name = name, .id = id, .out = erasure, .err = err
	};
	*erasure = (struct upk_erasure){ 0 };
	upk_writer_call(e->writer, &r.task);
	return r.done;
}
