#include "runs/trainer.h"

#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "config/config_read.h"
#include "core/core.h"
#include "learn/candidate.h"
#include "learn/choice.h"
#include "learn/distinct.h"
#include "learn/footprint.h"
#include "learn/learner.h"
#include "runs/outcome.h"
#include "runs/promotion.h"
#include "runs/rows.h"
#include "runs/slice_rows.h"
#include "runs/trials.h"
#include "store/place.h"
#include "writer/jobs.h"

/* Than the rest of the daemon, which may be nice itself. */
enum { NICER = 10 };

struct upk_trainer {
	struct upk_engine *engine;
	struct upk_jobs *jobs;
	pthread_t thread;
};

static enum upk_gate_kind gate_kind(enum upk_run_kind kind)
{
	if (kind == UPK_RUN_ALERT)
		return UPK_GATE_ALERT;
	return kind == UPK_RUN_GROWTH ? UPK_GATE_GROWTH : UPK_GATE_MANUAL;
}

static bool gate_measure(
	const struct upk_job *job, struct upk_measure *measure, struct upk_error *err)
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

/* A run on its way to its contest; the request borrows from the rest. */
struct plan {
	struct upk_job *job;
	struct upk_contest_request request;
	struct upk_contest_old olds[UPK_CONTEST_OLD];
	struct upk_contest_other others[UPK_CONTEST_OTHERS];
	struct upk_tuning tuning;
	struct upk_choice_request choice;
	size_t fits, steps; /* of the choice, and those of the contest that come after them */
};

