#include "writer/unsaved.h"

#include "core/health.h"
#include "tail/orders.h"
#include "writer/persist.h"

void upk_unsaved_note(struct upk_engine *e, struct upk_model *m, int64_t first)
{
	if (m->first_unsaved != 0)
		return;
	m->first_unsaved = first;
	m->next_unsaved = NULL;
	*(e->last_unsaved ? &e->last_unsaved->next_unsaved : &e->first_unsaved) = m;
	e->last_unsaved = upk_model_ref(m);
}

/* Until all models are there nobody knows what the others have not saved. */
static bool save_seq(struct upk_engine *e, int64_t seq, struct upk_error *err)
{
	if (!upk_engine_ready(e))
		return true;
	for (const struct upk_model *m = e->first_unsaved; m; m = m->next_unsaved) {
		if (m->saving)
			continue;
		seq = m->first_unsaved - 1;
		break;
	}
	return upk_store_set_saved(e->store, seq, err);
}

static bool save(struct upk_engine *e, struct upk_model *m, struct upk_error *err)
{
	m->saving = true;
	m->saving_orders = !m->ingest && !m->deleted;
	if (m->deleted)
		return true;
	/* A group's own models have theirs written with the group. */
	return (m->ingest || upk_persist_orders(e, m, &m->orders, err)) &&
		upk_persist_state(e, m, err);
}

bool upk_unsaved_save(struct upk_engine *e, int64_t seq, bool all, struct upk_error *err)
{
	bool any = false;
	for (struct upk_model *m = e->first_unsaved; m; m = m->next_unsaved) {
		if (!all && m->first_unsaved > seq - UPK_UNSAVED_MOST)
			break;
		if (m->stale)
			continue; /* it is rebuilt from the state that the store has */
		any = true;
		if (!save(e, m, err))
			return false;
	}
	return !any || save_seq(e, seq, err);
}

bool upk_unsaved_save_one(struct upk_engine *e, struct upk_model *m, struct upk_error *err)
{
	m->saving = m->first_unsaved != 0;
	m->saving_orders = false;
	return upk_persist_state(e, m, err) && save_seq(e, e->seq, err);
}

void upk_unsaved_commit(struct upk_engine *e)
{
	struct upk_model **link = &e->first_unsaved;
	e->last_unsaved = NULL;
	while (*link) {
		struct upk_model *m = *link;
		if (!m->saving) {
			e->last_unsaved = m;
			link = &m->next_unsaved;
			continue;
		}
		if (m->saving_orders)
			upk_orders_clear(&m->orders);
		*link = m->next_unsaved;
		m->saving = false;
		m->first_unsaved = 0;
		upk_model_unref(m);
	}
}

void upk_unsaved_rollback(struct upk_engine *e)
{
	for (struct upk_model *m = e->first_unsaved; m; m = m->next_unsaved)
		m->saving = false;
}

void upk_unsaved_finish(struct upk_engine *e)
{
	for (struct upk_model *m = e->first_unsaved; m; m = m->next_unsaved)
		m->saving = true;
	upk_unsaved_commit(e);
}
