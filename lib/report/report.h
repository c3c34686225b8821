/* What the engine knows, as JSON: the bodies of every GET. */
#ifndef UPK_REPORT_REPORT_H
#define UPK_REPORT_REPORT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buffer.h"
#include "base/error.h"
#include "base/json_writer.h"

struct upk_engine;

/* Any thread; each takes the model's lock only to copy, and reads rows through a read-only
 * connection. Each writes one JSON value (key NULL) and returns false with UPK_NOT_FOUND (no such
 * model, window, run, ...), UPK_INVALID (a query's value) or a store's error; what was written to
 * the buffer so far is then to be thrown away. */

bool upk_report_models(struct upk_engine *e, struct upk_json_writer *w, struct upk_error *err);

/* etag: of the configuration, 16 hex digits. */
bool upk_report_model(struct upk_engine *e, const char *model, char etag[20],
	struct upk_json_writer *w, struct upk_error *err);

struct upk_metrics_query {
	const char *window; /* NULL: all */
	double level;       /* of the intervals: 0.95 */
	bool scores;
};
bool upk_report_metrics(struct upk_engine *e, const char *model,
	const struct upk_metrics_query *query, struct upk_json_writer *w, struct upk_error *err);

struct upk_history_query {
	const char *window;  /* NULL: the first */
	const char *metric;  /* NULL: f1 */
	const char *average; /* NULL: the model's default */
	const char *class;   /* NULL: none */
	int64_t from, to;    /* ms, 0: open */
	int64_t points;      /* at most so many, evenly chosen; 0: all */
};
bool upk_report_history(struct upk_engine *e, const char *model,
	const struct upk_history_query *query, struct upk_json_writer *w, struct upk_error *err);

struct upk_list_query {
	int64_t limit, before; /* 0: 100, all */
	int64_t from, to;      /* ms, 0: open */
};
bool upk_report_rules(struct upk_engine *e, const char *model, struct upk_json_writer *w,
	struct upk_error *err);
bool upk_report_alerts(struct upk_engine *e, const char *model, const struct upk_list_query *query,
	struct upk_json_writer *w, struct upk_error *err);
bool upk_report_runs(struct upk_engine *e, const char *model, const struct upk_list_query *query,
	struct upk_json_writer *w, struct upk_error *err);
bool upk_report_run(struct upk_engine *e, const char *model, int64_t run, struct upk_json_writer *w,
	struct upk_error *err);
bool upk_report_versions(struct upk_engine *e, const char *model, const struct upk_list_query *query,
	struct upk_json_writer *w, struct upk_error *err);
/* version 0: the champion. */
bool upk_report_version(struct upk_engine *e, const char *model, int64_t version,
	struct upk_json_writer *w, struct upk_error *err);
/* Copies of a version that is adjusted live which predicted; of other versions none. */
bool upk_report_revisions(struct upk_engine *e, const char *model, int64_t version,
	const struct upk_list_query *query, struct upk_json_writer *w, struct upk_error *err);
/* The version's bytes (model.json) as they are. revision: of a version that is adjusted live; 0: the
 * copy that answers now, or did last. */
bool upk_report_version_bytes(struct upk_engine *e, const char *model, int64_t version,
	int64_t revision, struct upk_buffer *out, struct upk_error *err);
/* The same as an ONNX model (model.onnx); upk_predictor_write_onnx says of what form. */
bool upk_report_version_onnx(struct upk_engine *e, const char *model, int64_t version,
	int64_t revision, struct upk_buffer *out, struct upk_error *err);
bool upk_report_promotions(struct upk_engine *e, const char *model, struct upk_json_writer *w,
	struct upk_error *err);
bool upk_report_event(struct upk_engine *e, const char *model, struct upk_text id,
	struct upk_json_writer *w, struct upk_error *err);

/* Members of an open object: "store" (bytes, max_bytes, state: ok, nearly full, full), "oldest"
 * (arrival of the oldest stored item) and, while rows of
 * deleted models are taken away, "deleting": sequence numbers that are still to be looked at. */
void upk_report_health(struct upk_engine *e, struct upk_json_writer *w);

/* Prometheus text 0.0.4, or OpenMetrics 1.0 with its ending. Not JSON. */
bool upk_report_prometheus(struct upk_engine *e, bool openmetrics, struct upk_buffer *out,
	struct upk_error *err);

#endif
