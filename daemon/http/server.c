#include "http/server.h"

#include <microhttpd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "base/clock.h"
#include "http/intake.h"
#include "http/problem.h"
#include "http/reaper.h"
#include "http/request.h"

enum {
	POOL = 4, /* threads of a listener; control requests wait on them */
	CONNECTIONS_MAX = 8192,
	FDS_KEPT = 64, /* for the store, listeners and logs */
	IDLE_SECONDS = 60,
	FLIGHT_MAX = 256 << 20, /* bytes of bodies over all connections */
	SLOWEST = 16 << 10,     /* bytes a second that a client must move */
};
#define SECOND_NS INT64_C(1000000000)
static const int64_t grace_ns = 10 * SECOND_NS;    /* for headers, and before SLOWEST counts */
static const int64_t patience_ns = 30 * SECOND_NS; /* of a post for the engine */

struct upk_server {
	struct upk_site *site;
	struct MHD_Daemon **listeners;
	int *sockets;
	size_t count;
	struct upk_reaper reaper;
	atomic_size_t flight; /* bytes of bodies */
	atomic_bool closed;   /* no new connection is taken */
	pthread_t ticker;

	pthread_mutex_t mutex; /* guards what follows */
	pthread_cond_t changed;
	bool draining, stopped;
	size_t running;   /* handlers that run */
	size_t exchanges; /* requests that are not completed */
	struct waiting *waiting;
};

/* A post that the engine has. Whoever takes it off the list, the writer or the ticker, resumes the
 * connection; the writer frees what the ticker gave up. */
struct waiting {
	struct upk_server *server;
	struct exchange *exchange; /* NULL: given up */
	struct MHD_Connection *connection;
	struct upk_post *post;
	size_t flight; /* of the exchange, when it was given up */
	int64_t since;
	struct waiting *next, *before;
};

/* A request from its first line to its completion. One thread at a time. */
struct exchange {
	struct upk_server *server;
	struct upk_reaped *reaped;
	char *target;
	bool begun;
	bool replied; /* the reply is filled in; what comes of the body is thrown away */
	bool hasty;   /* the reply goes out at once, and the connection closes */
	const struct upk_route *route;
	struct upk_request request;
	struct upk_reply reply;
	struct upk_post *post;
	int64_t since;
	size_t received, flight;
	struct waiting *waiting; /* NULL: it waits for nothing */
	bool given_up;
};

/* ---- posts that wait for the engine ---- */

static void unlink_waiting(struct waiting *w)
{
	if (w->before)
		w->before->next = w->next;
	else
		w->server->waiting = w->next;
	if (w->next)
		w->next->before = w->before;
}

static void free_post(struct upk_post *post)
{
	if (!post)
		return;
	upk_post_finish(post);
	free(post);
}

/* On the writer's thread. */
static void on_done(struct upk_post *post)
{
	struct waiting *w = post->context;
	struct upk_server *s = w->server;

	pthread_mutex_lock(&s->mutex);
	bool given_up = !w->exchange;
	if (!given_up) {
		unlink_waiting(w);
		w->exchange->waiting = NULL;
	}
	pthread_cond_broadcast(&s->changed);
	pthread_mutex_unlock(&s->mutex);

	if (given_up) {
		atomic_fetch_sub(&s->flight, w->flight);
		free_post(post);
	} else {
		MHD_resume_connection(w->connection);
	}
	free(w);
}

/* Gives up the posts that have waited too long; those with `settle` wait as long as it takes. */
static void give_up(struct upk_server *s, int64_t now)
{
	pthread_mutex_lock(&s->mutex);
	for (struct waiting *w = s->waiting, *next; w; w = next) {
		next = w->next;
		if (w->post->settle || now - w->since < patience_ns)
			continue;
		unlink_waiting(w);
		w->flight = w->exchange->flight;
		w->exchange->flight = 0;
		w->exchange->post = NULL;
		w->exchange->given_up = true;
		w->exchange->waiting = NULL;
		w->exchange = NULL;
		MHD_resume_connection(w->connection);
	}
	pthread_mutex_unlock(&s->mutex);
}

