/* Models whose stored state is behind: how far back a restart has to read. */
#ifndef UPK_WRITER_UNSAVED_H
#define UPK_WRITER_UNSAVED_H

#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"
#include "core/core.h"
#include "core/model.h"

/* A restart reads the rows of at most this many sequence numbers, over all models together, and
 * those of the last group. */
enum { UPK_UNSAVED_MOST = 50000 };

/* Thread: the writer, for all of it. Models stand in the order of their first unsaved sequence
 * number, each with a reference; starts as { NULL, NULL }. */

/* The model has steps from that sequence number on, which never falls from call to call, unless it
 * is noted already. */
void upk_unsaved_note(struct upk_engine *e, struct upk_model *m, int64_t first);

/* Within a transaction: writes the states of those that are due, and how far back a restart has to
 * read then. seq: all tails have been fed up to there. all: every one is due. */
bool upk_unsaved_save(struct upk_engine *e, int64_t seq, bool all, struct upk_error *err);

/* Within a transaction that writes the state of m alone. */
bool upk_unsaved_save_one(struct upk_engine *e, struct upk_model *m, struct upk_error *err);

/* What was written since the last of these was committed, or undone. */
void upk_unsaved_commit(struct upk_engine *e);
void upk_unsaved_rollback(struct upk_engine *e);

/* The engine closes. */
void upk_unsaved_finish(struct upk_engine *e);

#endif
