/* A metric's course: points of a window's history, each computed again from its counts. */

#include <math.h>
#include <string.h>

#include "metrics/metric.h"
#include "report/report.h"
#include "report/report_parts.h"
#include "store/history.h"
#include "windows/history.h"

/* What is asked, in the model's own terms. */
struct question {
	struct upk_config *config; /* references */
	struct upk_schema *schema;
	const char *window; /* the configuration's */
	const char *metric;
	struct upk_measure measure;
	const char *unseen; /* a positive class without values: it has not come yet; or NULL */
};

static void question_finish(struct question *q)
{
	upk_schema_unref(q->schema);
	upk_config_unref(q->config);
}

static bool find_window(
	struct question *q, const struct upk_model *m, const char *name, struct upk_error *err)
{
	for (size_t i = 0; i < q->config->windows_count; i++) {
		if (name && strcmp(name, q->config->windows[i].name) != 0)
			continue;
		q->window = q->config->windows[i].name;
		return true;
	}
	char known[UPK_SPELLING_SIZE];
	return upk_fail(err, UPK_NOT_FOUND,
		"window '%s': model '%s' has none of that name: want one of %s", name ? name : "",
		m->name, upk_config_window_names(q->config, known));
}

static bool is_average(const char *name)
{
	return strcmp(name, "macro") == 0 || strcmp(name, "micro") == 0 ||
		strcmp(name, "weighted") == 0;
}

/* Those that counts suffice for. */
static const char *list_metrics(char known[UPK_SPELLING_SIZE])
{
	const struct upk_metric *metric;
	bool fits = true;
	known[0] = '\0';
	for (size_t i = 0; fits && (metric = upk_metric_at(i)); i++)
		if (upk_metric_needs(metric) == UPK_METRIC_COUNTS)
			fits = upk_spelling_add(known, upk_text_of(upk_metric_name(metric)));
	return known;
}

static bool check_measure(
	const struct upk_history_query *query, const char *name, struct upk_error *err)
{
	const struct upk_metric *metric = upk_metric_find(name);
	char known[UPK_SPELLING_SIZE];
	if (!metric)
		return upk_fail(err, UPK_INVALID,
			"metric: '%s': there is no such metric: want one of %s", name,
			list_metrics(known));
	if (upk_metric_needs(metric) != UPK_METRIC_COUNTS)
		return upk_fail(err, UPK_INVALID,
			"metric: '%s': history keeps counts, not scores: want one of %s", name,
			list_metrics(known));
	if (query->average && !is_average(query->average))
		return upk_fail(err, UPK_INVALID, "average: '%s': want macro, micro or weighted",
			query->average);
	if (query->average && query->class)
		return upk_fail(err, UPK_INVALID, "average: '%s': not together with class '%s'",
			query->average, query->class);
	if ((query->average || query->class) && !upk_metric_per_class(metric))
		return upk_fail(err, UPK_INVALID, "%s: '%s': %s is of the whole window",
			query->average ? "average" : "class",
			query->average ? query->average : query->class, name);
	return true;
}

static bool find_measure(
	struct question *q, const struct upk_history_query *query, struct upk_error *err)
{
	q->metric = query->metric ? query->metric : "f1";
	const struct upk_measure_config config = {
		.name = (char *)q->metric,
		.class = (char *)query->class,
		.average = (char *)query->average,
	};
	if (!check_measure(query, q->metric, err))
		return false;
	if (upk_measure_resolve(&config, q->schema, &q->measure))
		return true;
	if (query->class)
		return upk_schema_no_class(
			q->schema, "class", upk_text_of(query->class), true, err);
	q->unseen = upk_measure_class(&config, q->schema);
	return true;
}

/* The caller finishes q, on failure too. */
static bool understand(struct upk_model *m, const struct upk_history_query *query,
	struct question *q, struct upk_error *err)
{
	*q = (struct question){ 0 };
	if (!upk_model_begin_read(m, err))
		return false;
	q->config = upk_config_ref(m->tail->config);
	q->schema = upk_schema_ref(m->tail->schema);
	upk_model_end_read(m);
	return find_window(q, m, query->window, err) && find_measure(q, query, err);
}

