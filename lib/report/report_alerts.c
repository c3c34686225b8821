/* Alerts as the store has them. */
#include "report/report.h"
#include "report/report_parts.h"
#include "report/report_rows.h"
#include "store/alert.h"

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

bool upk_report_alerts(struct upk_engine *e, const char *model, const struct upk_list_query *query,
	struct upk_json_writer *w, struct upk_error *err)
{
	return upk_report_list(
		e, model, &(struct upk_report_kind){ "alerts", each_alert }, query, w, err);
}
