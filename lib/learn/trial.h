/* One trial of a search: a setting, how long it was fitted, and what came of it. */
#ifndef UPK_LEARN_TRIAL_H
#define UPK_LEARN_TRIAL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "learn/curve.h"
#include "learn/learner.h"
#include "learn/space.h"

enum { UPK_TRIAL_ERROR = 160 };

enum upk_trial_kind {
	UPK_TRIAL_ADJUST,   /* goes on from the champion's parameters */
	UPK_TRIAL_OPTIMISE, /* from scratch */
};

struct upk_trial {
	int64_t number; /* from 1 in its run */
	enum upk_trial_kind kind;
	const struct upk_learner *learner;
	struct upk_point point;
	double share;     /* of the iterations that its settings want in the end; 1: all of them */
	int64_t parent;   /* a trial of fewer iterations that it goes on from; 0: none */
	char *settings;   /* a JSON object; the trial's */
	int64_t from, to; /* places [from, to) of the rows that it was fitted on */
	size_t rows;
	uint64_t seed;
	bool cut; /* was fitted for longer than its settings say, where it scored best */
	bool failed;
	char error[UPK_TRIAL_ERROR]; /* why, "" if it did not */
	double score;           /* of the objective on the validation rows; NAN when it failed */
	double seconds;         /* that it took */
	struct upk_curve curve; /* of its last fit; the trial's */
};

void upk_trial_finish(struct upk_trial *t);

/* "adjust", "optimise". */
const char *upk_trial_kind_name(enum upk_trial_kind kind);

/* Whether a is better than b: what failed is worse than anything, the earlier of equals better. */
bool upk_trial_better(const struct upk_trial *a, const struct upk_trial *b, bool lower_is_better);

#endif
