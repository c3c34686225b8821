/* From a booster's own JSON to a forest. */
#ifndef UPK_LEARN_HARVEST_H
#define UPK_LEARN_HARVEST_H

#include <stddef.h>

#include <cjson/cJSON.h>

#include "base/error.h"
#include "learn/forest.h"

/* The trees of a model that XGBoost wrote. NULL: UPK_CORRUPT (of another form) or UPK_NOMEM. */
struct upk_forest *upk_harvest(
	const cJSON *json, size_t features, size_t classes, struct upk_error *err);

#endif
