#include "intake/intake_insert.h"

#include <string.h>

#include "intake/pending.h"
#include "store/place.h"

/* Senders use few names at a time: the model's lock is taken for another than the last one alone.
 */
static bool tag_of(
	struct upk_intake *k, struct upk_made_by version, upk_tag *tag, struct upk_error *err)
{
	struct upk_model *model = k->in->model;
	if (!version.name.data) {
		*tag = (upk_tag)version.number;
		return true;
	}
	if (k->in->tag_name && upk_text_is(version.name, k->in->tag_name)) {
		*tag = k->in->tag;
		return true;
	}
	pthread_mutex_lock(&model->lock);
	bool done = upk_tags_of(&model->tail->tags, version, tag, err);
	k->in->tag = done ? *tag : 0;
	k->in->tag_name = done ? upk_tags_name(&model->tail->tags, *tag) : NULL;
	pthread_mutex_unlock(&model->lock);
	return done;
}

/* What a place and its step need to know of an event. */
struct completed {
	int64_t event, number, time;
	bool example;
	uint16_t predicted;
	upk_tag tag;
	int64_t label; /* sequence of the label row that completes it; 0: its own */
	int64_t label_time;
	int class;
	bool was_example;
	bool kept; /* the features are to be copied */
	struct upk_text features;
	int64_t feature_list;
};

/* The event's place is the model's next one: it is complete. */
static bool complete(struct upk_intake *k, const struct completed *c, struct upk_error *err)
{
	const struct upk_place_row place = { .model = k->in->model->number,
		.place = ++k->in->last_place,
		.event = c->event,
		.label = c->label,
		.time = c->label_time > c->time && !c->example ? c->label_time : c->time,
		.arrival = k->now };
	upk_pending_place(k->engine->pending, &place);

	const struct upk_step step = { .kind = c->example ? UPK_STEP_EXAMPLE : UPK_STEP_PAIR,
		.example = c->was_example,
		.seq = k->engine->seq,
		.arrival = k->now,
		.event = c->number,
		.tag = c->tag,
		.place = place.place,
		.time = place.time,
		.delay = c->label_time - c->time,
		.pair = { .actual = (uint16_t)c->class, .predicted = c->predicted } };
	k->fate = c->example ? UPK_FATE_NEW : UPK_FATE_JOINED;
	return upk_intake_step(k, &step, c->features, c->feature_list, c->kept, err);
}

/* Class and tag of the event's prediction, if it has one. */
static bool describe(struct upk_intake *k, const struct upk_event_row *row, struct completed *c,
	struct upk_error *err)
{
	c->event = row->seq;
	c->number = row->number;
	c->time = row->time;
	c->example = !row->predicted.data;
	c->features = row->features;
	c->feature_list = row->feature_list;
	if (c->example)
		return true;
	int predicted = upk_schema_class(k->in->schema, row->predicted);
	if (predicted < 0)
		return upk_fail(err, UPK_CORRUPT,
			"an event's class \"%.*s\" is no class of its model",
			(int)row->predicted.size, row->predicted.data);
	c->predicted = (uint16_t)predicted;
	return tag_of(k, row->version, &c->tag, err);
}

static bool complete_row(struct upk_intake *k, const struct upk_event_row *row, int64_t label,
	int64_t label_time, int class, struct upk_error *err)
{
	struct completed c = { .label = label, .label_time = label_time, .class = class };
	c.kept = row->seq != k->engine->seq;
	return describe(k, row, &c, err) && complete(k, &c, err);
}

static bool predicted_step(
	struct upk_intake *k, const struct upk_event_row *row, upk_tag *tag, struct upk_error *err)
{
	if (!tag_of(k, row->version, tag, err))
		return false;
	const struct upk_step step = { .kind = UPK_STEP_EVENT,
		.seq = k->engine->seq,
		.arrival = k->now,
		.event = row->number,
		.tag = *tag };
	if (!upk_live_learns(k->in->model->tail->live))
		return upk_intake_step(k, &step, (struct upk_text){ 0 }, 0, false, err);
	return upk_intake_step(
		k, &step, row->features, row->feature_list, row->seq != k->engine->seq, err);
}

