/* The trainer: one thread at low priority that carries out runs, one after the other. */
#ifndef UPK_RUNS_TRAINER_H
#define UPK_RUNS_TRAINER_H

#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"
#include "core/model.h"
#include "learn/contest.h"
#include "tail/orders.h"
#include "writer/writer.h"

struct upk_trainer;

/* A run's end on its way to the writer, which applies it (runs/promotion.h) and frees it. */
struct upk_outcome {
	struct upk_task task;      /* first: the writer gets this */
	struct upk_model *model;   /* a reference */
	struct upk_schema *schema; /* that the rows were read with: a reference */
	struct upk_order order;
	bool begun;             /* only says that the run has begun */
	bool interrupted;       /* the daemon stops: the run goes on when it is started again */
	int64_t started, ended; /* ms */
	struct upk_contest_outcome contest;
	struct upk_error error;     /* UPK_OK: contest holds */
	struct upk_live_start live; /* the shadow, where the model had none */
};
void upk_outcome_free(struct upk_outcome *o);

/* Carries out what comes into e->jobs. NULL: UPK_NOMEM or UPK_IO. */
struct upk_trainer *upk_trainer_start(struct upk_engine *e, struct upk_error *err);

/* Cancels what runs and what is queued, waits for the thread and frees: the ends of those runs have
 * then been pushed to the writer. Runs queued later are refused. NULL is fine. */
void upk_trainer_stop(struct upk_trainer *t);

#endif