bool upk_server_answers(struct upk_server *s)
{
	bool answers = true;
	int64_t now = upk_clock_monotonic_ns();

	pthread_mutex_lock(&s->mutex);
	for (struct waiting *w = s->waiting; w; w = w->next)
		answers = answers && (w->post->settle || now - w->since < patience_ns / 2);
	pthread_mutex_unlock(&s->mutex);
	return answers;
}

/* Suspends first: done may be called before the hand-over returns. false: not suspended, and the
 * reply says why. */
static bool hand_over(struct exchange *x, struct MHD_Connection *connection)
{
	struct upk_server *s = x->server;
	struct upk_error err = { 0 };
	struct waiting *w = malloc(sizeof *w);

	if (!w) {
		upk_problem(&x->reply, 503, "no memory for the request");
		return false;
	}
	*w = (struct waiting){ .server = s,
		.exchange = x,
		.connection = connection,
		.post = x->post,
		.since = upk_clock_monotonic_ns() };
	x->post->done = on_done;
	x->post->context = w;

	pthread_mutex_lock(&s->mutex);
	w->next = s->waiting;
	if (s->waiting)
		s->waiting->before = w;
	s->waiting = w;
	x->waiting = w;
	MHD_suspend_connection(connection);
	pthread_mutex_unlock(&s->mutex);
	upk_reaper_set(&s->reaper, x->reaped, 0);

	if (upk_engine_post(upk_site_engine(s->site), x->post, &err))
		return true;
	pthread_mutex_lock(&s->mutex);
	unlink_waiting(w);
	x->waiting = NULL;
	pthread_mutex_unlock(&s->mutex);
	free(w);
	upk_problem_of(&x->reply, &err);
	MHD_resume_connection(connection);
	return true;
}

/* ---- replies ---- */

static void add_headers(
	struct MHD_Response *response, const struct upk_reply *reply, bool close_after)
{
	char seconds[16];

	if (reply->type)
		MHD_add_response_header(response, "Content-Type", reply->type);
	if (reply->etag[0])
		MHD_add_response_header(response, "ETag", reply->etag);
	if (reply->location[0])
		MHD_add_response_header(response, "Location", reply->location);
	if (reply->allow[0])
		MHD_add_response_header(response, "Allow", reply->allow);
	if (reply->retry_after > 0) {
		snprintf(seconds, sizeof seconds, "%u", reply->retry_after);
		MHD_add_response_header(response, "Retry-After", seconds);
	}
	if (reply->status == 415)
		MHD_add_response_header(response, "Accept-Encoding", "identity");
	if (close_after)
		MHD_add_response_header(response, "Connection", "close");
	MHD_add_response_header(
		response, "Cache-Control", reply->revalidate ? "no-cache" : "no-store");
	MHD_add_response_header(response, "X-Content-Type-Options", "nosniff");
	MHD_add_response_header(response, "Referrer-Policy", "no-referrer");
	MHD_add_response_header(response, "Content-Security-Policy",
		"default-src 'self'; base-uri 'none'; form-action 'none'; "
		"frame-ancestors 'none'");
}

/* What is no fault of the client's is for the operator to see. */
static void log_failure(const struct exchange *x)
{
	const struct upk_reply *reply = &x->reply;
	size_t size = reply->body.size;

	if (size > 0 && reply->body.data[size - 1] == '\n')
		size--;
	if (reply->status == 500 || reply->status == 507)
		upk_log_say(upk_site_log(x->server->site), UPK_LOG_ERROR, "%.200s: %.*s", x->target,
			(int)size, reply->body.data);
}

static enum MHD_Result send_reply(struct exchange *x, struct MHD_Connection *connection)
{
	struct upk_server *s = x->server;
	struct upk_reply *reply = &x->reply;
	struct MHD_Response *response;
	size_t size = reply->fixed.data ? reply->fixed.size : reply->body.size;

