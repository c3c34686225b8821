#include "engine/intake.h"

/* A label whose event has not come. The same class again is a duplicate, another one replaces it.
 */
static bool wait(struct upk_intake *k, struct upk_error *err)
{
	const struct upk_item *item = k->item;
	struct upk_label_row waiting;
	bool found;
	int64_t model = k->in->model->number;
	if (!upk_label_waiting(k->store, model, item->id, &found, &waiting, err))
		return false;
	if (found && upk_text_equal(waiting.class, item->label)) {
		k->fate = UPK_FATE_DUPLICATE;
		return true;
	}
	const struct upk_label_row row = { .seq = ++*k->seq,
		.model = model,
		.id = item->id,
		.class = item->label,
		.time = item->timed ? item->time : k->now,
		.arrival = k->now,
		.source = item->source };
	k->fate = UPK_FATE_WAITING;
	return upk_label_insert_many(k->store, &row, 1, err);
}

bool upk_intake_label(struct upk_intake *k, struct upk_error *err)
{
	const struct upk_item *item = k->item;
	struct upk_event_row row;
	struct upk_kept_event kept;
	bool found;
	if (!upk_event_find(k->store, k->in->model->number, item->id, &found, &row, err))
		return false;
	if (!found)
		return wait(k, err);
	if (!upk_keep_event(&kept, &row, err))
		return false;
	const struct upk_new_label label = { .class = item->label,
		.class_index = k->resolved.label,
		.time = item->timed ? item->time : k->now,
		.source = item->source };
	bool done = upk_intake_apply_label(k, &kept, &label, err);
	upk_kept_finish(&kept);
	return done;
}
