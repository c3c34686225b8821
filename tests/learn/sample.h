/* Rows that C and the oracle scripts make alike: a linear congruential generator, exact in both. */
#ifndef UPK_TESTS_LEARN_SAMPLE_H
#define UPK_TESTS_LEARN_SAMPLE_H

#include <stddef.h>
#include <stdint.h>

#include "learn/dataset.h"
#include "learn/learner.h"

/* So many number features: len, caps, a "b", the empty name, then f4, f5, ... Theirs is the memory.
 */
const struct upk_columns *sample_columns(size_t features);

/* The numbers of so many rows from one on, as a learner takes them. */
struct upk_inputs sample_inputs(const struct upk_dataset *d, size_t from, size_t rows);

/* features uniform sums per row, the j-th (j + 1) times as wide; the label is the class with the
 * greatest noisy integer score. One in `gaps` inputs is NAN (0: none). Places count from 1, served
 * is -1. */
void sample_rows(
	struct upk_dataset *d, size_t rows, size_t features, size_t classes, uint32_t gaps);

/* 400 rows of a number `x`, a category `lang` and a text `body`, as oracle_text.py has them: 1 in 9
 * numbers and 1 or 2 in 8 categories are missing. */
void sample_typed(struct upk_dataset *d);

/* Skewed labels, low classes most often; three in four are predicted right. */
void sample_answers(uint16_t *actual, uint16_t *predicted, size_t n, size_t classes, uint32_t seed);

#endif
