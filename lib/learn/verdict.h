/* The verdict of a contest, in a sentence with the figures. */
#ifndef UPK_LEARN_VERDICT_H
#define UPK_LEARN_VERDICT_H

#include <stdbool.h>
#include <stddef.h>

#include "learn/contest.h"
#include "learn/learner.h"

/* Of a run with a champion that has been judged. `learner`: the picked one's is named, since the
 * model leaves it open. */
void upk_verdict_say(
	const struct upk_contest_outcome *o, bool learner, char verdict[UPK_CONTEST_VERDICT]);

/* Of a first run on so many rows, which held some out when it has a candidate. learner NULL: it
 * is not named. */
void upk_verdict_say_first(const struct upk_contest_outcome *o, const struct upk_learner *learner,
	size_t rows, char verdict[UPK_CONTEST_VERDICT]);

#endif
