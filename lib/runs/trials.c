#include "runs/trials.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "store/trial.h"
#include "writer/keep.h"
#include "writer/writer.h"

/* Points of a curve that are stored, at most: of longer ones every second, fourth, ... */
enum { CURVE_MOST = 256 };

struct upk_trials {
	struct upk_engine *engine;
	struct upk_model *model; /* a reference */
	int64_t run;
	struct upk_trial *stored; /* (count) */
	size_t count;
	bool failed; /* no memory for one of them */
};

/* One finished trial on its way to the writer, which frees it. */
struct parcel {
	struct upk_task task;
	struct upk_model *model; /* a reference */
	int64_t run;
	struct upk_trial trial; /* its texts are the parcel's */
	struct upk_buffer curve;
};

/* ---- to the store ---- */

static void write_curve(const struct upk_curve *curve, struct upk_buffer *out)
{
	struct upk_json_writer w = upk_json_writer_on(out);
	size_t every = 1;
	while (curve->count > every * CURVE_MOST)
		every *= 2;
	upk_json_object(&w, NULL);
	upk_json_int(&w, "every", (int64_t)every);
	upk_json_array(&w, "loss");
	for (size_t i = every - 1; i < curve->count; i += every)
		upk_json_double(&w, NULL, curve->loss[i]);
	upk_json_array_end(&w);
	upk_json_object_end(&w);
}

static void free_parcel(struct parcel *p)
{
	upk_model_unref(p->model);
	free(p->trial.settings);
	upk_buffer_finish(&p->curve);
	free(p);
}

static bool insert(struct upk_engine *e, const struct parcel *p, struct upk_error *err)
{
	const struct upk_trial *t = &p->trial;
	const struct upk_trial_row row = { .model = p->model->number,
		.run = p->run,
		.trial = t->number,
		.kind = upk_text_of(upk_trial_kind_name(t->kind)),
		.learner = upk_text_of(t->learner->name),
		.settings = upk_text_of(t->settings),
		.parent = t->parent,
		.from = t->from,
		.to = t->to,
		.rows = (int64_t)t->rows,
		.seed = (int64_t)t->seed,
		.state = upk_text_of(t->failed ? "failed" : "done"),
		.error = upk_text_of(t->failed ? t->error : NULL),
		.score = t->score,
		.seconds = t->seconds,
		.curve = upk_buffer_text(&p->curve) };
	return upk_trial_insert(e->store, &row, err) && upk_keep_trials(e, p->model, err);
}

/* Without its row a trial is only made again after a restart. */
static void store_trial(struct upk_engine *e, struct upk_task *task)
{
	struct parcel *p = (struct parcel *)(void *)task;
	struct upk_error err = { 0 };
	bool open = !p->model->deleted && !p->model->stale && p->model->tail->open_run == p->run;
	bool done = !open || upk_store_begin(e->store, &err);
	if (open && done && (!insert(e, p, &err) || !upk_store_commit(e->store, &err))) {
		upk_store_rollback(e->store);
		done = false;
	}
	if (!done)
		upk_engine_log(e, UPK_LOG_WARNING,
			"model %s: trial %lld of run %lld can't be stored: %s", p->model->name,
			(long long)p->trial.number, (long long)p->run, err.message);
	free_parcel(p);
}

static void send(void *context, const struct upk_trial *trial, bool recalled)
{
	struct upk_trials *t = context;
	struct parcel *p = recalled ? NULL : calloc(1, sizeof *p);
	if (!p)
		return;
	p->task.run = store_trial;
	p->model = upk_model_ref(t->model);
	p->run = t->run;
	p->trial = *trial;
	p->trial.curve = (struct upk_curve){ 0 };
	p->trial.settings = upk_text_copy(upk_text_of(trial->settings));
	write_curve(&trial->curve, &p->curve);
	if (p->trial.settings && !p->curve.failed)
		upk_writer_push(t->engine->writer, &p->task);
	else
		free_parcel(p);
}

/* ---- from the store ---- */

