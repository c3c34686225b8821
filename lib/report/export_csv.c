#include "report/export_csv.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "base/json_writer.h"
#include "base/number.h"
#include "base/time.h"
#include "store/item.h"
#include "store/place.h"

enum { PIECE = 2000, COLUMNS = 5 }; /* places of one read transaction */

static const char *const columns[COLUMNS] = { "id", "timestamp", "predicted", "score", "label" };

struct table {
	struct upk_export *x;
	unsigned char *done;      /* a bit a sequence number: the event has its row */
	struct upk_buffer shown;  /* features of the row at hand, as JSON */
	struct upk_buffer found;  /* struct found */
	struct upk_buffer labels; /* their text */
};

/* A place's event with its label, to be written when the scan has ended. */
struct found {
	int64_t event;   /* its sequence number */
	size_t at, size; /* of its label; size SIZE_MAX: none */
};

/* What a reader would take for a number or for a missing value is quoted where it is neither. */
static bool needs_quotes(struct upk_text text)
{
	static const char *const missing[] = { "", "?", "NA", "N/A", "NaN", "nan", "null", "None" };
	for (size_t i = 0; i < sizeof missing / sizeof missing[0]; i++)
		if (upk_text_is(text, missing[i]))
			return true;
	for (size_t i = 0; i < text.size; i++)
		if (strchr(",\"\r\n", text.data[i]))
			return true;
	return text.data[0] == ' ' || text.data[text.size - 1] == ' ';
}

static void write_text(struct upk_buffer *out, struct upk_text text)
{
	if (!text.data)
		return;
	if (!needs_quotes(text)) {
		upk_buffer_append(out, text.data, text.size);
		return;
	}
	upk_buffer_putc(out, '"');
	for (size_t i = 0; i < text.size; i++) {
		if (text.data[i] == '"')
			upk_buffer_putc(out, '"');
		upk_buffer_putc(out, text.data[i]);
	}
	upk_buffer_putc(out, '"');
}

static void write_number(struct upk_buffer *out, double x)
{
	char text[UPK_NUMBER_SIZE];
	upk_buffer_append(out, text, upk_number_print(x, text));
}

static bool write_value(struct upk_buffer *out, const cJSON *value)
{
	if (cJSON_IsNumber(value)) {
		write_number(out, value->valuedouble);
	} else if (cJSON_IsString(value)) {
		write_text(out, upk_text_of(value->valuestring));
	} else if (cJSON_IsArray(value)) {
		char *text = upk_json_print(value);
		if (!text)
			return false;
		write_text(out, upk_text_of(text));
		free(text);
	}
	return true;
}

static bool write_features(struct table *t, const struct upk_event_row *row, struct upk_error *err)
{
	struct upk_export *x = t->x;
	const struct upk_features *wanted = x->schema->features;
	cJSON *json = NULL;
	upk_buffer_clear(&t->shown);
	if (row->features.data) {
		const struct upk_features *list = upk_export_list(x, row->feature_list, err);
		if (!list)
			return false;
		struct upk_json_writer w = upk_json_writer_on(&t->shown);
		bool shown = upk_features_show(list, row->features, &w, NULL);
		json = shown && !t->shown.failed ? upk_json_parse(upk_buffer_text(&t->shown), err)
						 : NULL;
		if (!json)
			return shown ? false
				     : upk_fail(err, UPK_CORRUPT,
					       "event %lld: its features do not follow list %lld",
					       (long long)row->seq, (long long)row->feature_list);
	}
	bool done = true;
	for (size_t i = 0; done && wanted && i < upk_features_count(wanted); i++) {
		const char *name = upk_features_at(wanted, i)->name;
		upk_buffer_putc(&x->lines, ',');
		done = write_value(&x->lines, cJSON_GetObjectItemCaseSensitive(json, name));
	}
	cJSON_Delete(json);
	return done || upk_fail(err, UPK_NOMEM, "no memory for a row");
}

static bool write_row(struct table *t, const struct upk_event_row *row, struct upk_text label,
	struct upk_error *err)
{
	struct upk_buffer *out = &t->x->lines;
	char time[UPK_TIME_SIZE];
	write_text(out, row->id);
	upk_buffer_putc(out, ',');
	upk_buffer_append(out, time, upk_time_print(row->time, time));
	upk_buffer_putc(out, ',');
	write_text(out, row->predicted);
	upk_buffer_putc(out, ',');
	if (row->scored)
		write_number(out, row->score);
	upk_buffer_putc(out, ',');
	write_text(out, label);
	if (!write_features(t, row, err))
		return false;
	upk_buffer_putc(out, '\n');
	t->x->rows++;
	return true;
}

/* A feature of the same name keeps it; the column gets underscores in front. */
static void write_header(struct upk_export *x)
{
	const struct upk_features *features = x->schema->features;
	for (size_t i = 0; i < COLUMNS; i++) {
		char name[32];
		size_t size = (size_t)snprintf(name, sizeof name, "%s", columns[i]);
		while (features && size + 1 < sizeof name &&
			upk_features_find(features, (struct upk_text){ name, size }) >= 0) {
			memmove(name + 1, name, ++size);
			name[0] = '_';
		}
		if (i > 0)
			upk_buffer_putc(&x->lines, ',');
		upk_buffer_append(&x->lines, name, size);
	}
	for (size_t i = 0; features && i < upk_features_count(features); i++) {
		upk_buffer_putc(&x->lines, ',');
		write_text(&x->lines, upk_text_of(upk_features_at(features, i)->name));
	}
	upk_buffer_putc(&x->lines, '\n');
}

