/* Replies on their way into libmicrohttpd. */
#ifndef UPK_DAEMON_HTTP_RESPONSE_H
#define UPK_DAEMON_HTTP_RESPONSE_H

#include <microhttpd.h>
#include <stdbool.h>
#include <stddef.h>

#include "http/request.h"

enum { UPK_RESPONSE_KEPT = 256 };

/* The last short answer, since those to single posts are mostly the same bytes. Starts as { 0 }.
 * Thread: the loop's that has it. */
struct upk_responses {
	struct MHD_Response *last; /* NULL: none yet */
	char bytes[UPK_RESPONSE_KEPT];
	size_t size;
};
void upk_responses_finish(struct upk_responses *r); /* after the loop's connections have ended */

/* Queues the reply, taking its body's memory. `last_one`: the connection closes after it. MHD_NO:
 * no memory, the connection closes. */
enum MHD_Result upk_response_queue(struct upk_responses *r, struct MHD_Connection *connection,
	struct upk_reply *reply, bool last_one);

#endif
