/* The HTTP server: the life of its threads, from the first connection to the last reply. */
#ifndef UPK_DAEMON_HTTP_SERVER_H
#define UPK_DAEMON_HTTP_SERVER_H

#include <stdbool.h>
#include <stddef.h>

#include "base/error.h"
#include "http/site.h"

/* Owned by the thread that starts it. The door takes connections and gives them to loops, a thread
 * a processor, which run quick handlers themselves and let workers run the others. */
struct upk_server;

/* Serves the listening sockets, which it closes in the end. The number of connections is bounded by
 * RLIMIT_NOFILE as it is now. NULL: UPK_IO or UPK_NOMEM; the sockets are closed then too. */
struct upk_server *upk_server_start(
	struct upk_site *site, const int *sockets, size_t count, struct upk_error *err);

/* No loop hangs, and no post has waited for the engine longer than it may. */
bool upk_server_answers(struct upk_server *s);

/* Accepts no more connections, answers new requests with 503, and returns when no handler runs: the
 * engine may be closed then, which completes the posts that wait. */
void upk_server_drain(struct upk_server *s);

/* After drain, and once no post waits any more: gives replies a second to go out, closes. */
void upk_server_stop(struct upk_server *s);

#endif
