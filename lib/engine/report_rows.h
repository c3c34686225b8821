/* Inside the reports: rows as JSON, where more than one report shows them. */
#ifndef UPK_ENGINE_REPORT_ROWS_H
#define UPK_ENGINE_REPORT_ROWS_H

#include <stdint.h>

#include "base/json_writer.h"
#include "engine/report.h"
#include "store/alert.h"

int64_t upk_report_limit(const struct upk_list_query *query);

void upk_report_write_alert(
	const struct upk_alert_row *row, struct upk_json_writer *w, const char *key);

#endif
