#include "engine/trainer.h"

#include <errno.h>
#include <math.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "engine/config_read.h"
#include "engine/core.h"
#include "engine/promotion.h"
#include "engine/rows.h"
#include "engine/slice_rows.h"
#include "engine/trials.h"
#include "learn/candidate.h"
#include "learn/choice.h"
#include "learn/footprint.h"
#include "learn/learner.h"
#include "store/place.h"
#include "store/version.h"

struct job {
	struct job *next;
	struct upk_model *model;
	struct upk_config *config;
	struct upk_schema *schema;
	struct upk_order order;
	double first_errors; /* share, of version 1 on its own holdout; NAN: not known */
	struct upk_contest_old olds[UPK_CONTEST_OLD]; /* predictors are references */
	size_t olds_count;
	struct upk_predictor *champion; /* that it may go on from: a reference; NULL: none */
	int64_t champion_to;            /* place after its last training row */
	struct upk_predictor *rival;    /* that it must beat: a reference; NULL: what was served */
	int64_t rival_version, rival_to;
	struct upk_trials *trials;  /* while it runs */
	atomic_size_t done, total;  /* candidates and trials */
	bool live;                  /* the model wants a shadow */
	int64_t live_from, live_to; /* places of the champion's rows; 0, 0: none known */
	atomic_bool cancel;
	struct upk_crew *crew; /* while it is carried out; NULL: no memory for one */
};

struct upk_trainer {
	struct upk_engine *engine;
	pthread_t thread;
	pthread_mutex_t lock; /* over the queue and `current` */
	pthread_cond_t wake;
	struct job *first, *last, *current;
	atomic_bool stopping;
};

static void free_job(struct job *job)
{
	for (size_t i = 0; i < job->olds_count; i++)
		upk_predictor_unref(job->olds[i].predictor);
	upk_predictor_unref(job->champion);
	upk_predictor_unref(job->rival);
	upk_trials_destroy(job->trials);
	upk_model_unref(job->model);
	upk_config_unref(job->config);
	upk_schema_unref(job->schema);
	free(job);
}

void upk_outcome_free(struct upk_outcome *o)
{
	upk_contest_finish(&o->contest);
	upk_live_start_finish(&o->live);
	upk_model_unref(o->model);
	upk_schema_unref(o->schema);
	free(o);
}

/* Memory for an outcome must not be what loses one: without it the writer is asked again later. */
static struct upk_outcome *outcome_of(const struct job *job)
{
	struct upk_outcome *o = calloc(1, sizeof *o);
	while (!o) {
		usleep(10000);
		o = calloc(1, sizeof *o);
	}
	o->task.run = upk_promotion_apply;
	o->model = upk_model_ref(job->model);
	o->schema = upk_schema_ref(job->schema);
	o->order = job->order;
	return o;
}

static enum upk_gate_kind gate_kind(enum upk_run_kind kind)
{
	if (kind == UPK_RUN_ALERT)
		return UPK_GATE_ALERT;
	return kind == UPK_RUN_GROWTH ? UPK_GATE_GROWTH : UPK_GATE_MANUAL;
}

static bool gate_measure(const struct job *job, struct upk_measure *measure, struct upk_error *err)
{
	const struct upk_measure_config *config = &job->config->retrain.measure;
	if (!upk_measure_resolve(config, job->schema, measure))
		return upk_fail(err, UPK_INVALID,
			"the gate's metric is of class \"%s\", which no label has named yet",
			config->class ? config->class : "");
	if (!config->class && upk_metric_per_class(measure->metric))
		measure->average = UPK_AVERAGE_MACRO;
	return true;
}

