/* A metric of a fitted version on rows that it has not seen. */
#ifndef UPK_LEARN_OBJECTIVE_H
#define UPK_LEARN_OBJECTIVE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "learn/dataset.h"
#include "learn/predictor.h"
#include "metrics/metric.h"

/* Any metric of the table, on rows from .. to - 1; NAN when it is undefined there. p's inputs and
 * classes are d's, d's first classes at least. false: UPK_NOMEM. */
bool upk_objective(struct upk_measure measure, struct upk_decision decision,
	const struct upk_predictor *p, const struct upk_dataset *d, size_t from, size_t to,
	double *score, struct upk_error *err);

#endif
