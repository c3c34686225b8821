/* The figures of each window. */
#include <math.h>
#include <string.h>

#include "metrics/metric.h"
#include "report/report.h"
#include "report/report_parts.h"
#include "store/event.h"
#include "windows/scores.h"

/* What is copied of a window under the model's lock. */
struct snapshot {
	const char *name; /* the configuration's */
	struct upk_confusion *counts;
	int64_t first_event; /* 0: no pairs */
	int64_t last_event;
	struct upk_scores_range range;
	double p50, p90, p99; /* of the label delays, seconds */
};

struct snapshots {
	struct upk_config *config; /* references */
	struct upk_schema *schema;
	struct snapshot windows[UPK_WINDOWS_MAX];
	size_t count;
};

static void snapshots_finish(struct snapshots *s)
{
	for (size_t i = 0; i < s->count; i++)
		upk_confusion_destroy(s->windows[i].counts);
	upk_schema_unref(s->schema);
	upk_config_unref(s->config);
}

static bool copy_window(
	const struct upk_model *m, size_t i, struct snapshot *out, struct upk_error *err)
{
	const struct upk_window *window = m->tail->windows.at[i];
	const struct upk_window_config *config = &m->tail->config->windows[i];
	*out = (struct snapshot){
		.name = config->name,
		.counts = upk_confusion_copy(upk_window_counts(window), err),
		.first_event = upk_window_first_event(window),
		.last_event = m->tail->event,
		.range = upk_scores_range(window, m->number, m->tail->place),
		.p50 = upk_window_delay(window, 0.5),
		.p90 = upk_window_delay(window, 0.9),
		.p99 = upk_window_delay(window, 0.99),
	};
	return out->counts != NULL;
}

/* name NULL: all windows. The caller finishes s, on failure too. */
static bool take_snapshots(
	struct upk_model *m, const char *name, struct snapshots *s, struct upk_error *err)
{
	*s = (struct snapshots){ 0 };
	if (!upk_model_begin_read(m, err))
		return false;

	const struct upk_tail *t = m->tail;
	bool copied = true;
	s->config = upk_config_ref(t->config);
	s->schema = upk_schema_ref(t->schema);
	for (size_t i = 0; copied && i < t->config->windows_count; i++) {
		if (name && strcmp(name, t->config->windows[i].name) != 0)
			continue;
		copied = copy_window(m, i, &s->windows[s->count], err);
		s->count += copied;
	}
	upk_model_end_read(m);
	if (!copied || !name || s->count > 0)
		return copied;
	char known[UPK_SPELLING_SIZE];
	return upk_fail(err, UPK_NOT_FOUND,
		"window '%s': model '%s' has none of that name: want one of %s", name, m->name,
		upk_config_window_names(s->config, known));
}

/* A figure as its value or, with a level, as its interval. */
struct figures {
	const struct upk_confusion *counts;
	const struct upk_schema *schema;
	double level; /* NAN: values */
};

static void write_interval(struct upk_interval i, const char *name, struct upk_json_writer *w)
{
	if (isnan(i.low) || isnan(i.high)) {
		upk_json_null(w, name);
		return;
	}
	upk_json_array(w, name);
	upk_json_double(w, NULL, i.low);
	upk_json_double(w, NULL, i.high);
	upk_json_array_end(w);
}

static void write_figure(
	const struct figures *f, struct upk_measure measure, struct upk_json_writer *w)
{
	const char *name = upk_metric_name(measure.metric);
	if (isnan(f->level))
		upk_json_double(w, name, upk_measure_value(measure, f->counts));
	else
		write_interval(upk_measure_interval(measure, f->counts, f->level), name, w);
}

static void write_accuracy(const struct figures *f, struct upk_json_writer *w)
{
	write_figure(f, (struct upk_measure){ .metric = upk_metric_find("accuracy") }, w);
}

/* Every other metric of the whole window that needs no scores. */
static void write_wholes(const struct figures *f, struct upk_json_writer *w)
{
	const struct upk_metric *metric, *accuracy = upk_metric_find("accuracy");
	for (size_t i = 0; (metric = upk_metric_at(i)) != NULL; i++)
		if (metric != accuracy && !upk_metric_per_class(metric) &&
			upk_metric_needs(metric) == UPK_METRIC_COUNTS)
			write_figure(f, (struct upk_measure){ .metric = metric }, w);
}

/* Precision, recall, F1: every metric that a class has. */
static void write_per_class(
	const struct figures *f, enum upk_average average, size_t class, struct upk_json_writer *w)
{
	const struct upk_metric *metric;
	for (size_t i = 0; (metric = upk_metric_at(i)) != NULL; i++)
		if (upk_metric_per_class(metric))
			write_figure(
				f, (struct upk_measure){ metric, average, (uint16_t) class }, w);
}

static void write_classes(const struct figures *f, struct upk_json_writer *w)
{
	upk_json_object(w, "classes");
	for (size_t k = 0; k < f->schema->classes_count; k++) {
		upk_json_key(w, f->schema->classes[k]);
		upk_json_object(w, NULL);
		write_per_class(f, UPK_AVERAGE_CLASS, k, w);
		if (isnan(f->level))
			upk_json_int(w, "support", (int64_t)upk_confusion_actual(f->counts, k));
		upk_json_object_end(w);
	}
	upk_json_object_end(w);
}

