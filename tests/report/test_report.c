/* Reports over a real engine: what they count, how they choose points, and what they refuse.
 * Figures are held to scikit-learn in tests/e2e/test_metrics.py. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <pthread.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/json.h"
#include "engine/engine.h"
#include "metrics/metric.h"
#include "report/report.h"

struct fixture {
	char folder[64];
	struct upk_engine *engine;
	pthread_mutex_t lock;
	pthread_cond_t answered;
	bool done;
};

static int begin(void **state)
{
	struct fixture *f = calloc(1, sizeof *f);
	struct upk_error err = { 0 };
	assert_non_null(f);
	pthread_mutex_init(&f->lock, NULL);
	pthread_cond_init(&f->answered, NULL);
	snprintf(f->folder, sizeof f->folder, "/tmp/upkeepd-report-XXXXXX");
	assert_non_null(mkdtemp(f->folder));
	const struct upk_engine_options options = { .folder = f->folder, .auto_create = true };
	f->engine = upk_engine_open(&options, &err);
	if (!f->engine)
		fail_msg("%s", err.message);
	*state = f;
	return 0;
}

static int end(void **state)
{
	struct fixture *f = *state;
	char command[128];
	upk_engine_close(f->engine);
	snprintf(command, sizeof command, "rm -r %s", f->folder);
	assert_int_equal(system(command), 0);
	pthread_cond_destroy(&f->answered);
	pthread_mutex_destroy(&f->lock);
	free(f);
	return 0;
}

static void put(struct fixture *f, const char *model, const char *config)
{
	struct upk_error err = { 0 };
	bool created;
	if (!upk_engine_put_model(f->engine, model, upk_text_of(config), NULL, &created, &err))
		fail_msg("%s", err.message);
}

static void answered(struct upk_post *post)
{
	struct fixture *f = post->context;
	pthread_mutex_lock(&f->lock);
	f->done = true;
	pthread_cond_signal(&f->answered);
	pthread_mutex_unlock(&f->lock);
}

static void post(struct fixture *f, enum upk_item_kind kind, const char *model, const char *body)
{
	struct upk_error err = { 0 };
	struct upk_schema *schema = upk_engine_schema(f->engine, model, &err);
	assert_non_null(schema);
	struct upk_post p = {
		.model = model, .settle = true, .done = answered, .context = f
	};
	p.batch = upk_batch_decode(
		kind, true, strdup(body), strlen(body), schema, 1767261600000, &err);
	assert_non_null(p.batch);
	upk_schema_unref(schema);

	f->done = false;
	assert_null(upk_engine_post(f->engine, &p, &err));
	pthread_mutex_lock(&f->lock);
	while (!f->done)
		pthread_cond_wait(&f->answered, &f->lock);
	pthread_mutex_unlock(&f->lock);
	assert_int_equal(p.error.code, UPK_OK);
	assert_int_equal(p.rejected_total, 0);
	upk_post_finish(&p);
}

/* The report's document, or NULL with its error. */
static cJSON *parsed(bool done, struct upk_buffer *out)
{
	assert_false(out->failed);
	cJSON *json = done ? upk_json_parse(upk_buffer_text(out), NULL) : NULL;
	assert_true(!done || json);
	upk_buffer_finish(out);
	return json;
}

static cJSON *metrics(
	struct fixture *f, const struct upk_metrics_query *query, struct upk_error *err)
{
	struct upk_buffer out = { 0 };
	struct upk_json_writer w = upk_json_writer_on(&out);
	return parsed(upk_report_metrics(f->engine, "m", query, &w, err), &out);
}

static cJSON *history(
	struct fixture *f, const struct upk_history_query *query, struct upk_error *err)
{
	struct upk_buffer out = { 0 };
	struct upk_json_writer w = upk_json_writer_on(&out);
	return parsed(upk_report_history(f->engine, "m", query, &w, err), &out);
}