	log_failure(x);
	if (reply->fixed.data || size == 0) {
		/* MHD does not write to it. */
		response = MHD_create_response_from_buffer(
			size, (void *)(uintptr_t)reply->fixed.data, MHD_RESPMEM_PERSISTENT);
	} else {
		response = MHD_create_response_from_buffer(
			size, reply->body.data, MHD_RESPMEM_MUST_FREE);
		if (response)
			reply->body = (struct upk_buffer){ 0 };
	}
	if (!response)
		return MHD_NO;

	pthread_mutex_lock(&s->mutex);
	bool draining = s->draining;
	pthread_mutex_unlock(&s->mutex);
	add_headers(response, reply, x->hasty || draining);
	upk_reaper_set(&s->reaper, x->reaped,
		upk_clock_monotonic_ns() + grace_ns + (int64_t)size * SECOND_NS / SLOWEST);
	enum MHD_Result queued = MHD_queue_response(connection, reply->status, response);
	MHD_destroy_response(response);
	return queued;
}

/* ---- requests ---- */

static enum MHD_Result collect_header(void *context, enum MHD_ValueKind kind, const char *name,
	size_t name_size, const char *value, size_t value_size)
{
	struct upk_intake_head *head = context;

	(void)kind;
	if (++head->count > UPK_INTAKE_HEADERS)
		return MHD_NO;
	head->headers[head->count - 1] = (struct upk_header){ { name, name_size },
		{ value ? value : "", value ? value_size : 0 } };
	return MHD_YES;
}

static const char *header_of(struct MHD_Connection *connection, const char *name)
{
	return MHD_lookup_connection_value(connection, MHD_HEADER_KIND, name);
}

static bool enter(struct upk_server *s)
{
	pthread_mutex_lock(&s->mutex);
	bool open = !s->draining;
	s->running += open;
	pthread_mutex_unlock(&s->mutex);
	return open;
}

static void leave(struct upk_server *s)
{
	pthread_mutex_lock(&s->mutex);
	s->running--;
	pthread_cond_broadcast(&s->changed);
	pthread_mutex_unlock(&s->mutex);
}

static void begin(struct exchange *x, struct MHD_Connection *connection, const char *method)
{
	struct upk_intake_head head = { .method = method, .target = x->target };

	x->begun = true;
	x->since = upk_clock_monotonic_ns();
	x->request.site = x->server->site;
	x->request.accept = header_of(connection, "Accept");
	x->request.if_match = header_of(connection, "If-Match");
	x->request.if_none_match = header_of(connection, "If-None-Match");
	MHD_get_connection_values_n(connection, MHD_HEADER_KIND, collect_header, &head);
	if (enter(x->server)) {
		x->route = upk_intake_take(&head, &x->request, &x->reply, &x->hasty);
		leave(x->server);
	} else {
		upk_problem(&x->reply, 503, "the daemon is stopping");
	}
	x->replied = !x->route;
}

static void refuse(struct exchange *x, unsigned status, const char *detail)
{
	upk_buffer_finish(&x->request.body);
	upk_problem(&x->reply, status, "%s", detail);
	x->replied = true;
}

/* Keeps what came of a body, or throws it away when it is refused. */
static void receive(struct exchange *x, const char *data, size_t size)
{
	struct upk_server *s = x->server;

	x->received += size;
	upk_reaper_set(&s->reaper, x->reaped,
		x->since + grace_ns + (int64_t)x->received * SECOND_NS / SLOWEST);
	if (x->replied) {
		x->hasty = x->received > UPK_INTAKE_DRAINED;
		return;
	}
	x->flight += size;
	size_t flight = atomic_fetch_add(&s->flight, size) + size;
	if (x->received > UPK_INTAKE_BODY)
		refuse(x, 413, "the body is over 32 MiB");
	else if (flight > FLIGHT_MAX)
		refuse(x, 503, "too many bytes of other requests are in flight");
	else
		upk_buffer_append(&x->request.body, data, size);
}

