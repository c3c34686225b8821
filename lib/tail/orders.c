#include "tail/orders.h"

#include <stdlib.h>

enum { KEPT = 16 };

struct upk_order *upk_orders_add(struct upk_orders *o, enum upk_order_kind kind)
{
	if (o->count == o->capacity) {
		size_t capacity = o->capacity ? o->capacity * 2 : 16;
		struct upk_order *items = realloc(o->items, capacity * sizeof *items);
		if (!items) {
			o->failed = true;
			return NULL;
		}
		o->items = items;
		o->capacity = capacity;
	}
	struct upk_order *order = &o->items[o->count++];
	*order = (struct upk_order){ .kind = kind };
	return order;
}

void upk_orders_clear(struct upk_orders *o)
{
	for (size_t i = 0; i < o->count; i++)
		upk_buffer_finish(&o->items[i].counts);
	o->count = 0;
	o->failed = false;
	if (o->capacity > KEPT) {
		free(o->items);
		o->items = NULL;
		o->capacity = 0;
	}
}

void upk_orders_finish(struct upk_orders *o)
{
	upk_orders_clear(o);
	free(o->items);
	*o = (struct upk_orders){ 0 };
}
