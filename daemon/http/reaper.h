/* Connections with deadlines: whoever is too slow is cut off. */
#ifndef UPK_DAEMON_HTTP_REAPER_H
#define UPK_DAEMON_HTTP_REAPER_H

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

/* An open connection. The reaper shuts its socket down and never closes it. */
struct upk_reaped {
	int fd;
	int64_t deadline; /* monotonic ns; 0: none */
	struct upk_reaped *next, *before;
};

/* Starts as { 0 }, then upk_reaper_init. Any thread may call what follows. */
struct upk_reaper {
	pthread_mutex_t mutex; /* guards the list and its entries */
	struct upk_reaped *first;
};

bool upk_reaper_init(struct upk_reaper *r);
void upk_reaper_finish(struct upk_reaper *r); /* no connection is left in it */

/* NULL: no memory, and the connection has no deadlines; the other calls take NULL. */
struct upk_reaped *upk_reaper_add(struct upk_reaper *r, int fd, int64_t deadline);
void upk_reaper_remove(struct upk_reaper *r, struct upk_reaped *entry);
void upk_reaper_set(struct upk_reaper *r, struct upk_reaped *entry, int64_t deadline);

/* Shuts down what is overdue. */
void upk_reaper_pass(struct upk_reaper *r, int64_t now);

#endif
