#include "systemd.h"

#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/number.h"

void upk_systemd_notify(const char *state)
{
	const char *path = getenv("NOTIFY_SOCKET");
	struct sockaddr_un to = { .sun_family = AF_UNIX };

	if (!path || (*path != '/' && *path != '@') || strlen(path) >= sizeof to.sun_path)
		return;
	memcpy(to.sun_path, path, strlen(path));
	if (*path == '@')
		to.sun_path[0] = '\0';
	socklen_t size = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + strlen(path));

	int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return;
	/* Nobody to tell is no fault of the daemon's. */
	ssize_t sent = sendto(fd, state, strlen(state), MSG_NOSIGNAL, (struct sockaddr *)&to, size);
	(void)sent;
	close(fd);
}

int64_t upk_systemd_watchdog_ms(void)
{
	const char *pid = getenv("WATCHDOG_PID");
	int64_t us, whom;

	if (!upk_number_parse_int(upk_text_of(getenv("WATCHDOG_USEC")), &us) || us <= 0)
		return 0;
	if (pid && (!upk_number_parse_int(upk_text_of(pid), &whom) || whom != getpid()))
		return 0;
	return us / 2000 > 0 ? us / 2000 : 1;
}
