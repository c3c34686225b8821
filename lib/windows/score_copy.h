/* A copy of pairs with their scores, to take a metric of them apart from where they are kept. */
#ifndef UPK_WINDOWS_SCORE_COPY_H
#define UPK_WINDOWS_SCORE_COPY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"

/* Starts as { 0 }; arrays grow and are used again. Thread: one at a time. */
struct upk_score_copy {
	int positive;      /* as in metrics/score.h */
	size_t n, classes; /* n <= capacity */
	uint16_t *actual;  /* (n) */
	double *scores;    /* (n, classes) */
	size_t capacity; /* pairs */
	size_t wide;     /* classes that there is room for in each of them */
};

void upk_score_copy_finish(struct upk_score_copy *c);

/* Empties it and makes room. false: UPK_NOMEM, it is empty. */
bool upk_score_copy_begin(struct upk_score_copy *c, size_t most, size_t classes, int positive,
	struct upk_error *err);

/* There is room. scores: (classes). */
void upk_score_copy_add(struct upk_score_copy *c, uint16_t actual, const double *scores);

/* metrics/score.h's of that name. */
bool upk_score_copy_metric(
	const struct upk_score_copy *c, const char *name, double *value, struct upk_error *err);

#endif
