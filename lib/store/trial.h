/* Trials of runs as stored. */
#ifndef UPK_STORE_TRIAL_H
#define UPK_STORE_TRIAL_H

#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"
#include "base/text.h"
#include "store/store.h"

struct upk_trial_row {
	int64_t model, run, trial; /* from 1 per run */
	struct upk_text kind;      /* adjust, optimise */
	struct upk_text learner;
	struct upk_text settings;  /* JSON object */
	int64_t parent;            /* a trial of the run that it went on from; 0: none */
	int64_t from, to;          /* places [from, to) that it was fitted on */
	int64_t rows;
	int64_t seed;
	struct upk_text state; /* done, failed */
	struct upk_text error; /* absent: it did not fail */
	double score;          /* NAN: it failed */
	double seconds;
	struct upk_text curve; /* JSON object */
};

bool upk_trial_insert(struct upk_store *s, const struct upk_trial_row *row, struct upk_error *err);

/* Those of a run, in order. */
bool upk_trial_each(struct upk_store *s, int64_t model, int64_t run,
	bool (*take)(void *context, const struct upk_trial_row *row), void *context,
	struct upk_error *err);

/* Of the model's trials, those of runs up to `last` beyond the newest `kept`; at most `most`. */
bool upk_trial_remove_old(struct upk_store *s, int64_t model, int64_t last, int64_t kept,
	int64_t most, struct upk_error *err);

#endif
