/* Fits a run's version again, from the stored rows, and holds it to the bytes that are kept. */
#ifndef UPK_RUNS_REPRODUCE_H
#define UPK_RUNS_REPRODUCE_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"

struct upk_reproduction {
	int64_t version;
	bool equal; /* every byte */
	char learner[32];
	char processor[64], here[64]; /* kinds: that it was fitted on, and this one */
	size_t rows, rows_then;       /* training rows that are there, and that there were */
	size_t size, size_then;       /* bytes */
	size_t differs_at;            /* the first byte that is not the same; when not equal */
};

/* Beside a running daemon or without one: reads the folder, and writes nothing. The rows are those
 * below the run's `now` as they were known at its `as_of`, whatever has come or was revised since;
 * learner and settings are the version's. false: UPK_NOT_FOUND (no such model or run), UPK_CONFLICT
 * (the run made no version, or one that is not kept), UPK_CANCELLED, UPK_INVALID (the rows that are
 * left can't be fitted) or the store's error. */
bool upk_reproduce(const char *folder, const char *model, int64_t run, const atomic_bool *cancel,
	struct upk_reproduction *out, struct upk_error *err);

#endif
