#include "fake_engine.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "infer/infer.h"
#include "report/report.h"

struct upk_engine {
	pthread_t writer;
	pthread_mutex_t mutex;
	pthread_cond_t changed;
	bool hold, refuse, lend, ready, closing;
	struct upk_post *first;
	size_t waiting, written, asked;
};

/* Every item is accepted; what the decoder found wrong is rejected. */
static void complete(struct upk_post *post)
{
	for (size_t i = 0; i < post->batch->count; i++) {
		const struct upk_item *item = &post->batch->items[i];
		if (!item->error) {
			post->accepted++;
			continue;
		}
		if (!post->rejected)
			post->rejected = calloc(UPK_REJECTED_LISTED, sizeof *post->rejected);
		if (post->rejected && post->rejected_listed < UPK_REJECTED_LISTED)
			post->rejected[post->rejected_listed++] =
				(struct upk_rejected){ i, item->id, item->error };
		post->rejected_total++;
	}
	if (post->done)
		post->done(post);
}

static void *write_posts(void *context)
{
	struct upk_engine *e = context;

	pthread_mutex_lock(&e->mutex);
	while (!e->closing || e->first) {
		struct upk_post *post = e->first;
		if (!post || (e->hold && !e->closing)) {
			pthread_cond_wait(&e->changed, &e->mutex);
			continue;
		}
		e->first = post->next;
		post->next = NULL;
		e->waiting--;
		pthread_mutex_unlock(&e->mutex);
		complete(post);
		pthread_mutex_lock(&e->mutex);
	}
	pthread_mutex_unlock(&e->mutex);
	return NULL;
}

struct upk_engine *upk_engine_open(const struct upk_engine_options *options, struct upk_error *err)
{
	struct upk_engine *e = calloc(1, sizeof *e);

	(void)options;
	(void)err;
	if (!e)
		abort();
	e->ready = true;
	if (pthread_mutex_init(&e->mutex, NULL) || pthread_cond_init(&e->changed, NULL) ||
		pthread_create(&e->writer, NULL, write_posts, e))
		abort();
	return e;
}

void upk_engine_close(struct upk_engine *e)
{
	pthread_mutex_lock(&e->mutex);
	e->closing = true;
	pthread_cond_broadcast(&e->changed);
	pthread_mutex_unlock(&e->mutex);
	pthread_join(e->writer, NULL);
	pthread_cond_destroy(&e->changed);
	pthread_mutex_destroy(&e->mutex);
	free(e);
}

static void set(struct upk_engine *e, bool *what, bool value)
{
	pthread_mutex_lock(&e->mutex);
	*what = value;
	pthread_cond_broadcast(&e->changed);
	pthread_mutex_unlock(&e->mutex);
}

void fake_engine_hold(struct upk_engine *e, bool hold)
{
	set(e, &e->hold, hold);
}

void fake_engine_refuse(struct upk_engine *e, bool refuse)
{
	set(e, &e->refuse, refuse);
}

void fake_engine_lend(struct upk_engine *e, bool lend)
{
	set(e, &e->lend, lend);
}

void fake_engine_set_ready(struct upk_engine *e, bool ready)
{
	set(e, &e->ready, ready);
}

size_t fake_engine_waiting(struct upk_engine *e)
{
	pthread_mutex_lock(&e->mutex);
	size_t waiting = e->waiting;
	pthread_mutex_unlock(&e->mutex);
	return waiting;
}

size_t fake_engine_written(struct upk_engine *e)
{
	pthread_mutex_lock(&e->mutex);
	size_t written = e->written;
	pthread_mutex_unlock(&e->mutex);
	return written;
}

size_t fake_engine_asked(struct upk_engine *e)
{
	pthread_mutex_lock(&e->mutex);
	size_t asked = e->asked;
	pthread_mutex_unlock(&e->mutex);
	return asked;
}

bool upk_engine_ready(const struct upk_engine *e)
{
	struct upk_engine *own = (struct upk_engine *)(uintptr_t)e;

	pthread_mutex_lock(&own->mutex);
	bool ready = own->ready;
	pthread_mutex_unlock(&own->mutex);
	return ready;
}

