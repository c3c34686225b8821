/* Rows of deleted models, taken away in small steps. */
#ifndef UPK_STORE_SWEEP_H
#define UPK_STORE_SWEEP_H

#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"
#include "store/store.h"

/* Within the caller's transaction: the model is no more and its name is free at once; its row is
 * called "NUMBER deleted" until all that it had is gone. UPK_NOT_FOUND. */
bool upk_sweep_begin(struct upk_store *s, int64_t model, struct upk_error *err);

struct upk_sweep {
	int64_t model; /* 0: nothing is left to be taken away */
	int64_t after; /* its events and labels up to this sequence number are gone */
	int64_t to;    /* it had none after this */
};

/* The deleted model whose turn it is. */
bool upk_sweep_next(struct upk_store *s, struct upk_sweep *sweep, struct upk_error *err);

/* Sequence numbers that sweeps have still to look at. */
bool upk_sweep_left(struct upk_store *s, int64_t *left, struct upk_error *err);

/* Within the caller's transaction: goes `rows` sequence numbers further, or takes away about as
 * many of its other rows; in the end the model's row. */
bool upk_sweep_step(
	struct upk_store *s, const struct upk_sweep *sweep, int64_t rows, struct upk_error *err);

#endif
