#include "writer/group.h"

#include <stdlib.h>
#include <string.h>

#include "core/health.h"
#include "ids/ids.h"
#include "intake/ingest.h"
#include "intake/intake_post.h"
#include "intake/pending.h"
#include "intake/recent.h"
#include "store/model.h"
#include "tail/alerting.h"
#include "writer/feed.h"
#include "writer/persist.h"
#include "writer/rebuild.h"
#include "writer/unsaved.h"
#include "writer/writer.h"

enum { AUTOMATIC_MOST = 100 };

/* Cuts the list behind its first posts that have the same `done`; gives the rest. */
static struct upk_post *cut_run(struct upk_post *posts)
{
	struct upk_post *last = posts;
	while (last->next && last->next->done == posts->done)
		last = last->next;
	struct upk_post *rest = last->next;
	last->next = NULL;
	return rest;
}

/* Those of a visitor have no `done`, and were never queued. */
static void answer_all(struct upk_engine *e, struct upk_post *posts, const struct upk_error *err)
{
	for (struct upk_post *post = posts; err && post; post = post->next)
		post->error = *err;
	if (!posts || !posts->done)
		return;
	upk_writer_answered(e->writer, posts);
	while (posts) {
		struct upk_post *rest = cut_run(posts);
		posts->done(posts);
		posts = rest;
	}
}

static void answer_settling(struct upk_engine *e, struct upk_model *m)
{
	struct upk_post *posts = m->settling;
	m->settling = NULL;
	answer_all(e, posts, NULL);
}

void upk_group_release(struct upk_engine *e, struct upk_model *m)
{
	for (struct upk_post *post = m->settling; post; post = post->next)
		post->unsettled = true;
	answer_settling(e, m);
}

void upk_group_settle(struct upk_engine *e, struct upk_model *m)
{
	if (m->tail->open_run == 0 || m->stale || m->deleted)
		answer_settling(e, m);
}

static bool may_create(
	const struct upk_engine *e, const char *name, bool automatic, struct upk_error *err)
{
	if (automatic && !e->auto_create)
		return upk_registry_missing(e->registry, name, err);
	if (upk_registry_count(e->registry) >= (size_t)e->max_models)
		return upk_fail(err, UPK_CONFLICT,
			"model %s would be one more than max_models, %lld", name,
			(long long)e->max_models);
	if (automatic && e->automatic >= AUTOMATIC_MOST)
		return upk_fail(err, UPK_CONFLICT,
			"model %s: %d models have been made by their first event already; create "
			"it "
			"with PUT",
			name, AUTOMATIC_MOST);
	return true;
}

struct upk_model *upk_group_create_model(struct upk_engine *e, const char *name,
	struct upk_text config, bool automatic, struct upk_error *err)
{
	const struct upk_model_row row = { .name = upk_text_of(name),
		.config = config,
		.learnt = upk_text_of("{\"classes\":[]}"),
		.created = upk_clock_now(e->clock),
		.automatic = automatic };
	int64_t number;
	if (!may_create(e, name, automatic, err) || !upk_model_insert(e->store, &row, &number, err))
		return NULL;
	struct upk_model *m = upk_model_create(name, number, err);
	if (!m)
		return NULL;
	m->created = row.created;
	m->automatic = automatic;
	if (upk_rebuild_model(e, m, &row, err) && upk_registry_add(e->registry, m, err)) {
		e->automatic += automatic;
		return m;
	}
	upk_model_unref(m);
	return NULL;
}

static void forget_created(struct upk_engine *e, struct upk_model *m)
{
	upk_registry_remove(e->registry, m);
	e->automatic--;
}

/* One transaction's models, newest first, and those that it made. */
struct group {
	struct upk_ingest *ingests;
	struct upk_model *created[AUTOMATIC_MOST];
	size_t created_count;
};

