#include "engine/engine.h"

#include <stdlib.h>
#include <string.h>

#include "core/core.h"
#include "ids/ids.h"
#include "infer/lending.h"
#include "intake/ahead.h"
#include "intake/pending.h"
#include "intake/recent.h"
#include "runs/trainer.h"
#include "versions/serving.h"
#include "windows/score_task.h"
#include "writer/checkpointer.h"
#include "writer/jobs.h"
#include "writer/retention.h"
#include "writer/unsaved.h"
#include "writer/writer.h"

enum { MAX_MODELS = 10000, QUEUE_BYTES = 256 * 1024 * 1024 };

/* Ids of rows since the last spill may have to be written first, on a full disk too. */
static struct upk_ids *open_ids(struct upk_engine *e, struct upk_error *err)
{
	struct upk_ids *ids = upk_ids_open(e->store, NULL, err);
	return ids || !upk_room_made(e, err) ? ids : upk_ids_open(e->store, NULL, err);
}

static bool open_parts(struct upk_engine *e, struct upk_error *err)
{
	e->store = upk_store_open(e->folder, UPK_STORE_WRITE, err);
	if (!e->store || !upk_store_last_seq(e->store, &e->seq, err) ||
		!upk_store_last_arrival(e->store, &e->arrival, err))
		return false;
	if (upk_store_unguarded(e->store))
		upk_engine_log(e, UPK_LOG_WARNING,
			"%s/committed is absent or damaged: had commits been lost, it would not be "
			"noticed at this start",
			e->folder);
	e->pending = upk_pending_create(err);
	e->recent = e->pending ? upk_recent_create(err) : NULL;
	e->ids = e->recent ? open_ids(e, err) : NULL;
	e->retention = e->ids ? upk_retention_create(err) : NULL;
	e->readers = e->retention ? upk_readers_create(e->folder, err) : NULL;
	e->registry = e->readers ? upk_registry_create(err) : NULL;
	e->scoring = e->registry ? upk_scoring_start(err) : NULL;
	e->checkpointer = e->scoring ? upk_checkpointer_start(e, err) : NULL;
	e->jobs = e->checkpointer ? upk_jobs_create(err) : NULL;
	e->trainer = e->jobs ? upk_trainer_start(e, err) : NULL;
	return e->trainer && upk_writer_start(e, err);
}

struct upk_engine *upk_engine_open(const struct upk_engine_options *options, struct upk_error *err)
{
	struct upk_engine *e = calloc(1, sizeof *e);
	if (e)
		e->folder = strdup(options->folder);
	if (!e || !e->folder) {
		free(e);
		upk_fail(err, UPK_NOMEM, "no memory for the engine");
		return NULL;
	}
	e->clock = options->clock ? options->clock : upk_clock_system();
	e->auto_create = options->auto_create;
	e->max_models = options->max_models > 0 ? options->max_models : MAX_MODELS;
	e->queue_bytes = options->queue_bytes > 0 ? options->queue_bytes : QUEUE_BYTES;
	e->log = options->log;
	e->log_context = options->context;
	if (open_parts(e, err))
		return e;
	upk_engine_close(e);
	return NULL;
}

/* The trainer's thread ends first, so that the ends of its runs still reach the writer, which may
 * go on to ask for runs until it has drained its queue: those are refused. */
void upk_engine_close(struct upk_engine *e)
{
	if (!e)
		return;
	upk_trainer_stop(e->trainer);
	upk_writer_stop(e->writer);
	upk_unsaved_finish(e);
	upk_jobs_destroy(e->jobs);
	upk_checkpointer_stop(e->checkpointer);
	upk_retention_destroy(e->retention);
	upk_registry_destroy(e->registry);
	upk_scoring_stop(e->scoring);
	upk_readers_destroy(e->readers);
	upk_ids_close(e->ids);
	upk_recent_destroy(e->recent);
	upk_pending_destroy(e->pending);
	upk_store_close(e->store);
	free(e->folder);
	free(e);
}

void upk_engine_limit_store(struct upk_engine *e, int64_t bytes)
{
	upk_room_limit(e, bytes);
}

void upk_engine_train_threads(struct upk_engine *e, int threads)
{
	atomic_store(&e->train_threads, threads);
}

static struct upk_schema *empty_schema(struct upk_error *err)
{
	struct upk_config *config = upk_config_parse(upk_text_of("{}"), err);
	if (!config)
		return NULL;
	struct upk_schema *schema = upk_schema_create(config, NULL, 0, NULL, 0, 0, err);
	upk_config_unref(config);
	return schema;
}

