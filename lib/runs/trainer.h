/* The trainer: one thread at low priority that carries out runs, one after the other. */
#ifndef UPK_RUNS_TRAINER_H
#define UPK_RUNS_TRAINER_H

#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"
#include "core/model.h"
#include "writer/writer.h"

struct upk_trainer;

/* Carries out what comes into e->jobs. NULL: UPK_NOMEM or UPK_IO. */
struct upk_trainer *upk_trainer_start(struct upk_engine *e, struct upk_error *err);

/* Cancels what runs and what is queued, waits for the thread and frees: the ends of those runs have
 * then been pushed to the writer. Runs queued later are refused. NULL is fine. */
void upk_trainer_stop(struct upk_trainer *t);

#endif
