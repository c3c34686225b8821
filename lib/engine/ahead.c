#include "engine/ahead.h"

enum { STEP = 6, STEPS = 4 };

static void find_key(struct upk_ahead *a, size_t i)
{
	struct upk_text id = a->batch->items[i].id;
	uint64_t key = id.data ? upk_ids_key(a->ids, a->model, id) : 0;
	a->items[i % UPK_AHEAD_KEPT].key = key;
	if (id.data)
		upk_ids_prefetch(a->ids, key);
}

static void find_entry(struct upk_ahead *a, size_t i)
{
	upk_ids_prefetch_newest(a->ids, a->items[i % UPK_AHEAD_KEPT].key);
}

static void find_seq(struct upk_ahead *a, size_t i)
{
	int64_t seq = upk_ids_newest(a->ids, a->items[i % UPK_AHEAD_KEPT].key);
	a->items[i % UPK_AHEAD_KEPT].seq = seq;
	if (seq != 0)
		upk_recent_prefetch(a->recent, seq);
}

static void find_event(struct upk_ahead *a, size_t i)
{
	int64_t seq = a->items[i % UPK_AHEAD_KEPT].seq;
	if (seq != 0)
		upk_recent_prefetch_event(a->recent, seq);
}

/* At `begun` the first step is due, and the others for the items before. */
static void advance(struct upk_ahead *a)
{
	static void (*const steps[STEPS])(
		struct upk_ahead *, size_t) = { find_key, find_entry, find_seq, find_event };
	for (size_t n = 0; n < STEPS && n * STEP <= a->begun; n++)
		if (a->begun - n * STEP < a->batch->count)
			steps[n](a, a->begun - n * STEP);
	a->begun++;
}

void upk_ahead_begin(struct upk_ahead *a, const struct upk_ids *ids,
	const struct upk_recent *recent, const struct upk_batch *batch, int64_t model)
{
	a->ids = ids;
	a->recent = recent;
	a->batch = batch;
	a->model = model;
	a->begun = 0;
}

uint64_t upk_ahead_key(struct upk_ahead *a, size_t item)
{
	size_t end = a->batch->count + STEP * (STEPS - 1);
	while (a->begun <= item + STEP * STEPS && a->begun < end)
		advance(a);
	return a->items[item % UPK_AHEAD_KEPT].key;
}