/* true: the connection is suspended, or was and will be back. */
static bool run(struct exchange *x, struct MHD_Connection *connection)
{
	bool suspended = false;

	x->replied = true;
	if (!upk_intake_body(x->route, &x->request, &x->reply))
		return false;
	if (!enter(x->server)) {
		upk_problem(&x->reply, 503, "the daemon is stopping");
		return false;
	}
	x->route->handler(&x->request, &x->reply);
	x->post = x->reply.post;
	if (x->post)
		suspended = hand_over(x, connection);
	leave(x->server);
	return suspended;
}

/* The engine has done with the post, or was not given it, or was given up. */
static void take_answer(struct exchange *x)
{
	struct upk_reply *reply = &x->reply;

	if (x->given_up)
		upk_problem(reply, 503,
			"no answer in time: whether it was stored is not known; sent again, items "
			"with an id count once");
	else if (x->post && reply->status == 0)
		reply->answer(x->post, reply);
	free_post(x->post);
	x->post = NULL;
}

static enum MHD_Result on_request(void *context, struct MHD_Connection *connection, const char *url,
	const char *method, const char *version, const char *data, size_t *data_size, void **state)
{
	struct exchange *x = *state;

	(void)context;
	(void)url;
	(void)version;
	if (!x)
		return MHD_NO;
	if (!x->begun) {
		begin(x, connection, method);
		const char *expect = header_of(connection, "Expect");
		return x->replied && (x->hasty || expect) ? send_reply(x, connection) : MHD_YES;
	}
	if (*data_size > 0) {
		receive(x, data, *data_size);
		*data_size = 0;
		return x->replied && x->hasty ? MHD_NO : MHD_YES;
	}
	if (!x->replied && run(x, connection))
		return MHD_YES;
	take_answer(x);
	return send_reply(x, connection);
}

/* The request line is there: MHD's own reading of the target is not used. */
static void *on_target(void *context, const char *target, struct MHD_Connection *connection)
{
	struct upk_server *s = context;
	const union MHD_ConnectionInfo *info =
		MHD_get_connection_info(connection, MHD_CONNECTION_INFO_SOCKET_CONTEXT);
	struct exchange *x = calloc(1, sizeof *x);

	if (!x)
		return NULL;
	x->server = s;
	x->reaped = info ? info->socket_context : NULL;
	x->target = strdup(target);
	if (!x->target) {
		free(x);
		return NULL;
	}
	upk_reaper_set(&s->reaper, x->reaped, upk_clock_monotonic_ns() + grace_ns);
	pthread_mutex_lock(&s->mutex);
	s->exchanges++;
	pthread_mutex_unlock(&s->mutex);
	return x;
}

static void on_completed(void *context, struct MHD_Connection *connection, void **state,
	enum MHD_RequestTerminationCode why)
{
	struct upk_server *s = context;
	struct exchange *x = *state;

	(void)connection;
	(void)why;
	if (!x)
		return;
	upk_reaper_set(&s->reaper, x->reaped, upk_clock_monotonic_ns() + IDLE_SECONDS * SECOND_NS);
	atomic_fetch_sub(&s->flight, x->flight);
	free_post(x->post);
	upk_reply_finish(&x->reply);
	upk_buffer_finish(&x->request.body);
	upk_url_finish(&x->request.url);
	free(x->target);
	free(x);
	*state = NULL;
	pthread_mutex_lock(&s->mutex);
	s->exchanges--;
	pthread_cond_broadcast(&s->changed);
	pthread_mutex_unlock(&s->mutex);
}