static bool count_point(void *context, const struct upk_history_row *row)
{
	(void)row;
	++*(int64_t *)context;
	return true;
}

struct series {
	const struct question *question;
	struct upk_json_writer *w;
	struct upk_confusion *counts;
	int64_t at, total, wanted; /* wanted <= total */
	int64_t written;
	struct upk_error *err;
	bool failed;
};

/* The index of the i-th point that is shown: the first and the last are, and the others stand
 * evenly between them. One alone is the last. */
static int64_t chosen(const struct series *s, int64_t i)
{
	if (s->wanted == 1)
		return s->total - 1;
	return (int64_t)((double)i * (double)(s->total - 1) / (double)(s->wanted - 1) + 0.5);
}

static bool write_point(void *context, const struct upk_history_row *row)
{
	struct series *s = context;
	const struct question *q = s->question;
	if (s->written == s->wanted)
		return false;
	if (s->at++ != chosen(s, s->written))
		return true;
	s->written++;
	s->failed = !upk_history_decode(row->counts, s->counts, s->err);
	if (s->failed)
		return false;

	upk_json_object(s->w, NULL);
	upk_json_time(s->w, "time", row->time);
	upk_json_int(s->w, "place", row->place);
	upk_json_int(s->w, "pairs", (int64_t)upk_confusion_pairs(s->counts));
	upk_json_double(s->w, "value", q->unseen ? NAN : upk_measure_value(q->measure, s->counts));
	upk_json_object_end(s->w);
	return true;
}

static bool write_points(const struct upk_report *r, const struct upk_history_query *query,
	const struct question *q, struct upk_json_writer *w, struct upk_error *err)
{
	const struct upk_text window = upk_text_of(q->window);
	struct series s = { .question = q, .w = w, .err = err };
	if (!upk_history_each(r->rows, r->model->number, window, query->from, query->to,
		    count_point, &s.total, err))
		return false;

	s.wanted = query->points > 0 && query->points < s.total ? query->points : s.total;
	s.counts = upk_confusion_create(q->schema->classes_count, err);
	bool read = s.counts &&
		upk_history_each(r->rows, r->model->number, window, query->from, query->to,
			write_point, &s, err);
	upk_confusion_destroy(s.counts);
	return read && !s.failed;
}

static void write_measure(const struct question *q, struct upk_json_writer *w)
{
	static const char *const averages[] = {
		[UPK_AVERAGE_MACRO] = "macro",
		[UPK_AVERAGE_MICRO] = "micro",
		[UPK_AVERAGE_WEIGHTED] = "weighted",
	};
	upk_json_string(w, "metric", q->metric);
	if (q->unseen)
		upk_json_string(w, "class", q->unseen);
	else if (q->measure.average == UPK_AVERAGE_CLASS)
		upk_json_text(w, "class", q->schema->classes[q->measure.class]);
	else if (q->measure.average != UPK_AVERAGE_NONE)
		upk_json_string(w, "average", averages[q->measure.average]);
}

static bool write_history(const struct upk_report *r, const struct upk_history_query *query,
	const struct question *q, struct upk_json_writer *w, struct upk_error *err)
{
	upk_json_object(w, NULL);
	upk_json_string(w, "model", r->model->name);
	upk_json_string(w, "window", q->window);
	write_measure(q, w);
	upk_json_array(w, "points");
	bool written = write_points(r, query, q, w, err);
	upk_json_array_end(w);
	upk_json_object_end(w);
	return written;
}

bool upk_report_history(struct upk_engine *e, const char *model,
	const struct upk_history_query *query, struct upk_json_writer *w, struct upk_error *err)
{
	struct upk_report r;
	struct question q;
	if (!upk_report_open(e, model, &r, err))
		return false;
	bool done = understand(r.model, query, &q, err) && write_history(&r, query, &q, w, err);
	question_finish(&q);
	upk_report_close(&r);
	return done;
}
