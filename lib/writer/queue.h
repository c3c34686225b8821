/* The posts that wait for the writer: bounded, and fair between small and large ones. */
#ifndef UPK_WRITER_QUEUE_H
#define UPK_WRITER_QUEUE_H

#include <stdbool.h>
#include <stddef.h>

#include "core/post.h"

enum {
	UPK_QUEUE_POSTS = 16384,
	UPK_QUEUE_SMALL = 64 * 1024,         /* bytes of a body that is small */
	UPK_QUEUE_GROUP_POSTS = 256,         /* of each lane in one transaction */
	UPK_QUEUE_GROUP_BYTES = 1024 * 1024, /* of a lane, unless one post alone has more */
};

/* Posts in the order of their coming. */
struct upk_lane {
	struct upk_post *first, *last;
};

/* The writer's lock is held over each call. A queue starts as { 0 } with its limit. */
struct upk_queue {
	size_t bytes_max;         /* of bodies, from their coming to their answers */
	size_t bytes, posts;      /* that are not answered */
	struct upk_lane lanes[2]; /* small and large */
	size_t turn;              /* the lane that the next group begins with */
};

/* false: UPK_BUSY; the last eighth of posts and bytes is for small ones. */
bool upk_queue_add(struct upk_queue *q, struct upk_post *post, struct upk_error *err);

/* A list (by next) of posts that may share a transaction: of both lanes, as many as a group may
 * have, so that small posts wait for no more large ones than one group holds. An atomic post comes
 * alone. NULL: none waits. */
struct upk_post *upk_queue_take(struct upk_queue *q);

/* Something is there to be taken. */
bool upk_queue_waits(const struct upk_queue *q);

/* It no longer counts. */
void upk_queue_answered(struct upk_queue *q, const struct upk_post *post);

#endif
