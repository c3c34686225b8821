/* A daemon of one's own: this binary's `serve` as a child process. */
#ifndef UPK_CLIENT_CHILD_H
#define UPK_CLIENT_CHILD_H

#include <stdbool.h>
#include <sys/types.h>

#include "base/error.h"

/* Starts as { 0 }; one thread at a time. */
struct upk_child {
	pid_t pid;     /* 0: none */
	char *log;     /* the file that its stderr goes to */
	char url[128]; /* where it listens */
};

/* Serves the data folder on a free loopback port and waits until it listens. It is in a process
 * group of its own, so that Ctrl-C is ours alone, and ends with us.
 * false: UPK_IO with the end of its log, or UPK_NOMEM; stop it all the same. */
bool upk_child_start(struct upk_child *c, const char *folder, struct upk_error *err);

/* Without waiting; what has ended is no longer there to be stopped. */
bool upk_child_has_ended(struct upk_child *c);

/* SIGTERM, and SIGKILL when that has not helped for ten seconds; waits for its end. */
void upk_child_stop(struct upk_child *c);

#endif