/* What the run searches; out->trials is 0 where it doesn't. */
static bool set_tuning(const struct job *job, const struct upk_rows *rows,
	const struct upk_learner *learner, struct upk_tuning *out, struct upk_error *err)
{
	const struct upk_retrain_config *retrain = &job->config->retrain;
	const struct upk_search_config *search = &retrain->search;
	*out = (struct upk_tuning){ .trials = (size_t)retrain->trials,
		.repetitions = (size_t)search->repetitions,
		.seconds = 1e-3 * (double)retrain->budget_ms,
		.method = upk_search_method_find(search->method ? search->method : "auto"),
		.watch = upk_trials_watch(job->trials) };
	if (!(search->runs & 1U << job->order.run_kind))
		out->trials = 0;
	if (job->champion &&
		upk_predictor_fits(job->champion, rows->columns, job->schema->classes,
			job->schema->classes_count)) {
		out->champion = job->champion;
		out->champion_to = job->champion_to;
	}
	if (search->objective.name &&
		!upk_measure_resolve(&search->objective, job->schema, &out->objective))
		return upk_fail(err, UPK_INVALID,
			"the search's objective is of class \"%s\", which no label has named yet",
			upk_measure_class(&search->objective, job->schema));
	return upk_config_space(retrain, learner, &out->space, err);
}

static void note_progress(void *context, size_t done, size_t total)
{
	struct job *job = context;
	atomic_store(&job->total, total);
	atomic_store(&job->done, done);
}

/* With "auto" the learner that is best at rows after those that it is fitted on; of the rows held
 * out it sees none, except in a first run, which compares with nobody. */
static bool choose_learner(
	const struct job *job, struct upk_contest_request *request, struct upk_error *err)
{
	const struct upk_retrain_config *retrain = &job->config->retrain;
	const struct upk_dataset *d = request->data;
	struct upk_choice_request choice = {
		.data = d, .to = d->rows, .decision = request->decision, .measure = request->measure
	};
	size_t chosen;
	if (job->order.run_kind != UPK_RUN_FIRST)
		choice.to -= upk_candidate_holdout(d, upk_dataset_at(d, job->order.change));
	for (size_t i = 0; i < UPK_CHOICE_LEARNERS && upk_learner_at(i); i++) {
		struct upk_predictor_setup *setup = &choice.setups[choice.count];
		if (!upk_config_takes(retrain, upk_learner_at(i)))
			continue;
		*setup = request->setup;
		setup->learner = upk_learner_at(i);
		setup->settings = upk_config_settings(retrain, setup->learner);
		choice.count++;
	}
	if (!upk_choice(&choice, &chosen, err))
		return false;
	request->setup = choice.setups[chosen];
	return true;
}

static struct upk_contest_champion champion_of(const struct job *job, const struct upk_rows *rows)
{
	bool fits = job->rival &&
		upk_predictor_fits(job->rival, rows->columns, job->schema->classes,
			job->schema->classes_count);

	return (struct upk_contest_champion){ job->rival_version, fits ? job->rival : NULL,
		job->rival_to };
}

static bool contest(struct job *job, const struct upk_rows *rows, const struct upk_slices *slices,
	struct upk_outcome *o, struct upk_error *err)
{
	const struct upk_retrain_config *retrain = &job->config->retrain;
	struct upk_contest_old olds[UPK_CONTEST_OLD];
	size_t count = 0;
	for (size_t i = 0; i < job->olds_count; i++)
		if (upk_predictor_fits(job->olds[i].predictor, rows->columns, job->schema->classes,
			    job->schema->classes_count))
			olds[count++] = job->olds[i];

	struct upk_contest_request request = {
		.data = &rows->data,
		.setup = { .classes = job->schema->classes,
			.values = (size_t)retrain->categories,
			.seed = retrain->seed,
			.cancel = &job->cancel,
			.crew = job->crew },
		.decision = { job->schema->positive, job->schema->threshold },
		.calibrate = retrain->calibrate,
		.threshold = retrain->threshold,
		.kind = gate_kind(job->order.run_kind),
		.margin = retrain->margin,
		.confidence = retrain->confidence,
		.checks = retrain->checks,
		.slices = job->config->slices_count ? slices : NULL,
		.first_errors = job->first_errors,
		.change = job->order.change,
		.old = olds,
		.olds = count,
		.progress = note_progress,
		.context = job,
	};
	struct upk_tuning tuning;
	if (!gate_measure(job, &request.measure, err) || !choose_learner(job, &request, err) ||
		!set_tuning(job, rows, request.setup.learner, &tuning, err))
		return false;
	if (!retrain->search.objective.name)
		tuning.objective = request.measure;
	request.tuning = &tuning;
	request.champion = champion_of(job, rows);
	if (job->order.run_kind == UPK_RUN_FIRST)
		return upk_contest_first(&request, &o->contest, err);
	return upk_contest(&request, &o->contest, err);
}