/* What the run searches, but for the space; trials is 0 where it doesn't. */
static bool set_tuning(struct plan *p, const struct upk_rows *rows, struct upk_error *err)
{
	struct upk_tuning *out = &p->tuning;
	struct upk_job *job = p->job;
	const struct upk_retrain_config *retrain = &job->config->retrain;
	const struct upk_search_config *search = &retrain->search;
	*out = (struct upk_tuning){ .trials = (size_t)retrain->trials,
		.repetitions = (size_t)search->repetitions,
		.seconds = 1e-3 * (double)retrain->budget_ms,
		.objective = p->request.measure,
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
	return true;
}

static void note(struct plan *p, size_t done)
{
	atomic_store(&p->job->total, p->fits + p->steps);
	atomic_store(&p->job->done, done);
}

static void note_choice(void *context, size_t done, size_t total)
{
	(void)total;
	note(context, done);
}

static void note_contest(void *context, size_t done, size_t total)
{
	struct plan *p = context;
	p->steps = total;
	note(p, p->fits + done);
}

/* With "auto" the learner that is best at rows after those that it is fitted on; of the rows held
 * out, and of those that were not known when they were predicted, it sees none, except in a first
 * run, which compares with nobody. */
static void plan_choice(struct plan *p)
{
	const struct upk_retrain_config *retrain = &p->job->config->retrain;
	struct upk_contest_request *request = &p->request;
	const struct upk_dataset *d = request->data;
	struct upk_choice_request *choice = &p->choice;
	*choice = (struct upk_choice_request){ .data = d,
		.to = d->rows,
		.decision = request->decision,
		.measure = request->measure,
		.progress = note_choice,
		.context = p };
	if (p->job->order.run_kind != UPK_RUN_FIRST) {
		size_t holdout = upk_candidate_holdout(d, upk_dataset_at(d, p->job->order.change));
		choice->lag = upk_contest_lag(request, holdout);
		choice->to -= holdout + choice->lag;
	}
	for (size_t i = 0; i < UPK_CHOICE_LEARNERS && upk_learner_at(i); i++) {
		struct upk_predictor_setup *setup = &choice->setups[choice->count];
		if (!upk_config_takes(retrain, upk_learner_at(i)))
			continue;
		*setup = request->setup;
		setup->learner = upk_learner_at(i);
		setup->settings = upk_config_settings(retrain, setup->learner);
		choice->count++;
	}
	p->fits = upk_choice_fits(choice);
	request->others = p->others;
	request->others_count = choice->count - 1;
}

/* The chosen learner first, the others after it. */
static bool line_up(struct plan *p, size_t chosen, struct upk_error *err)
{
	const struct upk_retrain_config *retrain = &p->job->config->retrain;
	struct upk_contest_other *other = p->others;
	p->request.setup = p->choice.setups[chosen];
	if (!upk_config_space(retrain, p->request.setup.learner, &p->tuning.space, err))
		return false;
	for (size_t i = 0; i < p->choice.count; i++) {
		if (i == chosen)
			continue;
		other->setup = p->choice.setups[i];
		if (!upk_config_space(retrain, other->setup.learner, &other->space, err))
			return false;
		other++;
	}
	return true;
}

static bool choose_learner(struct plan *p, struct upk_outcome *o, struct upk_error *err)
{
	double scores[UPK_CHOICE_LEARNERS];
	size_t chosen;
	if (!upk_choice(&p->choice, &chosen, scores, err))
		return false;
	for (size_t i = 0; p->fits > 0 && i < p->choice.count; i++)
		o->choice[o->choices++] =
			(struct upk_outcome_choice){ p->choice.setups[i].learner, scores[i] };
	return line_up(p, chosen, err);
}

static struct upk_contest_champion champion_of(
	const struct upk_job *job, const struct upk_rows *rows)
{
	bool fits = job->rival &&
		upk_predictor_fits(job->rival, rows->columns, job->schema->classes,
			job->schema->classes_count);

	return (struct upk_contest_champion){ job->rival_version, fits ? job->rival : NULL,
		job->rival_to };
}

static size_t take_olds(const struct upk_job *job, const struct upk_rows *rows,
	struct upk_contest_old olds[UPK_CONTEST_OLD])
{
	size_t count = 0;
	for (size_t i = 0; i < job->olds_count; i++)
		if (upk_predictor_fits(job->olds[i].predictor, rows->columns, job->schema->classes,
			    job->schema->classes_count))
			olds[count++] = job->olds[i];
	return count;
}

static struct upk_contest_request request_of(
	struct plan *p, const struct upk_rows *rows, const struct upk_slices *slices)
{
	struct upk_job *job = p->job;
	const struct upk_retrain_config *retrain = &job->config->retrain;
	return (struct upk_contest_request){
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
		.champion = champion_of(job, rows),
		.old = p->olds,
		.olds = take_olds(job, rows, p->olds),
		.tuning = &p->tuning,
		.progress = note_contest,
		.context = p,
	};
}

/* A text that nobody has declared is learnt as a category, and little is learnt from it. */
static bool doubt_categories(
	const struct upk_table *t, char verdict[UPK_CONTEST_VERDICT], struct upk_error *err)
{
	struct upk_distinct d;
	size_t end = strlen(verdict);
	if (!upk_distinct_find(t, &d, err))
		return false;
	if (d.column)
		snprintf(verdict + end, UPK_CONTEST_VERDICT - end,
			"; of the category %.*s %zu of %zu values are different, so that most new "
			"ones will be unknown: is it a text?",
			(int)d.column->name.size, d.column->name.data, d.values, d.rows);
	return true;
}

/* What it must fail for is known before it chooses a learner, which may take minutes. */
static bool contest(struct upk_job *job, const struct upk_rows *rows,
	const struct upk_slices *slices, struct upk_outcome *o, struct upk_error *err)
{
	bool first = job->order.run_kind == UPK_RUN_FIRST;
	struct plan p = { .job = job };
	p.request = request_of(&p, rows, slices);
	if (!gate_measure(job, &p.request.measure, err) || !set_tuning(&p, rows, err))
		return false;
	plan_choice(&p);
	if (!(first ? upk_contest_first_check(&p.request, &p.steps, err)
		    : upk_contest_check(&p.request, &p.steps, err)))
		return false;
	note(&p, 0);
	if (!choose_learner(&p, o, err))
		return false;
	return (first ? upk_contest_first(&p.request, &o->contest, err)
		      : upk_contest(&p.request, &o->contest, err)) &&
		doubt_categories(&rows->data.table, o->contest.verdict, err);
}

/* By what is known before a row is read: the places there are, the features, and every learner that
 * may have its turn. */
static bool check_memory(const struct upk_job *job, struct upk_store *store, struct upk_error *err)
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
static bool read_all(struct upk_trainer *t, struct upk_job *job, struct upk_rows *rows,
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
static bool start_live(struct upk_job *job, const struct upk_rows *rows, struct upk_outcome *o,
	struct upk_error *err)
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
	struct upk_trainer *t, struct upk_job *job, struct upk_outcome *o, struct upk_error *err)
{
	struct upk_rows rows = { 0 };
	struct upk_slices slices = { 0 };
	bool done = read_all(t, job, &rows, &slices, err) && contest(job, &rows, &slices, o, err) &&
		start_live(job, &rows, o, err);
	upk_slices_finish(&slices);
	upk_rows_finish(&rows);
	return done;
}

/* It was queued when the daemon was told to stop, and has not begun. */
static void give_back(struct upk_trainer *t, struct upk_job *job)
{
	struct upk_outcome *o = upk_outcome_create(job, upk_promotion_apply);
	o->interrupted = true;
	o->error.code = UPK_CANCELLED;
	upk_writer_push(t->engine->writer, &o->task);
}

static void carry_out(struct upk_trainer *t, struct upk_job *job)
{
	struct upk_engine *e = t->engine;
	int64_t started = upk_clock_now(e->clock);
	struct upk_outcome *begun = upk_outcome_create(job, upk_promotion_apply);
	begun->begun = true;
	begun->started = started;
	/* Waits for the commit: else a run that ends the daemon at once never counts as a crash. */
	upk_writer_call(e->writer, &begun->task);

	struct upk_outcome *o = upk_outcome_create(job, upk_promotion_apply);
	o->started = started;
	int threads = atomic_load(&e->train_threads);
	job->crew = upk_crew_create(threads ? (size_t)threads : upk_crew_default(), NULL);
	if (!read_and_contest(t, job, o, &o->error) && o->error.code == UPK_OK)
		o->error.code = UPK_IO;
	upk_crew_destroy(job->crew);
	upk_trials_destroy(job->trials);
	o->ended = upk_clock_now(e->clock);
	o->interrupted = upk_jobs_closed(t->jobs) && o->error.code == UPK_CANCELLED;
	upk_writer_push(e->writer, &o->task);
}

static void *work(void *argument)
{
	struct upk_trainer *t = argument;
	struct upk_job *job;
	(void)nice(NICER); /* of this thread; a sandbox may forbid it */
	while ((job = upk_jobs_take(t->jobs))) {
		if (upk_jobs_closed(t->jobs))
			give_back(t, job);
		else
			carry_out(t, job);
		upk_jobs_finish(t->jobs, job);
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
	t->jobs = e->jobs;
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
	upk_jobs_close(t->jobs);
	pthread_join(t->thread, NULL);
	free(t);
}
