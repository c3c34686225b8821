/* Ctrl-C and its like, blocked and looked for: no handler, nothing global. */
#ifndef UPK_CLIENT_STOP_H
#define UPK_CLIENT_STOP_H

#include <signal.h>
#include <stdbool.h>

/* SIGINT, SIGTERM, SIGHUP: the caller blocks them. */
sigset_t upk_stop_signals(void);

/* Whether one of them, blocked, is waiting. */
bool upk_stop_wanted(void);

#endif
