/* History as stored: a window's counts at moments of the past. */
#ifndef UPK_STORE_HISTORY_H
#define UPK_STORE_HISTORY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "base/text.h"
#include "store/store.h"

/* counts: what every count metric can be computed from again; encoded by windows/history.h. */
struct upk_history_row {
	int64_t model;
	struct upk_text window;
	int64_t place;
	int64_t time; /* greatest pair time so far, ms */
	struct upk_text counts;
};

/* A point that is there already (same window and place) is replaced: after a crash the tail makes
 * the same points again. All of them, or on failure none. */
bool upk_history_insert_many(struct upk_store *s, const struct upk_history_row *rows, size_t count,
	struct upk_error *err);

/* When a window has more than `most` points: every second one of its older half goes away. */
bool upk_history_thin(struct upk_store *s, int64_t model, struct upk_text window, int64_t most,
	struct upk_error *err);
bool upk_history_remove(struct upk_store *s, int64_t model, struct upk_text window,
	struct upk_error *err);

/* In the order of places, times in [from, to) (0: open). */
bool upk_history_each(struct upk_store *s, int64_t model, struct upk_text window, int64_t from,
	int64_t to, bool (*take)(void *context, const struct upk_history_row *row), void *context,
	struct upk_error *err);

#endif
