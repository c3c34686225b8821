/* When a model that fell behind the store is made anew: at once the first time, and while that does
 * no good (the disk is full) after ever longer pauses. */
#ifndef UPK_CORE_REPAIR_H
#define UPK_CORE_REPAIR_H

#include <stdbool.h>
#include <stdint.h>

/* Starts as { 0 }: due. Times are monotonic ns. Thread: the writer. */
struct upk_repair {
	int64_t at;    /* not before */
	int64_t pause; /* after the next failure; 0: the model has been sound */
};

/* Whether a tick or a group of posts may try. A person who asks for the model need not ask. */
bool upk_repair_due(const struct upk_repair *r, int64_t now);

/* It fell behind, or could not be made anew: next after 0, 1, 2, 4, ... and at most 32 seconds. */
void upk_repair_put_off(struct upk_repair *r, int64_t now);

/* It was sound for a while. */
void upk_repair_end(struct upk_repair *r);

#endif
