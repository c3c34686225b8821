#include "writer/queue.h"

bool upk_queue_add(struct upk_queue *q, struct upk_post *post, struct upk_error *err)
{
	size_t bytes_max = q->bytes_max, posts_max = UPK_QUEUE_POSTS;
	size_t bytes = post->batch->body_size;
	bool large = bytes > UPK_QUEUE_SMALL;

	if (large) {
		bytes_max -= bytes_max / 8;
		posts_max -= posts_max / 8;
	}
	if (q->posts > 0 && (q->posts >= posts_max || q->bytes + bytes > bytes_max))
		return upk_fail(err, UPK_BUSY,
			"the queue is full: %zu posts of %zu bytes wait to be written", q->posts,
			q->bytes);
	struct upk_lane *lane = &q->lanes[large];
	post->next = NULL;
	post->queued = bytes;
	*(lane->last ? &lane->last->next : &lane->first) = post;
	lane->last = post;
	q->posts++;
	q->bytes += bytes;
	return true;
}

/* Cuts the lane behind `last`. */
static void cut(struct upk_lane *lane, struct upk_post *last)
{
	lane->first = last->next;
	if (!lane->first)
		lane->last = NULL;
	last->next = NULL;
}

/* Moves posts from the lane to the end of a list, up to an atomic one; gives the new end. */
static struct upk_post **take_run(struct upk_lane *lane, struct upk_post **end)
{
	struct upk_post *first = lane->first, *last = NULL;
	size_t bytes = 0, count = 0;

	for (struct upk_post *post = first; post && !post->atomic; post = post->next) {
		bytes += post->queued;
		if (++count > UPK_QUEUE_GROUP_POSTS || (last && bytes > UPK_QUEUE_GROUP_BYTES))
			break;
		last = post;
	}
	if (!last)
		return end;
	*end = first;
	cut(lane, last);
	return &last->next;
}

struct upk_post *upk_queue_take(struct upk_queue *q)
{
	struct upk_post *posts = NULL;
	struct upk_lane *lane = &q->lanes[q->turn], *other = &q->lanes[!q->turn];

	q->turn = !q->turn;
	if (!lane->first) {
		struct upk_lane *empty = lane;
		lane = other;
		other = empty;
	}
	if (lane->first && lane->first->atomic) {
		posts = lane->first;
		cut(lane, posts);
	} else {
		take_run(other, take_run(lane, &posts));
	}
	return posts;
}

bool upk_queue_waits(const struct upk_queue *q)
{
	return q->lanes[0].first || q->lanes[1].first;
}

void upk_queue_answered(struct upk_queue *q, const struct upk_post *post)
{
	q->posts--;
	q->bytes -= post->queued;
}