static struct upk_ingest *ingest_of(
	struct upk_engine *e, struct group *g, struct upk_post *post, struct upk_error *err)
{
	struct upk_error *refused = &post->error;
	struct upk_model *m = upk_registry_find(e->registry, post->name);
	if (!m && post->batch->kind == UPK_ITEM_PREDICT) {
		upk_registry_missing(e->registry, post->name, refused);
		return NULL;
	}
	if (!m) {
		m = upk_group_create_model(e, post->name, upk_text_of("{}"), true, refused);
		if (!m && (refused->code == UPK_CONFLICT || refused->code == UPK_NOT_FOUND))
			return NULL;
		if (!m) {
			*err = *refused;
			return NULL;
		}
		g->created[g->created_count++] = upk_model_ref(m);
	}
	struct upk_ingest *in = m->ingest;
	if (!in) {
		in = upk_ingest_begin(m, err);
		if (in) {
			in->next = g->ingests;
			g->ingests = in;
		}
	}
	upk_model_unref(m);
	return in;
}

/* false: the whole transaction fails with err; a refused post alone has its own error. */
static bool write_post(struct upk_engine *e, struct group *g, struct upk_post *post, int64_t now,
	struct upk_error *err)
{
	struct upk_ingest *in = ingest_of(e, g, post, err);
	if (!in)
		return err->code == UPK_OK;
	return upk_intake_post(e, in, post, now, err);
}

static bool store_learnt(struct upk_engine *e, const struct upk_ingest *in, struct upk_error *err)
{
	if (!in->learnt)
		return true;
	struct upk_buffer learnt = { 0 };
	upk_schema_write_learnt(in->schema, &in->used, &learnt);
	bool done = learnt.failed
		? upk_fail(err, UPK_NOMEM, "no memory for what was learnt")
		: upk_model_set_learnt(e->store, in->model->number, upk_buffer_text(&learnt), err);
	upk_buffer_finish(&learnt);
	return done;
}

/* Points of history that an earlier feed left for the next transaction. */
static bool store_points(struct upk_engine *e, const struct upk_ingest *in, struct upk_error *err)
{
	return upk_persist_orders(e, in->model, &in->model->orders, err);
}

/* All or nothing: the post is answered with what was rejected, and nothing of it is stored. */
static bool refuse_atomic(struct upk_post *post)
{
	if (!post->atomic || post->rejected_total == 0)
		return false;
	post->accepted = post->duplicates = post->joined = post->revised = post->waiting = 0;
	return true;
}

/* What was refused makes no model. */
static bool drop_unused(struct upk_engine *e, struct group *g, struct upk_error *err)
{
	for (struct upk_ingest **at = &g->ingests; *at;) {
		struct upk_ingest *in = *at;
		size_t made = 0;
		while (made < g->created_count && g->created[made] != in->model)
			made++;
		if (made == g->created_count || in->events + in->labels > 0) {
			at = &in->next;
			continue;
		}
		struct upk_model *m = g->created[made];
		if (!upk_model_take_back(e->store, m->number, err))
			return false;
		*at = in->next;
		upk_ingest_end(in);
		g->created[made] = g->created[--g->created_count];
		forget_created(e, m);
		upk_model_unref(m);
	}
	return true;
}

static bool write_all(
	struct upk_engine *e, struct group *g, struct upk_post *posts, struct upk_error *err)
{
	int64_t seq = e->seq;
	int64_t now = upk_engine_now(e);
	if (!upk_store_begin(e->store, err))
		return false;
	for (struct upk_post *post = posts; post; post = post->next)
		if (!write_post(e, g, post, now, err))
			return false;
	if (refuse_atomic(posts) || !upk_pending_flush(e->pending, e->store, err) ||
		!drop_unused(e, g, err))
		return false;
	for (struct upk_ingest *in = g->ingests; in; in = in->next)
		if (!store_learnt(e, in, err) || !store_points(e, in, err))
			return false;
	if (!upk_unsaved_save(e, seq, false, err) || !upk_ids_spill(e->ids, err) ||
		!upk_store_commit(e->store, err))
		return false;
	upk_ids_commit(e->ids, e->seq);
	upk_unsaved_commit(e);
	e->arrival = now;
	return true;
}

static void undo(struct upk_engine *e, struct group *g, int64_t seq)
{
	upk_store_rollback(e->store);
	upk_pending_clear(e->pending);
	upk_ids_rollback(e->ids);
	upk_unsaved_rollback(e);
	upk_recent_cut(e->recent, seq);
	e->seq = seq;
	for (struct upk_ingest *in = g->ingests; in; in = in->next)
		upk_model_forget_lists(in->model, in->lists_known);
	for (size_t i = 0; i < g->created_count; i++)
		forget_created(e, g->created[i]);
}

