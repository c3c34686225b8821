#include "windows/ring.h"

#include <stdlib.h>
#include <string.h>

enum {
	DELAY_BITS = 11,
	VACANT = 1 << DELAY_BITS,
	PLACE_SHIFT = DELAY_BITS + 1,
	CLASS_BITS = 10,
	EVENT_SHIFT = 2 * CLASS_BITS,
};

/* places: place, vacant, delay. events: event, actual, predicted. */
struct block {
	uint64_t places[UPK_RING_BLOCK];
	uint64_t events[UPK_RING_BLOCK];
	upk_tag tags[UPK_RING_BLOCK];
};

struct entry {
	struct block *block;
	int64_t least; /* event number among its pairs; INT64_MAX: it has none */
};

/* Position p is in blocks[p / UPK_RING_BLOCK % room]; room is 0 or a power of two. The first
 * position is far from both ends of the numbers. */
struct upk_ring {
	struct entry *blocks;
	size_t room;
	uint64_t first, end;
};

static const uint64_t middle = UINT64_C(1) << 62;

static uint64_t number_of(uint64_t position)
{
	return position / UPK_RING_BLOCK;
}

static struct entry *entry_of(const struct upk_ring *r, uint64_t position)
{
	return &r->blocks[number_of(position) & (r->room - 1)];
}

static size_t slot_of(uint64_t position)
{
	return position % UPK_RING_BLOCK;
}

struct upk_ring *upk_ring_create(struct upk_error *err)
{
	struct upk_ring *r = calloc(1, sizeof *r);
	if (!r) {
		upk_fail(err, UPK_NOMEM, "no memory for a model's pairs");
		return NULL;
	}
	r->first = r->end = middle;
	return r;
}

void upk_ring_destroy(struct upk_ring *r)
{
	if (!r)
		return;
	for (size_t i = 0; i < r->room; i++)
		free(r->blocks[i].block);
	free(r->blocks);
	free(r);
}

/* Addresses of as many blocks as lie between both positions. */
static bool widen(struct upk_ring *r, uint64_t first, uint64_t last)
{
	size_t wanted = (size_t)(number_of(last) - number_of(first)) + 1;
	if (wanted <= r->room)
		return true;
	size_t room = r->room ? r->room * 2 : 4;
	struct entry *blocks = calloc(room, sizeof *blocks);
	if (!blocks)
		return false;
	uint64_t number = number_of(r->first);
	for (size_t i = 0; i < r->room; i++, number++)
		blocks[number & (room - 1)] = r->blocks[number & (r->room - 1)];
	free(r->blocks);
	r->blocks = blocks;
	r->room = room;
	return true;
}

static bool make_room(struct upk_ring *r, uint64_t position, struct upk_error *err)
{
	bool empty = r->first == r->end;
	uint64_t first = empty || position < r->first ? position : r->first;
	uint64_t last = empty || position >= r->end ? position : r->end - 1;
	struct entry *entry = widen(r, first, last) ? entry_of(r, position) : NULL;
	if (entry && !entry->block)
		*entry = (struct entry){ malloc(sizeof *entry->block), INT64_MAX };
	return (entry && entry->block) ||
		upk_fail(err, UPK_NOMEM, "no memory for a window's pairs");
}

static void put(struct upk_ring *r, uint64_t position, const struct upk_seat *seat)
{
	struct entry *entry = entry_of(r, position);
	size_t i = slot_of(position);
	entry->block->places[i] = (uint64_t)seat->place << PLACE_SHIFT | seat->delay;
	entry->block->events[i] = (uint64_t)seat->event << EVENT_SHIFT |
		(uint64_t)seat->pair.actual << CLASS_BITS | seat->pair.predicted;
	entry->block->tags[i] = seat->tag;
	if (seat->event < entry->least)
		entry->least = seat->event;
}

bool upk_ring_push(struct upk_ring *r, const struct upk_seat *seat, struct upk_error *err)
{
	if (!make_room(r, r->end, err))
		return false;
	put(r, r->end++, seat);
	return true;
}

