/* A learner's settings: an object of numbers, checked against a table with ranges and defaults. */
#ifndef UPK_LEARN_SETTINGS_H
#define UPK_LEARN_SETTINGS_H

#include <stdbool.h>
#include <stddef.h>

#include <cjson/cJSON.h>

#include "base/error.h"

/* A learner's table ends with a row without a name. */
struct upk_setting {
	const char *name;
	double otherwise, low, high;
	bool whole; /* an integer */
};

/* values (count) in the table's order. settings NULL: the defaults. `learner` is for messages.
 * false: UPK_INVALID with the member's path and value; values is then undefined. */
bool upk_settings_read(const cJSON *settings, const char *learner, const struct upk_setting *table,
	size_t count, double *values, struct upk_error *err);

/* Every setting with its value. The caller deletes it. NULL: UPK_INVALID or UPK_NOMEM. */
cJSON *upk_settings_whole(const cJSON *settings, const char *learner,
	const struct upk_setting *table, struct upk_error *err);

#endif
