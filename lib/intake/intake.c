#include "intake/intake.h"

#include <stdarg.h>
#include <stdio.h>

#include "intake/pending.h"

bool upk_intake_step(struct upk_intake *k, const struct upk_step *step, struct upk_text features,
	int64_t list, bool kept, struct upk_error *err)
{
	struct upk_step whole = *step;
	whole.features = features;
	if (list != 0 && !upk_model_list(k->in->model, k->engine->store, list, &whole.list, err))
		return false;
	return kept ? upk_steps_add(&k->in->steps, &whole, err)
		    : upk_steps_add_borrowed(&k->in->steps, &whole, err);
}

int64_t upk_intake_seq(struct upk_intake *k)
{
	return ++k->engine->seq;
}

/* Rows of the id that wait are among the newest. */
static bool newest_hit(
	struct upk_intake *k, bool *found, struct upk_id_hit *hit, struct upk_error *err)
{
	*found = false;
	if (!k->item->id.data)
		return true;
	struct upk_id_search search;
	upk_ids_search(&search, k->engine->ids, k->key, k->absent);
	return upk_ids_next(&search, found, hit, err);
}

bool upk_intake_known(struct upk_intake *k, struct upk_known *known, struct upk_error *err)
{
	struct upk_engine *e = k->engine;
	struct upk_id_hit hit;
	bool found;
	*known = (struct upk_known){ 0 };
	if (!newest_hit(k, &found, &hit, err))
		return false;
	if (!found)
		return true;
	if (e->pending->first != 0 && hit.seq >= e->pending->first &&
		!upk_pending_flush(e->pending, e->store, err))
		return false;
	return upk_known_find(e->ids, e->store, k->in->model->number, k->item->id, known, err);
}

bool upk_intake_recent(
	struct upk_intake *k, const struct upk_recent_event **event, struct upk_error *err)
{
	struct upk_id_hit hit;
	bool found;
	if (!newest_hit(k, &found, &hit, err))
		return false;
	*event = found && hit.kind == UPK_ID_EVENT ? upk_recent_find(k->engine->recent, hit.seq)
						   : NULL;
	if (*event && !upk_recent_is(*event, k->in->model->number, k->item->id))
		*event = NULL;
	return true;
}

bool upk_intake_add_event(
	struct upk_intake *k, const struct upk_event_row *row, struct upk_error *err)
{
	upk_pending_event(k->engine->pending, row);
	return !row->id.data || upk_ids_add(k->engine->ids, k->key, row->seq, UPK_ID_EVENT, err);
}

bool upk_intake_add_label(
	struct upk_intake *k, const struct upk_label_row *row, struct upk_error *err)
{
	upk_pending_label(k->engine->pending, row);
	return upk_ids_add(k->engine->ids, k->key, row->seq, UPK_ID_LABEL, err);
}

bool upk_intake_reject(struct upk_intake *k, const char *format, ...)
{
	char reason[1024];
	va_list args;
	va_start(args, format);
	vsnprintf(reason, sizeof reason, format, args);
	va_end(args);
	k->item->error = upk_batch_say(k->post->batch, "%s", reason);
	if (!k->item->error)
		k->item->error = "no memory to say why";
	k->fate = UPK_FATE_REJECTED;
	return true;
}
