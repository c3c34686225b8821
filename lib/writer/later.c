#include "writer/later.h"

#include <stdlib.h>

#include "store/event.h"
#include "store/label.h"
#include "store/place.h"

struct upk_later_item {
	int64_t model, seq;
	int64_t number; /* of a prediction; 0: a revision, and name is its class */
	int64_t event, arrival;
	int64_t version;
	size_t name, name_size; /* in names; name_size 0: none */
};

struct upk_later_upgrade {
	int64_t model;
	struct upk_upgrade_row row;
};

struct reading {
	struct upk_later *later;
	struct upk_error *err;
	bool failed;
};

static bool fail_reading(struct reading *r)
{
	r->failed = true;
	return upk_fail(r->err, UPK_NOMEM, "no memory for what came after the models' states");
}

static bool add_item(struct reading *r, const struct upk_later_item *item, struct upk_text name)
{
	struct upk_later *l = r->later;
	if (l->count == l->capacity) {
		size_t capacity = l->capacity ? 2 * l->capacity : 256;
		struct upk_later_item *items = realloc(l->items, capacity * sizeof *items);
		if (!items)
			return fail_reading(r);
		l->items = items;
		l->capacity = capacity;
	}
	struct upk_later_item *added = &l->items[l->count];
	*added = *item;
	added->name = l->names.size;
	added->name_size = name.size;
	if (name.size > 0)
		upk_buffer_append(&l->names, name.data, name.size);
	if (l->names.failed)
		return fail_reading(r);
	l->count++;
	return true;
}

static bool take_event(void *context, const struct upk_event_row *row)
{
	const struct upk_later_item item = { .model = row->model,
		.seq = row->seq,
		.number = row->number,
		.event = row->seq,
		.arrival = row->arrival,
		.version = row->version.number };
	return row->number == 0 || add_item(context, &item, row->version.name);
}

/* One that came after its event and did not complete it revised it. */
static bool take_label(void *context, const struct upk_label_row *row)
{
	const struct upk_later_item item = {
		.model = row->model, .seq = row->seq, .event = row->event, .arrival = row->arrival
	};
	bool revision = row->event != 0 && row->event < row->seq && row->place == 0;
	return !revision || add_item(context, &item, row->class);
}

static bool take_upgrade(void *context, const struct upk_upgrade_row *row)
{
	struct reading *r = context;
	struct upk_later *l = r->later;
	if (l->upgrades_count == l->upgrades_capacity) {
		size_t capacity = l->upgrades_capacity ? 2 * l->upgrades_capacity : 16;
		struct upk_later_upgrade *upgrades =
			realloc(l->upgrades, capacity * sizeof *upgrades);
		if (!upgrades)
			return fail_reading(r);
		l->upgrades = upgrades;
		l->upgrades_capacity = capacity;
	}
	l->upgrades[l->upgrades_count++] = (struct upk_later_upgrade){ row->model, *row };
	return true;
}

static int compare(int64_t a, int64_t b)
{
	return (a > b) - (a < b);
}

static int by_model_and_seq(const void *a, const void *b)
{
	const struct upk_later_item *x = a, *y = b;
	int order = compare(x->model, y->model);
	return order != 0 ? order : compare(x->seq, y->seq);
}

static int by_model_and_event(const void *a, const void *b)
{
	const struct upk_later_upgrade *x = a, *y = b;
	int order = compare(x->model, y->model);
	return order != 0 ? order : compare(x->row.event, y->row.event);
}

bool upk_later_read(
	struct upk_engine *e, int64_t after, struct upk_later *later, struct upk_error *err)
{
	struct reading r = { .later = later, .err = err };
	int64_t from = after + 1, to = INT64_MAX;
	later->after = after;
	if (!upk_event_scan(e->store, from, to, take_event, &r, err) || r.failed ||
		!upk_label_scan(e->store, from, to, take_label, &r, err) || r.failed ||
		!upk_upgrade_scan(e->store, from, to, take_upgrade, &r, err) || r.failed)
		return false;
	if (later->count > 0)
		qsort(later->items, later->count, sizeof *later->items, by_model_and_seq);
	if (later->upgrades_count > 0)
		qsort(later->upgrades, later->upgrades_count, sizeof *later->upgrades,
			by_model_and_event);
	return true;
}

