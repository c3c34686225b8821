#include "writer/jobs.h"

#include <math.h>
#include <pthread.h>
#include <stdlib.h>

#include "core/core.h"
#include "store/version.h"
#include "versions/bench.h"

struct upk_jobs {
	pthread_mutex_t lock; /* over the queue and `current` */
	pthread_cond_t wake;
	struct upk_job *first, *last, *current;
	atomic_bool closed;
};

struct upk_jobs *upk_jobs_create(struct upk_error *err)
{
	struct upk_jobs *jobs = calloc(1, sizeof *jobs);
	if (!jobs) {
		upk_fail(err, UPK_NOMEM, "no memory for the queue of runs");
		return NULL;
	}
	pthread_mutex_init(&jobs->lock, NULL);
	pthread_cond_init(&jobs->wake, NULL);
	return jobs;
}

void upk_jobs_destroy(struct upk_jobs *jobs)
{
	if (!jobs)
		return;
	pthread_cond_destroy(&jobs->wake);
	pthread_mutex_destroy(&jobs->lock);
	free(jobs);
}

static void free_job(struct upk_job *job)
{
	for (size_t i = 0; i < job->olds_count; i++)
		upk_predictor_unref(job->olds[i].predictor);
	upk_predictor_unref(job->champion);
	upk_predictor_unref(job->rival);
	upk_model_unref(job->model);
	upk_config_unref(job->config);
	upk_schema_unref(job->schema);
	free(job);
}

/* The newest of the bench, with the place after their last training row. */
static bool add_olds(struct upk_engine *e, struct upk_job *job, struct upk_error *err)
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
		if (!upk_version_get(e->store, job->model->number, version, &found, &row, err))
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
static bool add_live(struct upk_engine *e, struct upk_job *job, struct upk_error *err)
{
	const struct upk_tail *tail = job->model->tail;
	struct upk_version_row row;
	bool found;
	job->live = upk_live_wants_start(tail->live);
	if (!job->live || tail->champion == 0)
		return true;
	if (!upk_version_get(e->store, job->model->number, tail->champion, &found, &row, err))
		return false;
	if (found) {
		job->live_from = row.from;
		job->live_to = row.to;
	}
	return true;
}

/* A version's predictor, which the caller gives back, and the place after its last training row.
 * *out stays NULL where it is not at hand. */
static bool get_version(struct upk_engine *e, const struct upk_model *m, int64_t version,
	struct upk_predictor **out, int64_t *to, struct upk_error *err)
{
	struct upk_serving *serving = version ? upk_bench_find(m->tail->bench, version) : NULL;
	struct upk_version_row row;
	bool found;
	if (!serving)
		return true;
	if (!upk_version_get(e->store, m->number, version, &found, &row, err))
		return false;
	if (found) {
		*out = upk_predictor_ref(upk_serving_predictor(serving));
		*to = row.to;
	}
	return true;
}

/* Whether it must beat the version that answers predict, whoever answered the newest rows. */
static bool compares_with_champion(enum upk_run_kind kind)
{
	return kind == UPK_RUN_SCHEDULE || kind == UPK_RUN_MANUAL || kind == UPK_RUN_GROWTH;
}

/* The version in use, where it can be gone on from; and whom a run is to
 * beat: the version that answers predict, where upkeepd's are in use. */
static bool add_champion(struct upk_engine *e, struct upk_job *job, struct upk_error *err)
{
	const struct upk_tail *tail = job->model->tail;
	if (!get_version(
		    e, job->model, job->order.champion, &job->champion, &job->champion_to, err))
		return false;
	if (job->order.champion == 0 || !compares_with_champion(job->order.run_kind))
		return true;
	job->rival_version = tail->champion;
	return get_version(e, job->model, tail->champion, &job->rival, &job->rival_to, err);
}

bool upk_jobs_queue(struct upk_engine *e, struct upk_model *m, const struct upk_order *order,
	struct upk_error *err)
{
	struct upk_jobs *jobs = e->jobs;
	struct upk_job *job = calloc(1, sizeof *job);
	if (!job)
		return upk_fail(err, UPK_NOMEM, "no memory for a run");
	job->model = upk_model_ref(m);
	job->config = upk_config_ref(m->tail->config);
	job->schema = upk_schema_ref(m->tail->schema);
	job->order = *order;
	job->first_errors = first_errors(m->tail->holdout);
	if (!add_olds(e, job, err) || !add_champion(e, job, err) || !add_live(e, job, err)) {
		free_job(job);
		return false;
	}
	pthread_mutex_lock(&jobs->lock);
	bool closed = atomic_load(&jobs->closed);
	if (!closed) {
		*(jobs->last ? &jobs->last->next : &jobs->first) = job;
		jobs->last = job;
		pthread_cond_signal(&jobs->wake);
	}
	pthread_mutex_unlock(&jobs->lock);
	if (!closed)
		return true;
	free_job(job);
	return upk_fail(err, UPK_BUSY, "the daemon is stopping");
}

struct upk_job *upk_jobs_take(struct upk_jobs *jobs)
{
	pthread_mutex_lock(&jobs->lock);
	while (!jobs->first && !atomic_load(&jobs->closed))
		pthread_cond_wait(&jobs->wake, &jobs->lock);
	struct upk_job *job = jobs->first;
	if (job) {
		jobs->first = job->next;
		jobs->last = jobs->first ? jobs->last : NULL;
		jobs->current = job;
		if (atomic_load(&jobs->closed))
			atomic_store(&job->cancel, true);
	}
	pthread_mutex_unlock(&jobs->lock);
	return job;
}

void upk_jobs_finish(struct upk_jobs *jobs, struct upk_job *job)
{
	pthread_mutex_lock(&jobs->lock);
	jobs->current = NULL;
	pthread_mutex_unlock(&jobs->lock);
	free_job(job);
}

void upk_jobs_close(struct upk_jobs *jobs)
{
	pthread_mutex_lock(&jobs->lock);
	atomic_store(&jobs->closed, true);
	if (jobs->current)
		atomic_store(&jobs->current->cancel, true);
	pthread_cond_signal(&jobs->wake);
	pthread_mutex_unlock(&jobs->lock);
}

bool upk_jobs_closed(const struct upk_jobs *jobs)
{
	return atomic_load(&jobs->closed);
}

static void cancel_if(struct upk_job *job, const struct upk_model *m, int64_t run)
{
	if (job && job->model == m && job->order.run == run)
		atomic_store(&job->cancel, true);
}

void upk_jobs_cancel(struct upk_jobs *jobs, const struct upk_model *m, int64_t run)
{
	pthread_mutex_lock(&jobs->lock);
	cancel_if(jobs->current, m, run);
	for (struct upk_job *job = jobs->first; job; job = job->next)
		cancel_if(job, m, run);
	pthread_mutex_unlock(&jobs->lock);
}

bool upk_jobs_progress(
	struct upk_jobs *jobs, const struct upk_model *m, int64_t run, size_t *done, size_t *total)
{
	pthread_mutex_lock(&jobs->lock);
	const struct upk_job *job = jobs->current;
	bool found =
		job && job->model == m && job->order.run == run && atomic_load(&job->total) > 0;
	if (found) {
		*done = atomic_load(&job->done);
		*total = atomic_load(&job->total);
	}
	pthread_mutex_unlock(&jobs->lock);
	return found;
}