static void set_prediction(
	struct upk_intake *k, struct upk_made_by version, struct upk_event_row *row)
{
	const struct upk_schema *schema = k->in->schema;
	if (k->resolved.predicted < 0)
		return;
	row->number = ++k->in->last_event;
	row->predicted = schema->classes[k->resolved.predicted];
	row->stated = k->resolved.stated;
	row->scored = k->item->scored;
	row->score = k->item->score;
	row->version = version;
	bool scores = k->item->scores_count > 0 || k->post->batch->kind == UPK_ITEM_PREDICT;
	row->scores = scores ? k->scores : NULL;
	row->scores_count = scores ? schema->classes_count : 0;
}

static void remember(struct upk_intake *k, const struct upk_event_row *row, upk_tag tag)
{
	const struct upk_recent_event event = { .seq = row->seq,
		.model = row->model,
		.number = row->number,
		.time = row->time,
		.tag = tag,
		.predicted = (uint16_t)k->resolved.predicted,
		.featured = row->features.data != NULL };
	if (row->id.data && row->id.size <= UPK_RECENT_ID_MOST)
		upk_recent_add(k->engine->recent, &event, row->id);
}

static struct upk_event_row row_of(struct upk_intake *k, struct upk_made_by version)
{
	const struct upk_item *item = k->item;
	struct upk_event_row row = { .seq = upk_intake_seq(k),
		.model = k->in->model->number,
		.id = item->id,
		.time = item->timed ? item->time : k->now,
		.timed = item->timed,
		.arrival = k->now,
		.features = item->features,
		.feature_list = item->features.data ? k->in->schema->feature_list : 0,
		.slices = item->slices,
		.meta = item->meta };
	set_prediction(k, version, &row);
	return row;
}

struct joining {
	struct upk_intake *k;
	int64_t event;
	struct upk_error *err;
	bool failed;
};

static bool join(
	void *context, const struct upk_event_row *event, const struct upk_label_row *label)
{
	struct joining *j = context;
	if (event || label->event != 0)
		return true;
	j->failed = !upk_label_join(j->k->engine->store, label->seq, j->event, j->err);
	return !j->failed;
}

/* With a label of its own and another one that waited, the waiting one came first: it completed the
 * event, and the event's own revises it, unless it has waited too and was replaced. */
static bool label_after_waiting(struct upk_intake *k, int64_t time, struct upk_error *err)
{
	struct upk_known known;
	const struct upk_new_label label = { .class = k->item->label,
		.class_index = k->resolved.label,
		.time = time,
		.carried = true };
	if (!upk_intake_known(k, &known, err))
		return false;
	bool done = upk_intake_apply_label(k, &known, &label, err);
	upk_known_finish(&known);
	if (k->fate == UPK_FATE_DUPLICATE)
		k->fate = UPK_FATE_JOINED;
	return done;
}

/* The labels that waited for the event become its own; the newest completes it. */
static bool insert_awaited(struct upk_intake *k, struct upk_event_row *row,
	const struct upk_label_row *waiting, struct upk_error *err)
{
	struct joining j = { .k = k, .event = row->seq, .err = err };
	int class = upk_schema_class(k->in->schema, waiting->class);
	if (class < 0)
		return upk_fail(err, UPK_CORRUPT,
			"a waiting label's class \"%.*s\" is no class of its model",
			(int)waiting->class.size, waiting->class.data);
	if (!complete_row(k, row, waiting->seq, waiting->time, class, err))
		return false;
	row->place = k->in->last_place;
	return upk_known_each(k->engine->ids, k->engine->store, false, row->model, row->id, join,
		       &j, err) &&
		!j.failed && upk_intake_add_event(k, row, err) &&
		(!k->item->label.data || label_after_waiting(k, row->time, err));
}

bool upk_intake_insert(struct upk_intake *k, const struct upk_known *known,
	struct upk_made_by version, struct upk_error *err)
{
	struct upk_event_row row = row_of(k, version);
	upk_tag tag = 0;
	k->fate = UPK_FATE_NEW;
	if (row.predicted.data && !predicted_step(k, &row, &tag, err))
		return false;
	if (known && known->labelled)
		return insert_awaited(k, &row, &known->label, err);