void upk_later_finish(struct upk_later *later)
{
	free(later->items);
	free(later->upgrades);
	upk_buffer_finish(&later->names);
	*later = (struct upk_later){ 0 };
}

/* ---- one model's steps ---- */

struct building {
	const struct upk_later *later;
	struct upk_model *model;
	struct upk_tail *tail;
	struct upk_steps *steps;
	struct upk_error *err;
	bool failed;
};

static const struct upk_upgrade_row *upgrade_of(const struct building *b, int64_t event)
{
	const struct upk_later_upgrade key = { b->model->number, { .event = event } };
	const struct upk_later_upgrade *found = b->later->upgrades_count == 0
		? NULL
		: bsearch(&key, b->later->upgrades, b->later->upgrades_count, sizeof key,
			  by_model_and_event);
	return found ? &found->row : NULL;
}

static bool class_of(const struct building *b, struct upk_text name, uint16_t *class)
{
	int index = upk_schema_class(b->tail->schema, name);
	if (index < 0)
		return upk_fail(b->err, UPK_CORRUPT,
			"a row of model %s has the class \"%.*s\", which it does not have",
			b->model->name, (int)name.size, name.data);
	*class = (uint16_t)index;
	return true;
}

/* What an event was before it became a pair, unless the tail has seen that. */
static bool add_example(struct building *b, const struct upk_step *pair, int64_t list,
	const struct upk_upgrade_row *upgrade)
{
	if (upgrade->event <= b->tail->seen || upgrade->place <= b->tail->place)
		return true;
	struct upk_step example = *pair;
	example.kind = UPK_STEP_EXAMPLE;
	example.example = false;
	example.seq = upgrade->event;
	example.arrival = upgrade->arrival;
	example.event = 0;
	example.tag = 0;
	example.place = upgrade->place;
	example.time = upgrade->time;
	example.pair.predicted = 0;
	return upk_steps_add_of_list(b->steps, &example, list, b->err);
}

static bool add_upgrade(struct building *b, const struct upk_step *pair, int64_t list,
	const struct upk_upgrade_row *upgrade)
{
	const struct upk_step event = { .kind = UPK_STEP_EVENT,
		.seq = upgrade->seq,
		.arrival = pair->arrival,
		.event = pair->event,
		.tag = pair->tag,
		.features = pair->features };
	return add_example(b, pair, list, upgrade) &&
		upk_steps_add_of_list(b->steps, &event, list, b->err);
}

static bool add_place(struct building *b, const struct upk_known_row *row)
{
	const struct upk_place_row *place = &row->place;
	struct upk_step step = { .kind = row->predicted.data ? UPK_STEP_PAIR : UPK_STEP_EXAMPLE,
		.seq = place->label > place->event ? place->label : place->event,
		.arrival = place->arrival,
		.event = row->event_number,
		.place = place->place,
		.time = place->time,
		.delay = row->label_time - row->event_time,
		.features = row->features };
	if (!class_of(b, row->actual, &step.pair.actual) ||
		(row->predicted.data && !class_of(b, row->predicted, &step.pair.predicted)) ||
		!upk_tags_of(&b->tail->tags, row->version, &step.tag, b->err))
		return false;

	const struct upk_upgrade_row *upgrade = upgrade_of(b, place->event);
	if (upgrade) {
		step.example = true;
		step.seq = upgrade->seq;
		if (!add_upgrade(b, &step, row->feature_list, upgrade))
			return false;
	}
	return upk_steps_add_of_list(b->steps, &step, row->feature_list, b->err);
}

static bool take_place(void *context, const struct upk_known_row *row)
{
	struct building *b = context;
	b->failed = !add_place(b, row);
	return !b->failed;
}

