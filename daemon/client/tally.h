/* Predictions beside their labels, in order, and how good they were over time. */
#ifndef UPK_CLIENT_TALLY_H
#define UPK_CLIENT_TALLY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buffer.h"
#include "base/error.h"
#include "metrics/confusion.h"

/* Starts as { 0 }; one thread at a time. */
struct upk_tally {
	struct upk_buffer pairs; /* struct upk_pair */
};

/* NAN where there is nothing to score. */
struct upk_figures {
	double accuracy;
	double macro_f1;   /* over the classes that appear, as scikit-learn's */
	double rolling_f1; /* the mean of the macro F1 of windows along the way */
};

/* Windows of `size` pairs, one every `step`; a stream with fewer pairs is one window. */
struct upk_rolling {
	size_t size, step;
};

/* 1,000 and 200; 500 and 100 for a stream below 10,000 rows, 250 and 50 below 3,000: all of its
 * rows, those of the first version included. */
struct upk_rolling upk_rolling_of(size_t rows);

void upk_tally_finish(struct upk_tally *t);

/* false: UPK_NOMEM. */
bool upk_tally_add(struct upk_tally *t, struct upk_pair pair, struct upk_error *err);
size_t upk_tally_pairs(const struct upk_tally *t);

/* Every class of a pair is below `classes`. false: UPK_NOMEM. */
bool upk_tally_figures(const struct upk_tally *t, size_t classes, struct upk_rolling rolling,
	struct upk_figures *out, struct upk_error *err);

#endif
