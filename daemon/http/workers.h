/* Threads that run what would hold up the connections: handlers that wait, read rows or decode
 * much. */
#ifndef UPK_DAEMON_HTTP_WORKERS_H
#define UPK_DAEMON_HTTP_WORKERS_H

#include <stdbool.h>
#include <stddef.h>

#include "base/error.h"

/* Something to do; its owner embeds it and keeps it until run is called or it is withdrawn. */
struct upk_errand {
	struct upk_errand *next;
	void (*run)(struct upk_errand *errand);
};

struct upk_workers;

/* At most `most` of them wait. NULL: UPK_NOMEM, or UPK_IO (no thread). */
struct upk_workers *upk_workers_start(size_t threads, size_t most, struct upk_error *err);

/* Any thread may call what follows. false: as many wait as may. */
bool upk_workers_add(struct upk_workers *w, struct upk_errand *errand);

/* false: it runs or has run. */
bool upk_workers_withdraw(struct upk_workers *w, struct upk_errand *errand);

/* Runs all that waits, ends the threads, frees. Nothing is added any more. NULL is fine. */
void upk_workers_stop(struct upk_workers *w);

#endif