/* A block that is left altogether is given back, but for one that the end still grows into. */
void upk_ring_trim(struct upk_ring *r, uint64_t first)
{
	while (r->first < first && r->first < r->end) {
		uint64_t next = (number_of(r->first) + 1) * UPK_RING_BLOCK;
		if (next > first || next > r->end) {
			r->first = first < r->end ? first : r->end;
			return;
		}
		struct entry *entry = entry_of(r, r->first);
		free(entry->block);
		*entry = (struct entry){ 0 };
		r->first = next;
	}
}

uint64_t upk_ring_first(const struct upk_ring *r)
{
	return r->first;
}

uint64_t upk_ring_end(const struct upk_ring *r)
{
	return r->end;
}

static int64_t place_at(const struct upk_ring *r, uint64_t position)
{
	return (int64_t)(entry_of(r, position)->block->places[slot_of(position)] >> PLACE_SHIFT);
}

bool upk_ring_at(const struct upk_ring *r, uint64_t position, struct upk_seat *seat)
{
	const struct block *block = entry_of(r, position)->block;
	size_t i = slot_of(position);
	uint64_t place = block->places[i], event = block->events[i], class = (1 << CLASS_BITS) - 1;
	*seat = (struct upk_seat){ .place = (int64_t)(place >> PLACE_SHIFT),
		.event = (int64_t)(event >> EVENT_SHIFT),
		.tag = block->tags[i],
		.pair = { (uint16_t)(event >> CLASS_BITS & class), (uint16_t)(event & class) },
		.delay = (uint16_t)(place & (VACANT - 1)) };
	return (place & VACANT) == 0;
}

bool upk_ring_find(const struct upk_ring *r, int64_t place, uint64_t *position)
{
	struct upk_seat seat;
	uint64_t low = r->first, high = r->end;
	while (low < high) {
		uint64_t between = low + (high - low) / 2;
		if (place_at(r, between) < place)
			low = between + 1;
		else
			high = between;
	}
	*position = low;
	return low < r->end && upk_ring_at(r, low, &seat) && seat.place == place;
}

void upk_ring_revise(struct upk_ring *r, uint64_t position, uint16_t actual)
{
	uint64_t *event = &entry_of(r, position)->block->events[slot_of(position)];
	uint64_t others = ~((((uint64_t)1 << CLASS_BITS) - 1) << CLASS_BITS);
	*event = (*event & others) | (uint64_t)actual << CLASS_BITS;
}

/* The least event number from the position to the end of its block. */
static int64_t least_of(const struct upk_ring *r, uint64_t from)
{
	int64_t least = INT64_MAX;
	struct upk_seat seat;
	for (uint64_t p = from; p < r->end && number_of(p) == number_of(from); p++)
		if (upk_ring_at(r, p, &seat) && seat.event < least)
			least = seat.event;
	return least;
}

/* The block that was the oldest may have lost its older pairs: its least is taken anew. */
bool upk_ring_unshift(struct upk_ring *r, const struct upk_seat *seat, struct upk_error *err)
{
	uint64_t position = r->first - 1;
	if (!make_room(r, position, err))
		return false;
	if (number_of(position) != number_of(r->first) && r->first < r->end)
		entry_of(r, r->first)->least = least_of(r, r->first);
	put(r, --r->first, seat);
	return true;
}

void upk_ring_vacate(struct upk_ring *r, uint64_t position)
{
	struct entry *entry = entry_of(r, position);
	entry->block->places[slot_of(position)] |= VACANT;
	uint64_t start = number_of(position) * UPK_RING_BLOCK;
	entry->least = least_of(r, start > r->first ? start : r->first);
}

/* The first block in part; a block's own least is of pairs that the position is before. */
int64_t upk_ring_least_event(const struct upk_ring *r, uint64_t from)
{
	if (from >= r->end)
		return 0;
	int64_t least = least_of(r, from);
	for (uint64_t n = number_of(from) + 1; n <= number_of(r->end - 1); n++) {
		const struct entry *entry = &r->blocks[n & (r->room - 1)];
		if (entry->least < least)
			least = entry->least;
	}
	return least == INT64_MAX ? 0 : least;
}
