/* The thread at the listening sockets: takes connections, gives each to a loop, keeps their number
 * within the limit, and cuts off those that are too slow. */
#ifndef UPK_DAEMON_HTTP_DOOR_H
#define UPK_DAEMON_HTTP_DOOR_H

#include <stddef.h>

#include "base/error.h"
#include "http/loop.h"
#include "http/reaper.h"
#include "http/traffic.h"
#include "log.h"

struct upk_door_parts {
	struct upk_log *log;
	struct upk_reaper *reaper;
	struct upk_traffic *traffic;
	struct upk_loop *const *loops; /* they outlive the door */
	size_t loops_count;
	size_t connections_max; /* over all loops; one more takes the place of the idlest */
};

struct upk_door;

/* Takes the sockets, which it closes in the end, on failure too. NULL: UPK_NOMEM or UPK_IO. */
struct upk_door *upk_door_open(const struct upk_door_parts *parts, const int *sockets, size_t count,
	struct upk_error *err);

/* Takes no more connections, frees. NULL is fine. */
void upk_door_close(struct upk_door *d);

#endif
