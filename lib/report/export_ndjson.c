#include "report/export_ndjson.h"

#include "base/json_writer.h"
#include "store/item.h"

enum { PIECE = 10000 }; /* sequence numbers of one read transaction */

static void write_scores(
	const struct upk_export *x, const struct upk_event_row *row, struct upk_json_writer *w)
{
	if (row->scored)
		upk_json_double(w, "score", row->score);
	if (!row->scores)
		return;
	upk_json_object(w, "scores");
	for (size_t i = 0; i < row->scores_count && i < x->schema->classes_count; i++) {
		upk_json_key(w, x->schema->classes[i]);
		upk_json_double(w, NULL, row->scores[i]);
	}
	upk_json_object_end(w);
}

static void write_version(struct upk_made_by version, struct upk_json_writer *w)
{
	if (version.name.data)
		upk_json_text(w, "version", version.name);
	else if (version.number > 0)
		upk_json_int(w, "version", version.number);
}

/* An event's features, whose list may have to be read: not while a scan goes on. */
struct held {
	size_t at;   /* where they belong in `lines` */
	size_t from; /* in `features` */
	size_t size;
	int64_t list;
};

struct piece {
	struct upk_export *x;
	struct upk_buffer lines;    /* without features */
	struct upk_buffer features; /* encoded */
	struct upk_buffer held;     /* struct held */
};

static void hold_features(struct piece *p, const struct upk_event_row *row)
{
	const struct held held = { .at = p->lines.size,
		.from = p->features.size,
		.size = row->features.size,
		.list = row->feature_list };
	upk_buffer_append(&p->features, row->features.data, row->features.size);
	upk_buffer_append(&p->held, &held, sizeof held);
}

static void write_event(struct piece *p, const struct upk_event_row *row)
{
	struct upk_json_writer w = upk_json_writer_on(&p->lines);
	upk_json_object(&w, NULL);
	if (row->id.data)
		upk_json_text(&w, "id", row->id);
	upk_json_time(&w, "timestamp", row->time);
	if (row->predicted.data)
		upk_json_text(&w, "predicted", row->predicted);
	else if (!row->features.data)
		upk_json_bool(&w, "example", true); /* it would look like a label */
	write_scores(p->x, row, &w);
	write_version(row->version, &w);
	if (row->slices.data)
		upk_json_raw(&w, "slices", row->slices);
	if (row->meta.data)
		upk_json_raw(&w, "meta", row->meta);
	if (row->label.data)
		upk_json_text(&w, "label", row->label);
	if (row->features.data)
		hold_features(p, row);
	upk_json_object_end(&w);
	upk_buffer_putc(&p->lines, '\n');
}

static void write_label(struct piece *p, const struct upk_label_row *row)
{
	struct upk_json_writer w = upk_json_writer_on(&p->lines);
	upk_json_object(&w, NULL);
	upk_json_text(&w, "id", row->id);
	upk_json_text(&w, "label", row->class);
	upk_json_time(&w, "timestamp", row->time);
	if (row->source.data)
		upk_json_text(&w, "source", row->source);
	upk_json_object_end(&w);
	upk_buffer_putc(&p->lines, '\n');
}

static bool take(void *context, const struct upk_item_row *row)
{
	struct piece *p = context;
	int64_t time = row->is_label ? (row->event_time ? row->event_time : row->label.time)
				     : row->event.time;
	if (!upk_export_wants(p->x, time))
		return true;
	if (row->is_label)
		write_label(p, &row->label);
	else
		write_event(p, &row->event);
	p->x->rows++;
	return !p->lines.failed && !p->features.failed && !p->held.failed;
}

/* The lines, each event's features put in their place. */
static bool merge(struct piece *p, struct upk_error *err)
{
	struct upk_export *x = p->x;
	const struct held *held = (const struct held *)(const void *)p->held.data;
	size_t count = p->held.size / sizeof *held, at = 0;
	for (size_t i = 0; i < count; i++) {
		const struct upk_features *list = upk_export_list(x, held[i].list, err);
		if (!list)
			return false;
		upk_buffer_append(&x->lines, p->lines.data + at, held[i].at - at);
		at = held[i].at;
		struct upk_json_writer w = { .out = &x->lines, .comma = true };
		const struct upk_text encoded = { p->features.data + held[i].from, held[i].size };
		if (!upk_features_show(list, encoded, &w, "features"))
			return upk_fail(err, UPK_CORRUPT,
				"an event's features do not follow list %lld",
				(long long)held[i].list);
	}
	if (p->lines.size > at)
		upk_buffer_append(&x->lines, p->lines.data + at, p->lines.size - at);
	return true;
}

static bool read_piece(struct piece *p, int64_t after, int64_t to, struct upk_error *err)
{
	const struct upk_export_options *o = p->x->options;
	const struct upk_item_scan scan = { .model = p->x->model,
		.after = after,
		.to = to,
		.with_event_time = o->from != 0 || o->to != 0 };
	upk_buffer_clear(&p->lines);
	upk_buffer_clear(&p->features);
	upk_buffer_clear(&p->held);
	if (!upk_store_begin_read(p->x->store, err))
		return false;
	bool done = upk_item_scan(p->x->store, &scan, take, p, err);
	upk_store_end_read(p->x->store);
	if (p->lines.failed || p->features.failed || p->held.failed)
		return upk_fail(err, UPK_NOMEM, "no memory for the lines of an export");
	return done;
}

bool upk_export_ndjson(struct upk_export *x, struct upk_error *err)
{
	struct piece p = { .x = x };
	bool done = true;
	for (int64_t after = 0; done && after < x->last_seq; after += PIECE) {
		int64_t to = after + PIECE < x->last_seq ? after + PIECE : x->last_seq;
		done = read_piece(&p, after, to, err) && merge(&p, err) &&
			upk_export_flush(x, to, err);
	}
	upk_buffer_finish(&p.lines);
	upk_buffer_finish(&p.features);
	upk_buffer_finish(&p.held);
	return done;
}
