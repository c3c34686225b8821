/* Whether a store holds together: every page, every reference, every number. */
#ifndef UPK_STORE_CHECK_H
#define UPK_STORE_CHECK_H

#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"
#include "base/text.h"
#include "store/store.h"

/* Each of these reads whole tables: for a copy that nobody waits for. */

/* Calls found(context, what, rows) for every rule that some rows break. */
bool upk_check_rows(struct upk_store *s,
	void (*found)(void *context, const char *what, int64_t rows), void *context,
	struct upk_error *err);

/* A pair as its rows say, without the columns that shorten the way. */
struct upk_checked_pair {
	int64_t time;
	struct upk_text predicted, actual;
};

/* Once per reader, outside a transaction, before pairs are asked for. */
bool upk_check_labels(struct upk_store *s, struct upk_error *err);

/* The pairs of a model, the newest place first; stops when take returns false. */
bool upk_check_pairs(struct upk_store *s, const char *model,
	bool (*take)(void *context, const struct upk_checked_pair *pair), void *context,
	struct upk_error *err);

/* The clock of a model's duration windows, ms, as stored: they go by the later of it and the wall
 * clock. 0: none was. */
bool upk_check_clock(
	struct upk_store *s, const char *model, int64_t *clock, struct upk_error *err);

#endif
