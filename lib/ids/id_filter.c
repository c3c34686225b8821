#include "ids/id_filter.h"

#include <endian.h>
#include <stdatomic.h>
#include <stdlib.h>

#include "base/pages.h"

enum { WORDS = 8, BLOCK_BITS = 512, BITS_AN_ENTRY = 16, AHEAD = 16 };

/* Little-endian, as it is stored. Each key has one bit in every word of its block. */
struct block {
	uint64_t words[WORDS];
};

struct upk_id_filter {
	atomic_size_t references;
	void *memory;
	struct block *blocks; /* in there, on a cache line */
	uint64_t count;
};

struct upk_id_filter *upk_id_filter_create(uint64_t entries, struct upk_error *err)
{
	struct upk_id_filter *f = malloc(sizeof *f);
	if (!f)
		goto fail;
	atomic_init(&f->references, 1);
	f->count = entries * BITS_AN_ENTRY / BLOCK_BITS + 1;
	f->memory = calloc(f->count + 1, sizeof(struct block));
	if (!f->memory)
		goto free_filter;
	upk_pages_make_large(f->memory, (f->count + 1) * sizeof(struct block));
	uintptr_t at = (uintptr_t)f->memory;
	f->blocks = (struct block *)((at + sizeof(struct block) - 1) &
		~(uintptr_t)(sizeof(struct block) - 1));
	return f;

free_filter:
	free(f);
fail:
	upk_fail(err, UPK_NOMEM, "no memory for the filter of %llu ids",
		(unsigned long long)entries);
	return NULL;
}

struct upk_id_filter *upk_id_filter_ref(struct upk_id_filter *f)
{
	atomic_fetch_add(&f->references, 1);
	return f;
}

void upk_id_filter_unref(struct upk_id_filter *f)
{
	if (!f || atomic_fetch_sub(&f->references, 1) > 1)
		return;
	free(f->memory);
	free(f);
}

static struct block *block_of(const struct upk_id_filter *f, uint64_t key)
{
	return &f->blocks[((key >> 32) * f->count) >> 32];
}

/* Bits that do not follow from the block: all of the key's take part (MurmurHash3's last steps). */
static uint64_t mix(uint64_t key)
{
	key ^= key >> 33;
	key *= 0xff51afd7ed558ccd;
	key ^= key >> 33;
	key *= 0xc4ceb9fe1a85ec53;
	return key ^ key >> 33;
}

static uint64_t bit(uint64_t mixed, int word)
{
	return UINT64_C(1) << (mixed >> (6 * word) & 63);
}

void upk_id_filter_add(struct upk_id_filter *f, uint64_t key)
{
	struct block *b = block_of(f, key);
	uint64_t mixed = mix(key);
	for (int i = 0; i < WORDS; i++)
		b->words[i] |= htole64(bit(mixed, i));
}

bool upk_id_filter_may_have(const struct upk_id_filter *f, uint64_t key)
{
	const struct block *b = block_of(f, key);
	uint64_t mixed = mix(key), missing = 0;
	for (int i = 0; i < WORDS; i++)
		missing |= ~le64toh(b->words[i]) & bit(mixed, i);
	return missing == 0;
}

void upk_id_filter_prefetch(const struct upk_id_filter *f, uint64_t key)
{
	__builtin_prefetch(block_of(f, key));
}

void upk_id_filter_sift(
	const struct upk_id_filter *f, const uint64_t *keys, size_t count, bool *absent)
{
	for (size_t i = 0; i < count && i < AHEAD; i++)
		upk_id_filter_prefetch(f, keys[i]);
	for (size_t i = 0; i < count; i++) {
		if (i + AHEAD < count)
			upk_id_filter_prefetch(f, keys[i + AHEAD]);
		if (upk_id_filter_may_have(f, keys[i]))
			absent[i] = false;
	}
}

unsigned char *upk_id_filter_bytes(struct upk_id_filter *f)
{
	return (unsigned char *)f->blocks;
}

size_t upk_id_filter_size(const struct upk_id_filter *f)
{
	return f->count * sizeof(struct block);
}

size_t upk_id_filter_offset(const struct upk_id_filter *f, uint64_t key)
{
	return (size_t)(block_of(f, key) - f->blocks) * sizeof(struct block);
}
