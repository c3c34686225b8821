#include "http/loop.h"

#include <errno.h>
#include <microhttpd.h>
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "http/exchange.h"
#include "log.h"

enum {
	TICK_MS = 250,
	IDLE_SECONDS = 60,
	/* libmicrohttpd reads into half of them, heads and bodies, and clears them for each
	 * request: what suits many small ones makes a large body dear. */
	CONNECTION_BYTES = 16 << 10,
	LARGE_CONNECTION_BYTES = 128 << 10,
	LARGE_MOST = 128, /* connections of a loop that have so much; others do with less */
	LARGE_BODY = 64 << 10,
	PEEKED = 1 << 10, /* of a head */
	CALLED_MOST = 64, /* at a time */
};

/* Connections with as much memory each. */
struct set {
	struct upk_loop *loop;
	struct MHD_Daemon *daemon; /* NULL: none was needed yet */
	int epoll;                 /* the daemon's */
	size_t open;
};
enum { SMALL, LARGE, SETS };

struct upk_loop {
	struct upk_hall hall;
	struct set sets[SETS];
	unsigned connections_max; /* of a set */
	pthread_t thread;
	atomic_size_t connections;
	_Atomic int64_t ticked;        /* monotonic ns */
	atomic_bool stopping, drained; /* drained: it has seen that the traffic drains */
	/* the thread's own */
	size_t opened;            /* connections that libmicrohttpd took, ever */
	int lobby;                /* an epoll set of those who wait */
	struct arrival *waiting;  /* to send something */
	struct arrival *admitted; /* is being handed to a set */

	int bell;              /* an eventfd, rung for the first parcel of a pile */
	pthread_mutex_t mutex; /* guards what follows */
	struct upk_parcel *first, *last;
};

/* ---- parcels ---- */

static void ring(struct upk_loop *l)
{
	const uint64_t one = 1;
	ssize_t done;

	do
		done = write(l->bell, &one, sizeof one);
	while (done < 0 && errno == EINTR);
}

void upk_loop_send(struct upk_loop *l, struct upk_parcel *parcels)
{
	struct upk_parcel *last = parcels;

	while (last->next)
		last = last->next;
	pthread_mutex_lock(&l->mutex);
	bool first = !l->first;
	*(l->last ? &l->last->next : &l->first) = parcels;
	l->last = last;
	if (first)
		ring(l);
	pthread_mutex_unlock(&l->mutex);
}

static void open_parcels(struct upk_loop *l)
{
	pthread_mutex_lock(&l->mutex);
	struct upk_parcel *parcel = l->first;
	l->first = l->last = NULL;
	pthread_mutex_unlock(&l->mutex);

	while (parcel) {
		struct upk_parcel *next = parcel->next;
		parcel->open(parcel);
		parcel = next;
	}
}

/* A connection that no set has yet. */
struct arrival {
	struct upk_parcel parcel;
	struct upk_loop *loop;
	int fd;
	struct sockaddr_storage from;
	socklen_t from_size;
	int64_t deadline;
	struct upk_reaped *reaped;     /* while it waits */
	struct arrival *next, *before; /* of those who wait */
};

/* What has come of a connection so far, without taking it. false: nothing yet. */
static bool look(int fd, char begin[PEEKED])
{
	ssize_t size = recv(fd, begin, PEEKED - 1, MSG_PEEK | MSG_DONTWAIT);
	bool nothing = size < 0 && (errno == EAGAIN || errno == EWOULDBLOCK);

	begin[size > 0 ? size : 0] = '\0';
	return !nothing;
}

/* Who sends one large body sends more of them as a rule. */
static bool announces_much(const char *begin)
{
	static const char name[] = "\r\nContent-Length:";
	const char *length = strcasestr(begin, name);

	return length && strtoull(length + sizeof name - 1, NULL, 10) > LARGE_BODY;
}

static bool start_set(struct upk_loop *l, struct set *set, size_t connection_bytes);

