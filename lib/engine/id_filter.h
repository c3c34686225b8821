/* A filter over the keys of a run: which keys are surely not in it. */
#ifndef UPK_ENGINE_ID_FILTER_H
#define UPK_ENGINE_ID_FILTER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"

/* A blocked Bloom filter (Putze, Sanders and Singler 2007): one cache line a key and 2 bytes an
 * entry; about 1 of 1,000 foreign keys passes. Blocks lie in the order of the keys, so that one
 * filled in that order is complete up to the block of the last key. One thread changes it. */
struct upk_id_filter;

/* NULL: UPK_NOMEM. */
struct upk_id_filter *upk_id_filter_create(uint64_t entries, struct upk_error *err);
void upk_id_filter_destroy(struct upk_id_filter *f); /* NULL is fine */

void upk_id_filter_add(struct upk_id_filter *f, uint64_t key);
bool upk_id_filter_may_have(const struct upk_id_filter *f, uint64_t key);
void upk_id_filter_prefetch(const struct upk_id_filter *f, uint64_t key);

/* Its bytes as they are stored, and where the block of a key begins among them. */
unsigned char *upk_id_filter_bytes(struct upk_id_filter *f);
size_t upk_id_filter_size(const struct upk_id_filter *f);
size_t upk_id_filter_offset(const struct upk_id_filter *f, uint64_t key);

#endif
