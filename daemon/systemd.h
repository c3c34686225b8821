/* What systemd is told: sd_notify(3) without libsystemd. */
#ifndef UPK_DAEMON_SYSTEMD_H
#define UPK_DAEMON_SYSTEMD_H

#include <stdint.h>

/* Sends "READY=1", "STATUS=...", ... to $NOTIFY_SOCKET; nothing where there is none. */
void upk_systemd_notify(const char *state);

/* How often the watchdog is to be fed, in ms: half its limit; 0: there is none. */
int64_t upk_systemd_watchdog_ms(void);

#endif