/* With its features, which live adjustment answers. */
static bool add_featured(
	struct upk_engine *e, struct building *b, const struct upk_step *step, int64_t seq)
{
	struct upk_step whole = *step;
	struct upk_event_row event;
	bool found;
	if (!upk_event_get(e->store, seq, &found, &event, b->err))
		return false;
	int64_t list = found ? event.feature_list : 0;
	if (found)
		whole.features = event.features;
	return upk_steps_add(b->steps, &whole, b->err) &&
		(list == 0 ||
			upk_model_list(b->model, e->store, list,
				&b->steps->items[b->steps->count - 1].step.list, b->err));
}

static bool add_event(struct upk_engine *e, struct building *b, const struct upk_later_item *item,
	struct upk_text name)
{
	struct upk_step step = { .kind = UPK_STEP_EVENT,
		.seq = item->seq,
		.arrival = item->arrival,
		.event = item->number };
	const struct upk_made_by version = { .number = item->version, .name = name };
	if (item->number <= b->tail->event || upgrade_of(b, item->event))
		return true;
	if (!upk_tags_of(&b->tail->tags, version, &step.tag, b->err))
		return false;
	return upk_live_learns(b->tail->live) ? add_featured(e, b, &step, item->event)
					      : upk_steps_add(b->steps, &step, b->err);
}

/* The label that the event had before the revision; *found false: rows were deleted since. */
static bool label_before(struct upk_engine *e, struct building *b,
	const struct upk_revision_row *revision, const struct upk_place_row *place,
	struct upk_step *step, bool *found)
{
	struct upk_revision_row older;
	struct upk_label_row label;
	struct upk_event_row event;
	if (!upk_revision_last(e->store, revision->event, revision->seq, found, &older, b->err))
		return false;
	int64_t seq = *found ? older.seq : place->label;
	if (seq == 0)
		return upk_event_get(e->store, revision->event, found, &event, b->err) &&
			(!*found || class_of(b, event.label, &step->was));
	return upk_label_get(e->store, seq, found, &label, b->err) &&
		(!*found || class_of(b, label.class, &step->was));
}

static bool describe_event(
	struct upk_engine *e, struct building *b, int64_t seq, struct upk_step *step, bool *found)
{
	struct upk_event_row event;
	if (!upk_event_get(e->store, seq, found, &event, b->err))
		return false;
	if (!*found)
		return true;
	const struct upk_upgrade_row *upgrade = upgrade_of(b, seq);
	step->example = !event.predicted.data || (upgrade && upgrade->seq > step->seq);
	step->event = step->example ? 0 : event.number;
	return step->example ||
		(class_of(b, event.predicted, &step->pair.predicted) &&
			upk_tags_of(&b->tail->tags, event.version, &step->tag, b->err));
}

/* The place of what was revised; of an example that became a pair later, the one that it has now.
 */
static bool place_of(struct upk_engine *e, struct building *b,
	const struct upk_revision_row *revision, struct upk_place_row *place, bool *found)
{
	const struct upk_upgrade_row *upgrade = upgrade_of(b, revision->event);
	struct upk_event_row event;
	int64_t number = revision->place;
	if (upgrade && upgrade->seq > revision->seq) {
		if (!upk_event_get(e->store, revision->event, found, &event, b->err))
			return false;
		number = *found ? event.place : 0;
	}
	return upk_place_get(e->store, b->model->number, number, found, place, b->err);
}

static bool add_revision(struct upk_engine *e, struct building *b,
	const struct upk_later_item *item, struct upk_text class)
{
	struct upk_step step = {
		.kind = UPK_STEP_REVISION, .seq = item->seq, .arrival = item->arrival
	};
	struct upk_revision_row revision;
	struct upk_place_row place;
	bool found;
	if (!class_of(b, class, &step.pair.actual) ||
		!upk_revision_last(e->store, item->event, item->seq + 1, &found, &revision, b->err))
		return false;
	if (!found || revision.seq != item->seq)
		return true;
	if (!place_of(e, b, &revision, &place, &found))
		return false;
	step.place = revision.place;
	step.time = found ? place.time : 0;
	if (found && !label_before(e, b, &revision, &place, &step, &found))
		return false;
	if (found && !describe_event(e, b, item->event, &step, &found))
		return false;
	return !found || upk_steps_add(b->steps, &step, b->err);
}

