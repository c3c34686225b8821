/* Runs as stored. */
#ifndef UPK_STORE_RUN_H
#define UPK_STORE_RUN_H

#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"
#include "base/text.h"
#include "store/filter.h"
#include "store/store.h"

struct upk_run_row {
	int64_t model, run; /* from 1 per model */
	struct upk_text state; /* queued, running, waiting, succeeded, rejected, failed, cancelled */
	struct upk_text kind;  /* first, alert, growth, schedule, manual */
	struct upk_text rule;  /* absent: none */
	struct upk_text reason; /* a sentence: why it started */
	int64_t alert;   /* 0: none */
	int64_t now;     /* it sees places below this */
	int64_t change;  /* c, a place */
	int64_t as_of;   /* labels as known at this sequence */
	int64_t seed;
	int64_t queued, started, ended; /* ms, 0: not yet */
	struct upk_text candidates; /* JSON array; absent until it ended */
	struct upk_text gate;       /* JSON object; absent until it ended */
	struct upk_text verdict;    /* a sentence; absent until it ended */
	int64_t version; /* that it made or proposes; 0: none */
};

bool upk_run_insert(struct upk_store *s, const struct upk_run_row *row, struct upk_error *err);
/* state, started, ended, candidates, gate, verdict, version of an existing run. */
bool upk_run_update(struct upk_store *s, const struct upk_run_row *row, struct upk_error *err);
bool upk_run_get(struct upk_store *s, int64_t model, int64_t run, bool *found,
	struct upk_run_row *row, struct upk_error *err);
bool upk_run_last(struct upk_store *s, int64_t model, int64_t *run, struct upk_error *err);

/* Newest first; by when it was queued. */
bool upk_run_each(struct upk_store *s, int64_t model, const struct upk_filter *filter,
	bool (*take)(void *context, const struct upk_run_row *row), void *context,
	struct upk_error *err);

/* Runs of all models that are queued, running or waiting, oldest first. */
bool upk_run_each_open(struct upk_store *s,
	bool (*take)(void *context, const struct upk_run_row *row), void *context,
	struct upk_error *err);

/* The oldest `most` up to the run `last` that have ended and whose version is not there (any more). */
bool upk_run_remove_old(
	struct upk_store *s, int64_t model, int64_t last, int64_t most, struct upk_error *err);

#endif
