#include "intake/known.h"

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

static bool keep_label(
	struct upk_known *known, const struct upk_label_row *row, struct upk_error *err)
{
	known->labelled = true;
	known->label = *row;
	known->label.id = known->label.source = (struct upk_text){ NULL, 0 };
	upk_buffer_append(&known->class, row->class.data, row->class.size);
	known->label.class = upk_buffer_text(&known->class);
	return !known->class.failed || upk_fail(err, UPK_NOMEM, "no memory for a stored label");
}

/* The row behind a candidate, when it is the id's. */
struct row {
	bool event, label;
	struct upk_event_row event_row;
	struct upk_label_row label_row;
};

static bool read_row(struct upk_store *store, const struct upk_id_hit *hit, int64_t model,
	struct upk_text id, struct row *row, struct upk_error *err)
{
	bool found;
	*row = (struct row){ 0 };
	if (hit->kind == UPK_ID_EVENT) {
		if (!upk_event_get(store, hit->seq, &found, &row->event_row, err))
			return false;
		row->event = found && row->event_row.model == model &&
			upk_text_equal(row->event_row.id, id);
		return true;
	}
	if (!upk_label_get(store, hit->seq, &found, &row->label_row, err))
		return false;
	row->label =
		found && row->label_row.model == model && upk_text_equal(row->label_row.id, id);
	return true;
}

bool upk_known_each(struct upk_ids *ids, struct upk_store *store, bool reader, int64_t model,
	struct upk_text id,
	bool (*take)(void *context, const struct upk_event_row *event,
		const struct upk_label_row *label),
	void *context, struct upk_error *err)
{
	struct upk_id_search search;
	uint64_t key = upk_ids_key(ids, model, id);
	if (reader)
		upk_ids_look(&search, ids, store, key);
	else
		upk_ids_search(&search, ids, key, 0);
	for (;;) {
		struct upk_id_hit hit;
		struct row row;
		bool found;
		if (!upk_ids_next(&search, &found, &hit, err))
			return false;
		if (!found)
			return true;
		if (!read_row(store, &hit, model, id, &row, err))
			return false;
		if ((row.event || row.label) &&
			!take(context, row.event ? &row.event_row : NULL,
				row.label ? &row.label_row : NULL))
			return true;
	}
}

struct finding {
	struct upk_known *known;
	struct upk_error *err;
	bool failed;
};

static bool take_newest(
	void *context, const struct upk_event_row *event, const struct upk_label_row *label)
{
	struct finding *f = context;
	if (event) {
		f->known->found = true;
		f->failed = !upk_keep_event(&f->known->event, event, f->err);
	} else {
		f->failed = !keep_label(f->known, label, f->err);
	}
	return false;
}

bool upk_known_find(struct upk_ids *ids, struct upk_store *store, int64_t model, struct upk_text id,
	struct upk_known *known, struct upk_error *err)
{
	struct finding f = { .known = known, .err = err };
	*known = (struct upk_known){ 0 };
	bool done = upk_known_each(ids, store, false, model, id, take_newest, &f, err) && !f.failed;
	if (done && known->labelled && known->label.event != 0) {
		struct upk_event_row row;
		done = upk_event_get(store, known->label.event, &known->found, &row, err) &&
			(!known->found || upk_keep_event(&known->event, &row, err));
		known->labelled = known->found;
	}
	if (!done)
		upk_known_finish(known);
	return done;
}

void upk_known_finish(struct upk_known *known)
{
	upk_kept_finish(&known->event);
	upk_buffer_finish(&known->class);
}

static bool completing_class(const struct upk_event_row *row, struct upk_store *store,
	struct upk_text *class, struct upk_error *err)
{
	struct upk_place_row place;
	struct upk_label_row label;
	bool found;
	if (!upk_place_get(store, row->model, row->place, &found, &place, err) ||
		(found && !upk_label_get(store, place.label, &found, &label, err)))
		return false;
	if (!found)
		return upk_fail(err, UPK_CORRUPT, "event %lld is complete and has no label",
			(long long)row->seq);
	*class = label.class;
	return true;
}

bool upk_known_class(const struct upk_known *known, struct upk_store *store, struct upk_text *class,
	struct upk_error *err)
{
	const struct upk_event_row *row = &known->event.row;
	*class = known->labelled ? known->label.class : row->label;
	if (class->data || row->place == 0)
		return true;
	return completing_class(row, store, class, err);
}

bool upk_known_place(const struct upk_known *known, struct upk_store *store, int64_t *place,
	struct upk_error *err)
{
	struct upk_revision_row revision;
	bool found;
	*place = known->event.row.place;
	if (*place == 0 && known->labelled)
		*place = known->label.place;
	if (*place != 0 || !known->labelled)
		return true;
	if (!upk_revision_last(store, known->event.row.seq, INT64_MAX, &found, &revision, err))
		return false;
	*place = found ? revision.place : 0;
	return true;
}
