#include "versions/awaited.h"

#include <stdlib.h>

enum { FIRST_CAPACITY = 64 };

size_t upk_awaited_width(uint64_t most)
{
	if (most <= UINT16_MAX)
		return sizeof(uint16_t);
	return most <= UINT32_MAX ? sizeof(uint32_t) : sizeof(uint64_t);
}

static uint64_t get(const struct upk_awaited *a, int64_t event)
{
	size_t i = (size_t)event & (a->capacity - 1);
	switch (a->width) {
	case sizeof(uint16_t):
		return ((const uint16_t *)a->answers)[i];
	case sizeof(uint32_t):
		return ((const uint32_t *)a->answers)[i];
	default:
		return ((const uint64_t *)a->answers)[i];
	}
}

static void set(struct upk_awaited *a, int64_t event, uint64_t answer)
{
	size_t i = (size_t)event & (a->capacity - 1);
	switch (a->width) {
	case sizeof(uint16_t):
		((uint16_t *)a->answers)[i] = (uint16_t)answer;
		break;
	case sizeof(uint32_t):
		((uint32_t *)a->answers)[i] = (uint32_t)answer;
		break;
	default:
		((uint64_t *)a->answers)[i] = answer;
	}
}

/* Oldest that the ring has a place for. */
static int64_t oldest(const struct upk_awaited *a)
{
	int64_t first = a->next - (int64_t)a->capacity;
	return first > 1 ? first : 1;
}

static bool grow(struct upk_awaited *a, struct upk_error *err)
{
	struct upk_awaited larger = *a;
	larger.capacity = a->capacity ? 2 * a->capacity : FIRST_CAPACITY;
	larger.answers = calloc(larger.capacity, a->width);
	if (!larger.answers)
		return upk_fail(err, UPK_NOMEM, "no memory for answers that wait for labels");
	for (int64_t event = oldest(a); a->answers && event < a->next; event++)
		set(&larger, event, get(a, event));
	free(a->answers);
	*a = larger;
	return true;
}

/* The places of numbers that are passed over are emptied. */
static void advance(struct upk_awaited *a, int64_t event)
{
	int64_t most = event + 1 - (int64_t)a->capacity;
	if (a->next < most)
		a->next = most;
	for (; a->next <= event; a->next++) {
		a->waiting -= get(a, a->next) != 0;
		set(a, a->next, 0);
	}
}

/* Whether the ring must be larger, so that nothing that waits is lost by going on to `event`. */
static bool is_short(const struct upk_awaited *a, int64_t event)
{
	if (a->capacity == 0)
		return true;
	int64_t lost = event + 1 - (int64_t)a->capacity;
	if (a->waiting == 0 || a->capacity == UPK_AWAITED_MOST)
		return false;
	for (int64_t i = oldest(a); i < lost && i < a->next; i++)
		if (get(a, i) != 0)
			return true;
	return false;
}

bool upk_awaited_put(struct upk_awaited *a, int64_t event, uint64_t answer, struct upk_error *err)
{
	if (event < 1 || answer == 0)
		return true;
	while (is_short(a, event))
		if (!grow(a, err))
			return false;
	if (event < oldest(a) && event < a->next)
		return true;
	advance(a, event);
	a->waiting += get(a, event) == 0;
	set(a, event, answer);
	return true;
}

uint64_t upk_awaited_at(const struct upk_awaited *a, int64_t event)
{
	bool has = a->waiting > 0 && event >= oldest(a) && event < a->next;
	return has ? get(a, event) : 0;
}

void upk_awaited_forget(struct upk_awaited *a, int64_t event)
{
	if (upk_awaited_at(a, event) == 0)
		return;
	set(a, event, 0);
	a->waiting--;
}

int64_t upk_awaited_from(const struct upk_awaited *a, int64_t event, uint64_t *answer)
{
	if (a->waiting == 0)
		return 0;
	for (int64_t i = event > oldest(a) ? event : oldest(a); i < a->next; i++) {
		*answer = get(a, i);
		if (*answer != 0)
			return i;
	}
	return 0;
}

void upk_awaited_finish(struct upk_awaited *a)
{
	free(a->answers);
	*a = (struct upk_awaited){ .width = a->width };
}