static const cJSON *at(const cJSON *json, const char *name)
{
	const cJSON *member = cJSON_GetObjectItemCaseSensitive(json, name);
	if (!member)
		fail_msg("there is no %s", name);
	return member;
}

static double number(const cJSON *json, const char *name)
{
	const cJSON *member = at(json, name);
	assert_true(cJSON_IsNumber(member));
	return member->valuedouble;
}

static void examples_between_events_do_not_lessen_coverage(void **state)
{
	struct fixture *f = *state;
	struct upk_error err = { 0 };
	put(f, "m", "{\"windows\":[{\"name\":\"w\",\"count\":3}]}");
	post(f, UPK_ITEM_EVENT, "m",
		"{\"id\":\"x\",\"features\":[1],\"label\":\"a\"}\n"
		"{\"id\":\"1\",\"predicted\":\"a\"}\n"
		"{\"id\":\"2\",\"predicted\":\"a\",\"label\":\"a\"}\n"
		"{\"id\":\"y\",\"features\":[2],\"label\":\"b\"}\n"
		"{\"id\":\"3\",\"predicted\":\"b\",\"label\":\"a\"}\n"
		"{\"id\":\"z\",\"features\":[3],\"label\":\"b\"}\n");
	const struct upk_metrics_query query = { .window = "w", .level = 0.95 };
	cJSON *json = metrics(f, &query, &err);
	const cJSON *window = at(at(json, "windows"), "w");
	assert_int_equal(number(window, "pairs"), 2);
	assert_int_equal(number(window, "events"), 2);
	assert_true(number(window, "coverage") == 1);
	cJSON_Delete(json);

	/* An example that gets its prediction is an event from then on. */
	post(f, UPK_ITEM_EVENT, "m", "{\"id\":\"y\",\"features\":[2],\"predicted\":\"b\"}\n");
	post(f, UPK_ITEM_LABEL, "m", "{\"id\":\"1\",\"label\":\"a\"}\n");
	json = metrics(f, &query, &err);
	window = at(at(json, "windows"), "w");
	assert_int_equal(number(window, "pairs"), 3);
	assert_int_equal(number(window, "events"), 4);
	cJSON_Delete(json);
}

static void a_single_score_is_that_of_the_positive_class(void **state)
{
	struct fixture *f = *state;
	struct upk_error err = { 0 };
	put(f, "m",
		"{\"classes\":[\"yes\",\"no\"],\"positive\":\"yes\","
		"\"windows\":[{\"name\":\"w\",\"count\":3}]}");
	post(f, UPK_ITEM_EVENT, "m",
		"{\"score\":0.9,\"label\":\"no\"}\n"
		"{\"score\":0.75,\"label\":\"yes\"}\n"
		"{\"scores\":[0.25,0.75],\"label\":\"no\"}\n"
		"{\"predicted\":\"no\",\"label\":\"no\"}\n");
	const struct upk_metrics_query query = { .window = "w", .level = 0.95, .scores = true };
	cJSON *json = metrics(f, &query, &err);
	const cJSON *window = at(at(json, "windows"), "w");
	assert_int_equal(number(window, "scored"), 2);
	assert_true(number(window, "roc_auc") == 1);
	assert_true(number(window, "brier") == 0.0625);
	assert_true(number(window, "ece") == 0.25);
	cJSON_Delete(json);
}

/* A new row of the metrics' table needs nothing here. */
static void every_metric_of_the_table_is_shown_once(void **state)
{
	struct fixture *f = *state;
	struct upk_error err = { 0 };
	put(f, "m", "{\"windows\":[{\"name\":\"w\",\"count\":3}]}");
	post(f, UPK_ITEM_EVENT, "m", "{\"id\":\"1\",\"predicted\":\"a\",\"label\":\"b\"}\n");
	const struct upk_metrics_query query = { .window = "w", .level = 0.95, .scores = true };
	cJSON *json = metrics(f, &query, &err);
	const cJSON *window = at(at(json, "windows"), "w");
	const struct upk_metric *metric;
	for (size_t i = 0; (metric = upk_metric_at(i)) != NULL; i++) {
		const cJSON *place = upk_metric_per_class(metric) ? at(window, "macro") : window;
		size_t shown = 0;
		for (const cJSON *m = place->child; m; m = m->next)
			shown += strcmp(m->string, upk_metric_name(metric)) == 0;
		if (shown != 1)
			fail_msg("%s is shown %zu times", upk_metric_name(metric), shown);
	}
	cJSON_Delete(json);
}

