/* Inside the reports: a model looked up, and one state of its rows. */
#ifndef UPK_REPORT_REPORT_PARTS_H
#define UPK_REPORT_REPORT_PARTS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"
#include "base/json_writer.h"
#include "base/text.h"
#include "core/core.h"
#include "core/model.h"
#include "report/report.h"
#include "store/filter.h"
#include "store/store.h"

/* A metric of a window's counts as rules have it: the positive class's, or the macro average; NAN:
 * undefined. Under the model's lock. */
double upk_report_value(
	const struct upk_tail *t, const char *metric, const struct upk_confusion *counts);

/* A connection on which all reads see one state. NULL: the store's error. */
struct upk_store *upk_report_rows(struct upk_engine *e, struct upk_error *err);
void upk_report_rows_end(struct upk_engine *e, struct upk_store *rows); /* NULL is fine */

/* A model with its rows; what a caller took before a lock is never newer than they are. One thread,
 * which closes what it opened. false: UPK_NOT_FOUND (no such model) or the store's error; then
 * there is nothing to close. */
struct upk_report {
	struct upk_engine *engine;
	struct upk_model *model;
	struct upk_store *rows;
};
bool upk_report_open(
	struct upk_engine *e, const char *model, struct upk_report *r, struct upk_error *err);
void upk_report_close(struct upk_report *r);

/* How many rows the query wants. */
int64_t upk_report_limit(const struct upk_list_query *query);

/* {key: [each row of the query]}; upk_report_list fails as upk_report_open. */
struct upk_report_kind {
	const char *key;
	bool (*each)(struct upk_store *rows, int64_t model, const struct upk_filter *filter,
		struct upk_json_writer *w, struct upk_error *err);
};
bool upk_report_list(struct upk_engine *e, const char *model, const struct upk_report_kind *kind,
	const struct upk_list_query *query, struct upk_json_writer *w, struct upk_error *err);

/* 0 is null. */
void upk_json_int_or_null(struct upk_json_writer *w, const char *key, int64_t value);
void upk_json_time_or_null(struct upk_json_writer *w, const char *key, int64_t ms);
/* Absent or empty, which is no JSON, is null. */
void upk_json_raw_or_null(struct upk_json_writer *w, const char *key, struct upk_text json);

#endif
