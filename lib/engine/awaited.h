/* Answers that wait for the label of their event. */
#ifndef UPK_ENGINE_AWAITED_H
#define UPK_ENGINE_AWAITED_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"

/* Those of the last so many events are kept: an older one's is forgotten. */
enum { UPK_AWAITED_MOST = 65536 };

/* By number of the event, which only grows. Starts as { 0 }; two bytes an event from the oldest
 * that waits on, 128 KiB at most. Thread: the writer. */
struct upk_awaited {
	uint16_t *classes; /* (capacity), a power of two; by number modulo it; UPK_NO_CLASS: none */
	size_t capacity;
	int64_t next; /* greatest number so far + 1 */
	size_t waiting;
};

/* false: UPK_NOMEM, the answer is not kept. */
bool upk_awaited_put(struct upk_awaited *a, int64_t event, uint16_t class, struct upk_error *err);

/* UPK_NO_CLASS: there is none (any more). It is given once. */
uint16_t upk_awaited_take(struct upk_awaited *a, int64_t event);

/* The first at `event` or later: its number, 0 when there is none. */
int64_t upk_awaited_from(const struct upk_awaited *a, int64_t event, uint16_t *class);

void upk_awaited_finish(struct upk_awaited *a);

#endif
