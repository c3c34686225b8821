#include "listen.h"

#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/number.h"

static bool parse_unix(const char *path, struct upk_listen *l, struct upk_error *err)
{
	struct sockaddr_un *address = (struct sockaddr_un *)&l->address;

	if (!*path || strlen(path) >= sizeof address->sun_path)
		return upk_fail(err, UPK_INVALID, "'%s': want unix:PATH of at most %zu bytes",
			l->given, sizeof address->sun_path - 1);
	address->sun_family = AF_UNIX;
	memcpy(address->sun_path, path, strlen(path) + 1);
	l->size = sizeof *address;
	l->path = path;
	l->loopback = true;
	return true;
}

static void classify(struct upk_listen *l)
{
	if (l->address.ss_family == AF_INET6) {
		const struct in6_addr *a = &((struct sockaddr_in6 *)&l->address)->sin6_addr;
		l->loopback = IN6_IS_ADDR_LOOPBACK(a);
		l->any = IN6_IS_ADDR_UNSPECIFIED(a);
	} else {
		uint32_t a = ntohl(((struct sockaddr_in *)&l->address)->sin_addr.s_addr);
		l->loopback = a >> 24 == 127;
		l->any = a == INADDR_ANY;
	}
}

static bool look_up(const char *port, struct upk_listen *l, struct upk_error *err)
{
	struct addrinfo hints = { .ai_socktype = SOCK_STREAM, .ai_flags = AI_NUMERICSERV };
	struct addrinfo *found;
	int failed = getaddrinfo(l->host, port, &hints, &found);

	if (failed)
		return upk_fail(err, failed == EAI_MEMORY ? UPK_NOMEM : UPK_INVALID, "'%s': %s",
			l->given, gai_strerror(failed));
	memcpy(&l->address, found->ai_addr, found->ai_addrlen);
	l->size = found->ai_addrlen;
	freeaddrinfo(found);
	classify(l);
	return true;
}

bool upk_listen_parse(const char *given, struct upk_listen *l, struct upk_error *err)
{
	const char *colon = strrchr(given, ':'), *host = given;
	int64_t port;

	*l = (struct upk_listen){ .given = given };
	if (strncmp(given, "unix:", 5) == 0)
		return parse_unix(given + 5, l, err);
	if (!colon || !upk_number_parse_int(upk_text_of(colon + 1), &port))
		return upk_fail(err, UPK_INVALID, "'%s': want ADDR:PORT or unix:PATH", given);
	if (port < 0 || port > 65535)
		return upk_fail(err, UPK_INVALID, "'%s': want a port from 0 to 65535", given);

	size_t size = (size_t)(colon - given);
	if (size >= 2 && *given == '[' && given[size - 1] == ']') {
		host++;
		size -= 2;
	} else if (memchr(given, ':', size)) {
		return upk_fail(
			err, UPK_INVALID, "'%s': want [ADDR]:PORT of an IPv6 address", given);
	}
	if (size == 0 || size >= sizeof l->host)
		return upk_fail(err, UPK_INVALID, "'%s': want ADDR:PORT or unix:PATH", given);
	memcpy(l->host, host, size);
	l->host[size] = '\0';
	return look_up(colon + 1, l, err);
}

/* A socket's file that nobody listens at any more is in the way of ours. */
static void remove_stale(const struct upk_listen *l)
{
	struct stat at;

	if (lstat(l->path, &at) != 0 || !S_ISSOCK(at.st_mode))
		return;
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return;
	if (connect(fd, (const struct sockaddr *)&l->address, l->size) != 0 &&
		errno == ECONNREFUSED)
		unlink(l->path);
	close(fd);
}

static bool bind_to(int fd, const struct upk_listen *l)
{
	int yes = 1;

	if (l->path) {
		/* The mode is right from the first moment on. */
		mode_t mask = umask(0117);
		int failed = bind(fd, (const struct sockaddr *)&l->address, l->size);
		umask(mask);
		return !failed && chmod(l->path, 0660) == 0;
	}
	if (setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes) != 0)
		return false;
	if (l->address.ss_family == AF_INET6 &&
		setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &yes, sizeof yes) != 0)
		return false;
	return bind(fd, (const struct sockaddr *)&l->address, l->size) == 0;
}

int upk_listen_open(const struct upk_listen *l, struct upk_error *err)
{
	enum { BACKLOG = 1024 };
	int fd = socket(l->address.ss_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	if (l->path)
		remove_stale(l);
	if (fd < 0 || !bind_to(fd, l) || listen(fd, BACKLOG) != 0) {
		const char *advice = errno == EADDRINUSE ? "; give another with --listen" : "";
		upk_fail(err, UPK_IO, "cannot listen on %s: %s%s", l->given, strerror(errno), advice);
		if (fd >= 0)
			close(fd);
		return -1;
	}
	return fd;
}

void upk_listen_describe(const struct upk_listen *l, int fd, struct upk_buffer *out)
{
	struct sockaddr_storage bound = { 0 };
	socklen_t size = sizeof bound;
	char host[NI_MAXHOST], port[NI_MAXSERV];

	if (l->path) {
		upk_buffer_puts(out, l->given);
	} else if (getsockname(fd, (struct sockaddr *)&bound, &size) != 0 ||
		getnameinfo((struct sockaddr *)&bound, size, host, sizeof host, port, sizeof port,
			NI_NUMERICHOST | NI_NUMERICSERV) != 0) {
		upk_buffer_printf(out, "http://%s", l->given);
	} else {
		bool v6 = bound.ss_family == AF_INET6;
		upk_buffer_printf(
			out, "http://%s%s%s:%s", v6 ? "[" : "", host, v6 ? "]" : "", port);
	}
}

void upk_listen_remove(const struct upk_listen *l)
{
	if (l->path)
		unlink(l->path);
}
