/* Old versions, runs, trials and alerts go: a model keeps as many of the newest as its configuration says. */
#ifndef UPK_WRITER_KEEP_H
#define UPK_WRITER_KEEP_H

#include <stdbool.h>

#include "base/error.h"
#include "core/core.h"
#include "core/model.h"

enum {
	UPK_KEEP_ROLLBACKS = 8, /* so many rollbacks find their version */
};

/* Thread: the writer, within the transaction that adds one, and a few each time: a number that was
 * lowered is reached step by step. The newest of each always stays, so that no number is given
 * out twice. false: the store's error or UPK_NOMEM, the transaction is to be rolled back. */

/* Besides the newest stay the champion, what is in use or awaited, the bench, what the bench
 * proposes, that of the holdout's figures, those of runs that wait for a person, and those that
 * the next UPK_KEEP_ROLLBACKS rollbacks go back to. */
bool upk_keep_versions(struct upk_engine *e, struct upk_model *m, struct upk_error *err);

/* Besides the newest stay runs that have not ended or wait, and those whose version is kept. */
bool upk_keep_runs(struct upk_engine *e, struct upk_model *m, struct upk_error *err);

/* Besides the newest stay those of runs that have not ended. */
bool upk_keep_trials(struct upk_engine *e, struct upk_model *m, struct upk_error *err);

/* Besides the newest stay alerts that fire. */
bool upk_keep_alerts(struct upk_engine *e, struct upk_model *m, struct upk_error *err);

#endif
