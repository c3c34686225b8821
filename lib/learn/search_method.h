/* The ways to search: what to try next, from what was tried. */
#ifndef UPK_LEARN_SEARCH_METHOD_H
#define UPK_LEARN_SEARCH_METHOD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "learn/learner.h"
#include "learn/space.h"
#include "learn/trial.h"

/* A trial goes on at no cost from one within so many before it; from older ones those are fitted
 * anew. */
enum { UPK_SEARCH_KEPT = 16 };

/* What a method sees. It keeps nothing to itself, so that a search that was broken off proposes the
 * same again from the trials that were finished. */
struct upk_search_view {
	const struct upk_learner *learner;
	const cJSON *settings; /* that the space leaves alone; NULL: none */
	struct upk_fit_size size;
	const struct upk_space *space;
	const struct upk_trial *trials; /* (count), in order; the first `given` were not proposed */
	size_t count, given;
	size_t budget; /* trials in all */
	uint64_t seed;
	bool lower_is_better;
	bool resumes; /* the learner counts iterations, so that shares of them can be tried */
	size_t grown; /* the parameter that counts them, where longer trials of a learner whose fits
		       * can be cut may go on from others; space->count: none */
};

struct upk_proposal {
	struct upk_point point;
	double share;
	size_t parent; /* index + 1 among the trials; 0: none */
};

struct upk_search_method {
	const char *name;
	bool shares; /* longer trials go on from shorter ones */
	bool cuts;   /* a trial is scored after fewer iterations too, where the fit can be cut */
	/* false: nothing is left to try. */
	bool (*propose)(const struct upk_search_view *view, struct upk_proposal *out);
};

/* "auto" is bayes. NULL: there is none. The i-th, NULL after the last. */
const struct upk_search_method *upk_search_method_find(const char *name);
const struct upk_search_method *upk_search_method_at(size_t i);

/* A point of its own for each (seed, number). */
void upk_search_draw(const struct upk_search_view *view, uint64_t number, struct upk_point *point);

/* About how long a fit of the point takes, as the learner's work says; 1 where it does not. */
double upk_search_work(const struct upk_search_view *view, const struct upk_point *point);

extern const struct upk_search_method upk_search_random;
extern const struct upk_search_method upk_search_grid;
extern const struct upk_search_method upk_search_hyperband;
extern const struct upk_search_method upk_search_bayes;

#endif
