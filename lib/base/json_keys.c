#include "base/json_keys.h"

#include <stdlib.h>

#include "base/hash.h"

enum { FEW = 16, SMALLEST = 64 };

void upk_json_keys_finish(struct upk_json_keys *k)
{
	free(k->hashes);
	free(k->first);
	free(k->slots);
	*k = (struct upk_json_keys){ 0 };
}

/* Keys of different objects share the table: the depth tells them apart. Never 0. */
static uint64_t slot_value(uint64_t hash, size_t depth)
{
	uint64_t value = hash ^ (depth * 0x9e3779b97f4a7c15);
	return value ? value : 1;
}

/* The slot that has the value, or the free one where it belongs. */
static uint64_t *find_slot(const struct upk_json_keys *k, uint64_t value)
{
	size_t mask = k->slot_count - 1;
	size_t i = (size_t)value & mask;
	while (k->slots[i] && k->slots[i] != value)
		i = (i + 1) & mask;
	return &k->slots[i];
}

static size_t keys_end(const struct upk_json_keys *k, size_t depth)
{
	return depth + 1 < k->depth ? k->first[depth + 1] : k->count;
}

/* An object's keys stand in the table as soon as it has more than a few. */
static bool is_in_table(const struct upk_json_keys *k, size_t depth)
{
	return keys_end(k, depth) - k->first[depth] > FEW;
}

static void insert_all(struct upk_json_keys *k, size_t depth)
{
	for (size_t i = k->first[depth]; i < keys_end(k, depth); i++) {
		*find_slot(k, slot_value(k->hashes[i], depth)) = slot_value(k->hashes[i], depth);
		k->used++;
	}
}

/* Keeps the table half empty with `more` keys in it. Objects go in again from the outermost, so
 * the order of insertion stays that of the stack. */
static bool reserve_slots(struct upk_json_keys *k, size_t more)
{
	size_t wanted = k->slot_count ? k->slot_count : SMALLEST;
	while ((k->used + more) * 2 > wanted)
		wanted *= 2;
	if (wanted == k->slot_count)
		return true;

	uint64_t *slots = calloc(wanted, sizeof *slots);
	if (!slots)
		return false;
	free(k->slots);
	k->slots = slots;
	k->slot_count = wanted;
	k->used = 0;
	for (size_t depth = 0; depth < k->depth; depth++)
		if (is_in_table(k, depth))
			insert_all(k, depth);
	return true;
}

bool upk_json_keys_open(struct upk_json_keys *k)
{
	if (k->depth == k->depth_capacity) {
		size_t capacity = k->depth_capacity ? k->depth_capacity * 2 : FEW;
		size_t *first = realloc(k->first, capacity * sizeof *first);
		if (!first)
			return false;
		k->first = first;
		k->depth_capacity = capacity;
	}
	k->first[k->depth++] = k->count;
	return true;
}

void upk_json_keys_close(struct upk_json_keys *k)
{
	size_t depth = k->depth - 1;
	bool in_table = is_in_table(k, depth);

	/* The last one in leaves first, so no later key's probing ever passed over its slot. */
	while (k->count > k->first[depth]) {
		k->count--;
		if (!in_table)
			continue;
		*find_slot(k, slot_value(k->hashes[k->count], depth)) = 0;
		k->used--;
	}
	k->depth--;
}

void upk_json_keys_clear(struct upk_json_keys *k)
{
	while (k->depth > 0)
		upk_json_keys_close(k);
}

static bool reserve_hash(struct upk_json_keys *k)
{
	if (k->count < k->capacity)
		return true;
	size_t capacity = k->capacity ? k->capacity * 2 : SMALLEST;
	uint64_t *hashes = realloc(k->hashes, capacity * sizeof *hashes);
	if (!hashes)
		return false;
	k->hashes = hashes;
	k->capacity = capacity;
	return true;
}

static bool is_among_few(const struct upk_json_keys *k, uint64_t hash)
{
	for (size_t i = k->first[k->depth - 1]; i < k->count; i++)
		if (k->hashes[i] == hash)
			return true;
	return false;
}

enum upk_json_key_state upk_json_keys_add(struct upk_json_keys *k, struct upk_text key)
{
	size_t depth = k->depth - 1;
	size_t size = k->count - k->first[depth];
	uint64_t hash = upk_hash(upk_hash_process_key(), key.data, key.size);

	if (!reserve_hash(k))
		return UPK_JSON_KEY_NOMEM;
	if (size <= FEW && is_among_few(k, hash))
		return UPK_JSON_KEY_TWICE;
	if (size >= FEW) {
		if (!reserve_slots(k, FEW + 1))
			return UPK_JSON_KEY_NOMEM;
		if (size == FEW)
			insert_all(k, depth);
		uint64_t *slot = find_slot(k, slot_value(hash, depth));
		if (*slot)
			return UPK_JSON_KEY_TWICE;
		*slot = slot_value(hash, depth);
		k->used++;
	}
	k->hashes[k->count++] = hash;
	return UPK_JSON_KEY_NEW;
}