static void post_pairs(struct fixture *f, int from, int to)
{
	struct upk_buffer body = { 0 };
	for (int i = from; i < to; i++)
		upk_buffer_printf(&body,
			"{\"id\":\"%d\",\"predicted\":\"b\",\"label\":\"%s\","
			"\"timestamp\":%lld}\n",
			i, i % 4 ? "b" : "a", 1767200000000 + 1000LL * i);
	upk_buffer_putc(&body, '\0');
	post(f, UPK_ITEM_EVENT, "m", body.data);
	upk_buffer_finish(&body);
}

static void points_are_chosen_evenly_with_first_and_last(void **state)
{
	struct fixture *f = *state;
	struct upk_error err = { 0 };
	put(f, "m",
		"{\"classes\":[\"a\",\"b\"],\"positive\":\"b\","
		"\"windows\":[{\"name\":\"w\",\"count\":100}]}");
	for (int i = 0; i < 500; i += 50)
		post_pairs(f, i, i + 50);

	struct upk_history_query query = { .metric = "recall", .class = "a" };
	cJSON *all = history(f, &query, &err);
	int total = cJSON_GetArraySize(at(all, "points"));
	assert_true(total > 5);
	for (int64_t wanted = 1; wanted <= total + 1; wanted++) {
		query.points = wanted;
		cJSON *some = history(f, &query, &err);
		const cJSON *points = at(some, "points");
		int count = cJSON_GetArraySize(points);
		assert_int_equal(count, wanted < total ? wanted : total);
		const cJSON *last = cJSON_GetArrayItem(at(all, "points"), total - 1);
		assert_true(upk_json_equal(cJSON_GetArrayItem(points, count - 1), last));
		const cJSON *first = cJSON_GetArrayItem(at(all, "points"), 0);
		if (wanted > 1)
			assert_true(upk_json_equal(cJSON_GetArrayItem(points, 0), first));
		for (int i = 1; i < count; i++)
			assert_true(number(cJSON_GetArrayItem(points, i - 1), "place") <
				number(cJSON_GetArrayItem(points, i), "place"));
		cJSON_Delete(some);
	}
	assert_true(number(cJSON_GetArrayItem(at(all, "points"), total - 1), "value") == 0);
	cJSON_Delete(all);
}

static void history_refuses_what_it_cannot_show(void **state)
{
	struct fixture *f = *state;
	static const struct {
		struct upk_history_query query;
		enum upk_code code;
		const char *named;
	} cases[] = {
		{ { .window = "none" }, UPK_NOT_FOUND, "none" },
		{ { .metric = "loveliness" }, UPK_INVALID, "loveliness" },
		{ { .metric = "roc_auc" }, UPK_INVALID, "roc_auc" },
		{ { .average = "mean" }, UPK_INVALID, "mean" },
		{ { .class = "c" }, UPK_INVALID,
			"class: \"c\": the model has no such class: it has a, b" },
		{ { .average = "macro", .class = "a" }, UPK_INVALID, "macro" },
		{ { .metric = "mcc", .class = "a" }, UPK_INVALID, "mcc" },
	};
	put(f, "m", "{\"classes\":[\"a\",\"b\"]}");
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		struct upk_error err = { 0 };
		assert_null(history(f, &cases[i].query, &err));
		assert_int_equal(err.code, cases[i].code);
		assert_non_null(strstr(err.message, cases[i].named));
	}
}