static struct set *set_for(struct upk_loop *l, const char *begin)
{
	struct set *large = &l->sets[LARGE];
	bool fits = announces_much(begin) && large->open < LARGE_MOST &&
		(large->daemon || start_set(l, large, LARGE_CONNECTION_BYTES));

	return fits ? large : &l->sets[SMALL];
}

static void turn_away(struct arrival *a)
{
	close(a->fd);
	atomic_fetch_sub(&a->loop->connections, 1);
	free(a);
}

/* Frees the arrival. A connection that fails once it was opened has been counted out by
 * on_connection. */
static void admit(struct arrival *a, const char *begin)
{
	struct upk_loop *l = a->loop;
	size_t opened = l->opened;

	l->admitted = a;
	if (MHD_add_connection(set_for(l, begin)->daemon, a->fd, (struct sockaddr *)&a->from,
		    a->from_size) != MHD_YES &&
		l->opened == opened)
		atomic_fetch_sub(&l->connections, 1);
	l->admitted = NULL;
	free(a);
}

static bool begin_to_wait(struct arrival *a)
{
	struct upk_loop *l = a->loop;
	struct epoll_event event = { .events = EPOLLIN, .data = { .ptr = a } };

	a->reaped = upk_reaper_add(l->hall.parts.reaper, a->fd, a->deadline);
	if (!a->reaped)
		return false;
	if (epoll_ctl(l->lobby, EPOLL_CTL_ADD, a->fd, &event) != 0) {
		upk_reaper_remove(l->hall.parts.reaper, a->reaped);
		return false;
	}
	a->next = l->waiting;
	if (a->next)
		a->next->before = a;
	l->waiting = a;
	return true;
}

static void end_waiting(struct arrival *a)
{
	epoll_ctl(a->loop->lobby, EPOLL_CTL_DEL, a->fd, NULL);
	upk_reaper_remove(a->loop->hall.parts.reaper, a->reaped);
	*(a->before ? &a->before->next : &a->loop->waiting) = a->next;
	if (a->next)
		a->next->before = a->before;
}

/* Its first bytes say where it is to go: until they come it waits. */
static void arrive(struct upk_parcel *parcel)
{
	struct arrival *a = (struct arrival *)(void *)parcel;
	char begin[PEEKED];

	a->deadline = upk_clock_monotonic_ns() + UPK_EXCHANGE_GRACE_NS;
	if (look(a->fd, begin))
		admit(a, begin);
	else if (!begin_to_wait(a))
		turn_away(a);
}

/* Whoever has sent something, or has gone. */
static void call_in(struct upk_loop *l)
{
	struct epoll_event events[CALLED_MOST];
	char begin[PEEKED];
	int count = l->waiting ? epoll_wait(l->lobby, events, CALLED_MOST, 0) : 0;

	for (int i = 0; i < count; i++) {
		struct arrival *a = events[i].data.ptr;
		end_waiting(a);
		look(a->fd, begin);
		admit(a, begin);
	}
}

bool upk_loop_add(struct upk_loop *l, int fd, const struct sockaddr *from, socklen_t from_size)
{
	struct arrival *a = calloc(1, sizeof *a);
	if (!a) {
		close(fd);
		return false;
	}
	a->parcel.open = arrive;
	a->loop = l;
	a->fd = fd;
	a->from_size = from_size < sizeof a->from ? from_size : sizeof a->from;
	memcpy(&a->from, from, a->from_size);
	atomic_fetch_add(&l->connections, 1);
	upk_loop_send(l, &a->parcel);
	return true;
}

size_t upk_loop_connections(const struct upk_loop *l)
{
	return atomic_load(&l->connections);
}

bool upk_loop_answers(const struct upk_loop *l, int64_t now)
{
	return now - atomic_load(&l->ticked) < UPK_HALL_PATIENCE_NS / 2 &&
		upk_hall_answers(&l->hall, now);
}

/* ---- libmicrohttpd's callbacks ---- */

