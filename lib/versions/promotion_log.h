/* The promotion log as a stack: what a rollback goes back to. */
#ifndef UPK_VERSIONS_PROMOTION_LOG_H
#define UPK_VERSIONS_PROMOTION_LOG_H

#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "store/store.h"

/* A rollback is not an entry: it takes away the one that it undid. Holds the last 4,096, 32 KiB.
 * Thread: that of its store. */
struct upk_promotion_log;

/* The caller frees it. NULL: UPK_NOMEM or what the store says. */
struct upk_promotion_log *upk_promotion_log_read(
	struct upk_store *s, int64_t model, struct upk_error *err);

/* The version that answers after `steps` rollbacks; 0: there are not so many. */
int64_t upk_promotion_log_at(const struct upk_promotion_log *log, size_t steps);

#endif
