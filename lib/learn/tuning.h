/* What a run tries besides the windows: going on from the champion, and a search for settings. */
#ifndef UPK_LEARN_TUNING_H
#define UPK_LEARN_TUNING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <cjson/cJSON.h>

#include "learn/dataset.h"
#include "learn/predictor.h"
#include "learn/search.h"

/* Borrowed for the run. Thread: who carries it out, on which the trials are fitted one by one. */
struct upk_tuning {
	size_t trials; /* in all: a quarter of them adjust, where there is a champion to go on from
			*/
	size_t repetitions;
	double seconds; /* 0: no limit */
	const struct upk_search_method *method;
	struct upk_space space; /* of the setup's learner */
	struct upk_measure objective;
	struct upk_predictor *champion; /* NULL: none that can be gone on from */
	int64_t champion_to;            /* place after its last training row */
	struct upk_search_watch watch;
};

/* Where trials fit: rows from .. to - 1, the newest fifth of which scores them. */
struct upk_tuning_rows {
	const struct upk_dataset *data;
	size_t from, to;
};

/* What came out ahead of what was there before. Starts as { 0 }. */
struct upk_tuned {
	enum upk_trial_kind kind;
	int64_t trial; /* its number; 0: nothing did, and all else is NULL or 0 */
	cJSON *settings;
	size_t from;                     /* first row that it is fitted on */
	struct upk_predictor *base;      /* that it goes on from: a reference; NULL: from scratch */
	struct upk_predictor *predictor; /* fitted on from .. to - 1: a reference */
};

/* How many of the trials each of the two has. */
size_t upk_tuning_adjustments(const struct upk_tuning *t, const struct upk_tuning_rows *rows);

/* Goes on from the champion on the rows that came since it was fitted, up to rows->to; ahead of the
 * champion as it is. Trials are numbered from 1. false: UPK_CANCELLED or UPK_NOMEM. */
bool upk_tuning_adjust(const struct upk_tuning *t, const struct upk_predictor_setup *setup,
	struct upk_decision decision, const struct upk_tuning_rows *rows, double *seconds,
	struct upk_tuned *out, struct upk_error *err);

/* Searches on the rows, after as many adjustments and `seconds` that they took; ahead of the
 * setup's own settings, which are tried first. false: as above. */
bool upk_tuning_optimise(const struct upk_tuning *t, const struct upk_predictor_setup *setup,
	struct upk_decision decision, const struct upk_tuning_rows *rows, double *seconds,
	struct upk_tuned *out, struct upk_error *err);

/* The same again on from .. to - 1. NULL: as upk_predictor_fit. */
struct upk_predictor *upk_tuning_refit(const struct upk_tuned *tuned,
	const struct upk_predictor_setup *setup, const struct upk_dataset *d, size_t to,
	struct upk_error *err);

void upk_tuned_finish(struct upk_tuned *t);

#endif
