/* A daemon of a few rules for tests of clients: see fake_daemon.py. */
#ifndef UPK_TESTS_DAEMON_FAKE_DAEMON_H
#define UPK_TESTS_DAEMON_FAKE_DAEMON_H

#include <sys/types.h>

struct fake_daemon {
	char url[64];
	pid_t pid;
	int hold; /* it lives until this is closed */
};

/* fault: see the script; NULL: none. The test fails when it does not start. */
void fake_daemon_start(struct fake_daemon *d, const char *fault);
void fake_daemon_stop(struct fake_daemon *d);

#endif
