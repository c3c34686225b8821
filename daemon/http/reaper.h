/* Connections with deadlines: whoever is too slow is cut off, and whoever asks for nothing when
 * there is no more room. */
#ifndef UPK_DAEMON_HTTP_REAPER_H
#define UPK_DAEMON_HTTP_REAPER_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

/* An open connection. The reaper shuts its socket down and never closes it. */
struct upk_reaped {
	int fd;
	_Atomic int64_t deadline; /* monotonic ns; 0: none */
	_Atomic int64_t pressed;  /* the same, for when others are refused for what it holds */
	atomic_bool busy;         /* it has sent the head of a request that is not answered yet */
	struct upk_reaped *next, *before;
};

/* Starts as { 0 }, then upk_reaper_init. Any thread may call what follows. Setting a deadline takes
 * no lock. 48 bytes a connection. */
struct upk_reaper {
	pthread_mutex_t mutex;           /* guards the list */
	struct upk_reaped *first, *last; /* the newest first */
};

bool upk_reaper_init(struct upk_reaper *r);
void upk_reaper_finish(struct upk_reaper *r); /* no connection is left in it */

/* NULL: no memory; the other calls take NULL. */
struct upk_reaped *upk_reaper_add(struct upk_reaper *r, int fd, int64_t deadline);
void upk_reaper_remove(struct upk_reaper *r, struct upk_reaped *entry);
void upk_reaper_set(struct upk_reaped *entry, int64_t deadline);
void upk_reaper_set_pressed(struct upk_reaped *entry, int64_t deadline);
void upk_reaper_set_busy(struct upk_reaped *entry, bool busy);

/* Shuts down what is overdue. pressed: others are refused for what it holds. */
void upk_reaper_pass(struct upk_reaper *r, int64_t now, bool pressed);

/* Shuts down the oldest connection that is not busy and was not shut down. false: there is none. */
bool upk_reaper_make_room(struct upk_reaper *r);

#endif