static void on_connection(void *context, struct MHD_Connection *connection, void **state,
	enum MHD_ConnectionNotificationCode what)
{
	struct set *set = context;
	struct upk_loop *l = set->loop;
	const union MHD_ConnectionInfo *info =
		MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CONNECTION_FD);

	if (what == MHD_CONNECTION_NOTIFY_STARTED && info) {
		l->opened++;
		set->open++;
		*state = upk_reaper_add(
			l->hall.parts.reaper, info->connect_fd, l->admitted->deadline);
		if (!*state) /* a connection without deadlines is not served */
			shutdown(info->connect_fd, SHUT_RDWR);
	} else if (what == MHD_CONNECTION_NOTIFY_CLOSED) {
		upk_reaper_remove(l->hall.parts.reaper, *state);
		*state = NULL;
		set->open--;
		atomic_fetch_sub(&l->connections, 1);
	}
}

/* Targets are decoded by http/url.c, once. */
static size_t leave_escaped(void *context, struct MHD_Connection *connection, char *text)
{
	(void)context;
	(void)connection;
	return strlen(text);
}

/* On a unix socket libmicrohttpd, which can't tell it from one of TCP, misses the options of TCP at
 * each answer. On TCP these do not fail, and if they did, answers would only be slower. */
static bool is_of_tcp_options(const char *line)
{
	static const char *const begins[] = { "Setting TCP_",
		"Failed to push the data from buffers to the network." };
	for (size_t i = 0; i < sizeof begins / sizeof *begins; i++)
		if (strncmp(line, begins[i], strlen(begins[i])) == 0)
			return true;
	return false;
}

__attribute__((format(printf, 2, 0))) static void on_log(
	void *context, const char *format, va_list args)
{
	struct upk_loop *l = context;
	char line[512];

	vsnprintf(line, sizeof line, format, args);
	line[strcspn(line, "\n")] = '\0';
	if (is_of_tcp_options(line))
		return;
	upk_log_say(upk_site_log(l->hall.parts.site), UPK_LOG_WARNING, "http: %s", line);
}

static bool start_set(struct upk_loop *l, struct set *set, size_t connection_bytes)
{
	set->loop = l;
	set->daemon = MHD_start_daemon(MHD_USE_EPOLL | MHD_ALLOW_SUSPEND_RESUME |
			MHD_USE_NO_LISTEN_SOCKET | MHD_USE_ERROR_LOG,
		0, NULL, NULL, upk_exchange_on_request, &l->hall, MHD_OPTION_EXTERNAL_LOGGER,
		on_log, (void *)l, MHD_OPTION_CONNECTION_LIMIT, l->connections_max,
		MHD_OPTION_CONNECTION_MEMORY_LIMIT, connection_bytes, MHD_OPTION_CONNECTION_TIMEOUT,
		(unsigned)IDLE_SECONDS, MHD_OPTION_URI_LOG_CALLBACK, upk_exchange_on_target,
		(void *)&l->hall, MHD_OPTION_NOTIFY_COMPLETED, upk_exchange_on_completed,
		(void *)&l->hall, MHD_OPTION_NOTIFY_CONNECTION, on_connection, (void *)set,
		MHD_OPTION_UNESCAPE_CALLBACK, leave_escaped, NULL, MHD_OPTION_END);
	const union MHD_DaemonInfo *info =
		set->daemon ? MHD_get_daemon_info(set->daemon, MHD_DAEMON_INFO_EPOLL_FD) : NULL;
	if (info) {
		set->epoll = info->epoll_fd;
	} else if (set->daemon) {
		MHD_stop_daemon(set->daemon);
		set->daemon = NULL;
	}
	return set->daemon != NULL;
}

/* ---- the thread ---- */

/* Until there is something to do, and at most to the next tick. Connections that have more to do at
 * once are known to libmicrohttpd alone, which says so by a timeout of 0; parcels are looked for
 * all the same. */
