#include "learn/learner.h"

#include <string.h>

#include <cblas.h>

static const struct upk_learner *const learners[] = {
	&upk_logistic,
	&upk_trees,
	&upk_mlp,
};

const struct upk_learner *upk_learner_at(size_t i)
{
	return i < sizeof learners / sizeof *learners ? learners[i] : NULL;
}

const struct upk_learner *upk_learner_find(const char *name)
{
	for (size_t i = 0; i < sizeof learners / sizeof *learners; i++)
		if (strcmp(name, learners[i]->name) == 0)
			return learners[i];
	return NULL;
}

const char *upk_learner_processor(void)
{
	return openblas_get_corename();
}
