#include "engine/awaited.h"

#include <stdlib.h>

#include "engine/serving.h"

enum { FIRST_CAPACITY = 64 };

static uint16_t *slot(const struct upk_awaited *a, int64_t event)
{
	return &a->classes[(size_t)event & (a->capacity - 1)];
}

/* Oldest that the ring has a place for. */
static int64_t oldest(const struct upk_awaited *a)
{
	int64_t first = a->next - (int64_t)a->capacity;
	return first > 1 ? first : 1;
}

static bool grow(struct upk_awaited *a, struct upk_error *err)
{
	struct upk_awaited larger = { .capacity = a->capacity ? 2 * a->capacity : FIRST_CAPACITY,
		.next = a->next,
		.waiting = a->waiting };
	larger.classes = malloc(larger.capacity * sizeof *larger.classes);
	if (!larger.classes)
		return upk_fail(err, UPK_NOMEM, "no memory for answers that wait for labels");
	for (size_t i = 0; i < larger.capacity; i++)
		larger.classes[i] = UPK_NO_CLASS;
	for (int64_t event = oldest(a); a->classes && event < a->next; event++)
		*slot(&larger, event) = *slot(a, event);
	free(a->classes);
	*a = larger;
	return true;
}

/* The places of numbers that are passed over are emptied. */
static void advance(struct upk_awaited *a, int64_t event)
{
	int64_t most = event + 1 - (int64_t)a->capacity;
	if (a->next < most)
		a->next = most;
	while (a->next <= event) {
		uint16_t *class = slot(a, a->next++);
		a->waiting -= *class != UPK_NO_CLASS;
		*class = UPK_NO_CLASS;
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
		if (*slot(a, i) != UPK_NO_CLASS)
			return true;
	return false;
}

bool upk_awaited_put(struct upk_awaited *a, int64_t event, uint16_t class, struct upk_error *err)
{
	if (event < 1 || class == UPK_NO_CLASS)
		return true;
	while (is_short(a, event))
		if (!grow(a, err))
			return false;
	if (event < oldest(a) && event < a->next)
		return true;
	advance(a, event);
	a->waiting += *slot(a, event) == UPK_NO_CLASS;
	*slot(a, event) = class;
	return true;
}

uint16_t upk_awaited_take(struct upk_awaited *a, int64_t event)
{
	if (a->waiting == 0 || event < oldest(a) || event >= a->next)
		return UPK_NO_CLASS;
	uint16_t class = *slot(a, event);
	a->waiting -= class != UPK_NO_CLASS;
	*slot(a, event) = UPK_NO_CLASS;
	return class;
}

int64_t upk_awaited_from(const struct upk_awaited *a, int64_t event, uint16_t *class)
{
	if (a->waiting == 0)
		return 0;
	for (int64_t i = event > oldest(a) ? event : oldest(a); i < a->next; i++) {
		*class = *slot(a, i);
		if (*class != UPK_NO_CLASS)
			return i;
	}
	return 0;
}

void upk_awaited_finish(struct upk_awaited *a)
{
	free(a->classes);
	*a = (struct upk_awaited){ 0 };
}
