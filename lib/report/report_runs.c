/* Runs as the store has them, with their trials, and how far the one is that goes on. */
#include <stdlib.h>

#include "base/json.h"
#include "core/core.h"
#include "report/report.h"
#include "report/report_parts.h"
#include "report/report_rows.h"
#include "store/run.h"
#include "store/trial.h"
#include "writer/jobs.h"

static void write_json(const cJSON *json, const char *key, struct upk_json_writer *w)
{
	char *text = upk_json_print(json);
	if (text)
		upk_json_raw(w, key, upk_text_of(text));
	else
		w->out->failed = true;
	free(text);
}

/* What the learner was chosen by is stored in the gate, and no part of it. */
static void write_gate(struct upk_text stored, struct upk_json_writer *w)
{
	cJSON *gate = stored.data ? upk_json_parse(stored, NULL) : NULL;
	cJSON *choice = cJSON_DetachItemFromObjectCaseSensitive(gate, "choice");
	if (choice) {
		write_json(gate, "gate", w);
		write_json(choice, "choice", w);
	} else {
		upk_json_raw_or_null(w, "gate", stored);
		upk_json_null(w, "choice");
	}
	cJSON_Delete(choice);
	cJSON_Delete(gate);
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
	write_gate(row->gate, w);
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

bool upk_report_runs(struct upk_engine *e, const char *model, const struct upk_list_query *query,
	struct upk_json_writer *w, struct upk_error *err)
{
	return upk_report_list(
		e, model, &(struct upk_report_kind){ "runs", each_run }, query, w, err);
}

/* null unless it is going on. */
static void write_progress(
	struct upk_engine *e, const struct upk_model *m, int64_t run, struct upk_json_writer *w)
{
	size_t done, total;
	if (!upk_jobs_progress(e->jobs, m, run, &done, &total)) {
		upk_json_null(w, "progress");
		return;
	}
	upk_json_object(w, "progress");
	upk_json_int(w, "done", (int64_t)done);
	upk_json_int(w, "total", (int64_t)total);
	upk_json_object_end(w);
}

static bool write_trial(void *context, const struct upk_trial_row *row)
{
	struct upk_json_writer *w = context;
	upk_json_object(w, NULL);
	upk_json_int(w, "trial", row->trial);
	upk_json_text(w, "kind", row->kind);
	upk_json_text(w, "learner", row->learner);
	upk_json_raw(w, "settings", row->settings);
	upk_json_int_or_null(w, "parent", row->parent);
	upk_json_int(w, "from", row->from);
	upk_json_int(w, "to", row->to);
	upk_json_int(w, "rows", row->rows);
	upk_json_int(w, "seed", row->seed);
	upk_json_text(w, "state", row->state);
	upk_json_text(w, "error", row->error);
	upk_json_double(w, "score", row->score);
	upk_json_double(w, "seconds", row->seconds);
	upk_json_raw(w, "curve", row->curve);
	upk_json_object_end(w);
	return true;
}

bool upk_report_write_trials(struct upk_store *rows, int64_t model, int64_t run,
	struct upk_json_writer *w, struct upk_error *err)
{
	upk_json_array(w, "trials");
	bool done = upk_trial_each(rows, model, run, write_trial, w, err);
	upk_json_array_end(w);
	return done;
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
		read = upk_report_write_trials(r.rows, r.model->number, run, w, err);
		upk_json_object_end(w);
	}
	upk_report_close(&r);
	if (read && !found)
		return upk_fail(err, UPK_NOT_FOUND, "run %lld: model '%s' has none of that number",
			(long long)run, model);
	return read;
}