/* Takes the member out. NAN: there is none. */
static double take_number(cJSON *settings, const char *name)
{
	const cJSON *member = cJSON_GetObjectItemCaseSensitive(settings, name);
	double value = cJSON_IsNumber(member) ? member->valuedouble : (double)NAN;

	cJSON_DeleteItemFromObjectCaseSensitive(settings, name);
	return value;
}

/* The trial may have been left with fewer iterations than it began with, where fits can be cut. */
static bool same_settings(const struct upk_trial *was, const struct upk_trial *is)
{
	const struct upk_learner *learner = was->learner;
	cJSON *a, *b;

	if (strcmp(was->settings, is->settings) == 0)
		return true;
	if (!learner->cut)
		return false;
	a = upk_json_parse(upk_text_of(was->settings), NULL);
	b = upk_json_parse(upk_text_of(is->settings), NULL);
	bool same = a && b &&
		take_number(a, learner->resource) < take_number(b, learner->resource) &&
		upk_json_equal(a, b);
	cJSON_Delete(a);
	cJSON_Delete(b);
	return same;
}

static bool is_same(const struct upk_trial *was, const struct upk_trial *is)
{
	return was->number == is->number && was->kind == is->kind && was->learner == is->learner &&
		was->parent == is->parent && was->from == is->from && was->to == is->to &&
		was->rows == is->rows && was->seed == is->seed && same_settings(was, is);
}

static bool recall(void *context, struct upk_trial *trial)
{
	const struct upk_trials *t = context;
	for (size_t i = 0; i < t->count; i++) {
		const struct upk_trial *was = &t->stored[i];
		if (!is_same(was, trial))
			continue;
		char *settings = upk_text_copy(upk_text_of(was->settings));
		if (!settings)
			return false;
		free(trial->settings);
		trial->settings = settings;
		trial->failed = was->failed;
		memcpy(trial->error, was->error, sizeof trial->error);
		trial->score = was->score;
		trial->seconds = was->seconds;
		return true;
	}
	return false;
}

static bool take(void *context, const struct upk_trial_row *row)
{
	struct upk_trials *t = context;
	struct upk_trial *grown = realloc(t->stored, (t->count + 1) * sizeof *grown);
	char *learner = grown ? upk_text_copy(row->learner) : NULL;
	char *settings = learner ? upk_text_copy(row->settings) : NULL;
	t->stored = grown ? grown : t->stored;
	t->failed = !settings;
	if (settings)
		t->stored[t->count++] = (struct upk_trial){ .number = row->trial,
			.kind = upk_text_is(row->kind, "adjust") ? UPK_TRIAL_ADJUST
								 : UPK_TRIAL_OPTIMISE,
			.learner = upk_learner_find(learner),
			.parent = row->parent,
			.settings = settings,
			.from = row->from,
			.to = row->to,
			.rows = (size_t)row->rows,
			.seed = (uint64_t)row->seed,
			.failed = upk_text_is(row->state, "failed"),
			.score = row->score,
			.seconds = row->seconds };
	if (settings && row->error.size < UPK_TRIAL_ERROR && row->error.data)
		memcpy(t->stored[t->count - 1].error, row->error.data, row->error.size);
	free(learner);
	return !t->failed;
}

struct upk_trials *upk_trials_read(struct upk_engine *e, struct upk_model *m, int64_t run,
	struct upk_store *rows, struct upk_error *err)
{
	struct upk_trials *t = calloc(1, sizeof *t);
	if (!t) {
		upk_fail(err, UPK_NOMEM, "no memory for the trials of a run");
		return NULL;
	}
	t->engine = e;
	t->model = upk_model_ref(m);
	t->run = run;
	bool done = upk_trial_each(rows, m->number, run, take, t, err);
	if (done && t->failed)
		done = upk_fail(err, UPK_NOMEM, "no memory for the trials of a run");
	if (done)
		return t;
	upk_trials_destroy(t);
	return NULL;
}

void upk_trials_destroy(struct upk_trials *t)
{
	if (!t)
		return;
	for (size_t i = 0; i < t->count; i++)
		upk_trial_finish(&t->stored[i]);
	free(t->stored);
	upk_model_unref(t->model);
	free(t);
}

struct upk_search_watch upk_trials_watch(struct upk_trials *t)
{
	return (struct upk_search_watch){ recall, send, t };
}
