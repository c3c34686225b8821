/* Score metrics of rules that sort too many pairs for the writer: computed by a thread of its own. */
#ifndef UPK_WINDOWS_SCORE_TASK_H
#define UPK_WINDOWS_SCORE_TASK_H

#include <stdbool.h>

#include "base/error.h"
#include "windows/score_copy.h"

/* The thread, and the tasks that wait for it, first come, first served. */
struct upk_scoring;

/* NULL: UPK_NOMEM, or UPK_IO when there is no thread. */
struct upk_scoring *upk_scoring_start(struct upk_error *err);

/* After all tasks were destroyed: ends the thread, frees. NULL is fine. */
void upk_scoring_stop(struct upk_scoring *s);

/* One metric of one copy at a time. Thread: its owner's, which is the writer; the scoring thread has
 * the copy from begin to end. */
struct upk_score_task;

struct upk_score_task *upk_score_task_create(struct upk_scoring *s); /* NULL: no memory */
void upk_score_task_destroy(struct upk_score_task *t); /* waits while it is computed; NULL is fine */

/* To be filled before it begins; not between begin and end. */
struct upk_score_copy *upk_score_task_copy(struct upk_score_task *t);

/* metric: a name that lives until the end. */
void upk_score_task_begin(struct upk_score_task *t, const char *metric);

/* Whether it began and was not ended. */
bool upk_score_task_pending(const struct upk_score_task *t);

/* Waits for the value of a pending one. false: UPK_NOMEM. */
bool upk_score_task_end(struct upk_score_task *t, double *value, struct upk_error *err);

#endif
