#include "http/door.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"

enum {
	PASS_MS = 250,     /* between two looks for slow connections */
	ACCEPTED_MAX = 64, /* of one socket at a time */
};

struct upk_door {
	struct upk_door_parts parts;
	size_t count;
	atomic_bool closing;
	pthread_t thread;
	struct pollfd sockets[];
};

static void close_sockets(const int *sockets, size_t count)
{
	for (size_t i = 0; i < count; i++)
		close(sockets[i]);
}

static size_t connections(const struct upk_door *d)
{
	size_t sum = 0;

	for (size_t i = 0; i < d->parts.loops_count; i++)
		sum += upk_loop_connections(d->parts.loops[i]);
	return sum;
}

static struct upk_loop *emptiest(const struct upk_door *d)
{
	struct upk_loop *best = d->parts.loops[0];

	for (size_t i = 1; i < d->parts.loops_count; i++)
		if (upk_loop_connections(d->parts.loops[i]) < upk_loop_connections(best))
			best = d->parts.loops[i];
	return best;
}

/* Waits a moment for one of the connections to end, after having cut the idlest one. */
static void make_room(struct upk_door *d, const char *why)
{
	enum { MOMENTS = 20 };
	const struct timespec moment = { .tv_nsec = 1000000 };
	size_t before = connections(d);

	bool made = upk_reaper_make_room(d->parts.reaper);
	upk_log_say(d->parts.log, UPK_LOG_WARNING, "http: %s: %s", why,
		made ? "idle connections are closed" : "none is idle, so new ones wait");
	for (int i = 0; i < MOMENTS && connections(d) >= before; i++)
		nanosleep(&moment, NULL);
}

/* Whether to accept again at once. */
static bool accept_failed(struct upk_door *d, int fault)
{
	if (fault == EMFILE || fault == ENFILE || fault == ENOBUFS || fault == ENOMEM)
		make_room(d, strerror(fault));
	return fault == EINTR || fault == ECONNABORTED;
}

static bool accept_one(struct upk_door *d, int listening)
{
	struct sockaddr_storage from;
	socklen_t size = sizeof from;

	if (connections(d) >= d->parts.connections_max) {
		make_room(d, "as many connections are open as may be");
		return false;
	}
	int fd = accept4(listening, (struct sockaddr *)&from, &size, SOCK_NONBLOCK | SOCK_CLOEXEC);
	if (fd < 0)
		return accept_failed(d, errno);
	return upk_loop_add(emptiest(d), fd, (struct sockaddr *)&from, size);
}

static void *run(void *context)
{
	struct upk_door *d = context;
	int64_t next = 0;

	while (!atomic_load(&d->closing)) {
		int64_t now = upk_clock_monotonic_ns();
		if (now >= next) {
			upk_reaper_pass(
				d->parts.reaper, now, upk_traffic_refused(d->parts.traffic));
			next = now + PASS_MS * INT64_C(1000000);
		}
		if (poll(d->sockets, d->count, PASS_MS) <= 0)
			continue;
		for (size_t i = 0; i < d->count; i++)
			for (int n = 0; d->sockets[i].revents && n < ACCEPTED_MAX; n++)
				if (!accept_one(d, d->sockets[i].fd))
					break;
	}
	return NULL;
}

struct upk_door *upk_door_open(
	const struct upk_door_parts *parts, const int *sockets, size_t count, struct upk_error *err)
{
	struct upk_door *d = calloc(1, sizeof *d + count * sizeof *d->sockets);
	if (!d) {
		close_sockets(sockets, count);
		upk_fail(err, UPK_NOMEM, "no memory for the HTTP server");
		return NULL;
	}
	d->parts = *parts;
	d->count = count;
	for (size_t i = 0; i < count; i++)
		d->sockets[i] = (struct pollfd){ sockets[i], POLLIN, 0 };
	if (pthread_create(&d->thread, NULL, run, d) == 0)
		return d;

	free(d);
	close_sockets(sockets, count);
	upk_fail(err, UPK_IO, "no thread for the HTTP server");
	return NULL;
}

/* A shut down listening socket ends its poll. */
void upk_door_close(struct upk_door *d)
{
	if (!d)
		return;
	atomic_store(&d->closing, true);
	for (size_t i = 0; i < d->count; i++)
		shutdown(d->sockets[i].fd, SHUT_RDWR);
	pthread_join(d->thread, NULL);
	for (size_t i = 0; i < d->count; i++)
		close(d->sockets[i].fd);
	free(d);
}