static bool add_items(struct upk_engine *e, struct building *b)
{
	const struct upk_later *l = b->later;
	size_t low = 0, high = l->count;
	while (low < high) {
		size_t middle = low + (high - low) / 2;
		const struct upk_later_item *item = &l->items[middle];
		bool before = item->model != b->model->number ? item->model < b->model->number
							      : item->seq <= b->tail->seen;
		*(before ? &low : &high) = before ? middle + 1 : middle;
	}
	for (size_t i = low; i < l->count && l->items[i].model == b->model->number; i++) {
		const struct upk_later_item *item = &l->items[i];
		struct upk_text name = { NULL, 0 };
		if (item->name_size > 0)
			name = (struct upk_text){ l->names.data + item->name, item->name_size };
		bool done = item->number != 0 ? add_event(e, b, item, name)
					      : add_revision(e, b, item, name);
		if (!done)
			return false;
	}
	return true;
}

/* The step that an upgrade's pair became; steps are sorted. */
static struct upk_step *pair_at(const struct upk_steps *steps, int64_t seq)
{
	size_t low = 0, high = steps->count;
	while (low < high) {
		size_t middle = low + (high - low) / 2;
		if (steps->items[middle].step.seq < seq)
			low = middle + 1;
		else
			high = middle;
	}
	for (; low < steps->count && steps->items[low].step.seq == seq; low++)
		if (steps->items[low].step.kind == UPK_STEP_PAIR)
			return &steps->items[low].step;
	return NULL;
}

/* Of the model; they are sorted by models first. */
static size_t first_upgrade(const struct building *b)
{
	size_t low = 0, high = b->later->upgrades_count;
	while (low < high) {
		size_t middle = low + (high - low) / 2;
		if (b->later->upgrades[middle].model < b->model->number)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

/* An example that was revised became a pair with the label that it had then. */
static bool label_upgrades(struct upk_engine *e, struct building *b)
{
	const struct upk_later *l = b->later;
	for (size_t i = first_upgrade(b); i < l->upgrades_count; i++) {
		const struct upk_upgrade_row *upgrade = &l->upgrades[i].row;
		if (upgrade->model != b->model->number)
			break;
		struct upk_step *pair = pair_at(b->steps, upgrade->seq);
		struct upk_revision_row revision;
		struct upk_label_row label;
		bool found;
		if (!pair)
			continue;
		if (!upk_revision_last(
			    e->store, upgrade->event, upgrade->seq, &found, &revision, b->err))
			return false;
		if (found && !upk_label_get(e->store, revision.seq, &found, &label, b->err))
			return false;
		if (found && !class_of(b, label.class, &pair->pair.actual))
			return false;
	}
	return true;
}

bool upk_later_steps(struct upk_engine *e, struct upk_model *m, const struct upk_later *later,
	struct upk_steps *steps, struct upk_error *err)
{
	struct building b = {
		.later = later, .model = m, .tail = m->tail, .steps = steps, .err = err
	};
	const struct upk_scan scan = { .model = m->number,
		.from = m->tail->place + 1,
		.to = INT64_MAX,
		.as_of = INT64_MAX,
		.what = UPK_SCAN_FEATURES | UPK_SCAN_UNREVISED };
	if (!upk_place_scan(e->store, &scan, take_place, &b, err) || b.failed ||
		!upk_steps_find_lists(steps, m, e->store, err) || !add_items(e, &b))
		return false;
	upk_steps_sort(steps);
	return label_upgrades(e, &b);
}
