/* Alerts and runs as the store has them. */
#include "engine/report.h"
#include "engine/report_parts.h"
#include "engine/report_rows.h"
#include "engine/trainer.h"
#include "engine/trials.h"
#include "store/alert.h"
#include "store/run.h"

int64_t upk_report_limit(const struct upk_list_query *query)
{
	return query->limit ? query->limit : 100;
}

void upk_report_write_alert(
	const struct upk_alert_row *row, struct upk_json_writer *w, const char *key)
{
	upk_json_object(w, key);
	upk_json_int(w, "alert", row->alert);
	upk_json_text(w, "rule", row->rule);
	upk_json_text(w, "state", row->state);
	upk_json_time(w, "fired", row->fired);
	upk_json_int(w, "place", row->place);
	upk_json_double(w, "value", row->value);
	upk_json_double(w, "bound", row->bound);
	upk_json_double(w, "threshold", row->threshold);
	upk_json_int(w, "pairs", row->pairs);
	upk_json_int_or_null(w, "change", row->change);
	upk_json_int_or_null(w, "run_at", row->run_at);
	upk_json_int_or_null(w, "run", row->run);
	upk_json_time_or_null(w, "resolved", row->resolved);
	upk_json_text(w, "resolved_by", row->resolved_by);
	upk_json_text(w, "detail", row->detail);
	upk_json_object_end(w);
}

static bool take_alert(void *context, const struct upk_alert_row *row)
{
	upk_report_write_alert(row, context, NULL);
	return true;
}

static bool each_alert(struct upk_store *rows, int64_t model, const struct upk_filter *filter,
	struct upk_json_writer *w, struct upk_error *err)
{
	return upk_alert_each(rows, model, filter, take_alert, w, err);
}

/* Members of an open object. */
static void write_run(const struct upk_run_row *row, struct upk_json_writer *w)
{
	upk_json_int(w, "run", row->run);
	upk_json_text(w, "state", row->state);
	upk_json_text(w, "kind", row->kind);
	upk_json_text(w, "rule", row->rule);
	upk_json_text(w, "reason", row->reason);
	upk_json_int_or_null(w, "alert", row->alert);
	upk_json_int(w, "now", row->now);
	upk_json_int_or_null(w, "change", row->change);
	upk_json_int(w, "as_of", row->as_of);
	upk_json_int(w, "seed", row->seed);
	upk_json_time(w, "queued", row->queued);
	upk_json_time_or_null(w, "started", row->started);
	upk_json_time_or_null(w, "ended", row->ended);
	upk_json_raw_or_null(w, "candidates", row->candidates);
	upk_json_raw_or_null(w, "gate", row->gate);
	upk_json_text(w, "verdict", row->verdict);
	upk_json_int_or_null(w, "version", row->version);
}

static bool take_run(void *context, const struct upk_run_row *row)
{
	upk_json_object(context, NULL);
	write_run(row, context);
	upk_json_object_end(context);
	return true;
}

static bool each_run(struct upk_store *rows, int64_t model, const struct upk_filter *filter,
	struct upk_json_writer *w, struct upk_error *err)
{
	return upk_run_each(rows, model, filter, take_run, w, err);
}

/* {key: [each row of the query]} */
struct list {
	const char *key;
	bool (*each)(struct upk_store *rows, int64_t model, const struct upk_filter *filter,
		struct upk_json_writer *w, struct upk_error *err);
};

static bool write_list(struct upk_engine *e, const char *model, const struct list *list,
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
	upk_json_array(w, list->key);
	bool read = list->each(r.rows, r.model->number, &filter, w, err);
	upk_json_array_end(w);
	upk_json_object_end(w);
	upk_report_close(&r);
	return read;
}

bool upk_report_alerts(struct upk_engine *e, const char *model, const struct upk_list_query *query,
	struct upk_json_writer *w, struct upk_error *err)
{
	return write_list(e, model, &(struct list){ "alerts", each_alert }, query, w, err);
}

bool upk_report_runs(struct upk_engine *e, const char *model, const struct upk_list_query *query,
	struct upk_json_writer *w, struct upk_error *err)
{
	return write_list(e, model, &(struct list){ "runs", each_run }, query, w, err);
}

/* null unless it is going on. */
static void write_progress(
	struct upk_engine *e, const struct upk_model *m, int64_t run, struct upk_json_writer *w)
{
	size_t done, total;
	if (!upk_trainer_progress(e->trainer, m, run, &done, &total)) {
		upk_json_null(w, "progress");
		return;
	}
	upk_json_object(w, "progress");
	upk_json_int(w, "done", (int64_t)done);
	upk_json_int(w, "total", (int64_t)total);
	upk_json_object_end(w);
}

bool upk_report_run(struct upk_engine *e, const char *model, int64_t run, struct upk_json_writer *w,
	struct upk_error *err)
{
	struct upk_report r;
	struct upk_run_row row;
	bool found = false;
	if (!upk_report_open(e, model, &r, err))
		return false;

	bool read = upk_run_get(r.rows, r.model->number, run, &found, &row, err);
	if (read && found) {
		upk_json_object(w, NULL);
		write_run(&row, w);
		write_progress(e, r.model, run, w);
		read = upk_trials_write(r.rows, r.model->number, run, w, "trials", err);
		upk_json_object_end(w);
	}
	upk_report_close(&r);
	if (read && !found)
		return upk_fail(err, UPK_NOT_FOUND, "run %lld: model '%s' has none of that number",
			(long long)run, model);
	return read;
}
