#include "windows/counts.h"

#include <stdlib.h>
#include <string.h>

#include "windows/delays.h"

struct share {
	upk_tag tag;
	struct upk_confusion *pairs; /* NULL while it is the only one: they are all pairs then */
};

/* Shares are by tag, ascending; each has pairs, but for one that a failed add left behind. */
struct upk_counts {
	struct upk_confusion *all, *none; /* none: no pairs, of as many classes */
	struct share *shares;
	size_t count, room;
	struct upk_delays delays;
};

struct upk_counts *upk_counts_create(size_t classes, struct upk_error *err)
{
	struct upk_counts *c = calloc(1, sizeof *c);
	if (!c) {
		upk_fail(err, UPK_NOMEM, "no memory for a window's counts");
		return NULL;
	}
	c->all = upk_confusion_create_lean(classes, err);
	c->none = upk_confusion_create_lean(classes, err);
	if (c->all && c->none)
		return c;
	upk_counts_destroy(c);
	return NULL;
}

void upk_counts_destroy(struct upk_counts *c)
{
	if (!c)
		return;
	for (size_t i = 0; i < c->count; i++)
		upk_confusion_destroy(c->shares[i].pairs);
	free(c->shares);
	upk_confusion_destroy(c->all);
	upk_confusion_destroy(c->none);
	upk_delays_finish(&c->delays);
	free(c);
}

bool upk_counts_grow(struct upk_counts *c, size_t classes, struct upk_error *err)
{
	bool done = upk_confusion_grow(c->all, classes, err) &&
		upk_confusion_grow(c->none, classes, err);
	for (size_t i = 0; done && i < c->count; i++)
		done = !c->shares[i].pairs || upk_confusion_grow(c->shares[i].pairs, classes, err);
	return done;
}

/* Where the tag is, or would be. */
static size_t slot_of(const struct upk_counts *c, upk_tag tag)
{
	size_t low = 0, high = c->count;
	while (low < high) {
		size_t between = low + (high - low) / 2;
		if (c->shares[between].tag < tag)
			low = between + 1;
		else
			high = between;
	}
	return low;
}

static bool has(const struct upk_counts *c, size_t slot, upk_tag tag)
{
	return slot < c->count && c->shares[slot].tag == tag;
}

static bool make_room(struct upk_counts *c, struct upk_error *err)
{
	if (c->count < c->room)
		return true;
	size_t room = c->room ? c->room * 2 : 1;
	struct share *shares = realloc(c->shares, room * sizeof *shares);
	if (!shares)
		return upk_fail(err, UPK_NOMEM, "no memory for the counts of another version");
	c->shares = shares;
	c->room = room;
	return true;
}

static bool insert(struct upk_counts *c, size_t slot, upk_tag tag, struct upk_error *err)
{
	struct upk_confusion *pairs = NULL;
	if (!make_room(c, err))
		return false;
	if (c->count == 1 && !c->shares[0].pairs &&
		!(c->shares[0].pairs = upk_confusion_copy(c->all, err)))
		return false;
	if (c->count > 0 &&
		!(pairs = upk_confusion_create_lean(upk_confusion_classes(c->all), err)))
		return false;
	memmove(&c->shares[slot + 1], &c->shares[slot], (c->count - slot) * sizeof *c->shares);
	c->shares[slot] = (struct share){ tag, pairs };
	c->count++;
	return true;
}

static void drop(struct upk_counts *c, size_t slot)
{
	upk_confusion_destroy(c->shares[slot].pairs);
	c->count--;
	memmove(&c->shares[slot], &c->shares[slot + 1], (c->count - slot) * sizeof *c->shares);
	if (c->count != 1)
		return;
	upk_confusion_destroy(c->shares[0].pairs);
	c->shares[0].pairs = NULL;
}

bool upk_counts_add(struct upk_counts *c, const struct upk_seat *seat, struct upk_error *err)
{
	if (!upk_confusion_room(c->all, err) || !upk_delays_room(&c->delays, seat->delay, err))
		return false;
	size_t slot = slot_of(c, seat->tag);
	if (!has(c, slot, seat->tag) && !insert(c, slot, seat->tag, err))
		return false;
	struct upk_confusion *share = c->shares[slot].pairs;
	if (share && !upk_confusion_room(share, err))
		return false;

	upk_confusion_add(c->all, seat->pair);
	if (share)
		upk_confusion_add(share, seat->pair);
	upk_delays_add(&c->delays, seat->delay);
	return true;
}

bool upk_counts_revise(
	struct upk_counts *c, const struct upk_seat *seat, uint16_t actual, struct upk_error *err)
{
	const struct upk_pair pair = { actual, seat->pair.predicted };
	struct upk_confusion *share = c->shares[slot_of(c, seat->tag)].pairs;
	if (!upk_confusion_room(c->all, err) || (share && !upk_confusion_room(share, err)))
		return false;
	upk_confusion_remove(c->all, seat->pair);
	upk_confusion_add(c->all, pair);
	if (share) {
		upk_confusion_remove(share, seat->pair);
		upk_confusion_add(share, pair);
	}
	return true;
}

void upk_counts_remove(struct upk_counts *c, const struct upk_seat *seat)
{
	size_t slot = slot_of(c, seat->tag);
	struct upk_confusion *share = c->shares[slot].pairs;
	upk_confusion_remove(c->all, seat->pair);
	upk_delays_remove(&c->delays, seat->delay);
	if (share)
		upk_confusion_remove(share, seat->pair);
	if (upk_confusion_pairs(share ? share : c->all) == 0)
		drop(c, slot);
}

const struct upk_confusion *upk_counts_all(const struct upk_counts *c)
{
	return c->all;
}

const struct upk_confusion *upk_counts_of(const struct upk_counts *c, upk_tag tag)
{
	size_t slot = slot_of(c, tag);
	if (!has(c, slot, tag))
		return c->none;
	return c->shares[slot].pairs ? c->shares[slot].pairs : c->all;
}

double upk_counts_delay(const struct upk_counts *c, double q)
{
	return upk_delays_quantile(&c->delays, q);
}