struct upk_schema *upk_engine_schema(struct upk_engine *e, const char *model, struct upk_error *err)
{
	(void)e;
	if (strcmp(model, "none") == 0) {
		upk_fail(err, UPK_NOT_FOUND, "there is no model none");
		return NULL;
	}
	struct upk_config *config = upk_config_parse(upk_text_of("{}"), err);
	struct upk_schema *schema =
		config ? upk_schema_create(config, NULL, 0, NULL, 0, 1, err) : NULL;
	upk_config_unref(config);
	return schema;
}

void upk_engine_ask_ahead(struct upk_engine *e, struct upk_post *post)
{
	(void)post;
	pthread_mutex_lock(&e->mutex);
	e->asked++;
	pthread_mutex_unlock(&e->mutex);
}

struct upk_post *upk_engine_post(
	struct upk_engine *e, struct upk_post *posts, struct upk_error *err)
{
	pthread_mutex_lock(&e->mutex);
	while (posts && !e->refuse && !e->closing) {
		struct upk_post *next = posts->next;
		posts->next = e->first;
		e->first = posts;
		e->waiting++;
		posts = next;
	}
	pthread_cond_broadcast(&e->changed);
	pthread_mutex_unlock(&e->mutex);
	if (posts)
		upk_fail(err, UPK_BUSY, "the queue is full");
	return posts;
}

bool upk_engine_write(struct upk_engine *e, struct upk_post *posts)
{
	pthread_mutex_lock(&e->mutex);
	bool lent = e->lend && !e->hold && !e->refuse && !e->closing;
	for (struct upk_post *post = posts; lent && post; post = post->next) {
		if (post->atomic || post->settle || post->done)
			abort();
		e->written++;
		complete(post);
	}
	pthread_mutex_unlock(&e->mutex);
	return lent;
}

void upk_post_finish(struct upk_post *post)
{
	upk_batch_destroy(post->batch);
	free(post->rejected);
}

static bool nothing(struct upk_error *err)
{
	return upk_fail(err, UPK_NOT_FOUND, "the fake has none");
}

bool upk_engine_predict(
	struct upk_engine *e, struct upk_post *post, int64_t version, struct upk_error *err)
{
	(void)e;
	(void)post;
	(void)version;
	return upk_fail(err, UPK_CONFLICT, "there is no champion");
}

bool upk_engine_put_model(struct upk_engine *e, const char *name, struct upk_text config,
	const char *if_match, bool *created, struct upk_error *err)
{
	(void)e;
	(void)name;
	(void)config;
	*created = true;
	return !if_match || upk_fail(err, UPK_PRECONDITION, "no match");
}

bool upk_engine_delete_model(struct upk_engine *e, const char *name, struct upk_error *err)
{
	(void)e;
	return strcmp(name, "none") != 0 || nothing(err);
}

bool upk_engine_start_run(
	struct upk_engine *e, const char *name, int64_t *run, struct upk_error *err)
{
	(void)e;
	(void)name;
	(void)err;
	*run = 7;
	return true;
}

bool upk_engine_cancel_run(struct upk_engine *e, const char *name, int64_t run,
	const struct upk_person *person, struct upk_error *err)
{
	(void)e;
	(void)name;
	(void)run;
	(void)person;
	return nothing(err);
}

bool upk_engine_promote(struct upk_engine *e, const char *name, int64_t version,
	const struct upk_person *person, struct upk_error *err)
{
	(void)e;
	(void)name;
	(void)version;
	(void)person;
	return nothing(err);
}

bool upk_engine_rollback(
	struct upk_engine *e, const char *name, int64_t *version, struct upk_error *err)
{
	(void)e;
	(void)name;
	(void)version;
	return nothing(err);
}

bool upk_engine_pause(struct upk_engine *e, const char *name, bool paused, struct upk_error *err)
{
	(void)e;
	(void)name;
	(void)paused;
	(void)err;
	return true;
}

static bool say_hello(struct upk_json_writer *w)
{
	upk_json_object(w, NULL);
	upk_json_string(w, "hello", "world");
	upk_json_object_end(w);
	return true;
}

bool upk_report_models(struct upk_engine *e, struct upk_json_writer *w, struct upk_error *err)
{
	(void)e;
	(void)err;
	return say_hello(w);
}

bool upk_report_model(struct upk_engine *e, const char *model, char etag[20],
	struct upk_json_writer *w, struct upk_error *err)
{
	(void)e;
	(void)model;
	(void)err;
	strcpy(etag, "0123456789abcdef");
	return say_hello(w);
}

