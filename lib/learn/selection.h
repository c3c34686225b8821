/* Which of a contest's candidates is taken: docs/policy.md section 2. */
#ifndef UPK_LEARN_SELECTION_H
#define UPK_LEARN_SELECTION_H

#include <stdbool.h>
#include <stddef.h>

#include "learn/candidate.h"
#include "learn/panel.h"

/* Candidates and what they answered; the first `windows` are fits of one learner on rows that begin
 * at rows[i].from. All borrowed. */
struct upk_selection {
	const struct upk_panel *panel;
	const struct upk_panel_answer *answers; /* (count) */
	size_t count;
	const struct upk_candidate_window *rows; /* (windows) */
	size_t windows;
	double champion; /* its score */
};

/* The one with the highest score among the first n >= 1 candidates; of equals the first. */
size_t upk_selection_best(const struct upk_panel_answer *answers, size_t n);

/* The longest window that beats the champion and that the best does not beat by its own standard
 * error; where there is none, the best of all. At least one candidate. */
size_t upk_selection_pick(const struct upk_selection *p);

/* Whether a's score is above b's by more than z standard errors of their difference. */
bool upk_selection_beats(const struct upk_panel *panel, const struct upk_panel_answer *a,
	const struct upk_panel_answer *b, double z);

#endif
