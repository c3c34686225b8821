#include "writer/erase.h"

#include <stdlib.h>

#include "intake/recent.h"
#include "store/remove.h"

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

bool upk_erase_labels(struct upk_engine *e, struct upk_model *m, struct upk_text id, size_t *count,
	struct upk_error *err)
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
	return upk_erase_labels(e, m, row->id, &erased->labels, err) &&
		upk_remove_event(e->store, row->seq, err);
}
