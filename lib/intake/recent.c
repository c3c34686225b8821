#include "intake/recent.h"

#include <stdlib.h>
#include <string.h>

enum {
	EVENTS = 1 << 20,
	SLOTS = 1 << 21, /* by the low bits of the sequence number, which labels take, too */
};

/* events is a ring in the order of sequence numbers; a slot holds where in it, plus one. */
struct upk_recent {
	struct upk_recent_event *events;
	uint32_t *slots;
	uint64_t added;
};

struct upk_recent *upk_recent_create(struct upk_error *err)
{
	struct upk_recent *r = calloc(1, sizeof *r);
	if (r) {
		r->events = calloc(EVENTS, sizeof *r->events);
		r->slots = calloc(SLOTS, sizeof *r->slots);
		if (r->events && r->slots)
			return r;
	}
	upk_recent_destroy(r);
	upk_fail(err, UPK_NOMEM, "no memory for the newest events");
	return NULL;
}

void upk_recent_destroy(struct upk_recent *r)
{
	if (!r)
		return;
	free(r->events);
	free(r->slots);
	free(r);
}

void upk_recent_add(struct upk_recent *r, const struct upk_recent_event *event, struct upk_text id)
{
	uint32_t at = (uint32_t)(r->added++ % EVENTS);
	struct upk_recent_event *added = &r->events[at];
	*added = *event;
	added->id_size = (uint8_t)id.size;
	memcpy(added->id, id.data, id.size);
	r->slots[event->seq % SLOTS] = at + 1;
}

static struct upk_recent_event *find(const struct upk_recent *r, int64_t seq)
{
	uint32_t slot = r->slots[seq % SLOTS];
	struct upk_recent_event *event = slot ? &r->events[slot - 1] : NULL;
	return event && event->seq == seq ? event : NULL;
}

const struct upk_recent_event *upk_recent_find(const struct upk_recent *r, int64_t seq)
{
	return find(r, seq);
}

void upk_recent_prefetch(const struct upk_recent *r, int64_t seq)
{
	__builtin_prefetch(&r->slots[seq % SLOTS]);
}

void upk_recent_prefetch_event(const struct upk_recent *r, int64_t seq)
{
	uint32_t slot = r->slots[seq % SLOTS];
	if (slot == 0)
		return;
	const struct upk_recent_event *event = &r->events[slot - 1];
	__builtin_prefetch(event);
	__builtin_prefetch((const char *)(event + 1) - 1);
}

bool upk_recent_is(const struct upk_recent_event *event, int64_t model, struct upk_text id)
{
	return event->model == model && event->id_size == id.size &&
		memcmp(event->id, id.data, id.size) == 0;
}

void upk_recent_forget(struct upk_recent *r, int64_t seq)
{
	struct upk_recent_event *event = find(r, seq);
	if (event)
		event->seq = 0;
}

void upk_recent_cut(struct upk_recent *r, int64_t seq)
{
	while (r->added > 0 && r->events[(r->added - 1) % EVENTS].seq > seq)
		r->events[--r->added % EVENTS].seq = 0;
}

void upk_recent_clear(struct upk_recent *r)
{
	memset(r->slots, 0, SLOTS * sizeof *r->slots);
}
