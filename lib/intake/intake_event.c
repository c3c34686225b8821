#include "intake/intake_event.h"

#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "intake/intake_insert.h"

bool upk_intake_same_features(
	struct upk_intake *k, const struct upk_event_row *row, bool *same, struct upk_error *err)
{
	const struct upk_item *item = k->item;
	if (!item->features.data || !row->features.data) {
		*same = item->strange || (!item->features.data && !row->features.data);
		return true;
	}
	if (row->feature_list == k->in->schema->feature_list) {
		*same = upk_text_equal(item->features, row->features);
		return true;
	}

	/* Stored before the model's features changed: the numbers that both lists have decide. */
	const struct upk_features *now = k->in->schema->features, *then;
	if (!upk_model_list(k->in->model, k->engine->store, row->feature_list, &then, err))
		return false;
	struct upk_buffer a = { 0 }, b = { 0 };
	struct upk_json_writer wa = upk_json_writer_on(&a), wb = upk_json_writer_on(&b);
	upk_features_show(now, item->features, &wa, NULL);
	upk_features_show(then, row->features, &wb, NULL);
	cJSON *ja = a.failed ? NULL : upk_json_parse(upk_buffer_text(&a), NULL);
	cJSON *jb = b.failed ? NULL : upk_json_parse(upk_buffer_text(&b), NULL);
	*same = ja && jb;
	for (const cJSON *m = ja ? ja->child : NULL; m && *same; m = m->next) {
		const cJSON *other = cJSON_GetObjectItemCaseSensitive(jb, m->string);
		*same = !other || upk_json_equal(m, other);
	}
	cJSON_Delete(ja);
	cJSON_Delete(jb);
	upk_buffer_finish(&a);
	upk_buffer_finish(&b);
	return true;
}

static bool same_scores(const struct upk_intake *k, const struct upk_event_row *row)
{
	const struct upk_item *item = k->item;
	if ((item->scores_count == 0) != (row->scores_count == 0))
		return false;
	size_t n = item->scores_count == 0 ? 0 : k->in->schema->classes_count;
	for (size_t i = 0; i < n || i < row->scores_count; i++) {
		double a = i < n ? k->scores[i] : 0;
		double b = i < row->scores_count ? row->scores[i] : 0;
		if (a != b)
			return false;
	}
	return true;
}

static bool same_meta(struct upk_text a, struct upk_text b)
{
	if (!a.data || !b.data)
		return !a.data && !b.data;
	if (upk_text_equal(a, b))
		return true;
	cJSON *ja = upk_json_parse(a, NULL), *jb = upk_json_parse(b, NULL);
	bool same = ja && jb && upk_json_equal(ja, jb);
	cJSON_Delete(ja);
	cJSON_Delete(jb);
	return same;
}

static bool same_version(struct upk_made_by a, struct upk_made_by b)
{
	return a.number == b.number && upk_text_equal(a.name, b.name);
}

/* The first member in which the item differs from what is stored; NULL: same content. */
static bool difference(struct upk_intake *k, const struct upk_event_row *row, bool predictions,
	const char **member, struct upk_error *err)
{
	const struct upk_item *item = k->item;
	bool same;
	if (!upk_intake_same_features(k, row, &same, err))
		return false;
	*member = NULL;
	if (item->timed && row->timed && item->time != row->time)
		*member = "timestamp";
	else if (predictions && k->resolved.stated && row->stated &&
		!upk_text_equal(item->predicted, row->predicted))
		*member = "predicted";
	else if (predictions &&
		(item->scored != row->scored || (item->scored && item->score != row->score)))
		*member = "score";
	else if (predictions && !same_scores(k, row))
		*member = "scores";
	else if (predictions && !same_version(item->version, row->version))
		*member = "version";
	else if (!same)
		*member = "features";
	else if (!upk_text_equal(item->slices, row->slices))
		*member = "slices";
	else if (!same_meta(item->meta, row->meta))
		*member = "meta";
	return true;
}

static bool conflict(struct upk_intake *k, const char *member)
{
	return upk_intake_reject(k, "id: \"%.*s\" is stored with other content in %s",
		(int)k->item->id.size, k->item->id.data, member);
}

/* The label that an event item brings along to an event that is stored already. */
static bool bring_label(struct upk_intake *k, struct upk_known *known, struct upk_error *err)
{
	const struct upk_new_label label = { .class = k->item->label,
		.class_index = k->resolved.label,
		.time = k->now,
		.carried = true };
	return !label.class.data || upk_intake_apply_label(k, known, &label, err);
}

/* An example's label may have been brought just now: what is known is asked again. */
static bool upgrade(struct upk_intake *k, struct upk_error *err)
{
	struct upk_known known;
	if (!upk_intake_known(k, &known, err))
		return false;
	bool done = upk_intake_upgrade(k, &known, k->item->version, err);
	upk_known_finish(&known);
	return done;
}

static bool again(struct upk_intake *k, struct upk_known *known, struct upk_error *err)
{
	const char *member;
	bool example = !known->event.row.predicted.data;
	if (!difference(k, &known->event.row, !example, &member, err))
		return false;
	if (member)
		return conflict(k, member);
	k->fate = UPK_FATE_DUPLICATE;
	if (!bring_label(k, known, err))
		return false;
	return !example || k->resolved.predicted < 0 || upgrade(k, err);
}

static bool known_version(struct upk_intake *k)
{
	int64_t number = k->item->version.number;
	if (number <= k->in->model->tail->last_version)
		return true;
	upk_intake_reject(k, "version: %lld is no version of this model (the last is %lld)",
		(long long)number, (long long)k->in->model->tail->last_version);
	return false;
}

/* A label alone may come again with the event that it is of; on its own it is neither an event nor
 * an example. */
static bool is_bare(const struct upk_intake *k)
{
	return k->resolved.predicted < 0 && !k->item->features.data;
}

static bool insert(struct upk_intake *k, const struct upk_known *known, struct upk_error *err)
{
	if (!is_bare(k))
		return upk_intake_insert(k, known, k->item->version, err);
	upk_intake_reject(k,
		"features: missing: want features or a prediction beside the label; a label alone "
		"goes to labels%s",
		k->item->meant ? k->item->meant : "");
	return true;
}

bool upk_intake_event(struct upk_intake *k, struct upk_error *err)
{
	struct upk_known known;
	if (!known_version(k))
		return true;
	if (!upk_intake_known(k, &known, err))
		return false;
	bool done = known.found ? again(k, &known, err) : insert(k, &known, err);
	upk_known_finish(&known);
	return done;
}
