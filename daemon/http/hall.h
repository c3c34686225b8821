/* What the exchanges of one loop share, and the list of those that are away from it: at a worker or
 * with the engine. */
#ifndef UPK_DAEMON_HTTP_HALL_H
#define UPK_DAEMON_HTTP_HALL_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "http/reaper.h"
#include "http/response.h"
#include "http/site.h"
#include "http/traffic.h"
#include "http/workers.h"

#define UPK_HALL_PATIENCE_NS (30 * INT64_C(1000000000)) /* of a request that is away */

struct upk_loop;
struct upk_exchange;

/* The server's, which outlive its loops. */
struct upk_hall_parts {
	struct upk_site *site;
	struct upk_traffic *traffic;
	struct upk_reaper *reaper;
	struct upk_workers *errands;  /* handlers that wait or read rows */
	struct upk_workers *decoders; /* bodies that are not small */
};

/* Thread: the loop's, except where it says any. A connection is suspended while its exchange is
 * away, and only the loop's thread resumes it. One that is leaving is not suspended yet:
 * libmicrohttpd asks for its reply in each of its rounds, and in the next one there is one if the
 * loop has written the post itself. */
struct upk_hall {
	struct upk_hall_parts parts;
	struct upk_loop *loop;
	struct upk_responses responses;
	struct upk_exchange *leaving, *last_leaving; /* by next_leaving: for upk_hall_send */
	struct upk_exchange *first, *last;           /* away, the longest first */
	_Atomic int64_t since; /* of the post that waits longest without `settle`; 0: none */
};

void upk_hall_init(struct upk_hall *h, const struct upk_hall_parts *parts, struct upk_loop *loop);
void upk_hall_finish(struct upk_hall *h); /* nobody is away */

/* Suspends the connection and lets a worker run the handler. */
void upk_hall_work(struct upk_hall *h, struct upk_exchange *x);

/* upk_hall_send will bring x->post to the engine. */
void upk_hall_leave(struct upk_hall *h, struct upk_exchange *x);

/* The exchange is over. */
void upk_hall_forget(struct upk_hall *h, struct upk_exchange *x);

/* What has left since the last call: a small post that is alone is written at once, when the engine
 * lets it; others are handed over together, so that they share a commit, and their connections are
 * suspended. */
void upk_hall_send(struct upk_hall *h);

/* From time to time: gives up what has been away too long; posts with `settle` may be. */
void upk_hall_tick(struct upk_hall *h, int64_t now);

/* Any thread: nothing has been away for half the time after which it is given up. */
bool upk_hall_answers(const struct upk_hall *h, int64_t now);

#endif
