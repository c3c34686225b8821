/* Whether a configuration may replace the one that a model has. */
#ifndef UPK_ENGINE_REPLACEMENT_H
#define UPK_ENGINE_REPLACEMENT_H

#include <stdbool.h>

#include "base/error.h"
#include "config/config.h"
#include "core/core.h"
#include "core/model.h"

/* Against what the model's rows, versions and earlier configurations rest on. if_match: NULL or the
 * value of If-Match. Changes nothing. Thread: the writer.
 * false: UPK_PRECONDITION (if_match), UPK_CONFLICT (a feature's type changed, a class taken away
 * that is in use or stands before one that stays), or the store's error. */
bool upk_replacement_check(struct upk_engine *e, struct upk_model *m,
	const struct upk_config *config, const char *if_match, struct upk_error *err);

#endif