struct upk_schema *upk_engine_schema(struct upk_engine *e, const char *model, struct upk_error *err)
{
	struct upk_model *m = upk_registry_find(e->registry, model);
	if (m) {
		struct upk_schema *schema = upk_model_schema(m);
		upk_model_unref(m);
		return schema;
	}
	if (e->auto_create || !upk_engine_ready(e))
		return empty_schema(err);
	upk_registry_missing(e->registry, model, err);
	return NULL;
}

void upk_engine_ask_ahead(struct upk_engine *e, struct upk_post *post)
{
	struct upk_model *m = upk_registry_find(e->registry, post->model);
	if (m)
		upk_ahead_ask(e->ids, post->batch, m->number);
	upk_model_unref(m);
}

static bool copy_name(struct upk_post *post)
{
	if (!post->name)
		post->name = strdup(post->model);
	return post->name;
}

static bool copy_names(struct upk_post *posts)
{
	for (struct upk_post *post = posts; post; post = post->next)
		if (!copy_name(post))
			return false;
	return true;
}

struct upk_post *upk_engine_post(
	struct upk_engine *e, struct upk_post *posts, struct upk_error *err)
{
	if (copy_names(posts))
		return upk_writer_post(e->writer, posts, err);
	upk_fail(err, UPK_NOMEM, "no memory for a post");
	return posts;
}

bool upk_engine_write(struct upk_engine *e, struct upk_post *posts)
{
	return copy_names(posts) && upk_writer_write(e->writer, posts);
}

/* ---- predict without storing ---- */

static bool answer_row(struct upk_post *post, size_t i, struct upk_serving *serving,
	int64_t revision, const struct upk_schema *schema, struct upk_error *err)
{
	const struct upk_item *item = &post->batch->items[i];
	struct upk_predicted *answer = &post->predicted[i];
	*answer = (struct upk_predicted){ .id = item->id,
		.error = item->error,
		.version = upk_serving_version(serving),
		.revision = revision,
		.threshold = upk_serving_threshold(serving),
		.at = i * schema->classes_count,
		.classes_count = schema->classes_count };
	if (!answer->error && !item->features.data)
		answer->error = "features: missing, and nothing else to predict from";
	if (answer->error)
		return true;
	if (!upk_serving_answer_in(serving, schema, schema->features, item->features,
		    &answer->class, &post->scores[answer->at], err))
		return false;
	if (answer->class == UPK_NO_CLASS)
		answer->error = "the version answers a class that the model no longer has";
	return true;
}

/* A version that knows nothing of the model's features answers none of the rows. */
static bool refuse_strange(struct upk_batch *batch, struct upk_serving *serving,
	const struct upk_schema *schema, struct upk_error *err)
{
	struct upk_error why = { 0 };
	if (!schema->features || upk_serving_knows(serving, schema->features, &why))
		return true;
	const char *error = upk_batch_say(batch, "%s", why.message);
	if (why.code != UPK_INVALID || !error)
		return upk_fail(err, UPK_NOMEM, "no memory to answer %zu rows", batch->count);
	for (size_t i = 0; i < batch->count; i++)
		if (!batch->items[i].error)
			batch->items[i].error = error;
	return true;
}

static bool answer_rows(struct upk_post *post, struct upk_serving *serving, int64_t revision,
	struct upk_schema *schema, struct upk_error *err)
{
	size_t n = post->batch->count;
	if (post->batch->schema->features != schema->features &&
		!upk_batch_redecode(post->batch, schema, err))
		return false;
	if (!refuse_strange(post->batch, serving, schema, err))
		return false;
	post->predicted = calloc(n + 1, sizeof *post->predicted);
	post->scores = calloc(n * schema->classes_count + 1, sizeof *post->scores);
	if (!post->predicted || !post->scores)
		return upk_fail(err, UPK_NOMEM, "no memory to answer %zu rows", n);
	post->schema = upk_schema_ref(schema);
	post->classes = schema->classes;
	post->classes_count = schema->classes_count;
	for (size_t i = 0; i < n; i++)
		if (!answer_row(post, i, serving, revision, schema, err))
			return false;
	return true;
}

bool upk_engine_predict(
	struct upk_engine *e, struct upk_post *post, int64_t version, struct upk_error *err)
{
	struct upk_loan loan;
	if (!upk_loan_take(e, post->model, version, &loan, err))
		return false;
	bool done = answer_rows(post, loan.serving, loan.revision, loan.schema, err);
	upk_loan_give_back(&loan);
	return done;
}