	row.label = k->item->label;
	if (!row.label.data) {
		remember(k, &row, tag);
		return upk_intake_add_event(k, &row, err);
	}
	const struct completed c = { .event = row.seq,
		.number = row.number,
		.time = row.time,
		.label_time = row.time,
		.example = !row.predicted.data,
		.predicted = (uint16_t)(row.predicted.data ? k->resolved.predicted : 0),
		.tag = tag,
		.class = k->resolved.label,
		.features = row.features,
		.feature_list = row.feature_list };
	if (!complete(k, &c, err))
		return false;
	row.place = k->in->last_place;
	return upk_intake_add_event(k, &row, err);
}

static bool class_now(
	struct upk_intake *k, const struct upk_known *known, int *class, struct upk_error *err)
{
	struct upk_text name;
	if (!upk_known_class(known, k->engine->store, &name, err))
		return false;
	*class = name.data ? upk_schema_class(k->in->schema, name) : -1;
	return true;
}

static bool place_now(struct upk_intake *k, const struct upk_known *known,
	struct upk_place_row *place, struct upk_error *err)
{
	int64_t number;
	bool found;
	if (!upk_known_place(known, k->engine->store, &number, err) ||
		!upk_place_get(k->engine->store, k->in->model->number, number, &found, place, err))
		return false;
	return found ||
		upk_fail(err, UPK_CORRUPT, "event %lld is labelled and has no place",
			(long long)known->event.row.seq);
}

/* Written at once, with what waits: nothing in the index tells of the sequence number. */
bool upk_intake_upgrade(struct upk_intake *k, struct upk_known *known, struct upk_made_by version,
	struct upk_error *err)
{
	struct upk_store *store = k->engine->store;
	struct upk_event_row *row = &known->event.row;
	struct upk_place_row old;
	struct completed c = { .was_example = true, .kept = true };
	if (!class_now(k, known, &c.class, err) || !place_now(k, known, &old, err))
		return false;
	if (c.class < 0)
		return upk_fail(err, UPK_CORRUPT, "an example has no label");

	const struct upk_upgrade_row upgrade = { .event = row->seq,
		.model = row->model,
		.seq = upk_intake_seq(k),
		.place = row->place,
		.time = row->time,
		.arrival = row->arrival };
	set_prediction(k, version, row);
	if (k->item->timed && !row->timed) {
		row->time = k->item->time;
		row->timed = true;
	}
	c.label = old.label;
	c.label_time = row->time;
	if (!upk_place_remove(store, row->model, old.place, err) ||
		!upk_upgrade_insert(store, &upgrade, err) || !predicted_step(k, row, &c.tag, err) ||
		!describe(k, row, &c, err) || !complete(k, &c, err))
		return false;
	row->place = k->in->last_place;
	return upk_event_set_prediction(store, row, err) &&
		upk_pending_flush(k->engine->pending, store, err);
}

static bool revise(struct upk_intake *k, const struct upk_known *known, int was, int class,
	struct upk_error *err)
{
	struct upk_place_row place;
	struct completed c = { 0 };
	if (!place_now(k, known, &place, err) || !describe(k, &known->event.row, &c, err))
		return false;
	const struct upk_revision_row revision = {
		.event = c.event, .seq = k->engine->seq, .place = place.place
	};
	if (!upk_revision_insert(k->engine->store, &revision, err))
		return false;
	const struct upk_step step = { .kind = UPK_STEP_REVISION,
		.example = c.example,
		.seq = k->engine->seq,
		.arrival = k->now,
		.event = c.number,
		.tag = c.tag,
		.place = place.place,
		.time = place.time,
		.was = (uint16_t)was,
		.pair = { .actual = (uint16_t) class, .predicted = c.predicted } };
	k->fate = UPK_FATE_REVISED;
	return upk_intake_step(k, &step, (struct upk_text){ 0 }, 0, false, err);
}

