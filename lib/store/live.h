/* Live adjustment as stored: its state, and the copies that predicted. */
#ifndef UPK_STORE_LIVE_H
#define UPK_STORE_LIVE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "base/text.h"
#include "store/store.h"

/* A model's state of it, as one piece of bytes. */
bool upk_live_store(
	struct upk_store *s, int64_t model, struct upk_text bytes, struct upk_error *err);
/* Absent when there is none; the text is the store's until the next call on it. */
bool upk_live_fetch(
	struct upk_store *s, int64_t model, struct upk_text *bytes, struct upk_error *err);

/* A copy that predicted: a revision of its version, with fixed bytes. */
struct upk_copy_row {
	int64_t model, version, revision; /* grows within a version, not by one */
	int64_t created;                  /* ms: when it first predicted */
	int64_t place;                    /* the last one by then */
	int64_t size;                     /* of its bytes */
};
bool upk_copy_insert(struct upk_store *s, const struct upk_copy_row *row, struct upk_text bytes,
	struct upk_error *err);

/* A few of the oldest of the model, when they were created before that time. */
bool upk_copy_remove_old(
	struct upk_store *s, int64_t model, int64_t created, struct upk_error *err);

/* Newest first, those below `before` (0: all). */
bool upk_copy_each(struct upk_store *s, int64_t model, int64_t version, int64_t before,
	bool (*take)(void *context, const struct upk_copy_row *row), void *context,
	struct upk_error *err);

/* Bytes of a revision (0: the newest), in memory that the caller frees. *found says whether there
 * is one. */
bool upk_copy_bytes(struct upk_store *s, int64_t model, int64_t version, int64_t revision,
	bool *found, char **bytes, size_t *size, struct upk_error *err);

#endif
