/* Memory for many small texts that all end together. */
#ifndef UPK_ITEMS_ARENA_H
#define UPK_ITEMS_ARENA_H

#include <stddef.h>

struct upk_arena_block;

/* Starts as { 0 }. One thread at a time. */
struct upk_arena {
	struct upk_arena_block *newest;
};

/* size bytes, aligned for any type; they live until finish. NULL: no memory. */
void *upk_arena_take(struct upk_arena *a, size_t size);
void upk_arena_finish(struct upk_arena *a); /* frees all; leaves it as { 0 } */

#endif