static void on_connection(void *context, struct MHD_Connection *connection, void **state,
	enum MHD_ConnectionNotificationCode what)
{
	struct upk_server *s = context;
	const union MHD_ConnectionInfo *info =
		MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CONNECTION_FD);

	if (what == MHD_CONNECTION_NOTIFY_STARTED && info) {
		*state = upk_reaper_add(
			&s->reaper, info->connect_fd, upk_clock_monotonic_ns() + grace_ns);
	} else if (what == MHD_CONNECTION_NOTIFY_CLOSED) {
		upk_reaper_remove(&s->reaper, *state);
		*state = NULL;
	}
}

/* Targets are decoded by http/url.c, once. */
static size_t leave_escaped(void *context, struct MHD_Connection *connection, char *text)
{
	(void)context;
	(void)connection;
	return strlen(text);
}

__attribute__((format(printf, 2, 0))) static void on_log(
	void *context, const char *format, va_list args)
{
	struct upk_server *s = context;
	char line[512];

	vsnprintf(line, sizeof line, format, args);
	line[strcspn(line, "\n")] = '\0';
	upk_log_say(upk_site_log(s->site), UPK_LOG_WARNING, "http: %s", line);
}

/* ---- life ---- */

/* Waits for a change for at most `ms`, with the mutex held. */
static void wait_for(struct upk_server *s, int ms)
{
	struct timespec at;

	clock_gettime(CLOCK_MONOTONIC, &at);
	at.tv_nsec += ms * INT64_C(1000000);
	if (at.tv_nsec >= SECOND_NS) {
		at.tv_sec++;
		at.tv_nsec -= SECOND_NS;
	}
	pthread_cond_timedwait(&s->changed, &s->mutex, &at);
}

static void *tick(void *context)
{
	enum { TICK_MS = 250 };
	struct upk_server *s = context;
	int64_t next = 0;

	pthread_mutex_lock(&s->mutex);
	while (!s->stopped) {
		int64_t now = upk_clock_monotonic_ns();
		if (now >= next) {
			pthread_mutex_unlock(&s->mutex);
			upk_reaper_pass(&s->reaper, now);
			give_up(s, now);
			pthread_mutex_lock(&s->mutex);
			next = now + TICK_MS * 1000000;
		}
		if (!s->stopped)
			wait_for(s, TICK_MS);
	}
	pthread_mutex_unlock(&s->mutex);
	return NULL;
}

static unsigned connections_each(size_t listeners)
{
	struct rlimit files;
	rlim_t most = CONNECTIONS_MAX;

	if (getrlimit(RLIMIT_NOFILE, &files) == 0 && files.rlim_cur != RLIM_INFINITY &&
		files.rlim_cur < most + FDS_KEPT)
		most = files.rlim_cur > 2 * FDS_KEPT ? files.rlim_cur - FDS_KEPT : FDS_KEPT / 2;
	most /= listeners;
	return most > POOL ? (unsigned)most : POOL;
}

/* Stands in for MHD_quiesce_daemon, which in 0.9.75 races its own threads for the listening
 * socket's place in their epoll sets and aborts the process when it loses. */
static enum MHD_Result on_accept(void *context, const struct sockaddr *address, socklen_t size)
{
	struct upk_server *s = context;

	(void)address;
	(void)size;
	return atomic_load(&s->closed) ? MHD_NO : MHD_YES;
}

static struct MHD_Daemon *listen_on(struct upk_server *s, int fd)
{
	return MHD_start_daemon(
		MHD_USE_EPOLL_INTERNAL_THREAD | MHD_USE_SUSPEND_RESUME | MHD_USE_ERROR_LOG, 0,
		on_accept, s, on_request, s, MHD_OPTION_EXTERNAL_LOGGER, on_log, (void *)s,
		MHD_OPTION_LISTEN_SOCKET, fd, MHD_OPTION_THREAD_POOL_SIZE, (unsigned)POOL,
		MHD_OPTION_CONNECTION_LIMIT, connections_each(s->count),
		MHD_OPTION_CONNECTION_TIMEOUT, (unsigned)IDLE_SECONDS, MHD_OPTION_URI_LOG_CALLBACK,
		on_target, (void *)s, MHD_OPTION_NOTIFY_COMPLETED, on_completed, (void *)s,
		MHD_OPTION_NOTIFY_CONNECTION, on_connection, (void *)s,
		MHD_OPTION_UNESCAPE_CALLBACK, leave_escaped, NULL, MHD_OPTION_END);
}