static void what_is_not_there_is_not_found(void **state)
{
	struct fixture *f = *state;
	struct upk_error err[6] = { 0 };
	struct upk_buffer out = { 0 };
	struct upk_json_writer w = upk_json_writer_on(&out);
	char etag[20];
	put(f, "m", "{}");
	assert_false(upk_report_model(f->engine, "n", etag, &w, &err[0]));
	assert_false(upk_report_run(f->engine, "m", 7, &w, &err[1]));
	assert_false(upk_report_version(f->engine, "m", 7, &w, &err[2]));
	assert_false(upk_report_version(f->engine, "m", 0, &w, &err[3]));
	assert_false(upk_report_version_bytes(f->engine, "m", 7, 0, &out, &err[4]));
	assert_false(upk_report_event(f->engine, "m", upk_text_of("e"), &w, &err[5]));
	for (size_t i = 0; i < sizeof err / sizeof err[0]; i++)
		assert_int_equal(err[i].code, UPK_NOT_FOUND);
	upk_buffer_finish(&out);
}

static void an_event_shows_the_label_that_came_with_it_and_later_ones(void **state)
{
	struct fixture *f = *state;
	struct upk_error err = { 0 };
	struct upk_buffer out = { 0 };
	struct upk_json_writer w = upk_json_writer_on(&out);
	post(f, UPK_ITEM_EVENT, "m", "{\"id\":\"e\",\"predicted\":\"a\",\"label\":\"a\"}\n");
	post(f, UPK_ITEM_LABEL, "m", "{\"id\":\"e\",\"label\":\"b\",\"source\":\"user\"}\n");
	cJSON *json = parsed(upk_report_event(f->engine, "m", upk_text_of("e"), &w, &err), &out);
	const cJSON *labels = at(json, "labels");
	assert_int_equal(cJSON_GetArraySize(labels), 2);
	assert_string_equal(at(cJSON_GetArrayItem(labels, 0), "label")->valuestring, "a");
	assert_true(cJSON_IsNull(at(cJSON_GetArrayItem(labels, 0), "source")));
	assert_string_equal(at(cJSON_GetArrayItem(labels, 1), "label")->valuestring, "b");
	assert_string_equal(at(cJSON_GetArrayItem(labels, 1), "source")->valuestring, "user");
	assert_true(cJSON_IsTrue(at(json, "pair")));
	cJSON_Delete(json);
}

static void label_values_of_counters_are_escaped(void **state)
{
	struct fixture *f = *state;
	struct upk_error err = { 0 };
	struct upk_buffer out = { 0 };
	put(f, "m", "{\"classes\":[\"q\\\"\",\"b\\\\\",\"n\\n\"]}");
	post(f, UPK_ITEM_EVENT, "m", "{\"predicted\":\"q\\\"\",\"label\":\"n\\n\"}\n");
	assert_true(upk_report_prometheus(f->engine, false, &out, &err));
	upk_buffer_putc(&out, '\0');
	assert_non_null(
		strstr(out.data, "upkeepd_false_positives_total{model=\"m\",class=\"q\\\"\"} 1\n"));
	assert_non_null(
		strstr(out.data, "upkeepd_false_negatives_total{model=\"m\",class=\"n\\n\"} 1\n"));
	assert_non_null(
		strstr(out.data, "upkeepd_true_positives_total{model=\"m\",class=\"b\\\\\"} 0\n"));
	upk_buffer_finish(&out);
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, begin, end)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(examples_between_events_do_not_lessen_coverage),
		CASE(a_single_score_is_that_of_the_positive_class),
		CASE(every_metric_of_the_table_is_shown_once),
		CASE(points_are_chosen_evenly_with_first_and_last),
		CASE(history_refuses_what_it_cannot_show),
		CASE(what_is_not_there_is_not_found),
		CASE(an_event_shows_the_label_that_came_with_it_and_later_ones),
		CASE(label_values_of_counters_are_escaped),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
