#include "signals.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

/* Written by upk_signal_catch before the handler can run; a handler has no other way to know it. */
static int pipe_ends[2] = { -1, -1 };

static void on_signal(int number)
{
	int kept = errno;
	unsigned char byte = (unsigned char)number;

	/* A full pipe holds enough signals already. */
	ssize_t written = write(pipe_ends[1], &byte, 1);
	(void)written;
	errno = kept;
}

static bool handle(int number, void (*handler)(int), struct upk_error *err)
{
	struct sigaction action = { .sa_handler = handler, .sa_flags = SA_RESTART };

	if (sigaction(number, &action, NULL) != 0)
		return upk_fail(err, UPK_IO, "signal %d: %s", number, strerror(errno));
	return true;
}

bool upk_signal_catch(struct upk_error *err)
{
	if (pipe2(pipe_ends, O_CLOEXEC | O_NONBLOCK) != 0)
		return upk_fail(err, UPK_IO, "a pipe for signals: %s", strerror(errno));
	return handle(SIGTERM, on_signal, err) && handle(SIGINT, on_signal, err) &&
		handle(SIGHUP, on_signal, err) && handle(SIGPIPE, SIG_IGN, err);
}

int upk_signal_wait(int ms)
{
	struct pollfd fd = { .fd = pipe_ends[0], .events = POLLIN };
	unsigned char byte;

	if (poll(&fd, 1, ms) <= 0 || read(pipe_ends[0], &byte, 1) != 1)
		return 0;
	return byte;
}