bool upk_report_metrics(struct upk_engine *e, const char *model,
	const struct upk_metrics_query *query, struct upk_json_writer *w, struct upk_error *err)
{
	(void)e;
	(void)model;
	(void)query;
	(void)w;
	return nothing(err);
}

bool upk_report_history(struct upk_engine *e, const char *model,
	const struct upk_history_query *query, struct upk_json_writer *w, struct upk_error *err)
{
	(void)e;
	(void)model;
	(void)query;
	(void)w;
	return nothing(err);
}

bool upk_report_rules(
	struct upk_engine *e, const char *model, struct upk_json_writer *w, struct upk_error *err)
{
	(void)e;
	(void)model;
	(void)w;
	return nothing(err);
}

bool upk_report_alerts(struct upk_engine *e, const char *model, const struct upk_list_query *query,
	struct upk_json_writer *w, struct upk_error *err)
{
	(void)e;
	(void)model;
	(void)query;
	(void)err;
	return say_hello(w);
}

bool upk_report_runs(struct upk_engine *e, const char *model, const struct upk_list_query *query,
	struct upk_json_writer *w, struct upk_error *err)
{
	return upk_report_alerts(e, model, query, w, err);
}

bool upk_report_run(struct upk_engine *e, const char *model, int64_t run, struct upk_json_writer *w,
	struct upk_error *err)
{
	(void)run;
	return upk_report_rules(e, model, w, err);
}

bool upk_report_versions(struct upk_engine *e, const char *model,
	const struct upk_list_query *query, struct upk_json_writer *w, struct upk_error *err)
{
	return upk_report_alerts(e, model, query, w, err);
}

bool upk_report_version(struct upk_engine *e, const char *model, int64_t version,
	struct upk_json_writer *w, struct upk_error *err)
{
	return upk_report_run(e, model, version, w, err);
}

bool upk_report_revisions(struct upk_engine *e, const char *model, int64_t version,
	const struct upk_list_query *query, struct upk_json_writer *w, struct upk_error *err)
{
	(void)version;
	return upk_report_alerts(e, model, query, w, err);
}

bool upk_report_version_bytes(struct upk_engine *e, const char *model, int64_t version,
	int64_t revision, struct upk_buffer *out, struct upk_error *err)
{
	(void)e;
	(void)model;
	(void)version;
	(void)revision;
	(void)err;
	upk_buffer_puts(out, "{}");
	return true;
}

bool upk_report_version_onnx(struct upk_engine *e, const char *model, int64_t version,
	int64_t revision, struct upk_buffer *out, struct upk_error *err)
{
	return upk_report_version_bytes(e, model, version, revision, out, err);
}

bool upk_report_promotions(
	struct upk_engine *e, const char *model, struct upk_json_writer *w, struct upk_error *err)
{
	return upk_report_rules(e, model, w, err);
}

bool upk_report_event(struct upk_engine *e, const char *model, struct upk_text id,
	struct upk_json_writer *w, struct upk_error *err)
{
	(void)id;
	return upk_report_rules(e, model, w, err);
}

bool upk_report_prometheus(
	struct upk_engine *e, bool openmetrics, struct upk_buffer *out, struct upk_error *err)
{
	(void)e;
	(void)err;
	upk_buffer_puts(out, openmetrics ? "# EOF\n" : "");
	return true;
}

void upk_report_health(struct upk_engine *e, struct upk_json_writer *w)
{
	(void)e;
	(void)w;
}

bool upk_engine_erase(struct upk_engine *e, const char *name, struct upk_text id,
	struct upk_erasure *erasure, struct upk_error *err)
{
	(void)e;
	(void)id;
	*erasure = (struct upk_erasure){ 0 };
	return upk_fail(err, UPK_NOT_FOUND, "there is no model %s", name);
}

bool upk_infer(struct upk_engine *e, const char *model, int64_t version, struct upk_text json,
	struct upk_text behind, struct upk_buffer *out, size_t *json_size, struct upk_error *err)
{
	(void)e;
	(void)model;
	(void)version;
	(void)json;
	(void)behind;
	(void)out;
	(void)json_size;
	return nothing(err);
}

bool upk_infer_describe(struct upk_engine *e, const char *model, int64_t version,
	struct upk_json_writer *w, struct upk_error *err)
{
	(void)version;
	return upk_report_rules(e, model, w, err);
}
