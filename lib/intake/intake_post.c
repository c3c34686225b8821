#include "intake/intake_post.h"

#include <stdlib.h>

#include "intake/ahead.h"
#include "intake/intake.h"
#include "intake/intake_event.h"
#include "intake/intake_label.h"
#include "intake/intake_learn.h"
#include "intake/intake_predict.h"
#include "intake/pending.h"
#include "tail/standing.h"

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
	if (!upk_intake_learn(e, in, post->batch, err))
		return false;
	if (post->batch->kind == UPK_ITEM_PREDICT && !prepare_predictions(in, post, err))
		return false;
	return take_all(e, in, post, now, err);
}

bool upk_intake_post(struct upk_engine *e, struct upk_ingest *in, struct upk_post *post,
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
