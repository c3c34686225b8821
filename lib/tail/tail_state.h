/* The tail's state as JSON: what a restart needs besides the rows. */
#ifndef UPK_TAIL_TAIL_STATE_H
#define UPK_TAIL_TAIL_STATE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buffer.h"
#include "base/error.h"
#include "base/text.h"
#include "tail/tail.h"

/* Counters, labels by class name, what is in use with the names that it speaks of, pace, the
 * record's beginning and first pairs, points of history, rules by name and the open run's order.
 * Windows, the record's last pairs and the bench are rebuilt from rows; the champion, numbers given
 * out, the holdout, `paused` and the run that waits for a person come from the store's rows. A
 * failed allocation shows in out->failed. Thread of all that stands here: the writer. */
void upk_tail_state_write(const struct upk_tail *t, struct upk_buffer *out);

/* Where the record began, for rebuilding it. */
struct upk_record_start {
	bool any;      /* false: nothing is in use, there is no record */
	int64_t place; /* of its first pair, or the first place that could have been; pairs that what
	                  is in use predicted, from here on */
	int rarer;     /* class index, -1: none */
	bool kept;     /* false: the rest is not known, and all its pairs are read again */
	int64_t pairs;
	int64_t last, bench; /* places of the oldest of its last pairs, and of the bench's; 0: none */
	struct upk_buffer first; /* as windows/record_text.h has it; upk_record_start_finish */
};

void upk_record_start_finish(struct upk_record_start *record);

/* Into a fresh tail. Rules are found by name: one whose definition is not the same (see
 * `definition` in the state) stays at ok; an open run whose rule is so has open.rule UPK_RULES_MAX.
 * Classes that the schema no longer has are left out.
 *
 * points[i].changes and a rule's scored_at count changes of a window that is still empty then: they
 * are left as 0 minus the changes since, so that after rebuilding the windows the caller only adds
 * upk_window_changes (upk_tail_state_settle does).
 * false: UPK_CORRUPT (not such a state) or UPK_NOMEM; the tail is then only good for destroy. The
 * caller finishes the record's start in any case. */
bool upk_tail_state_read(struct upk_tail *t, struct upk_text json, struct upk_record_start *record,
	struct upk_error *err);

/* The windows have been rebuilt: points and scores count from their changes on. Once per read. */
void upk_tail_state_settle(struct upk_tail *t);

#endif