/* By what is known before a row is read: the places there are, the features, and every learner that
 * may have its turn. */
static bool check_memory(const struct job *job, struct upk_store *store, struct upk_error *err)
{
	const struct upk_retrain_config *retrain = &job->config->retrain;
	const struct upk_features *features = job->schema->features;
	struct upk_footprint f = { .classes = job->schema->classes_count,
		.values = (size_t)retrain->categories };
	int64_t first;
	if (!upk_place_first(store, job->model->number, &first, err))
		return false;
	f.rows = job->order.now > first ? (size_t)(job->order.now - first) : 0;
	for (size_t i = 0; features && i < upk_features_count(features); i++) {
		const struct upk_feature *feature = upk_features_at(features, i);
		f.numbers += feature->type == UPK_FEATURE_NUMBER;
		f.categories += feature->type == UPK_FEATURE_CATEGORY;
		f.texts += feature->type == UPK_FEATURE_TEXT;
		f.floats += feature->type == UPK_FEATURE_VECTOR ? feature->size : 0;
	}
	for (size_t i = 0; upk_learner_at(i); i++) {
		const struct upk_learner *learner = upk_learner_at(i);
		if (upk_config_takes(retrain, learner) &&
			!upk_footprint_check(&f, learner, upk_config_settings(retrain, learner),
				retrain->memory, err))
			return false;
	}
	return true;
}

/* The rows of a run, with the slices of those held out. The caller finishes both, on failure too.
 */
static bool read_all(struct upk_trainer *t, struct job *job, struct upk_rows *rows,
	struct upk_slices *slices, struct upk_error *err)
{
	const struct upk_slice_scan scan = { .model = job->model->number,
		.now = job->order.now,
		.as_of = job->order.seq,
		.change = job->order.change,
		.config = job->config,
		.cancel = &job->cancel };
	struct upk_store *store = upk_readers_take(t->engine->readers, err);
	if (!store)
		return false;
	bool done = check_memory(job, store, err) &&
		upk_rows_read(store, scan.model, job->schema, scan.now, scan.as_of,
			job->rival_version, &job->cancel, rows, err) &&
		upk_slice_rows_read(store, &scan, &rows->data, slices, err);
	if (done)
		job->trials = upk_trials_read(t->engine, job->model, job->order.run, store, err);
	upk_readers_give_back(t->engine->readers, store);
	return done && job->trials;
}

/* The shadow begins with the rows of the version that the run made, else with the champion's. */
static bool start_live(
	struct job *job, const struct upk_rows *rows, struct upk_outcome *o, struct upk_error *err)
{
	bool made = o->contest.predictor != NULL;
	int64_t from = made ? o->contest.from : job->live_from;
	int64_t to = made ? o->contest.to : job->live_to;
	if (!job->live || to == 0)
		return true;
	return upk_live_start_make(&o->live, &rows->data, upk_dataset_at(&rows->data, from),
		upk_dataset_at(&rows->data, to), job->schema->classes, &job->cancel, err);
}

static bool read_and_contest(
	struct upk_trainer *t, struct job *job, struct upk_outcome *o, struct upk_error *err)
{
	struct upk_rows rows = { 0 };
	struct upk_slices slices = { 0 };
	bool done = read_all(t, job, &rows, &slices, err) && contest(job, &rows, &slices, o, err) &&
		start_live(job, &rows, o, err);
	upk_slices_finish(&slices);
	upk_rows_finish(&rows);
	return done;
}

