#include "core/core.h"
#include "engine/engine.h"
#include "store/event.h"
#include "store/place.h"
#include "store/version.h"
#include "versions/live.h"
#include "writer/erase.h"
#include "writer/feed.h"
#include "writer/rebuild.h"
#include "writer/writer.h"

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
				 : upk_erase_labels(e, m, r->id, &erased.labels, err);
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
	r->done = erase(e, m, r, r->err) || (upk_room_made(e, r->err) && erase(e, m, r, r->err));
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
