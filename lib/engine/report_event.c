/* One event: what is stored of it, and its labels. */
#include <math.h>

#include "engine/intake.h"
#include "engine/report.h"
#include "engine/report_parts.h"
#include "store/event.h"
#include "store/label.h"
#include "store/place.h"

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

static bool take_label(void *context, const struct upk_label_row *row)
{
	write_label(row->class, row->time, row->arrival, row->source, context);
	return true;
}

static bool write_labels(const struct upk_report *r, const struct upk_event_row *row,
	struct upk_json_writer *w, struct upk_error *err)
{
	upk_json_array(w, "labels");
	if (row->label.data)
		write_label(row->label, row->time, row->arrival, (struct upk_text){ NULL, 0 }, w);
	bool read = upk_label_each(r->rows, r->model->number, row->seq,
		(struct upk_text){ NULL, 0 }, take_label, w, err);
	upk_json_array_end(w);
	return read;
}

static bool write_event(const struct upk_report *r, const struct upk_event_row *row,
	const struct upk_schema *schema, struct upk_json_writer *w, struct upk_error *err)
{
	struct upk_label_row completing;
	int64_t place = row->place;
	bool found;
	if (!upk_label_completing(r->rows, row->seq, &found, &completing, err))
		return false;
	if (found)
		place = completing.place;

	upk_json_object(w, NULL);
	upk_json_text(w, "id", row->id);
	upk_json_time(w, "timestamp", row->time);
	upk_json_time(w, "arrival", row->arrival);
	upk_json_text(w, "predicted", row->predicted);
	write_scores(row, schema, w);
	write_version(row->version, w);
	upk_json_raw_or_null(w, "slices", row->slices);
	upk_json_raw_or_null(w, "meta", row->meta);
	bool read = write_features(r, row, w, err);
	upk_json_bool(w, "pair", place != 0 && row->predicted.data);
	upk_json_int_or_null(w, "place", place);
	read = read && write_labels(r, row, w, err);
	upk_json_object_end(w);
	return read;
}

/* Without the tail the schema may be missing too: classes are then not known yet. */
static struct upk_schema *schema_of(struct upk_model *m, struct upk_error *err)
{
	if (!upk_report_lock(m, err))
		return NULL;
	struct upk_schema *schema = upk_schema_ref(m->schema);
	upk_report_unlock(m);
	return schema;
}

static bool find_and_write(const struct upk_report *r, struct upk_text id,
	struct upk_json_writer *w, struct upk_error *err)
{
	struct upk_event_row row;
	struct upk_kept_event kept;
	bool found;
	if (!upk_event_find(r->rows, r->model->number, id, &found, &row, err))
		return false;
	if (!found)
		return upk_fail(err, UPK_NOT_FOUND, "event '%.*s': model '%s' has none of that id",
			(int)id.size, id.data, r->model->name);
	if (!upk_keep_event(&kept, &row, err))
		return false;

	struct upk_schema *schema = schema_of(r->model, err);
	bool written = schema && write_event(r, &kept.row, schema, w, err);
	upk_schema_unref(schema);
	upk_kept_finish(&kept);
	return written;
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
