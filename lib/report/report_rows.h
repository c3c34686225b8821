/* Inside the reports: rows as JSON, where more than one report shows them. */
#ifndef UPK_REPORT_REPORT_ROWS_H
#define UPK_REPORT_REPORT_ROWS_H

#include "base/json_writer.h"
#include "store/alert.h"

/* An alert as an object. */
void upk_report_write_alert(
	const struct upk_alert_row *row, struct upk_json_writer *w, const char *key);

/* The member "trials" of a run. false: the store's error. */
bool upk_report_write_trials(struct upk_store *rows, int64_t model, int64_t run,
	struct upk_json_writer *w, struct upk_error *err);

#endif
