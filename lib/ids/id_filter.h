/* A filter over the keys of a run: which keys are surely not in it. */
#ifndef UPK_IDS_ID_FILTER_H
#define UPK_IDS_ID_FILTER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"

/* A blocked Bloom filter (Putze, Sanders and Singler 2007): one cache line a key and 2 bytes an
 * entry; about 1 of 1,000 foreign keys passes. Blocks lie in the order of the keys, so that one
 * filled in that order is complete up to the block of the last key. One thread changes it; once no
 * key is added any more, any thread may ask it and have references. */
struct upk_id_filter;

/* NULL: UPK_NOMEM. */
struct upk_id_filter *upk_id_filter_create(uint64_t entries, struct upk_error *err);
struct upk_id_filter *upk_id_filter_ref(struct upk_id_filter *f);
void upk_id_filter_unref(struct upk_id_filter *f); /* the last one frees it; NULL is fine */

void upk_id_filter_add(struct upk_id_filter *f, uint64_t key);
bool upk_id_filter_may_have(const struct upk_id_filter *f, uint64_t key);
void upk_id_filter_prefetch(const struct upk_id_filter *f, uint64_t key);
/* absent[i] of each key that it may have becomes false. */
void upk_id_filter_sift(
	const struct upk_id_filter *f, const uint64_t *keys, size_t count, bool *absent);

/* Its bytes as they are stored, and where the block of a key begins among them. */
unsigned char *upk_id_filter_bytes(struct upk_id_filter *f);
size_t upk_id_filter_size(const struct upk_id_filter *f);
size_t upk_id_filter_offset(const struct upk_id_filter *f, uint64_t key);

#endif
