/* Weights of classes: rows of a rarer one count for more. */
#ifndef UPK_LEARN_BALANCE_H
#define UPK_LEARN_BALANCE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"

/* Each class of y (rows) weighs by its rows to the power of -balance, all rows together by their
 * number: with balance 1 as scikit-learn's class_weight="balanced". *weights (classes) is the
 * caller's to free; with balance 0 it is NULL: all 1. false: UPK_NOMEM. */
bool upk_balance_weigh(const uint16_t *y, size_t rows, size_t classes, double balance,
	double **weights, struct upk_error *err);

#endif
