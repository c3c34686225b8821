/* A thread that owns some of the connections: it alone drives libmicrohttpd over them. */
#ifndef UPK_DAEMON_HTTP_LOOP_H
#define UPK_DAEMON_HTTP_LOOP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>

#include "base/error.h"
#include "http/hall.h"

/* Something that is to be done on the loop's thread; whoever sends it embeds it. */
struct upk_parcel {
	struct upk_parcel *next;
	void (*open)(struct upk_parcel *parcel); /* may free it */
};

/* Its epoll set, its connections and the exchanges on them are its thread's alone. What others have
 * for it comes as a parcel: a new connection, a post that the engine has done with, a handler that
 * has ended. Parcels that come together cost one wake-up. */
struct upk_loop;

/* Starts the thread; the parts are copied. connections_max: of this loop. NULL: UPK_NOMEM, UPK_IO.
 */
struct upk_loop *upk_loop_start(
	const struct upk_hall_parts *parts, unsigned connections_max, struct upk_error *err);

/* Any thread. Parcels (a list by next) are always taken, and opened before the loop ends. */
void upk_loop_send(struct upk_loop *l, struct upk_parcel *parcels);

/* Any thread: the loop takes the socket, which must not block. false: no memory, and the socket is
 * closed. */
bool upk_loop_add(struct upk_loop *l, int fd, const struct sockaddr *from, socklen_t from_size);

/* Any thread: connections that were added and are not closed. */
size_t upk_loop_connections(const struct upk_loop *l);

/* Any thread: its thread runs, and no post waits for the engine longer than it may. */
bool upk_loop_answers(const struct upk_loop *l, int64_t now);

/* Waits until the thread has seen that the traffic drains: from then on it runs no handler. */
void upk_loop_drain(struct upk_loop *l);

/* After drain, and once all that was away has come back: ends the thread, closes the connections,
 * frees. NULL is fine. */
void upk_loop_stop(struct upk_loop *l);

#endif
