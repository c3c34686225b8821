/* Arrays of doubles in a version's JSON: coefficients, means, scales. */
#ifndef UPK_LEARN_NUMBERS_H
#define UPK_LEARN_NUMBERS_H

#include <stdbool.h>
#include <stddef.h>

#include <cjson/cJSON.h>

#include "base/error.h"
#include "base/json_writer.h"

/* A member `key` (NULL: an array's) with the n values, all finite. */
void upk_numbers_write(struct upk_json_writer *w, const char *key, const double *values, size_t n);

/* Takes back exactly n numbers; `name` is for the message. false: UPK_CORRUPT, out undefined. */
bool upk_numbers_read(
	const cJSON *array, const char *name, size_t n, double *out, struct upk_error *err);

#endif
