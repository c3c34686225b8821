#include "core/core.h"
#include "engine/engine.h"
#include "engine/control.h"
#include "store/event.h"
#include "store/place.h"
#include "store/version.h"
#include "versions/live.h"
#include "writer/erase.h"
#include "writer/feed.h"
#include "writer/rebuild.h"

struct erasure {
	struct upk_control control;
	const char *name;
	struct upk_text id;
	struct upk_erasure *out;
	struct upk_known known; /* of the id */
	struct upk_steps steps; /* what windows and rules are told after the commit */
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

static bool remove_known(
	struct upk_engine *e, struct upk_model *m, struct upk_control *c, struct upk_error *err)
{
	struct erasure *x = (struct erasure *)(void *)c;
	const struct upk_known *known = &x->known;
	struct upk_erased erased = { 0 };
	struct trained trained = { &erased, x->out };
	int64_t now = upk_engine_now(e);
	bool done = known->found ? upk_erase_known(e, m, known, now, &x->steps, &erased, err)
				 : upk_erase_labels(e, m, x->id, &erased.labels, err);
	if (!done)
		return false;
	if (!known->found && erased.labels == 0)
		return upk_fail(err, UPK_NOT_FOUND, "event '%.*s': model '%s' has none of that id",
			(int)x->id.size, x->id.data, m->name);
	int64_t number = known->found ? known->event.row.number : 0;
	if (number != 0 && !upk_event_add_gone(e->store, m->number, number, err))
		return false;
	if (erased.places[0] != 0 &&
		!upk_place_note_removed(e->store, m->number, erased.places[0], err))
		return false;
	x->out->event = known->found;
	x->out->labels = erased.labels;
	return !known->event.row.features.data ||
		upk_version_each(e->store, m->number, 0, INT64_MAX, take_version, &trained, err);
}

static bool erase(
	struct upk_engine *e, struct upk_model *m, struct erasure *x, struct upk_error *err)
{
	*x->out = (struct upk_erasure){ 0 };
	if (m->stale && !upk_rebuild_stale(e, m, err))
		return false;
	upk_feed_prepare(e, m, upk_clock_now(e->clock));
	if (!upk_known_find(e->ids, e->store, m->number, x->id, &x->known, err))
		return false;
	bool done = upk_control_transact(e, m, &x->control, remove_known, err);
	if (done)
		upk_feed_steps(e, m, &x->steps, true);
	if (done && !m->stale)
		upk_feed_orders(e, m);
	upk_steps_finish(&x->steps);
	upk_known_finish(&x->known);
	return done;
}

static bool act(struct upk_engine *e, struct upk_control *c, struct upk_error *err)
{
	struct erasure *x = (struct erasure *)(void *)c;
	struct upk_model *m = upk_registry_get(e->registry, x->name, err);
	bool done = m && (erase(e, m, x, err) || (upk_room_made(e, err) && erase(e, m, x, err)));
	upk_model_unref(m);
	return done;
}

bool upk_engine_erase(struct upk_engine *e, const char *name, struct upk_text id,
	struct upk_erasure *erasure, struct upk_error *err)
{
	struct erasure x = { .control.act = act, .name = name, .id = id, .out = erasure };
	*erasure = (struct upk_erasure){ 0 };
	return upk_control_call(e, &x.control, err);
}
