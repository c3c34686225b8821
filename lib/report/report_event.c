/* One event: what is stored of it, and its labels. */
#include <math.h>
#include <stdlib.h>

#include "intake/known.h"
#include "report/report.h"
#include "report/report_parts.h"
#include "store/event.h"
#include "store/label.h"

static void write_version(struct upk_made_by version, struct upk_json_writer *w)
{
	if (version.name.data)
		upk_json_text(w, "version", version.name);
	else
		upk_json_int_or_null(w, "version", version.number);
}

/* By class: scores follow the order of the classes known when they came, and classes only grow. */
static void write_scores(
	const struct upk_event_row *row, const struct upk_schema *schema, struct upk_json_writer *w)
{
	upk_json_double(w, "score", row->scored ? row->score : NAN);
	if (!row->scores) {
		upk_json_null(w, "scores");
		return;
	}
	upk_json_object(w, "scores");
	for (size_t i = 0; i < row->scores_count && i < schema->classes_count; i++) {
		upk_json_key(w, schema->classes[i]);
		upk_json_double(w, NULL, row->scores[i]);
	}
	upk_json_object_end(w);
}

static bool write_features(const struct upk_report *r, const struct upk_event_row *row,
	struct upk_json_writer *w, struct upk_error *err)
{
	struct upk_features *list;
	if (!row->features.data) {
		upk_json_null(w, "features");
		return true;
	}
	if (!upk_read_feature_list(r->rows, r->model->number, row->feature_list, &list, err))
		return false;
	bool shown = upk_features_show(list, row->features, w, "features");
	upk_features_unref(list);
	return shown ||
		upk_fail(err, UPK_CORRUPT, "event %lld: its features do not follow list %lld",
			(long long)row->seq, (long long)row->feature_list);
}

static void write_label(struct upk_text class, int64_t time, int64_t arrival,
	struct upk_text source, struct upk_json_writer *w)
{
	upk_json_object(w, NULL);
	upk_json_text(w, "label", class);
	upk_json_time(w, "timestamp", time);
	upk_json_time(w, "arrival", arrival);
	upk_json_text(w, "source", source);
	upk_json_object_end(w);
}

/* The event of an id, and its labels. */
struct found {
	bool event;
	struct upk_kept_event kept;
	int64_t place;   /* of the label that completed it; 0: none did */
	int64_t *labels; /* (count) sequence numbers, newest first */
	size_t count, capacity;
	struct upk_error *err;
	bool failed;
};

static void found_finish(struct found *f)
{
	upk_kept_finish(&f->kept);
	free(f->labels);
}

static bool add_label(struct found *f, const struct upk_label_row *label)
{
	if (f->count == f->capacity) {
		size_t capacity = f->capacity ? 2 * f->capacity : 8;
		int64_t *labels = realloc(f->labels, capacity * sizeof *labels);
		if (!labels)
			return upk_fail(f->err, UPK_NOMEM, "no memory for an event's labels");
		f->labels = labels;
		f->capacity = capacity;
	}
	f->labels[f->count++] = label->seq;
	f->place = label->place != 0 ? label->place : f->place;
	return true;
}

static bool take(
	void *context, const struct upk_event_row *event, const struct upk_label_row *label)
{
	struct found *f = context;
	/* What came before the event belongs to an older one of that id, which has gone. */
	bool other = !event && f->event && label->event != f->kept.row.seq;
	if (event)
		f->failed = !upk_keep_event(&f->kept, event, f->err);
	else if (!other)
		f->failed = !add_label(f, label);
	f->event = f->event || (event && !f->failed);
	return !f->failed;
}

static bool write_labels(const struct upk_report *r, const struct found *f,
	struct upk_json_writer *w, struct upk_error *err)
{
	const struct upk_event_row *row = &f->kept.row;
	struct upk_label_row label;
	bool there, read = true;
	upk_json_array(w, "labels");
	if (row->label.data)
		write_label(row->label, row->time, row->arrival, (struct upk_text){ NULL, 0 }, w);
	for (size_t i = f->count; read && i > 0; i--) {
		read = upk_label_get(r->rows, f->labels[i - 1], &there, &label, err);
		if (read && there)
			write_label(label.class, label.time, label.arrival, label.source, w);
	}
	upk_json_array_end(w);
	return read;
}

static bool write_event(const struct upk_report *r, const struct found *f,
	const struct upk_schema *schema, struct upk_json_writer *w, struct upk_error *err)
{
	const struct upk_event_row *row = &f->kept.row;
	int64_t place = row->place != 0 ? row->place : f->place;

	upk_json_object(w, NULL);
	upk_json_text(w, "id", row->id);
	upk_json_time(w, "timestamp", row->time);
	upk_json_time(w, "arrival", row->arrival);
	upk_json_text(w, "predicted", row->predicted);
	write_scores(row, schema, w);
	write_version(row->version, w);
	upk_json_int_or_null(w, "revision", row->version.revision);
	upk_json_raw_or_null(w, "slices", row->slices);
	upk_json_raw_or_null(w, "meta", row->meta);
	bool read = write_features(r, row, w, err);
	upk_json_bool(w, "pair", place != 0 && row->predicted.data);
	upk_json_int_or_null(w, "place", place);
	read = read && write_labels(r, f, w, err);
	upk_json_object_end(w);
	return read;
}

/* Without the tail the schema may be missing too: classes are then not known yet. */
static struct upk_schema *schema_of(struct upk_model *m, struct upk_error *err)
{
	if (!upk_model_begin_read(m, err))
		return NULL;
	struct upk_schema *schema = upk_schema_ref(m->schema);
	upk_model_end_read(m);
	return schema;
}

static bool find_and_write(const struct upk_report *r, struct upk_text id,
	struct upk_json_writer *w, struct upk_error *err)
{
	struct found f = { .err = err };
	struct upk_schema *schema = NULL;
	bool done = upk_known_each(
			    r->engine->ids, r->rows, true, r->model->number, id, take, &f, err) &&
		!f.failed;
	if (done && !f.event)
		done = upk_fail(err, UPK_NOT_FOUND, "event '%.*s': model '%s' has none of that id",
			(int)id.size, id.data, r->model->name);
	if (done)
		schema = schema_of(r->model, err);
	done = schema && write_event(r, &f, schema, w, err);
	upk_schema_unref(schema);
	found_finish(&f);
	return done;
}

bool upk_report_event(struct upk_engine *e, const char *model, struct upk_text id,
	struct upk_json_writer *w, struct upk_error *err)
{
	struct upk_report r;
	if (!upk_report_open(e, model, &r, err))
		return false;
	bool done = find_and_write(&r, id, w, err);
	upk_report_close(&r);
	return done;
}
