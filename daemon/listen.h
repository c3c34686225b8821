/* Addresses to listen on: "ADDR:PORT", "[ADDR]:PORT", "unix:PATH". */
#ifndef UPK_DAEMON_LISTEN_H
#define UPK_DAEMON_LISTEN_H

#include <stdbool.h>
#include <sys/socket.h>

#include "base/buffer.h"
#include "base/error.h"

struct upk_listen {
	const char *given; /* the caller's text, which outlives this */
	const char *path;  /* of a unix socket, within given; NULL: it is TCP */
	char host[256];    /* of TCP, without brackets */
	struct sockaddr_storage address;
	socklen_t size;
	bool loopback; /* a loopback address, or a unix socket */
	bool any;      /* all addresses of the machine */
};

/* UPK_INVALID: says what is wanted. UPK_NOMEM. A host's name is looked up. */
bool upk_listen_parse(const char *given, struct upk_listen *l, struct upk_error *err);

/* A listening socket; -1: UPK_IO. A unix socket gets mode 0660; one that is left over, and nobody
 * answers at, is removed. */
int upk_listen_open(const struct upk_listen *l, struct upk_error *err);

/* "http://127.0.0.1:7850", with the port that fd really has, or "unix:PATH". */
void upk_listen_describe(const struct upk_listen *l, int fd, struct upk_buffer *out);

/* Removes a unix socket's path; nothing of TCP. */
void upk_listen_remove(const struct upk_listen *l);

#endif