static bool learn(struct upk_ingest *in, struct upk_error *err)
{
	struct upk_model *m = in->model;
	bool done = true;
	pthread_mutex_lock(&m->lock);
	if (in->learnt) {
		done = upk_tail_learn(m->tail, in->schema, err);
		upk_schema_unref(m->schema);
		m->schema = upk_schema_ref(in->schema);
	}
	m->totals.events += in->events;
	m->totals.labels += in->labels;
	m->totals.duplicates += in->duplicates;
	m->totals.rejected += in->rejected;
	pthread_mutex_unlock(&m->lock);
	return done;
}

static void follow(struct upk_engine *e, struct upk_ingest *in)
{
	struct upk_error err = { 0 };
	struct upk_model *m = in->model;
	m->last_event = in->last_event;
	m->last_place = in->last_place;
	pthread_mutex_lock(&m->lock);
	m->used = in->used;
	pthread_mutex_unlock(&m->lock);
	upk_orders_clear(&m->orders);
	if (!learn(in, &err)) {
		m->stale = true;
		upk_engine_log(e, UPK_LOG_WARNING, "model %s: can't follow what was stored: %s",
			m->name, err.message);
	}
	if (!m->stale)
		upk_feed_steps(e, m, &in->steps, true);
	if (m->stale) /* what kept it from following may be over: rather now than at the next tick
		       */
		upk_rebuild_if_due(e, m);
}

static void end_group(struct group *g)
{
	while (g->ingests) {
		struct upk_ingest *next = g->ingests->next;
		upk_ingest_end(g->ingests);
		g->ingests = next;
	}
	for (size_t i = 0; i < g->created_count; i++)
		upk_model_unref(g->created[i]);
}

/* Settling posts wait at their model for its run to end. */
static void answer_or_wait(struct upk_engine *e, struct upk_post *posts)
{
	struct upk_post *answered = NULL, **end = &answered;
	while (posts) {
		struct upk_post *post = posts, **last;
		posts = post->next;
		post->next = NULL;
		struct upk_model *m = post->settle && post->error.code == UPK_OK
			? upk_registry_find(e->registry, post->name)
			: NULL;
		if (m && !m->stale && m->orders.count > 0)
			upk_feed_orders(e, m); /* points of history are part of what settles */
		if (m && m->tail->open_run != 0 && !m->stale) {
			for (last = &m->settling; *last;)
				last = &(*last)->next;
			*last = post;
		} else {
			*end = post;
			end = &post->next;
		}
		upk_model_unref(m);
	}
	answer_all(e, answered, NULL);
}

bool upk_group_is_quick(struct upk_engine *e, const struct upk_post *posts)
{
	bool quick = true;
	const char *seen = "";
	for (const struct upk_post *post = posts; quick && post; post = post->next) {
		if (strcmp(post->name, seen) == 0)
			continue;
		struct upk_model *m = upk_registry_find(e->registry, post->name);
		quick = m && !m->stale && !upk_alerting_sorts(m->tail);
		upk_model_unref(m);
		seen = post->name;
	}
	return quick;
}

void upk_group_write(struct upk_engine *e, struct upk_post *posts)
{
	struct upk_error err = { 0 };
	struct group g = { 0 };
	int64_t seq = e->seq;
	bool written = false;
	if (!upk_engine_broken(e, &err))
		written = upk_engine_ready(e)
			? upk_room_check(e, &err) && write_all(e, &g, posts, &err)
			: upk_fail(&err, UPK_BUSY, "the models are not rebuilt yet: see the log");
	if (!written)
		undo(e, &g, seq);
	if (err.code == UPK_FULL)
		upk_room_failed(e, false);
	for (size_t i = 0; written && i < g.created_count; i++)
		upk_engine_log(
			e, UPK_LOG_INFO, "model %s: created by a post", g.created[i]->name);
	/* All are noted before any of them stores its state. */
	for (struct upk_ingest *in = g.ingests; written && in; in = in->next)
		if (in->steps.count > 0)
			upk_unsaved_note(e, in->model, seq + 1);
	for (struct upk_ingest *in = g.ingests; written && in; in = in->next)
		follow(e, in);
	end_group(&g);
	upk_engine_notice_broken_store(e);
	if (written)
		answer_or_wait(e, posts);
	else
		answer_all(e, posts, err.code != UPK_OK ? &err : NULL);
}
