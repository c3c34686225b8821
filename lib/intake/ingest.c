#include "intake/ingest.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "intake/ahead.h"
#include "intake/intake.h"
#include "intake/pending.h"
#include "store/model.h"
#include "tail/standing.h"

struct upk_ingest *upk_ingest_begin(struct upk_model *model, struct upk_error *err)
{
	struct upk_ingest *in = calloc(1, sizeof *in);
	if (in)
		in->scores = malloc(UPK_CLASSES_MAX * sizeof *in->scores);
	if (!in || !in->scores) {
		free(in);
		upk_fail(err, UPK_NOMEM, "no memory to write a batch");
		return NULL;
	}
	in->model = upk_model_ref(model);
	in->schema = upk_schema_ref(model->schema);
	in->champion = upk_tail_champion(model->tail);
	in->made_by.number = in->champion ? upk_serving_version(in->champion) : 0;
	in->made_by.revision = upk_tail_revision(model->tail);
	in->lists_known = model->lists_count;
	in->last_event = model->last_event;
	in->last_place = model->last_place;
	in->used = model->used;
	model->ingest = in;
	return in;
}

void upk_ingest_end(struct upk_ingest *in)
{
	in->model->ingest = NULL;
	upk_model_unref(in->model);
	upk_schema_unref(in->schema);
	upk_steps_finish(&in->steps);
	free(in->scores);
	free(in);
}

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

static void list_rejected(struct upk_post *post, const struct upk_intake *k)
{
	post->rejected_total++;
	if (post->predicted)
		post->predicted[k->index].error = k->item->error;
	if (!post->rejected)
		post->rejected = malloc(UPK_REJECTED_LISTED * sizeof *post->rejected);
	if (!post->rejected || post->rejected_listed == UPK_REJECTED_LISTED)
		return;
	post->rejected[post->rejected_listed++] =
		(struct upk_rejected){ k->index, k->item->id, k->item->error };
}

static void count(struct upk_post *post, const struct upk_intake *k)
{
	if (k->fate == UPK_FATE_REJECTED) {
		k->in->rejected++;
		list_rejected(post, k);
		return;
	}
	post->accepted++;
	post->duplicates += k->fate == UPK_FATE_DUPLICATE;
	post->joined += k->fate == UPK_FATE_JOINED;
	post->revised += k->fate == UPK_FATE_REVISED;
	post->waiting += k->fate == UPK_FATE_WAITING;
	k->in->duplicates += k->fate == UPK_FATE_DUPLICATE;
	if (post->batch->kind == UPK_ITEM_LABEL)
		k->in->labels++;
	else
		k->in->events++;
}

static void use_class(struct upk_ingest *in, int class)
{
	if (class < 0 || in->used.class[class])
		return;
	in->used.class[class] = true;
	in->learnt = true;
}

/* Rows that wait borrow names of the schema that a grown one replaces. */
static bool grown(struct upk_intake *k, struct upk_schema *before, struct upk_error *err)
{
	k->in->learnt = true;
	bool done = upk_pending_flush(k->engine->pending, k->engine->store, err);
	upk_schema_unref(before);
	return done;
}

/* Classes that a rejected item brought are not learnt. */
static bool take(struct upk_intake *k, struct upk_error *err)
{
	static bool (*const intakes[])(struct upk_intake *, struct upk_error *) = {
		[UPK_ITEM_EVENT] = upk_intake_event,
		[UPK_ITEM_LABEL] = upk_intake_label,
		[UPK_ITEM_PREDICT] = upk_intake_predict,
	};
	struct upk_error reason = { 0 };
	struct upk_schema *before = k->in->schema;
	bool ask = k->post->rejected_listed < UPK_REJECTED_LISTED, done = true;

	if (k->item->error)
		k->fate = UPK_FATE_REJECTED;
	else if (upk_resolve(
			 k->item, &k->in->schema, before, ask, &k->resolved, k->scores, &reason))
		done = intakes[k->post->batch->kind](k, err);
	else if (reason.code == UPK_INVALID)
		done = upk_intake_reject(k, "%s", reason.message);
	else
		done = upk_fail(err, reason.code, "%s", reason.message);

	if (k->fate == UPK_FATE_REJECTED && k->in->schema != before) {
		upk_schema_unref(k->in->schema);
		k->in->schema = before;
	}
	if (k->fate == UPK_FATE_REJECTED)
		return done;
	use_class(k->in, k->resolved.predicted);
	use_class(k->in, k->resolved.label);
	return (k->in->schema == before || grown(k, before, err)) && done;
}

static bool set_features(struct upk_engine *e, struct upk_ingest *in, struct upk_features *features,
	struct upk_error *err)
{
	struct upk_buffer json = { 0 };
	int64_t list = 0;
	upk_features_write(features, &json);
	bool done = !json.failed &&
		upk_feature_list_number(
			e->store, in->model->number, upk_buffer_text(&json), &list, err);
	if (json.failed)
		upk_fail(err, UPK_NOMEM, "no memory for a feature list");
	upk_buffer_finish(&json);
	if (!done)
		return false;

	struct upk_schema *schema = upk_schema_create(in->schema->config, in->schema->classes,
		in->schema->classes_count, features, list, in->schema->generation + 1, err);
	if (!schema)
		return false;
	/* Rows that wait borrow names of the one that it replaces. */
	bool flushed = upk_pending_flush(e->pending, e->store, err);
	upk_schema_unref(in->schema);
	in->schema = schema;
	in->learnt = true;
	return flushed;
}

