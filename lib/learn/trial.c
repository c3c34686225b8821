#include "learn/trial.h"

#include <stdlib.h>

void upk_trial_finish(struct upk_trial *t)
{
	free(t->settings);
	upk_curve_finish(&t->curve);
	*t = (struct upk_trial){ 0 };
}

const char *upk_trial_kind_name(enum upk_trial_kind kind)
{
	return kind == UPK_TRIAL_ADJUST ? "adjust" : "optimise";
}

bool upk_trial_better(const struct upk_trial *a, const struct upk_trial *b, bool lower_is_better)
{
	if (a->failed || b->failed)
		return b->failed && (!a->failed || a->number < b->number);
	if (a->score != b->score)
		return lower_is_better ? a->score < b->score : a->score > b->score;
	return a->number < b->number;
}
