#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "engine/intake.h"
#include "store/place.h"

static struct upk_text kept_text(struct upk_buffer *memory, struct upk_text text)
{
	if (text.data)
		upk_buffer_append(memory, text.data, text.size);
	return text;
}

static struct upk_text moved_text(const struct upk_buffer *memory, size_t *at, struct upk_text text)
{
	if (!text.data)
		return text;
	struct upk_text moved = { memory->data + *at, text.size };
	*at += text.size;
	return moved;
}

/* All texts of the row, in one order: first appended to the memory, then pointed into it. */
static void each_text(struct upk_event_row *row, struct upk_buffer *memory, size_t *at)
{
	struct upk_text *texts[] = { &row->id, &row->predicted, &row->features, &row->slices,
		&row->version.name, &row->meta, &row->label };
	for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++)
		*texts[i] = at ? moved_text(memory, at, *texts[i]) : kept_text(memory, *texts[i]);
}

bool upk_keep_event(
	struct upk_kept_event *kept, const struct upk_event_row *row, struct upk_error *err)
{
	size_t at = row->scores_count * sizeof *row->scores;
	*kept = (struct upk_kept_event){ .row = *row };
	if (at > 0)
		upk_buffer_append(&kept->memory, row->scores, at);
	upk_buffer_append(&kept->memory, "", 1); /* so that empty texts have an address */
	each_text(&kept->row, &kept->memory, NULL);
	if (kept->memory.failed) {
		upk_buffer_finish(&kept->memory);
		return upk_fail(err, UPK_NOMEM, "no memory for a stored event");
	}
	if (at > 0)
		kept->row.scores = (const double *)(const void *)kept->memory.data;
	at++;
	each_text(&kept->row, &kept->memory, &at);
	return true;
}

void upk_kept_finish(struct upk_kept_event *kept)
{
	upk_buffer_finish(&kept->memory);
}

bool upk_intake_same_features(
	struct upk_intake *k, const struct upk_event_row *row, bool *same, struct upk_error *err)
{
	const struct upk_item *item = k->item;
	if (!item->features.data || !row->features.data) {
		*same = !item->features.data && !row->features.data;
		return true;
	}
	if (row->feature_list == k->in->schema->feature_list) {
		*same = upk_text_equal(item->features, row->features);
		return true;
	}

	/* Stored before the model's features changed: the numbers that both lists have decide. */
	const struct upk_features *now = k->in->schema->features, *then;
	if (!upk_model_list(k->in->model, k->store, row->feature_list, &then, err))
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
	return upk_intake_reject(k, "id: \"%.*s\" is stored with other content: %s differs", (int)k->item->id.size,
		k->item->id.data, member);
}

/* The label that an event item brings along to an event that is stored already. */
static bool bring_label(
	struct upk_intake *k, const struct upk_kept_event *kept, struct upk_error *err)
{
	struct upk_text class = k->item->label;
	bool carried = upk_text_equal(class, kept->row.label);
	if (!class.data || carried)
		return true;
	if (!upk_label_carried(k->store, kept->row.seq, class, &carried, err))
		return false;
	if (carried)
		return true;
	const struct upk_new_label label = {
		.class = class, .class_index = k->resolved.label, .time = k->now, .carried = true
	};
	return upk_intake_apply_label(k, kept, &label, err);
}

static bool again(struct upk_intake *k, struct upk_kept_event *kept, struct upk_error *err)
{
	const char *member;
	bool example = !kept->row.predicted.data;
	if (!difference(k, &kept->row, !example, &member, err))
		return false;
	if (member)
		return conflict(k, member);
	k->fate = UPK_FATE_DUPLICATE;
	if (!bring_label(k, kept, err))
		return false;
	if (example && k->resolved.predicted >= 0)
		return upk_intake_upgrade(k, kept, k->item->version, err);
	return true;
}

static bool known_version(struct upk_intake *k)
{
	int64_t number = k->item->version.number;
	if (number <= k->in->model->tail->last_version)
		return true;
	upk_intake_reject(k, "version: %lld is no version of this model (it has %lld)",
		(long long)number, (long long)k->in->model->tail->last_version);
	return false;
}

bool upk_intake_event(struct upk_intake *k, struct upk_error *err)
{
	if (!known_version(k))
		return true;
	if (!k->item->id.data)
		return upk_intake_insert(k, k->item->id, k->item->version, err);

	bool found;
	struct upk_event_row row;
	if (!upk_event_find(k->store, k->in->model->number, k->item->id, &found, &row, err))
		return false;
	if (!found)
		return upk_intake_insert(k, k->item->id, k->item->version, err);

	struct upk_kept_event kept;
	if (!upk_keep_event(&kept, &row, err))
		return false;
	bool done = again(k, &kept, err);
	upk_kept_finish(&kept);
	return done;
}