/* A listener that was started closes its socket when it stops. */
static void destroy(struct upk_server *s)
{
	for (size_t i = 0; i < s->count; i++)
		if (s->listeners[i])
			MHD_stop_daemon(s->listeners[i]);
		else
			close(s->sockets[i]);
	upk_reaper_finish(&s->reaper);
	pthread_cond_destroy(&s->changed);
	pthread_mutex_destroy(&s->mutex);
	free(s->listeners);
	free(s->sockets);
	free(s);
}

static bool init_sync(struct upk_server *s)
{
	pthread_condattr_t attributes;

	if (pthread_condattr_init(&attributes) != 0)
		return false;
	bool fine = pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC) == 0 &&
		pthread_cond_init(&s->changed, &attributes) == 0;
	pthread_condattr_destroy(&attributes);
	if (!fine)
		return false;
	if (pthread_mutex_init(&s->mutex, NULL) != 0)
		goto destroy_condition;
	if (!upk_reaper_init(&s->reaper))
		goto destroy_mutex;
	return true;

destroy_mutex:
	pthread_mutex_destroy(&s->mutex);
destroy_condition:
	pthread_cond_destroy(&s->changed);
	return false;
}

/* Takes the sockets only when it succeeds. */
static struct upk_server *create(struct upk_site *site, const int *sockets, size_t count)
{
	struct upk_server *s = calloc(1, sizeof *s);
	if (!s)
		return NULL;
	s->site = site;
	s->count = count;

	s->listeners = calloc(count, sizeof *s->listeners);
	s->sockets = calloc(count, sizeof *s->sockets);
	if (!s->listeners || !s->sockets || !init_sync(s)) {
		free(s->listeners);
		free(s->sockets);
		free(s);
		return NULL;
	}
	memcpy(s->sockets, sockets, count * sizeof *sockets);
	return s;
}

struct upk_server *upk_server_start(
	struct upk_site *site, const int *sockets, size_t count, struct upk_error *err)
{
	struct upk_server *s = create(site, sockets, count);

	if (!s) {
		for (size_t i = 0; i < count; i++)
			close(sockets[i]);
		upk_fail(err, UPK_NOMEM, "no memory for the HTTP server");
		return NULL;
	}
	if (pthread_create(&s->ticker, NULL, tick, s) != 0) {
		destroy(s);
		upk_fail(err, UPK_IO, "no thread for the HTTP server");
		return NULL;
	}
	for (size_t i = 0; i < count; i++) {
		s->listeners[i] = listen_on(s, sockets[i]);
		if (!s->listeners[i]) {
			upk_fail(err, UPK_IO, "the HTTP server does not start");
			upk_server_drain(s);
			upk_server_stop(s);
			return NULL;
		}
	}
	return s;
}

void upk_server_drain(struct upk_server *s)
{
	atomic_store(&s->closed, true);
	pthread_mutex_lock(&s->mutex);
	s->draining = true;
	while (s->running > 0)
		pthread_cond_wait(&s->changed, &s->mutex);
	pthread_mutex_unlock(&s->mutex);
}

void upk_server_stop(struct upk_server *s)
{
	int64_t deadline = upk_clock_monotonic_ns() + SECOND_NS;

	pthread_mutex_lock(&s->mutex);
	while (s->exchanges > 0 && upk_clock_monotonic_ns() < deadline)
		wait_for(s, 50);
	s->stopped = true;
	pthread_cond_broadcast(&s->changed);
	pthread_mutex_unlock(&s->mutex);
	pthread_join(s->ticker, NULL);
	destroy(s);
}
