/* Features that a model has not had yet: learnt from the first item that brings some. */
#ifndef UPK_INTAKE_INTAKE_LEARN_H
#define UPK_INTAKE_INTAKE_LEARN_H

#include <stdbool.h>

#include "base/error.h"
#include "core/core.h"
#include "intake/ingest.h"
#include "items/batch.h"

/* Brings batch and in->schema together before the batch's items are taken: a schema without
 * features gets those of the first item that has some and can be learnt from, and a batch that was
 * decoded against another schema is decoded again. An item from which nothing can be learnt gets
 * its `error`. Thread: the writer. false: the store's error or UPK_NOMEM, the transaction is to be
 * rolled back. */
bool upk_intake_learn(struct upk_engine *e, struct upk_ingest *in, struct upk_batch *batch,
	struct upk_error *err);

#endif
