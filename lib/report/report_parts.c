#include "report/report_parts.h"

#include <math.h>

double upk_report_value(
	const struct upk_tail *t, const char *metric, const struct upk_confusion *counts)
{
	const struct upk_measure_config config = { .name = (char *)metric };
	struct upk_measure measure;
	return upk_measure_resolve(&config, t->schema, &measure)
		? upk_measure_value(measure, counts)
		: NAN;
}

struct upk_store *upk_report_rows(struct upk_engine *e, struct upk_error *err)
{
	struct upk_store *rows = upk_readers_take(e->readers, err);
	if (!rows || upk_store_begin_read(rows, err))
		return rows;
	upk_readers_give_back(e->readers, rows);
	return NULL;
}

void upk_report_rows_end(struct upk_engine *e, struct upk_store *rows)
{
	if (!rows)
		return;
	upk_store_end_read(rows);
	upk_readers_give_back(e->readers, rows);
}

bool upk_report_open(
	struct upk_engine *e, const char *model, struct upk_report *r, struct upk_error *err)
{
	*r = (struct upk_report){ .engine = e, .model = upk_registry_get(e->registry, model, err) };
	if (!r->model)
		return false;
	r->rows = upk_report_rows(e, err);
	if (r->rows)
		return true;
	upk_model_unref(r->model);
	return false;
}

void upk_report_close(struct upk_report *r)
{
	upk_report_rows_end(r->engine, r->rows);
	upk_model_unref(r->model);
}

int64_t upk_report_limit(const struct upk_list_query *query)
{
	return query->limit ? query->limit : 100;
}

bool upk_report_list(struct upk_engine *e, const char *model, const struct upk_report_kind *kind,
	const struct upk_list_query *query, struct upk_json_writer *w, struct upk_error *err)
{
	const struct upk_filter filter = {
		.before = query->before,
		.from = query->from,
		.to = query->to,
		.limit = upk_report_limit(query),
	};
	struct upk_report r;
	if (!upk_report_open(e, model, &r, err))
		return false;

	upk_json_object(w, NULL);
	upk_json_array(w, kind->key);
	bool read = kind->each(r.rows, r.model->number, &filter, w, err);
	upk_json_array_end(w);
	upk_json_object_end(w);
	upk_report_close(&r);
	return read;
}

void upk_json_int_or_null(struct upk_json_writer *w, const char *key, int64_t value)
{
	if (value == 0)
		upk_json_null(w, key);
	else
		upk_json_int(w, key, value);
}

void upk_json_time_or_null(struct upk_json_writer *w, const char *key, int64_t ms)
{
	if (ms == 0)
		upk_json_null(w, key);
	else
		upk_json_time(w, key, ms);
}

void upk_json_raw_or_null(struct upk_json_writer *w, const char *key, struct upk_text json)
{
	if (json.size > 0)
		upk_json_raw(w, key, json);
	else
		upk_json_null(w, key);
}
