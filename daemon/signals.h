/* Signals as bytes in a pipe: the main loop reads them when it likes. */
#ifndef UPK_DAEMON_SIGNALS_H
#define UPK_DAEMON_SIGNALS_H

#include <stdbool.h>

#include "base/error.h"

/* Catches SIGTERM, SIGINT and SIGHUP and ignores SIGPIPE, once per process. A handler and a pipe,
 * not signalfd: OpenBLAS starts a thread before main, whose signals cannot be blocked. Main thread.
 * false: UPK_IO. */
bool upk_signal_catch(struct upk_error *err);

/* The next signal that came; 0: none within `ms` milliseconds. One thread at a time. */
int upk_signal_wait(int ms);

#endif
