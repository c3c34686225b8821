/* A version's figures on its holdout, as stored with it. */
#ifndef UPK_VERSIONS_FIGURES_H
#define UPK_VERSIONS_FIGURES_H

#include <stdbool.h>

#include "base/buffer.h"
#include "base/error.h"
#include "base/text.h"
#include "items/schema.h"
#include "metrics/confusion.h"

/* A JSON object: by ("twin", whose fit did not see the holdout, or "itself"), the version's threshold
 * where it has one of its own (0: not), pairs, accuracy,
 * macro_f1, the majority class's beside them, and the counts (rows actual, columns predicted,
 * `classes` in order). c NULL: null. A failed allocation shows in out->failed. */
void upk_figures_write(const struct upk_confusion *c, const char *by, double threshold,
	const struct upk_schema *schema, struct upk_buffer *out);

/* The counts again, in the schema's classes; those that it no longer has are left out. NULL without
 * an error: there are no figures. NULL with one: UPK_CORRUPT or UPK_NOMEM. */
struct upk_confusion *upk_figures_read(
	struct upk_text json, const struct upk_schema *schema, struct upk_error *err);

#endif
