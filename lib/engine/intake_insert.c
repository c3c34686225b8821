#include <string.h>

#include "engine/intake.h"
#include "store/place.h"

static bool tag_of(
	struct upk_intake *k, struct upk_made_by version, upk_tag *tag, struct upk_error *err)
{
	struct upk_model *model = k->in->model;
	pthread_mutex_lock(&model->lock);
	bool done = upk_tags_of(&model->tail->tags, version, tag, err);
	pthread_mutex_unlock(&model->lock);
	return done;
}

/* The event's place is the model's next one: it is complete. */
static bool complete(struct upk_intake *k, const struct upk_event_row *row, int64_t label_seq,
	int64_t label_time, int class, bool was_example, struct upk_error *err)
{
	bool example = k->resolved.predicted < 0 && !row->predicted.data;
	struct upk_place_row place = { .model = row->model,
		.place = ++k->in->last_place,
		.event = row->seq,
		.label = label_seq,
		.time = label_time > row->time && !example ? label_time : row->time,
		.arrival = k->now };
	if (!upk_place_insert_many(k->store, &place, 1, err))
		return false;

	struct upk_step step = { .kind = example ? UPK_STEP_EXAMPLE : UPK_STEP_PAIR,
		.example = was_example,
		.seq = *k->seq,
		.arrival = k->now,
		.event = row->number,
		.place = place.place,
		.time = place.time,
		.delay = label_time - row->time,
		.pair = { .actual = (uint16_t) class } };
	if (!example) {
		int predicted = upk_schema_class(k->in->schema, row->predicted);
		step.pair.predicted = (uint16_t)predicted;
		if (predicted < 0 || !tag_of(k, row->version, &step.tag, err))
			return predicted >= 0
				? false
				: upk_fail(err, UPK_CORRUPT,
					  "an event's class \"%.*s\" is no class of its model",
					  (int)row->predicted.size, row->predicted.data);
	}
	k->fate = example ? UPK_FATE_NEW : UPK_FATE_JOINED;
	return upk_intake_step(k, &step, row->features, row->feature_list, err);
}

static bool predicted_step(
	struct upk_intake *k, const struct upk_event_row *row, struct upk_error *err)
{
	struct upk_step step = {
		.kind = UPK_STEP_EVENT, .seq = *k->seq, .arrival = k->now, .event = row->number
	};
	if (!tag_of(k, row->version, &step.tag, err))
		return false;
	return upk_intake_step(k, &step, (struct upk_text){ 0 }, 0, err);
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

/* The newest label that waits for the event; seq 0: none. */
struct waiting {
	int64_t seq, time;
	int class;
};

static bool find_waiting(
	struct upk_intake *k, struct upk_text id, struct waiting *waiting, struct upk_error *err)
{
	struct upk_label_row label;
	bool found;
	*waiting = (struct waiting){ 0 };
	if (!id.data)
		return true;
	if (!upk_label_waiting(k->store, k->in->model->number, id, &found, &label, err))
		return false;
	if (!found)
		return true;
	int class = upk_schema_class(k->in->schema, label.class);
	if (class < 0)
		return upk_fail(err, UPK_CORRUPT,
			"a waiting label's class \"%.*s\" is no class of its model",
			(int)label.class.size, label.class.data);
	*waiting = (struct waiting){ label.seq, label.time, class };
	return true;
}

/* With a label of its own and another one that waits, the waiting one came first: it completes the
 * event, and the event's own revises it. */
static bool label_after_waiting(
	struct upk_intake *k, const struct upk_event_row *row, struct upk_error *err)
{
	struct upk_kept_event kept;
	if (!upk_keep_event(&kept, row, err))
		return false;
	const struct upk_new_label label = { .class = k->item->label,
		.class_index = k->resolved.label,
		.time = row->time,
		.carried = true };
	bool done = upk_intake_apply_label(k, &kept, &label, err);
	upk_kept_finish(&kept);
	if (k->fate == UPK_FATE_DUPLICATE)
		k->fate = UPK_FATE_JOINED;
	return done;
}

bool upk_intake_insert(
	struct upk_intake *k, struct upk_text id, struct upk_made_by version, struct upk_error *err)
{
	const struct upk_item *item = k->item;
	struct waiting waiting;
	if (!find_waiting(k, id, &waiting, err))
		return false;

