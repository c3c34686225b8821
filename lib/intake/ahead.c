#include "intake/ahead.h"

enum {
	STEP = 6,
	STEPS = 4,
	ASKED_LEAST = 16, /* items: below, asking ahead is not worth its call */
	ASKED_AT_ONCE = 256,
};

/* A label's id is rather one that some run has: of it the key alone is found ahead. */
static uint64_t ask_some(
	struct upk_ids *ids, struct upk_item *items, size_t count, int64_t model, bool labels)
{
	uint64_t keys[ASKED_AT_ONCE];
	bool absent[ASKED_AT_ONCE];
	for (size_t i = 0; i < count; i++)
		keys[i] = items[i].id.data ? upk_ids_key(ids, model, items[i].id) : 0;
	uint64_t upto = labels ? 0 : upk_ids_ask(ids, keys, count, absent);
	for (size_t i = 0; i < count; i++) {
		items[i].key = keys[i];
		items[i].absent = upto > 0 && absent[i];
	}
	return upto;
}

/* Runs may be merged between two pieces: what both were told holds for all. */
void upk_ahead_ask(struct upk_ids *ids, struct upk_batch *batch, int64_t model)
{
	bool labels = batch->kind == UPK_ITEM_LABEL;
	if (batch->count < ASKED_LEAST)
		return;
	batch->asked.upto = UINT64_MAX;
	for (size_t i = 0; i < batch->count; i += ASKED_AT_ONCE) {
		size_t left = batch->count - i;
		uint64_t upto = ask_some(ids, &batch->items[i],
			left < ASKED_AT_ONCE ? left : ASKED_AT_ONCE, model, labels);
		if (upto < batch->asked.upto)
			batch->asked.upto = upto;
	}
	batch->asked.model = model;
}

static void find_key(struct upk_ahead *a, size_t i)
{
	const struct upk_item *item = &a->batch->items[i];
	uint64_t key = item->key;
	if (!a->asked)
		key = item->id.data ? upk_ids_key(a->ids, a->model, item->id) : 0;
	a->items[i % UPK_AHEAD_KEPT].key = key;
	if (item->id.data)
		upk_ids_prefetch(a->ids, key, upk_ahead_absent(a, i));
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

void upk_ahead_begin(struct upk_ahead *a, struct upk_ids *ids, const struct upk_recent *recent,
	const struct upk_batch *batch, int64_t model)
{
	a->ids = ids;
	a->recent = recent;
	a->batch = batch;
	a->model = model;
	a->asked = batch->asked.model == model;
	a->begun = 0;
}

uint64_t upk_ahead_key(struct upk_ahead *a, size_t item)
{
	size_t end = a->batch->count + STEP * (STEPS - 1);
	while (a->begun <= item + STEP * STEPS && a->begun < end)
		advance(a);
	return a->items[item % UPK_AHEAD_KEPT].key;
}

uint64_t upk_ahead_absent(const struct upk_ahead *a, size_t item)
{
	return a->asked && a->batch->items[item].absent ? a->batch->asked.upto : 0;
}
