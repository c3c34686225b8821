/* How large a fit is, and how much memory a run takes at most, before a row of it is read. */
#ifndef UPK_LEARN_FOOTPRINT_H
#define UPK_LEARN_FOOTPRINT_H

#include <stdbool.h>
#include <stddef.h>

#include "base/error.h"
#include "learn/learner.h"

/* What is known before: the most rows there can be, and the features of each. `floats` are the
 * values of all vectors of a row, `values` the columns of a category beside `other`. */
struct upk_footprint {
	size_t rows, classes;
	size_t numbers, categories, texts, floats;
	size_t values;
};

/* How long texts are is not known: each is counted as so many bytes with all of its terms, so many
 * of which have a column, shared with another row at least. */
enum { UPK_FOOTPRINT_TEXT = 4096, UPK_FOOTPRINT_TERMS = 256 };

/* Of a fit on those rows. */
struct upk_fit_size upk_footprint_size(
	const struct upk_footprint *f, const struct upk_learner *learner);

/* Bytes of the rows as they are read, as the learner takes them, and of its fit. */
double upk_footprint_bytes(
	const struct upk_footprint *f, const struct upk_learner *learner, const cJSON *settings);

/* false: UPK_INVALID with the numbers in words, when that is more than `most` bytes. */
bool upk_footprint_check(const struct upk_footprint *f, const struct upk_learner *learner,
	const cJSON *settings, double most, struct upk_error *err);

#endif
