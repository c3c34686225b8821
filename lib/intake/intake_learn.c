#include "intake/intake_learn.h"

#include <stdlib.h>

#include "base/array.h"
#include "base/buffer.h"
#include "intake/pending.h"
#include "store/model.h"

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
		if (!upk_array_resize(&u->refusals, capacity, sizeof *u->refusals))
			return upk_fail(err, UPK_NOMEM, "no memory to refuse an item");
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

bool upk_intake_learn(
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
