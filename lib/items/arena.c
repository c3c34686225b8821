#include "items/arena.h"

#include <stdalign.h>
#include <stdint.h>
#include <stdlib.h>

/* The first block is for a single item, whose memory is then taken and given back cheaply. */
enum { FIRST_BLOCK = 960, BLOCK = 64 * 1024 };

struct upk_arena_block {
	struct upk_arena_block *older;
	size_t used, size;
	alignas(max_align_t) char bytes[];
};

static struct upk_arena_block *add_block(struct upk_arena *a, size_t size)
{
	size_t least = a->newest ? BLOCK : FIRST_BLOCK;
	if (size < least)
		size = least;
	if (size > SIZE_MAX - sizeof(struct upk_arena_block))
		return NULL;
	struct upk_arena_block *block = malloc(sizeof *block + size);
	if (!block)
		return NULL;
	*block = (struct upk_arena_block){ .older = a->newest, .size = size };
	a->newest = block;
	return block;
}

void *upk_arena_take(struct upk_arena *a, size_t size)
{
	struct upk_arena_block *block = a->newest;
	size_t align = alignof(max_align_t);
	if (size > SIZE_MAX - align)
		return NULL;
	size = (size + align - 1) / align * align;
	if (!block || block->size - block->used < size)
		block = add_block(a, size);
	if (!block)
		return NULL;
	void *taken = block->bytes + block->used;
	block->used += size;
	return taken;
}

void upk_arena_finish(struct upk_arena *a)
{
	while (a->newest) {
		struct upk_arena_block *older = a->newest->older;
		free(a->newest);
		a->newest = older;
	}
}