static void wait_for_work(struct upk_loop *l)
{
	MHD_UNSIGNED_LONG_LONG least = TICK_MS, ms;
	struct pollfd fds[2 + SETS] = { { l->bell, POLLIN, 0 }, { l->lobby, POLLIN, 0 } };
	uint64_t rung;

	for (size_t i = 0; i < SETS; i++) {
		struct set *set = &l->sets[i];
		fds[2 + i] = (struct pollfd){ set->daemon ? set->epoll : -1, POLLIN, 0 };
		if (set->open > 0 && MHD_get_timeout(set->daemon, &ms) == MHD_YES && ms < least)
			least = ms;
	}
	if (least == 0)
		return;
	if (poll(fds, 2 + SETS, (int)least) > 0 && (fds[0].revents & POLLIN) &&
		read(l->bell, &rung, sizeof rung) < 0 && errno != EAGAIN && errno != EINTR)
		upk_log_say(upk_site_log(l->hall.parts.site), UPK_LOG_ERROR,
			"http: an event can't be read: %s", strerror(errno));
}

static void run_sets(struct upk_loop *l)
{
	for (size_t i = 0; i < SETS; i++)
		if (l->sets[i].open > 0)
			MHD_run(l->sets[i].daemon);
}

static void tick_when_due(struct upk_loop *l)
{
	int64_t now = upk_clock_monotonic_ns();

	if (now - atomic_load(&l->ticked) < TICK_MS * INT64_C(1000000))
		return;
	atomic_store(&l->ticked, now);
	upk_hall_tick(&l->hall, now);
}

static void *run(void *context)
{
	struct upk_loop *l = context;

	while (!atomic_load(&l->stopping)) {
		wait_for_work(l);
		open_parcels(l);
		call_in(l);
		run_sets(l);
		bool draining = atomic_load(&l->hall.parts.traffic->draining);
		upk_hall_send(&l->hall);
		if (draining)
			atomic_store(&l->drained, true);
		tick_when_due(l);
	}
	open_parcels(l);
	upk_hall_send(&l->hall);
	run_sets(l); /* one can't be stopped while a connection is suspended */
	return NULL;
}

/* ---- life ---- */

static void destroy(struct upk_loop *l)
{
	while (l->waiting) {
		struct arrival *a = l->waiting;
		end_waiting(a);
		turn_away(a);
	}
	for (size_t i = 0; i < SETS; i++)
		if (l->sets[i].daemon)
			MHD_stop_daemon(l->sets[i].daemon);
	upk_hall_finish(&l->hall);
	pthread_mutex_destroy(&l->mutex);
	close(l->lobby);
	close(l->bell);
	free(l);
}

struct upk_loop *upk_loop_start(
	const struct upk_hall_parts *parts, unsigned connections_max, struct upk_error *err)
{
	struct upk_loop *l = calloc(1, sizeof *l);
	if (!l)
		goto no_memory;
	l->bell = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
	if (l->bell < 0)
		goto free_loop;
	l->lobby = epoll_create1(EPOLL_CLOEXEC);
	if (l->lobby < 0)
		goto close_bell;
	if (pthread_mutex_init(&l->mutex, NULL) != 0)
		goto close_lobby;

	l->connections_max = connections_max;
	upk_hall_init(&l->hall, parts, l);
	atomic_init(&l->ticked, upk_clock_monotonic_ns());
	if (start_set(l, &l->sets[SMALL], CONNECTION_BYTES) &&
		pthread_create(&l->thread, NULL, run, l) == 0)
		return l;
	destroy(l);
	upk_fail(err, UPK_IO, "the HTTP server does not start");
	return NULL;

close_lobby:
	close(l->lobby);
close_bell:
	close(l->bell);
free_loop:
	free(l);
no_memory:
	upk_fail(err, UPK_NOMEM, "no memory for the HTTP server");
	return NULL;
}

void upk_loop_drain(struct upk_loop *l)
{
	const struct timespec moment = { .tv_nsec = 1000000 };

	ring(l);
	while (!atomic_load(&l->drained))
		nanosleep(&moment, NULL);
}

void upk_loop_stop(struct upk_loop *l)
{
	if (!l)
		return;
	atomic_store(&l->stopping, true);
	ring(l);
	pthread_join(l->thread, NULL);
	destroy(l);
}
