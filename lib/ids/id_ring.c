#include "ids/id_ring.h"

#include <assert.h>
#include <stdlib.h>

/* 20 bytes: aligned like its halves. */
struct slot {
	uint32_t key[2];
	uint32_t value[2];
	uint32_t older; /* low half of the position of the next older entry in its chain */
};

/* Positions low .. next - 1 are there, at position % capacity. Links are halves of positions: one
 * that is no younger than its successor, or older than low, ends the chain, so that overwriting an
 * entry needs no unlinking. */
struct upk_id_ring {
	uint32_t *heads; /* by the key's first bits: the newest entry of a chain */
	struct slot *slots;
	size_t capacity;
	unsigned shift;
	uint64_t low, next, released;
	uint64_t lost;
};

static uint64_t join(const uint32_t half[2])
{
	return (uint64_t)half[1] << 32 | half[0];
}

static void split(uint64_t whole, uint32_t half[2])
{
	half[0] = (uint32_t)whole;
	half[1] = (uint32_t)(whole >> 32);
}

static bool allocate(struct upk_id_ring *r, size_t capacity, struct upk_error *err)
{
	r->heads = calloc(capacity, sizeof *r->heads);
	r->slots = calloc(capacity, sizeof *r->slots);
	if (!r->heads || !r->slots) {
		free(r->heads);
		free(r->slots);
		return upk_fail(err, UPK_NOMEM, "no memory for %zu ids", capacity);
	}
	r->capacity = capacity;
	r->shift = 64;
	for (size_t n = capacity; n > 1; n /= 2)
		r->shift--;
	return true;
}

struct upk_id_ring *upk_id_ring_create(size_t capacity, uint64_t lost, struct upk_error *err)
{
	assert(capacity > 1 && (capacity & (capacity - 1)) == 0);
	struct upk_id_ring *r = malloc(sizeof *r);
	if (!r) {
		upk_fail(err, UPK_NOMEM, "no memory for the newest ids");
		return NULL;
	}
	*r = (struct upk_id_ring){ .low = 1, .next = 1, .released = 1, .lost = lost };
	if (allocate(r, capacity, err))
		return r;
	free(r);
	return NULL;
}

void upk_id_ring_destroy(struct upk_id_ring *r)
{
	if (!r)
		return;
	free(r->heads);
	free(r->slots);
	free(r);
}

static struct slot *slot_at(const struct upk_id_ring *r, uint64_t position)
{
	return &r->slots[position & (r->capacity - 1)];
}

static uint32_t *head_of(const struct upk_id_ring *r, uint64_t key)
{
	return &r->heads[key >> r->shift];
}

struct upk_id_entry upk_id_ring_at(const struct upk_id_ring *r, uint64_t position)
{
	const struct slot *s = slot_at(r, position);
	assert(position >= r->low && position < r->next);
	return (struct upk_id_entry){ join(s->key), join(s->value) };
}

static void push(struct upk_id_ring *r, struct upk_id_entry entry)
{
	struct slot *s = slot_at(r, r->next);
	uint32_t *head = head_of(r, entry.key);
	split(entry.key, s->key);
	split(entry.value, s->value);
	s->older = *head;
	*head = (uint32_t)r->next++;
}

static bool grow(struct upk_id_ring *r, struct upk_error *err)
{
	struct upk_id_ring grown = *r;
	if (!allocate(&grown, r->capacity * 2, err))
		return false;
	grown.next = r->low;
	for (uint64_t i = r->low; i < r->next; i++)
		push(&grown, upk_id_ring_at(r, i));
	free(r->heads);
	free(r->slots);
	*r = grown;
	return true;
}

static void overwrite_oldest(struct upk_id_ring *r)
{
	uint64_t value = join(slot_at(r, r->low++)->value);
	if (value > r->lost)
		r->lost = value;
}

bool upk_id_ring_add(struct upk_id_ring *r, struct upk_id_entry entry, struct upk_error *err)
{
	if (r->next - r->low == r->capacity) {
		if (r->low < r->released)
			overwrite_oldest(r);
		else if (!grow(r, err))
			return false;
	}
	push(r, entry);
	return true;
}

void upk_id_ring_cut(struct upk_id_ring *r, uint64_t position)
{
	assert(position >= r->low && position >= r->released);
	while (r->next > position) {
		const struct slot *s = slot_at(r, --r->next);
		*head_of(r, join(s->key)) = s->older;
	}
}

uint64_t upk_id_ring_next(const struct upk_id_ring *r)
{
	return r->next;
}

void upk_id_ring_release(struct upk_id_ring *r, uint64_t position)
{
	assert(position >= r->released && position <= r->next);
	r->released = position;
}

uint64_t upk_id_ring_released(const struct upk_id_ring *r)
{
	return r->released;
}

uint64_t upk_id_ring_lost(const struct upk_id_ring *r)
{
	return r->lost;
}

bool upk_id_ring_walk(
	const struct upk_id_ring *r, uint64_t key, uint64_t *position, uint64_t *value)
{
	if (*position != 0 && *position < r->low)
		return false;
	uint64_t at = *position == 0 ? r->next : *position;
	uint32_t link = *position == 0 ? *head_of(r, key) : slot_at(r, at)->older;
	for (;;) {
		/* How much older; 0 and whatever leads below low: the end. */
		uint32_t age = (uint32_t)at - link;
		if (age == 0 || age > at - r->low)
			return false;
		at -= age;
		const struct slot *s = slot_at(r, at);
		if (join(s->key) == key) {
			*position = at;
			*value = join(s->value);
			return true;
		}
		link = s->older;
	}
}

void upk_id_ring_prefetch(const struct upk_id_ring *r, uint64_t key)
{
	__builtin_prefetch(head_of(r, key));
}

void upk_id_ring_prefetch_newest(const struct upk_id_ring *r, uint64_t key)
{
	__builtin_prefetch(slot_at(r, *head_of(r, key)));
}