static bool take_place(void *context, const struct upk_known_row *row)
{
	struct table *t = context;
	const struct found found = { row->place.event, t->labels.size,
		row->actual.data ? row->actual.size : SIZE_MAX };
	upk_buffer_append(&t->found, &found, sizeof found);
	if (row->actual.data)
		upk_buffer_append(&t->labels, row->actual.data, row->actual.size);
	return !t->found.failed && !t->labels.failed;
}

/* With its feature list in memory: reading that would end the row's life. */
static bool get_event(struct upk_export *x, int64_t seq, bool *there, struct upk_event_row *row,
	struct upk_error *err)
{
	size_t known = x->lists_count;
	if (!upk_event_get(x->store, seq, there, row, err))
		return false;
	if (!*there || !row->features.data)
		return true;
	if (!upk_export_list(x, row->feature_list, err))
		return false;
	return x->lists_count == known || upk_event_get(x->store, seq, there, row, err);
}

static bool write_found(struct table *t, const struct found *found, struct upk_error *err)
{
	struct upk_event_row row;
	struct upk_text label = { t->labels.data + found->at, found->size };
	bool there;
	if (found->event > t->x->last_seq)
		return true;
	if (!get_event(t->x, found->event, &there, &row, err))
		return false;
	t->done[found->event / 8] |= (unsigned char)(1U << found->event % 8);
	if (!there || !upk_export_wants(t->x, row.time))
		return true;
	if (found->size == SIZE_MAX)
		label = (struct upk_text){ NULL, 0 };
	return write_row(t, &row, label, err);
}

static bool write_places(struct table *t, int64_t from, int64_t to, struct upk_error *err)
{
	const struct upk_scan scan = {
		.model = t->x->model, .from = from, .to = to, .as_of = INT64_MAX
	};
	upk_buffer_clear(&t->found);
	upk_buffer_clear(&t->labels);
	if (!upk_place_scan(t->x->store, &scan, take_place, t, err))
		return false;
	if (t->found.failed || t->labels.failed)
		return upk_fail(err, UPK_NOMEM, "no memory for the rows of an export");
	const struct found *found = (const struct found *)(const void *)t->found.data;
	for (size_t i = 0; i < t->found.size / sizeof *found; i++)
		if (!write_found(t, &found[i], err))
			return false;
	return true;
}

static bool write_complete(struct table *t, struct upk_error *err)
{
	int64_t last;
	if (!upk_place_last(t->x->store, t->x->model, &last, err))
		return false;
	for (int64_t from = 1; from <= last; from += PIECE) {
		if (!upk_store_begin_read(t->x->store, err))
			return false;
		bool done = write_places(t, from, from + PIECE, err);
		upk_store_end_read(t->x->store);
		int64_t share = (int64_t)((double)t->x->last_seq / 2 * (double)from / (double)last);
		if (!done || !upk_export_flush(t->x, share, err))
			return false;
	}
	return true;
}

/* Sequence numbers of the events without a row. */
static bool take_rest(void *context, const struct upk_item_row *row)
{
	struct table *t = context;
	int64_t seq = row->event.seq;
	if (row->is_label || (t->done[seq / 8] & 1U << seq % 8))
		return true;
	const struct found found = { seq, 0, SIZE_MAX };
	upk_buffer_append(&t->found, &found, sizeof found);
	return !t->found.failed;
}

static bool write_rest_of(struct table *t, int64_t after, int64_t to, struct upk_error *err)
{
	const struct upk_item_scan scan = { .model = t->x->model, .after = after, .to = to };
	upk_buffer_clear(&t->found);
	if (!upk_item_scan(t->x->store, &scan, take_rest, t, err))
		return false;
	if (t->found.failed)
		return upk_fail(err, UPK_NOMEM, "no memory for the rows of an export");
	const struct found *found = (const struct found *)(const void *)t->found.data;
	for (size_t i = 0; i < t->found.size / sizeof *found; i++)
		if (!write_found(t, &found[i], err))
			return false;
	return true;
}

static bool write_rest(struct table *t, struct upk_error *err)
{
	struct upk_export *x = t->x;
	for (int64_t after = 0; after < x->last_seq; after += PIECE) {
		int64_t to = after + PIECE < x->last_seq ? after + PIECE : x->last_seq;
		if (!upk_store_begin_read(x->store, err))
			return false;
		bool done = write_rest_of(t, after, to, err);
		upk_store_end_read(x->store);
		if (!done || !upk_export_flush(x, x->last_seq / 2 + to / 2, err))
			return false;
	}
	return true;
}

bool upk_export_csv(struct upk_export *x, struct upk_error *err)
{
	struct table t = { .x = x, .done = calloc((size_t)x->last_seq / 8 + 1, 1) };
	if (!t.done)
		return upk_fail(err, UPK_NOMEM, "no memory for %lld rows", (long long)x->last_seq);
	write_header(x);
	bool done = write_complete(&t, err) && write_rest(&t, err) &&
		upk_export_flush(x, x->last_seq, err);
	free(t.done);
	upk_buffer_finish(&t.shown);
	upk_buffer_finish(&t.found);
	upk_buffer_finish(&t.labels);
	return done;
}