	struct upk_event_row row = { .seq = ++*k->seq,
		.model = k->in->model->number,
		.id = id,
		.time = item->timed ? item->time : k->now,
		.timed = item->timed,
		.arrival = k->now,
		.features = item->features,
		.feature_list = item->features.data ? k->in->schema->feature_list : 0,
		.slices = item->slices,
		.meta = item->meta };
	set_prediction(k, version, &row);
	k->fate = UPK_FATE_NEW;
	if (row.predicted.data && !predicted_step(k, &row, err))
		return false;
	if (waiting.seq == 0)
		row.label = item->label;
	if (waiting.seq != 0 || row.label.data) {
		bool own = waiting.seq == 0;
		if (!complete(k, &row, waiting.seq, own ? row.time : waiting.time,
			    own ? k->resolved.label : waiting.class, false, err))
			return false;
		row.place = k->in->last_place;
	}
	if (!upk_event_insert_many(k->store, &row, 1, err))
		return false;
	if (waiting.seq == 0)
		return true;
	return upk_label_join(k->store, row.model, row.id, row.seq, err) &&
		(!item->label.data || label_after_waiting(k, &row, err));
}

bool upk_intake_current_label(
	struct upk_intake *k, const struct upk_event_row *row, int *class, struct upk_error *err)
{
	struct upk_label_row label;
	bool found;
	if (!upk_label_current(k->store, row->seq, INT64_MAX, &found, &label, err))
		return false;
	struct upk_text name = found ? label.class : row->label;
	*class = name.data ? upk_schema_class(k->in->schema, name) : -1;
	return true;
}

bool upk_intake_upgrade(struct upk_intake *k, struct upk_kept_event *kept,
	struct upk_made_by version, struct upk_error *err)
{
	struct upk_event_row *row = &kept->row;
	struct upk_place_row old;
	bool found;
	int class;
	if (!upk_intake_current_label(k, row, &class, err) ||
		!upk_place_get(k->store, row->model, row->place, &found, &old, err))
		return false;
	if (!found || class < 0)
		return upk_fail(err, UPK_CORRUPT, "an example has no place or no label");

	const struct upk_upgrade_row upgrade = { .event = row->seq,
		.model = row->model,
		.seq = ++*k->seq,
		.place = row->place,
		.time = row->time,
		.arrival = row->arrival };
	set_prediction(k, version, row);
	if (k->item->timed && !row->timed) {
		row->time = k->item->time;
		row->timed = true;
	}
	if (!upk_place_remove(k->store, row->model, old.place, err) ||
		!upk_upgrade_insert(k->store, &upgrade, err) || !predicted_step(k, row, err) ||
		!complete(k, row, old.label, row->time, class, true, err))
		return false;
	row->place = k->in->last_place;
	return upk_event_set_prediction(k->store, row, err);
}

static bool place_of(struct upk_intake *k, const struct upk_event_row *row,
	struct upk_place_row *place, struct upk_error *err)
{
	struct upk_label_row label;
	bool found = row->place != 0;
	int64_t number = row->place;
	if (!found) {
		if (!upk_label_completing(k->store, row->seq, &found, &label, err))
			return false;
		number = found ? label.place : 0;
	}
	if (!upk_place_get(k->store, row->model, number, &found, place, err))
		return false;
	return found || upk_fail(err, UPK_CORRUPT, "a labelled event has no place");
}

static bool revise(struct upk_intake *k, const struct upk_event_row *row, int was, int class,
	struct upk_error *err)
{
	struct upk_place_row place;
	if (!place_of(k, row, &place, err))
		return false;
	const struct upk_revision_row revision = {
		.event = row->seq, .seq = *k->seq, .place = place.place
	};
	if (!upk_revision_insert(k->store, &revision, err))
		return false;
	struct upk_step step = { .kind = UPK_STEP_REVISION,
		.example = !row->predicted.data,
		.seq = *k->seq,
		.arrival = k->now,
		.event = row->number,
		.place = place.place,
		.time = place.time,
		.was = (uint16_t)was,
		.pair = { .actual = (uint16_t) class } };
	if (row->predicted.data) {
		step.pair.predicted = (uint16_t)upk_schema_class(k->in->schema, row->predicted);
		if (!tag_of(k, row->version, &step.tag, err))
			return false;
	}
	k->fate = UPK_FATE_REVISED;
	return upk_intake_step(k, &step, (struct upk_text){ 0 }, 0, err);
}

bool upk_intake_apply_label(struct upk_intake *k, const struct upk_kept_event *kept,
	const struct upk_new_label *label, struct upk_error *err)
{
	const struct upk_event_row *row = &kept->row;
	int was;
	if (!upk_intake_current_label(k, row, &was, err))
		return false;
	if (was == label->class_index) {
		k->fate = UPK_FATE_DUPLICATE;
		return true;
	}
	struct upk_label_row added = { .seq = ++*k->seq,
		.model = row->model,
		.id = row->id,
		.event = row->seq,
		.class = label->class,
		.time = label->time,
		.arrival = k->now,
		.source = label->source,
		.carried = label->carried };
	bool done = was >= 0
		? revise(k, row, was, label->class_index, err)
		: complete(k, row, added.seq, added.time, label->class_index, false, err);
	if (was < 0)
		added.place = k->in->last_place;
	return done && upk_label_insert_many(k->store, &added, 1, err);
}
