/* Bodies, decoded by a schema of nothing but a configuration. */
#ifndef UPK_TESTS_ITEMS_DECODED_H
#define UPK_TESTS_ITEMS_DECODED_H

#include <stdbool.h>
#include <stdint.h>

#include "items/batch.h"

extern const int64_t items_now;     /* when they come: 2026-01-01T10:00:00Z */
extern const char items_declared[]; /* a configuration: ham, spam, country, app, len, caps */

/* NULL: the body is refused. */
struct upk_batch *items_decode(enum upk_item_kind kind, bool ndjson, const char *config,
	struct upk_text body, struct upk_error *err);

/* Fails the test where it is refused. */
struct upk_batch *items_events(const char *config, const char *body);

#endif