/* The part that values and intervals have alike. */
static void write_figures(const struct figures *f, struct upk_json_writer *w)
{
	static const struct {
		const char *name;
		enum upk_average average;
	} averages[] = {
		{ "macro", UPK_AVERAGE_MACRO },
		{ "micro", UPK_AVERAGE_MICRO },
		{ "weighted", UPK_AVERAGE_WEIGHTED },
	};
	write_accuracy(f, w);
	if (f->schema->positive >= 0)
		write_per_class(f, UPK_AVERAGE_CLASS, (size_t)f->schema->positive, w);
	write_classes(f, w);
	for (size_t i = 0; i < sizeof averages / sizeof averages[0]; i++) {
		upk_json_object(w, averages[i].name);
		write_per_class(f, averages[i].average, 0, w);
		upk_json_object_end(w);
	}
}

static void write_confusion(const struct figures *f, struct upk_json_writer *w)
{
	size_t classes = f->schema->classes_count;
	upk_json_object(w, "confusion");
	upk_json_array(w, "classes");
	for (size_t k = 0; k < classes; k++)
		upk_json_text(w, NULL, f->schema->classes[k]);
	upk_json_array_end(w);
	upk_json_array(w, "matrix");
	for (size_t i = 0; i < classes; i++) {
		upk_json_array(w, NULL);
		for (size_t j = 0; j < classes; j++)
			upk_json_int(w, NULL, (int64_t)upk_confusion_cell(f->counts, i, j));
		upk_json_array_end(w);
	}
	upk_json_array_end(w);
	upk_json_object_end(w);
}

static void write_delay(const struct snapshot *s, struct upk_json_writer *w)
{
	upk_json_object(w, "label_delay");
	upk_json_double(w, "p50", s->p50);
	upk_json_double(w, "p90", s->p90);
	upk_json_double(w, "p99", s->p99);
	upk_json_object_end(w);
}

/* `events` are predictions: examples between them are not waiting for anything. */
static bool write_coverage(const struct upk_report *r, const struct snapshot *s,
	struct upk_json_writer *w, struct upk_error *err)
{
	int64_t events = 0, gone = 0;
	double pairs = (double)upk_confusion_pairs(s->counts);
	if (s->first_event != 0) {
		if (!upk_event_count_gone(r->rows, r->model->number, s->first_event, s->last_event,
			    &gone, err))
			return false;
		events = s->last_event - s->first_event + 1 - gone;
	}
	upk_json_int(w, "pairs", (int64_t)upk_confusion_pairs(s->counts));
	upk_json_int(w, "events", events);
	upk_json_double(w, "coverage", events ? pairs / (double)events : NAN);
	return true;
}

static bool write_scores(const struct upk_report *r, const struct snapshot *s,
	const struct upk_schema *schema, struct upk_json_writer *w, struct upk_error *err)
{
	struct upk_score_metrics values;
	const struct upk_metric *metric;
	size_t scored;
	if (!upk_scores_read(r->rows, schema, &s->range, &values, &scored, err))
		return false;
	upk_json_int(w, "scored", (int64_t)scored);
	for (size_t i = 0; (metric = upk_metric_at(i)) != NULL; i++)
		if (upk_metric_needs(metric) == UPK_METRIC_SCORES)
			upk_json_double(w, upk_metric_name(metric),
				upk_score_value(&values, upk_metric_name(metric)));
	return true;
}

static bool write_window(const struct upk_report *r, const struct snapshot *s,
	const struct upk_schema *schema, const struct upk_metrics_query *query,
	struct upk_json_writer *w, struct upk_error *err)
{
	const struct figures values = { s->counts, schema, NAN };
	const struct figures intervals = { s->counts, schema, query->level };
	upk_json_key(w, upk_text_of(s->name));
	upk_json_object(w, NULL);
	if (!write_coverage(r, s, w, err))
		return false;
	write_delay(s, w);
	write_figures(&values, w);
	write_confusion(&values, w);
	write_wholes(&values, w);
	upk_json_object(w, "intervals");
	upk_json_double(w, "level", query->level);
	write_figures(&intervals, w);
	upk_json_object_end(w);
	if (query->scores && !write_scores(r, s, schema, w, err))
		return false;
	upk_json_object_end(w);
	return true;
}

static bool write_windows(const struct upk_report *r, const struct snapshots *s,
	const struct upk_metrics_query *query, struct upk_json_writer *w, struct upk_error *err)
{
	upk_json_object(w, NULL);
	upk_json_string(w, "model", r->model->name);
	upk_json_object(w, "windows");
	for (size_t i = 0; i < s->count; i++)
		if (!write_window(r, &s->windows[i], s->schema, query, w, err))
			return false;
	upk_json_object_end(w);
	upk_json_object_end(w);
	return true;
}

/* Counts are copied before the rows are opened: the rows then hold every pair that was counted. */
bool upk_report_metrics(struct upk_engine *e, const char *model,
	const struct upk_metrics_query *query, struct upk_json_writer *w, struct upk_error *err)
{
	struct upk_report r = { .engine = e, .model = upk_registry_get(e->registry, model, err) };
	struct snapshots s;
	if (!r.model)
		return false;

	bool written = false;
	if (take_snapshots(r.model, query->window, &s, err)) {
		r.rows = upk_report_rows(e, err);
		written = r.rows && write_windows(&r, &s, query, w, err);
		upk_report_rows_end(e, r.rows);
	}
	snapshots_finish(&s);
	upk_model_unref(r.model);
	return written;
}
