/* What is done for the items of a post before each is taken. */
#ifndef UPK_INTAKE_AHEAD_H
#define UPK_INTAKE_AHEAD_H

#include <stddef.h>
#include <stdint.h>

#include "ids/ids.h"
#include "intake/recent.h"
#include "items/batch.h"

/* Asks the id index for the ids of a post's items, before the writer has it: the batch notes what
 * is known then, which only saves the writer's time. Any thread. */
void upk_ahead_ask(struct upk_ids *ids, struct upk_batch *batch, int64_t model);

enum { UPK_AHEAD_KEPT = 32 };

/* The writer's. Loads what the next items will touch, while another one is taken: an item's key
 * leads to an entry of the id index, that to an event, and each lies where no cache has it: four
 * steps, each made some items before the next one needs it. */
struct upk_ahead {
	struct upk_ids *ids;
	const struct upk_recent *recent;
	const struct upk_batch *batch;
	int64_t model;
	bool asked;   /* upk_ahead_ask was, for this model */
	size_t begun; /* items whose first step was made */
	struct {
		uint64_t key;
		int64_t seq; /* of the newest row that may have its id; 0: none in memory */
	} items[UPK_AHEAD_KEPT];
};

void upk_ahead_begin(struct upk_ahead *a, struct upk_ids *ids, const struct upk_recent *recent,
	const struct upk_batch *batch, int64_t model);

/* The key of an item, 0 without an id. To be called for 0, 1, ... count - 1. */
uint64_t upk_ahead_key(struct upk_ahead *a, size_t item);
/* The mark up to which no run of the index has it. */
uint64_t upk_ahead_absent(const struct upk_ahead *a, size_t item);

#endif
