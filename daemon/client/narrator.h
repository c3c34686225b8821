/* Tells what a daemon does with a model as it happens: alerts, runs, promotions. */
#ifndef UPK_CLIENT_NARRATOR_H
#define UPK_CLIENT_NARRATOR_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buffer.h"
#include "base/error.h"
#include "client/progress.h"
#include "client/remote.h"

/* Starts as { .progress = ... }; one thread at a time. A run is told when it begins and when it has
 * ended, and between looks each further tenth of its steps. */
struct upk_narrator {
	struct upk_progress *progress;              /* borrowed: where lines go */
	struct upk_buffer alerts, runs, promotions; /* what was told of each */
	int64_t running; /* number of the run that is running; 0: none is */
	int64_t tenths;  /* that were told of it */
};

/* Asks for the newest alerts, runs and promotions and says what is new, a line each. Of alerts
 * and runs the last 20 are looked at. false: what upk_remote_get says. */
bool upk_narrator_look(struct upk_narrator *n, struct upk_remote *remote, struct upk_error *err);

void upk_narrator_finish(struct upk_narrator *n);

#endif
