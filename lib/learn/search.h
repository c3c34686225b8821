/* A search: trials of a learner's settings, fitted on older rows and scored on newer ones. */
#ifndef UPK_LEARN_SEARCH_H
#define UPK_LEARN_SEARCH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "learn/dataset.h"
#include "learn/predictor.h"
#include "learn/search_method.h"
#include "learn/trial.h"
#include "metrics/metric.h"

enum { UPK_SEARCH_GIVEN = 4, UPK_SEARCH_REPETITIONS = 10 };

/* Who looks on, on the search's thread; each may be NULL. */
struct upk_search_watch {
	/* Whether this trial was done before a restart: fills failed, error, score, seconds and
	 * curve, and puts the settings that it then had in the place of those that it begins with,
	 * which may have more iterations. */
	bool (*recall)(void *context, struct upk_trial *trial);
	/* A trial has ended, recalled or not. */
	void (*finished)(void *context, const struct upk_trial *trial, bool recalled);
	void *context;
};

struct upk_search_request {
	const struct upk_dataset *data;
	size_t from, cut, to; /* rows from .. cut - 1 are fitted on, cut .. to - 1 score */
	/* The learner with the settings that the space leaves alone; its seed is the first
	 * repetition's. With setup.from every trial goes on from that version. */
	struct upk_predictor_setup setup;
	enum upk_trial_kind kind;
	struct upk_space space;
	const struct upk_search_method *method;
	size_t trials;      /* at most */
	size_t repetitions; /* fits of a trial, each with another seed; its score is their mean. 1..
			     */
	double seconds;     /* no trial begins that would hardly end within; 0: no limit */
	int64_t first;      /* number of the first trial */
	struct upk_decision decision;
	struct upk_measure objective;
	const cJSON *given[UPK_SEARCH_GIVEN]; /* settings that are tried first */
	size_t given_count;
	struct upk_search_watch watch;
};

struct upk_search {
	struct upk_trial *trials; /* (count) */
	size_t count, best;       /* best: index; count when no trial went well */
	double seconds;           /* that they took, recalled ones included */
};

/* The same trials for the same rows, settings and seed, however often it was broken off between
 * them; only `seconds` depends on the machine. A trial that fails, diverges or finds no memory
 * counts as failed, and the search goes on.
 * Memory besides one fit's: the trials with their curves, a copy of a fitted version, and 16 fitted
 * versions in a search that goes on from shorter trials. false: UPK_CANCELLED or UPK_NOMEM; out is
 * then empty. */
bool upk_search(
	const struct upk_search_request *request, struct upk_search *out, struct upk_error *err);
void upk_search_finish(struct upk_search *s);

#endif