static struct upk_label_row label_row(
	struct upk_intake *k, int64_t event, const struct upk_new_label *label)
{
	return (struct upk_label_row){ .seq = upk_intake_seq(k),
		.model = k->in->model->number,
		.id = k->item->id,
		.event = event,
		.class = label->class,
		.time = label->time,
		.arrival = k->now,
		.source = label->source,
		.carried = label->carried };
}

enum { HEARD_MOST = 256 }; /* labels of one id that are looked at */

struct hearing {
	int64_t event;
	const struct upk_new_label *label;
	int seen;
	bool heard;
};

static bool take_heard(
	void *context, const struct upk_event_row *event, const struct upk_label_row *label)
{
	struct hearing *h = context;
	if (event || label->event != h->event)
		return true;
	bool same_time = h->label->carried || (h->label->timed && h->label->time == label->time);
	h->heard = same_time && upk_text_equal(label->class, h->label->class);
	return !h->heard && ++h->seen < HEARD_MOST;
}

bool upk_intake_heard(struct upk_intake *k, const struct upk_known *known,
	const struct upk_new_label *label, bool *heard, struct upk_error *err)
{
	const struct upk_event_row *row = &known->event.row;
	struct hearing h = { .event = row->seq, .label = label };
	*heard = label->carried && upk_text_equal(label->class, row->label);
	if (*heard || (!label->carried && !label->timed))
		return true;
	if (!upk_known_each(k->engine->ids, k->engine->store, false, k->in->model->number,
		    k->item->id, take_heard, &h, err))
		return false;
	*heard = h.heard;
	return true;
}

bool upk_intake_apply_label(struct upk_intake *k, const struct upk_known *known,
	const struct upk_new_label *label, struct upk_error *err)
{
	const struct upk_event_row *row = &known->event.row;
	int was;
	if (!class_now(k, known, &was, err))
		return false;
	bool heard = was == label->class_index;
	if (was >= 0 && !heard && !upk_intake_heard(k, known, label, &heard, err))
		return false;
	if (heard) {
		k->fate = UPK_FATE_DUPLICATE;
		return true;
	}
	struct upk_label_row added = label_row(k, row->seq, label);
	if (was >= 0)
		return revise(k, known, was, label->class_index, err) &&
			upk_intake_add_label(k, &added, err);
	if (!complete_row(k, row, added.seq, added.time, label->class_index, err))
		return false;
	added.place = k->in->last_place;
	return upk_intake_add_label(k, &added, err);
}

/* Features are read when somebody asks for them: the versions of the bench. */
static bool read_features(struct upk_intake *k, int64_t event, struct completed *c,
	struct upk_kept_event *kept, struct upk_error *err)
{
	struct upk_event_row row;
	bool found;
	if (!upk_event_get(k->engine->store, event, &found, &row, err))
		return false;
	if (!found)
		return upk_fail(
			err, UPK_CORRUPT, "event %lld is not in the store", (long long)event);
	if (!upk_keep_event(kept, &row, err))
		return false;
	c->features = kept->row.features;
	c->feature_list = kept->row.feature_list;
	return true;
}

bool upk_intake_complete_recent(struct upk_intake *k, const struct upk_recent_event *event,
	const struct upk_new_label *label, struct upk_error *err)
{
	static const char nothing[1];
	struct upk_kept_event kept = { 0 };
	struct upk_label_row added = label_row(k, event->seq, label);
	struct completed c = { .event = event->seq,
		.number = event->number,
		.time = event->time,
		.predicted = event->predicted,
		.tag = event->tag,
		.label = added.seq,
		.label_time = added.time,
		.class = label->class_index };
	if (event->featured && upk_bench_count(k->in->model->tail->bench) > 0) {
		c.kept = true;
		if (!read_features(k, event->seq, &c, &kept, err))
			return false;
	} else if (event->featured) {
		c.features = (struct upk_text){ nothing, 0 };
	}
	bool done = complete(k, &c, err);
	upk_kept_finish(&kept);
	added.place = k->in->last_place;
	return done && upk_intake_add_label(k, &added, err);
}
