/* Runs that wait for the trainer, and the one that it carries out. */
#ifndef UPK_WRITER_JOBS_H
#define UPK_WRITER_JOBS_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "config/config.h"
#include "core/model.h"
#include "items/schema.h"
#include "learn/contest.h"
#include "tail/orders.h"

struct upk_engine;
struct upk_crew;
struct upk_trials;

/* What a run was ordered with, all of it copied or referenced when it was queued. The trainer's
 * once it has been taken, but for `cancel`, `done` and `total`, which are everybody's. */
struct upk_job {
	struct upk_job *next;
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
	atomic_size_t done, total;  /* fits that choose the learner, candidates, trials */
	bool live;                  /* the model wants a shadow */
	int64_t live_from, live_to; /* places of the champion's rows; 0, 0: none known */
	atomic_bool cancel;
	struct upk_crew *crew; /* while it is carried out; NULL: no memory for one */
};

struct upk_jobs;

struct upk_jobs *upk_jobs_create(struct upk_error *err); /* NULL: UPK_NOMEM */
void upk_jobs_destroy(struct upk_jobs *jobs); /* NULL is fine; nothing is in it any more */

/* Queues a run of the model. Called by the writer: everything it needs is copied or referenced at
 * this moment (configuration, schema, versions of the bench). false: UPK_BUSY (the engine closes),
 * UPK_NOMEM or the store's error; the run then has not been queued. */
bool upk_jobs_queue(struct upk_engine *e, struct upk_model *m, const struct upk_order *order,
	struct upk_error *err);

/* Any thread: the run stops at its next iteration; its end still comes. */
void upk_jobs_cancel(struct upk_jobs *jobs, const struct upk_model *m, int64_t run);

/* Any thread: how many of the fits that choose its learner, candidates and trials a run is
 * through; false: it is not going on. */
bool upk_jobs_progress(
	struct upk_jobs *jobs, const struct upk_model *m, int64_t run, size_t *done, size_t *total);

/* The trainer: waits for the next one. NULL: closed, and none is left; what comes after closing is
 * cancelled. */
struct upk_job *upk_jobs_take(struct upk_jobs *jobs);
void upk_jobs_finish(
	struct upk_jobs *jobs, struct upk_job *job); /* the one that was taken; frees it */

/* Any thread. No run is queued from now on, and the one that goes on is cancelled. */
void upk_jobs_close(struct upk_jobs *jobs);
bool upk_jobs_closed(const struct upk_jobs *jobs);

#endif
