#include "intake/intake_label.h"

#include "intake/intake_insert.h"

/* A label whose event has not come. The same one again is a duplicate, another one replaces it. */
static bool wait(struct upk_intake *k, const struct upk_known *known,
	const struct upk_new_label *label, struct upk_error *err)
{
	bool heard = known->labelled && upk_text_equal(known->label.class, label->class);
	if (known->labelled && !heard && !upk_intake_heard(k, known, label, &heard, err))
		return false;
	if (heard) {
		k->fate = UPK_FATE_DUPLICATE;
		return true;
	}
	const struct upk_label_row row = { .seq = upk_intake_seq(k),
		.model = k->in->model->number,
		.id = k->item->id,
		.class = label->class,
		.time = label->time,
		.arrival = k->now,
		.source = label->source };
	k->fate = UPK_FATE_WAITING;
	return upk_intake_add_label(k, &row, err);
}

bool upk_intake_label(struct upk_intake *k, struct upk_error *err)
{
	const struct upk_item *item = k->item;
	const struct upk_new_label label = { .class = item->label,
		.class_index = k->resolved.label,
		.time = item->timed ? item->time : k->now,
		.timed = item->timed,
		.source = item->source };
	const struct upk_recent_event *recent;
	if (!upk_intake_recent(k, &recent, err))
		return false;
	if (recent)
		return upk_intake_complete_recent(k, recent, &label, err);

	struct upk_known known;
	if (!upk_intake_known(k, &known, err))
		return false;
	bool done = known.found ? upk_intake_apply_label(k, &known, &label, err)
				: wait(k, &known, &label, err);
	upk_known_finish(&known);
	return done;
}
