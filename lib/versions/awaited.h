/* Answers that wait for the label of their event. */
#ifndef UPK_VERSIONS_AWAITED_H
#define UPK_VERSIONS_AWAITED_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"

/* Those of the last so many events are kept: an older one's is forgotten. */
enum { UPK_AWAITED_MOST = 65536 };

/* By number of the event, which only grows; an answer is a number above 0, and its owner knows what
 * it says. Starts as { .width }; memory for the events from the oldest that waits on. Thread: the
 * writer. */
struct upk_awaited {
	size_t width;  /* bytes of an answer: 2, 4 or 8 */
	void *answers; /* (capacity, width), a power of two; by number modulo it; 0: none */
	size_t capacity;
	int64_t next; /* greatest number so far + 1 */
	size_t waiting;
};

/* Bytes of an answer that is no more than `most`. */
size_t upk_awaited_width(uint64_t most);

/* false: UPK_NOMEM, the answer is not kept. */
bool upk_awaited_put(struct upk_awaited *a, int64_t event, uint64_t answer, struct upk_error *err);

/* 0: there is none (any more). */
uint64_t upk_awaited_at(const struct upk_awaited *a, int64_t event);
void upk_awaited_forget(struct upk_awaited *a, int64_t event);

/* The first at `event` or later: its number, 0 when there is none. */
int64_t upk_awaited_from(const struct upk_awaited *a, int64_t event, uint64_t *answer);

void upk_awaited_finish(struct upk_awaited *a);

#endif
