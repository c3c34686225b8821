/* Which stored events a later label belongs to: the others can go without a look for labels. */
#ifndef UPK_IDS_LABELLED_H
#define UPK_IDS_LABELLED_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "store/store.h"

/* A bit a sequence number, of those chunks of 65,536 that have a labelled event: at most 1 MB for 8
 * million stored events and labels. Starts as { 0 }. Thread: the writer. */
struct upk_labelled {
	uint64_t **chunks; /* (count) NULL: none of its events has one */
	size_t count;
	int64_t first; /* number of chunks[0] */
	int64_t after; /* labels up to this one were left out */
	int64_t seen;  /* labels up to this sequence number were looked at */
};
void upk_labelled_finish(struct upk_labelled *l); /* is as at the start then */

/* Events up to this sequence number are not asked about any more; when it is less than it was,
 * labels are read anew from there on. */
void upk_labelled_start(struct upk_labelled *l, int64_t after);

/* Reads labels up to `to`, or a part of them: then *done is false. Outside a transaction. */
bool upk_labelled_follow(struct upk_labelled *l, struct upk_store *store, int64_t to, bool *done,
	struct upk_error *err);

/* Of an event after where it starts, when all labels have been read. */
bool upk_labelled_has(const struct upk_labelled *l, int64_t event);

#endif
