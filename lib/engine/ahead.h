/* Loads what the next items of a post will touch, while another one is taken. */
#ifndef UPK_ENGINE_AHEAD_H
#define UPK_ENGINE_AHEAD_H

#include <stddef.h>
#include <stdint.h>

#include "engine/batch.h"
#include "engine/ids.h"
#include "engine/recent.h"

enum { UPK_AHEAD_KEPT = 32 };

/* The writer's. An item's key leads to an entry of the id index, that to an event, and each lies
 * where no cache has it: four steps, each made some items before the next one needs it. */
struct upk_ahead {
	const struct upk_ids *ids;
	const struct upk_recent *recent;
	const struct upk_batch *batch;
	int64_t model;
	size_t begun; /* items whose first step was made */
	struct {
		uint64_t key;
		int64_t seq; /* of the newest row that may have its id; 0: none in memory */
	} items[UPK_AHEAD_KEPT];
};

void upk_ahead_begin(struct upk_ahead *a, const struct upk_ids *ids,
	const struct upk_recent *recent, const struct upk_batch *batch, int64_t model);

/* The key of an item, 0 without an id. To be called for 0, 1, ... count - 1. */
uint64_t upk_ahead_key(struct upk_ahead *a, size_t item);

#endif
