#include "metrics/cells.h"

#include <stdlib.h>
#include <string.h>

enum { LEAST_SLOTS = 16 };

void upk_cells_finish(struct upk_cells *c)
{
	free(c->keys);
	free(c->counts);
	*c = (struct upk_cells){ 0 };
}

void upk_cells_clear(struct upk_cells *c)
{
	if (c->slots > 0)
		memset(c->keys, 0xff, c->slots * sizeof *c->keys);
	c->taken = 0;
}

static bool create(struct upk_cells *c, size_t slots, struct upk_error *err)
{
	*c = (struct upk_cells){ .keys = malloc(slots * sizeof *c->keys),
		.counts = malloc(slots * sizeof *c->counts),
		.slots = slots };
	if (c->keys && c->counts) {
		upk_cells_clear(c);
		return true;
	}
	upk_cells_finish(c);
	return upk_fail(err, UPK_NOMEM, "no memory for %zu counts", slots);
}

bool upk_cells_copy(struct upk_cells *to, const struct upk_cells *from, struct upk_error *err)
{
	*to = (struct upk_cells){ 0 };
	if (from->slots == 0)
		return true;
	if (!create(to, from->slots, err))
		return false;
	memcpy(to->keys, from->keys, from->slots * sizeof *to->keys);
	memcpy(to->counts, from->counts, from->slots * sizeof *to->counts);
	to->taken = from->taken;
	return true;
}

/* Where the key is, or the free slot where it goes. */
static size_t slot_of(const struct upk_cells *c, uint32_t key)
{
	size_t slot = (key * UINT32_C(2654435769) >> 7) & (c->slots - 1);
	while (c->keys[slot] != key && c->keys[slot] != UINT32_MAX)
		slot = (slot + 1) & (c->slots - 1);
	return slot;
}

/* Keys whose count fell to 0 are left behind. */
static size_t counted(const struct upk_cells *c)
{
	size_t n = 0;
	for (size_t i = 0; i < c->slots; i++)
		n += c->keys[i] != UINT32_MAX && c->counts[i] > 0;
	return n;
}

bool upk_cells_reserve(struct upk_cells *c, size_t keys, struct upk_error *err)
{
	if ((c->taken + keys) * 4 <= c->slots * 3)
		return true;

	struct upk_cells wider;
	size_t wanted = counted(c) + keys, slots = LEAST_SLOTS;
	while (slots < wanted * 2)
		slots *= 2;
	if (!create(&wider, slots, err))
		return false;
	for (size_t i = 0; i < c->slots; i++)
		if (c->keys[i] != UINT32_MAX && c->counts[i] > 0)
			*upk_cells_at(&wider, c->keys[i]) = c->counts[i];
	upk_cells_finish(c);
	*c = wider;
	return true;
}

uint64_t *upk_cells_at(struct upk_cells *c, uint32_t key)
{
	size_t slot = slot_of(c, key);
	if (c->keys[slot] == UINT32_MAX) {
		c->keys[slot] = key;
		c->counts[slot] = 0;
		c->taken++;
	}
	return &c->counts[slot];
}

uint64_t upk_cells_count(const struct upk_cells *c, uint32_t key)
{
	if (c->slots == 0)
		return 0;
	size_t slot = slot_of(c, key);
	return c->keys[slot] == key ? c->counts[slot] : 0;
}