static void carry_out(struct upk_trainer *t, struct job *job)
{
	struct upk_engine *e = t->engine;
	int64_t started = upk_clock_now(e->clock);
	struct upk_outcome *begun = outcome_of(job);
	begun->begun = true;
	begun->started = started;
	upk_writer_push(e->writer, &begun->task);

	struct upk_outcome *o = outcome_of(job);
	o->started = started;
	int threads = atomic_load(&e->train_threads);
	job->crew = upk_crew_create(threads ? (size_t)threads : upk_crew_default(), NULL);
	if (!read_and_contest(t, job, o, &o->error) && o->error.code == UPK_OK)
		o->error.code = UPK_IO;
	upk_crew_destroy(job->crew);
	o->ended = upk_clock_now(e->clock);
	o->interrupted = atomic_load(&t->stopping) && o->error.code == UPK_CANCELLED;
	upk_writer_push(e->writer, &o->task);
}

static struct job *next_job(struct upk_trainer *t)
{
	pthread_mutex_lock(&t->lock);
	while (!t->first && !atomic_load(&t->stopping))
		pthread_cond_wait(&t->wake, &t->lock);
	struct job *job = t->first;
	if (job) {
		t->first = job->next;
		t->last = t->first ? t->last : NULL;
		t->current = job;
		if (atomic_load(&t->stopping))
			atomic_store(&job->cancel, true);
	}
	pthread_mutex_unlock(&t->lock);
	return job;
}

static void *work(void *argument)
{
	struct upk_trainer *t = argument;
	(void)setpriority(PRIO_PROCESS, (id_t)gettid(), 10); /* a sandbox may forbid it */
	for (struct job *job = next_job(t); job; job = next_job(t)) {
		carry_out(t, job);
		pthread_mutex_lock(&t->lock);
		t->current = NULL;
		pthread_mutex_unlock(&t->lock);
		free_job(job);
	}
	return NULL;
}

struct upk_trainer *upk_trainer_start(struct upk_engine *e, struct upk_error *err)
{
	struct upk_trainer *t = calloc(1, sizeof *t);
	if (!t) {
		upk_fail(err, UPK_NOMEM, "no memory for the trainer");
		return NULL;
	}
	t->engine = e;
	pthread_mutex_init(&t->lock, NULL);
	pthread_cond_init(&t->wake, NULL);
	int failed = pthread_create(&t->thread, NULL, work, t);
	if (!failed)
		return t;
	free(t);
	upk_fail(err, UPK_IO, "the trainer's thread can't be started: %s", strerror(failed));
	return NULL;
}

void upk_trainer_stop(struct upk_trainer *t)
{
	if (!t)
		return;
	pthread_mutex_lock(&t->lock);
	atomic_store(&t->stopping, true);
	if (t->current)
		atomic_store(&t->current->cancel, true);
	pthread_cond_signal(&t->wake);
	pthread_mutex_unlock(&t->lock);
	pthread_join(t->thread, NULL);
}

void upk_trainer_destroy(struct upk_trainer *t)
{
	if (!t)
		return;
	pthread_cond_destroy(&t->wake);
	pthread_mutex_destroy(&t->lock);
	free(t);
}

/* The newest of the bench, with the place after their last training row. */
static bool add_olds(struct upk_trainer *t, struct job *job, struct upk_error *err)
{
	const struct upk_tail *tail = job->model->tail;
	for (size_t i = upk_bench_count(tail->bench); i > 0 && job->olds_count < UPK_CONTEST_OLD;
		i--) {
		struct upk_serving *serving = upk_bench_at(tail->bench, i - 1);
		int64_t version = upk_serving_version(serving);
		struct upk_version_row row;
		bool found;
		if (version == tail->champion || version == upk_tag_version(tail->in_use.tag))
			continue;
		if (!upk_version_get(
			    t->engine->store, job->model->number, version, &found, &row, err))
			return false;
		if (!found)
			continue;
		job->olds[job->olds_count++] = (struct upk_contest_old){ version,
			upk_predictor_ref(upk_serving_predictor(serving)), row.to };
	}
	return true;
}

static double first_errors(const struct upk_confusion *holdout)
{
	uint64_t pairs = holdout ? upk_confusion_pairs(holdout) : 0;
	return pairs ? 1 - (double)upk_confusion_hits(holdout) / (double)pairs : (double)NAN;
}