/* Why items teach no features. */
struct unlearnable {
	struct refusal {
		size_t item;
		struct upk_error reason;
	} * refusals;
	size_t count, capacity;
};

static bool refuse(
	struct unlearnable *u, size_t item, const struct upk_error *reason, struct upk_error *err)
{
	if (u->count == u->capacity) {
		size_t capacity = u->capacity ? 2 * u->capacity : 4;
		struct refusal *refusals = realloc(u->refusals, capacity * sizeof *refusals);
		if (!refusals)
			return upk_fail(err, UPK_NOMEM, "no memory to refuse an item");
		u->refusals = refusals;
		u->capacity = capacity;
	}
	u->refusals[u->count++] = (struct refusal){ item, *reason };
	return true;
}

static bool is_foreign(const struct upk_schema *s, struct upk_text class)
{
	return class.data && s->classes_declared && upk_schema_class(s, class) < 0;
}

/* What will be refused teaches nothing. */
static bool may_teach(const struct upk_schema *s, const struct upk_item *item)
{
	return !item->error && item->raw_features.data && !is_foreign(s, item->predicted) &&
		!is_foreign(s, item->label);
}

/* Features are learnt from the first item that has some and can be learnt from. */
static bool learn_features(struct upk_engine *e, struct upk_ingest *in,
	const struct upk_batch *batch, struct unlearnable *u, struct upk_error *err)
{
	for (size_t i = 0; i < batch->count && !in->schema->features; i++) {
		const struct upk_item *item = &batch->items[i];
		struct upk_error reason = { 0 };
		if (!may_teach(in->schema, item))
			continue;
		struct upk_features *features = upk_features_learn(item->raw_features, &reason);
		if (!features && reason.code == UPK_NOMEM)
			return upk_fail(err, reason.code, "%s", reason.message);
		if (!features) {
			if (!refuse(u, i, &reason, err))
				return false;
			continue;
		}
		bool done = set_features(e, in, features, err);
		upk_features_unref(features);
		if (!done)
			return false;
	}
	return true;
}

static bool bring_up_to_date(
	struct upk_engine *e, struct upk_ingest *in, struct upk_batch *batch, struct upk_error *err)
{
	const struct upk_schema *had = batch->schema;
	struct unlearnable u = { 0 };
	bool done =
		!batch->unlearnt || in->schema->features || learn_features(e, in, batch, &u, err);
	if (had->features != in->schema->features || had->config != in->schema->config)
		done = done && upk_batch_redecode(batch, in->schema, err);
	/* Decoding again has forgotten what was wrong with them. */
	for (size_t i = 0; done && i < u.count; i++) {
		struct upk_item *item = &batch->items[u.refusals[i].item];
		if (!item->error)
			item->error = upk_batch_say(batch, "%s", u.refusals[i].reason.message);
	}
	free(u.refusals);
	return done;
}

static bool prepare_predictions(struct upk_ingest *in, struct upk_post *post, struct upk_error *err)
{
	size_t n = post->batch->count;
	/* Names that the answer needs outlive the model's schema. */
	post->schema = upk_schema_ref(in->schema);
	post->classes = in->schema->classes;
	post->classes_count = in->schema->classes_count;
	post->predicted = calloc(n + 1, sizeof *post->predicted);
	post->scores = calloc(n * in->schema->classes_count + 1, sizeof *post->scores);
	if (!post->predicted || !post->scores)
		return upk_fail(err, UPK_NOMEM, "no memory to answer %zu rows", n);
	return true;
}

static bool take_all(struct upk_engine *e, struct upk_ingest *in, struct upk_post *post,
	int64_t now, struct upk_error *err)
{
	struct upk_batch *batch = post->batch;
	struct upk_ahead ahead;
	upk_ahead_begin(&ahead, e->ids, e->recent, batch, in->model->number);
	for (size_t i = 0; i < batch->count; i++) {
		struct upk_intake k = { .engine = e,
			.in = in,
			.post = post,
			.item = &batch->items[i],
			.index = i,
			.now = now,
			.key = upk_ahead_key(&ahead, i),
			.absent = upk_ahead_absent(&ahead, i),
			.scores = in->scores };
		if (!upk_pending_ready(e->pending, e->store, err) || !take(&k, err))
			return false;
		count(post, &k);
	}
	return true;
}

static bool take_post(struct upk_engine *e, struct upk_ingest *in, struct upk_post *post,
	int64_t now, struct upk_error *err)
{
	if (!bring_up_to_date(e, in, post->batch, err))
		return false;
	if (post->batch->kind == UPK_ITEM_PREDICT && !prepare_predictions(in, post, err))
		return false;
	return take_all(e, in, post, now, err);
}

bool upk_ingest_post(struct upk_engine *e, struct upk_ingest *in, struct upk_post *post,
	int64_t now, struct upk_error *err)
{
	if (post->batch->kind == UPK_ITEM_PREDICT && !in->champion) {
		upk_standing_no_champion(in->model->tail, in->model->name, &post->error);
		return true;
	}
	struct upk_schema *before = upk_schema_ref(in->schema);
	bool learnt = in->learnt;
	bool done = take_post(e, in, post, now, err);
	if (done && post->accepted == 0 && in->schema != before) {
		struct upk_schema *refused = in->schema;
		in->schema = before;
		in->learnt = learnt;
		before = refused;
	}
	upk_schema_unref(before);
	return done;
}
