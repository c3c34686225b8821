/* The end of a run, on its way from the trainer to the writer. */
#ifndef UPK_RUNS_OUTCOME_H
#define UPK_RUNS_OUTCOME_H

#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"
#include "core/model.h"
#include "learn/choice.h"
#include "learn/contest.h"
#include "learn/learner.h"
#include "tail/orders.h"
#include "writer/jobs.h"
#include "writer/writer.h"

/* How well a learner did when the run looked for the one to go by. */
struct upk_outcome_choice {
	const struct upk_learner *learner;
	double score; /* NAN: its fits failed */
};

/* The trainer makes and fills it; once pushed it is the writer's, which applies it
 * (runs/promotion.h) and frees it. */
struct upk_outcome {
	struct upk_task task;      /* first: the writer gets this */
	struct upk_model *model;   /* a reference */
	struct upk_schema *schema; /* that the rows were read with: a reference */
	struct upk_order order;
	bool begun;             /* only says that the run has begun */
	bool interrupted;       /* the daemon stops: the run goes on when it is started again */
	int64_t started, ended; /* ms */
	struct upk_outcome_choice choice[UPK_CHOICE_LEARNERS];
	size_t choices; /* 0: nothing was compared */
	struct upk_contest_outcome contest;
	struct upk_error error;     /* UPK_OK: contest holds */
	struct upk_live_start live; /* the shadow, where the model had none */
};

/* Of the job, without an end yet; the writer is to call `apply`. Waits for memory: that must not be
 * what loses an outcome. */
struct upk_outcome *upk_outcome_create(
	const struct upk_job *job, void (*apply)(struct upk_engine *e, struct upk_task *task));
void upk_outcome_destroy(struct upk_outcome *o);

#endif