/* What a shadow may begin with besides the rows of the run's own version. */
static bool add_live(struct upk_trainer *t, struct job *job, struct upk_error *err)
{
	const struct upk_tail *tail = job->model->tail;
	struct upk_version_row row;
	bool found;
	job->live = upk_live_wants_start(tail->live);
	if (!job->live || tail->champion == 0)
		return true;
	if (!upk_version_get(
		    t->engine->store, job->model->number, tail->champion, &found, &row, err))
		return false;
	if (found) {
		job->live_from = row.from;
		job->live_to = row.to;
	}
	return true;
}

/* A version's predictor, which the caller gives back, and the place after its last training row.
 * *out stays NULL where it is not at hand. */
static bool get_version(const struct upk_trainer *t, const struct upk_model *m, int64_t version,
	struct upk_predictor **out, int64_t *to, struct upk_error *err)
{
	struct upk_serving *serving = version ? upk_bench_find(m->tail->bench, version) : NULL;
	struct upk_version_row row;
	bool found;
	if (!serving)
		return true;
	if (!upk_version_get(t->engine->store, m->number, version, &found, &row, err))
		return false;
	if (found) {
		*out = upk_predictor_ref(upk_serving_predictor(serving));
		*to = row.to;
	}
	return true;
}

/* The version in use, where it can be gone on from; and whom a run by hand or by schedule is to
 * beat: the version that answers predict, where upkeepd's are in use. */
static bool add_champion(struct upk_trainer *t, struct job *job, struct upk_error *err)
{
	const struct upk_tail *tail = job->model->tail;
	if (!get_version(
		    t, job->model, job->order.champion, &job->champion, &job->champion_to, err))
		return false;
	if (job->order.champion == 0 || gate_kind(job->order.run_kind) != UPK_GATE_MANUAL)
		return true;
	job->rival_version = tail->champion;
	return get_version(t, job->model, tail->champion, &job->rival, &job->rival_to, err);
}

bool upk_trainer_queue(struct upk_trainer *t, struct upk_model *m, const struct upk_order *order,
	struct upk_error *err)
{
	if (atomic_load(&t->stopping))
		return upk_fail(err, UPK_BUSY, "the daemon is stopping");
	struct job *job = calloc(1, sizeof *job);
	if (!job)
		return upk_fail(err, UPK_NOMEM, "no memory for a run");
	job->model = upk_model_ref(m);
	job->config = upk_config_ref(m->tail->config);
	job->schema = upk_schema_ref(m->tail->schema);
	job->order = *order;
	job->first_errors = first_errors(m->tail->holdout);
	if (!add_olds(t, job, err) || !add_champion(t, job, err) || !add_live(t, job, err)) {
		free_job(job);
		return false;
	}
	pthread_mutex_lock(&t->lock);
	*(t->last ? &t->last->next : &t->first) = job;
	t->last = job;
	pthread_cond_signal(&t->wake);
	pthread_mutex_unlock(&t->lock);
	return true;
}

static void cancel_if(struct job *job, const struct upk_model *m, int64_t run)
{
	if (job && job->model == m && job->order.run == run)
		atomic_store(&job->cancel, true);
}

void upk_trainer_cancel(struct upk_trainer *t, const struct upk_model *m, int64_t run)
{
	pthread_mutex_lock(&t->lock);
	cancel_if(t->current, m, run);
	for (struct job *job = t->first; job; job = job->next)
		cancel_if(job, m, run);
	pthread_mutex_unlock(&t->lock);
}

bool upk_trainer_progress(
	struct upk_trainer *t, const struct upk_model *m, int64_t run, size_t *done, size_t *total)
{
	pthread_mutex_lock(&t->lock);
	const struct job *job = t->current;
	bool found =
		job && job->model == m && job->order.run == run && atomic_load(&job->total) > 0;
	if (found) {
		*done = atomic_load(&job->done);
		*total = atomic_load(&job->total);
	}
	pthread_mutex_unlock(&t->lock);
	return found;
}
