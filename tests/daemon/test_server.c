#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <arpa/inet.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "fake_engine.h"
#include "http/server.h"
#include "http/site.h"
#include "listen.h"
#include "log.h"

/* ---- the test's own clock and memory ---- */

static _Atomic int64_t ahead;       /* ns, of the real monotonic clock */
static atomic_int allocations = -1; /* that succeed before one fails; negative: all succeed */

int64_t __real_upk_clock_monotonic_ns(void);
void *__real_malloc(size_t size);
void *__real_calloc(size_t count, size_t size);
void *__real_realloc(void *memory, size_t size);
char *__real_strdup(const char *text);
int64_t __wrap_upk_clock_monotonic_ns(void);
void *__wrap_malloc(size_t size);
void *__wrap_calloc(size_t count, size_t size);
void *__wrap_realloc(void *memory, size_t size);
char *__wrap_strdup(const char *text);

int64_t __wrap_upk_clock_monotonic_ns(void)
{
	return __real_upk_clock_monotonic_ns() + atomic_load(&ahead);
}

static bool fails(void)
{
	return atomic_load(&allocations) >= 0 && atomic_fetch_sub(&allocations, 1) == 0;
}

void *__wrap_malloc(size_t size)
{
	return fails() ? NULL : __real_malloc(size);
}

void *__wrap_calloc(size_t count, size_t size)
{
	return fails() ? NULL : __real_calloc(count, size);
}

void *__wrap_realloc(void *memory, size_t size)
{
	return fails() ? NULL : __real_realloc(memory, size);
}

char *__wrap_strdup(const char *text)
{
	return fails() ? NULL : __real_strdup(text);
}

/* ---- a server on a fake engine ---- */

struct fixture {
	struct upk_log *log;
	struct upk_engine *engine;
	struct upk_site *site;
	struct upk_server *server; /* NULL: stopped already */
	uint16_t port;
};

static int set_up(void **state)
{
	struct fixture *f = calloc(1, sizeof *f);
	struct upk_listen l;
	struct sockaddr_in at;
	socklen_t size = sizeof at;

	assert_non_null(f);
	f->log = upk_log_create(STDERR_FILENO, false);
	f->engine = upk_engine_open(&(struct upk_engine_options){ .folder = "" }, NULL);
	f->site = upk_site_create(f->engine, f->log, NULL);
	assert_true(f->log && f->site);
	upk_site_set_configured(f->site);
	assert_true(upk_listen_parse("127.0.0.1:0", &l, NULL));
	int fd = upk_listen_open(&l, NULL);
	assert_int_equal(getsockname(fd, (struct sockaddr *)&at, &size), 0);
	f->port = ntohs(at.sin_port);
	f->server = upk_server_start(f->site, &fd, 1, NULL);
	assert_non_null(f->server);
	*state = f;
	return 0;
}

static void stop(struct fixture *f)
{
	upk_server_drain(f->server);
	upk_engine_close(f->engine);
	upk_server_stop(f->server);
	f->server = NULL;
}

static int tear_down(void **state)
{
	struct fixture *f = *state;

	if (f->server)
		stop(f);
	upk_site_destroy(f->site);
	upk_log_destroy(f->log);
	free(f);
	return 0;
}

static int dial(const struct fixture *f)
{
	struct sockaddr_in to = { .sin_family = AF_INET,
		.sin_port = htons(f->port),
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	struct timeval patience = { .tv_sec = 20 };
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	assert_true(fd >= 0);
	assert_int_equal(setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience), 0);
	assert_int_equal(connect(fd, (struct sockaddr *)&to, sizeof to), 0);
	return fd;
}

static void say(int fd, const char *text)
{
	assert_int_equal(send(fd, text, strlen(text), MSG_NOSIGNAL), (ssize_t)strlen(text));
}

/* Everything until the other side closes; the request asked it to, or it does so by itself. */
static char *hear(int fd)
{
	static char heard[65536];
	size_t size = 0;
	ssize_t got;

	while ((got = recv(fd, heard + size, sizeof heard - 1 - size, 0)) > 0)
		size += (size_t)got;
	heard[size] = '\0';
	close(fd);
	return heard;
}

static char *ask(const struct fixture *f, const char *request)
{
	int fd = dial(f);

	say(fd, request);
	return hear(fd);
}

#define CLOSE "Host: localhost\r\nConnection: close\r\n"
#define JSON "Content-Type: application/json\r\n"

/* A request, how its answer begins, and what else is in it. */
static const struct {
	const char *request, *status, *part;
} rows[] = {
	{ "GET /livez HTTP/1.1\r\n" CLOSE "\r\n", "HTTP/1.1 200", "\"live\"" },
	{ "GET /readyz HTTP/1.1\r\n" CLOSE "\r\n", "HTTP/1.1 200", "\"ready\"" },
	{ "GET / HTTP/1.1\r\n" CLOSE "\r\n", "HTTP/1.1 200", "frame-ancestors 'none'" },
	{ "GET /page.js HTTP/1.1\r\n" CLOSE "\r\n", "HTTP/1.1 200", "text/javascript" },
	{ "GET /openapi.yaml HTTP/1.1\r\n" CLOSE "\r\n", "HTTP/1.1 200", "application/yaml" },
	{ "GET /metrics HTTP/1.1\r\n" CLOSE "\r\n", "HTTP/1.1 200",
		"text/plain; version=0.0.4; charset=utf-8" },
	{ "GET /metrics HTTP/1.1\r\nAccept: application/openmetrics-text\r\n" CLOSE "\r\n",
		"HTTP/1.1 200", "# EOF" },
	{ "HEAD /v1/models HTTP/1.1\r\n" CLOSE "\r\n", "HTTP/1.1 200", "Content-Length: 18\r\n" },
	{ "GET /v1/models HTTP/1.1\r\n" CLOSE "\r\n", "HTTP/1.1 200", "nosniff" },
	{ "GET /v1/models/m HTTP/1.1\r\n" CLOSE "\r\n", "HTTP/1.1 200",
		"ETag: \"0123456789abcdef\"" },
	{ "GET /v1/models/m/versions/champion/model.json HTTP/1.1\r\n" CLOSE "\r\n", "HTTP/1.1 200",
		"ETag: \"" },
	{ "GET /v1/models/m/versions/1/model.json HTTP/1.1\r\nIf-None-Match: *\r\n" CLOSE "\r\n",
		"HTTP/1.1 304", "ETag: \"" },
	{ "GET /v1/models/m%00 HTTP/1.1\r\n" CLOSE "\r\n", "HTTP/1.1 404", "problem+json" },
	{ "GET /v1/models/M HTTP/1.1\r\n" CLOSE "\r\n", "HTTP/1.1 404", "a model's name is" },
	{ "GET /v1/models/m%2Fruns HTTP/1.1\r\n" CLOSE "\r\n", "HTTP/1.1 404",
		"a model's name is" },
	{ "GET /v1/models/m/runs/0 HTTP/1.1\r\n" CLOSE "\r\n", "HTTP/1.1 404", "a run is" },
	{ "GET /v1/models/m/runs/x HTTP/1.1\r\n" CLOSE "\r\n", "HTTP/1.1 404", "a run is" },
	{ "GET /v1/models/m/versions/01 HTTP/1.1\r\n" CLOSE "\r\n", "HTTP/1.1 404",
		"a version is" },
	{ "GET /v1/models/ HTTP/1.1\r\n" CLOSE "\r\n", "HTTP/1.1 404", "problem+json" },
	{ "GET /nowhere HTTP/1.1\r\n" CLOSE "\r\n", "HTTP/1.1 404", "problem+json" },
	{ "PATCH /v1/models/m HTTP/1.1\r\n" CLOSE "\r\n", "HTTP/1.1 405",
		"Allow: GET, HEAD, PUT, DELETE\r\n" },
	{ "POST / HTTP/1.1\r\n" CLOSE "\r\n", "HTTP/1.1 405", "Allow: GET, HEAD\r\n" },
	{ "GET /v1/models/m/events HTTP/1.1\r\n" CLOSE "\r\n", "HTTP/1.1 405", "Allow: POST\r\n" },
	{ "OPTIONS * HTTP/1.1\r\n" CLOSE "\r\n", "HTTP/1.1 404", "problem+json" },
	{ "GET /v1/models?x=1 HTTP/1.1\r\n" CLOSE "\r\n", "HTTP/1.1 400", "'x' is no parameter" },
	{ "GET /v1/models/m/alerts?limit=0 HTTP/1.1\r\n" CLOSE "\r\n", "HTTP/1.1 400",
		"limit: '0'" },
	{ "GET /v1/models/m/alerts?from=12 HTTP/1.1\r\n" CLOSE "\r\n", "HTTP/1.1 400", "from: " },
	{ "GET /v1/models/m/metrics?level=1 HTTP/1.1\r\n" CLOSE "\r\n", "HTTP/1.1 400",
		"level: '1'" },
	{ "GET /livez HTTP/1.1\r\nHost: evil.example\r\nConnection: close\r\n\r\n", "HTTP/1.1 403",
		"problem+json" },
	{ "POST /v1/models/m/rollback HTTP/1.1\r\nOrigin: http://evil.example\r\n" CLOSE "\r\n",
		"HTTP/1.1 403", "Origin" },
	{ "POST /v1/models/m/rollback HTTP/1.1\r\nOrigin: http://localhost\r\n" CLOSE "\r\n",
		"HTTP/1.1 404", "the fake has none" },
	{ "POST /v1/models/m/runs HTTP/1.1\r\n" CLOSE "\r\n", "HTTP/1.1 202",
		"Location: /v1/models/m/runs/7\r\n" },
	{ "POST /v1/models/m/runs HTTP/1.1\r\n" JSON "Content-Length: 2\r\n" CLOSE "\r\n{}",
		"HTTP/1.1 202", "{\"run\":7}" },
	{ "POST /v1/models/m/runs HTTP/1.1\r\n" JSON "Content-Length: 2\r\n" CLOSE "\r\n[]",
		"HTTP/1.1 400", "no body is wanted" },
	{ "POST /v1/models/m/runs HTTP/1.1\r\nContent-Length: 2\r\n" CLOSE "\r\n{}", "HTTP/1.1 415",
		"want application/json" },
	{ "PUT /v1/models/m HTTP/1.1\r\n" JSON "Content-Length: 2\r\n" CLOSE "\r\n{}",
		"HTTP/1.1 201", "Location: /v1/models/m\r\n" },
	{ "PUT /v1/models/m HTTP/1.1\r\nIf-Match: \"a\"\r\n" JSON "Content-Length: 2\r\n" CLOSE
	  "\r\n{}",
		"HTTP/1.1 412", "problem+json" },
	{ "PUT /v1/models/m HTTP/1.1\r\nContent-Type: application/x-ndjson\r\n"
	  "Content-Length: 2\r\n" CLOSE "\r\n{}",
		"HTTP/1.1 415", "application/json" },
	{ "PUT /v1/models/m/retraining HTTP/1.1\r\n" JSON "Content-Length: 15\r\n" CLOSE
	  "\r\n{\"paused\":true}",
		"HTTP/1.1 200", "{\"paused\":true}" },
	{ "PUT /v1/models/m/retraining HTTP/1.1\r\n" JSON "Content-Length: 12\r\n" CLOSE
	  "\r\n{\"paused\":1}",
		"HTTP/1.1 400", "or false" },
	{ "DELETE /v1/models/m HTTP/1.1\r\n" CLOSE "\r\n", "HTTP/1.1 204", "nosniff" },
	{ "DELETE /v1/models/none HTTP/1.1\r\n" CLOSE "\r\n", "HTTP/1.1 404", "the fake has none" },
	{ "POST /v1/models/m/events HTTP/1.1\r\nContent-Type: text/plain\r\n"
	  "Content-Length: 2\r\n" CLOSE "\r\n[]",
		"HTTP/1.1 415", "application/x-ndjson" },
	{ "POST /v1/models/m/events HTTP/1.1\r\nContent-Encoding: br\r\n" JSON
	  "Content-Length: 2\r\n" CLOSE "\r\n[]",
		"HTTP/1.1 415", "Accept-Encoding: gzip, identity" },
	{ "POST /v1/models/m/events HTTP/1.1\r\nContent-Encoding: GZIP\r\n" JSON
	  "Content-Length: 2\r\n" CLOSE "\r\n[]",
		"HTTP/1.1 400", "no gzip" },
	{ "POST /v1/models/m/events HTTP/1.1\r\nContent-Encoding: gzip\r\n" JSON
	  "Content-Length: 0\r\n" CLOSE "\r\n",
		"HTTP/1.1 400", "ends too early" },
	{ "POST /v1/models/m/events HTTP/1.1\r\n" JSON "Content-Length: 99999999999\r\n"
	  "Host: localhost\r\n\r\n",
		"HTTP/1.1 413", "32 MiB" },
	{ "POST /v1/models/none/events HTTP/1.1\r\n" JSON "Content-Length: 2\r\n" CLOSE "\r\n[]",
		"HTTP/1.1 404", "no model none" },
	{ "POST /v1/models/m/events HTTP/1.1\r\n" JSON "Content-Length: 1\r\n" CLOSE "\r\n[",
		"HTTP/1.1 400", "byte 1" },
	{ "POST /v1/models/m/events?atomic=x HTTP/1.1\r\n" JSON "Content-Length: 2\r\n" CLOSE
	  "\r\n[]",
		"HTTP/1.1 400", "atomic: 'x'" },
	{ "POST /v1/models/m/events HTTP/1.1\r\n" JSON "Content-Length: 2\r\n" CLOSE "\r\n[]",
		"HTTP/1.1 200",
		"{\"accepted\":0,\"duplicates\":0,\"joined\":0,\"revised\":0,\"waiting\":0,"
		"\"rejected\":[],\"rejected_total\":0}" },
	{ "POST /v1/models/m/events HTTP/1.1\r\n" JSON "Transfer-Encoding: chunked\r\n" CLOSE
	  "\r\n1\r\n[\r\n1\r\n]\r\n0\r\n\r\n",
		"HTTP/1.1 200", "\"accepted\":0" },
	{ "POST /v1/models/m/labels HTTP/1.1\r\n" JSON "Content-Length: 4\r\n" CLOSE "\r\n[{}]",
		"HTTP/1.1 422", "\"rejected_total\":1" },
	{ "POST /v1/models/m/predict?version=2 HTTP/1.1\r\n" JSON "Content-Length: 2\r\n" CLOSE
	  "\r\n[]",
		"HTTP/1.1 400", "version: '2'" },
	{ "POST /v1/models/m/predict?store=false HTTP/1.1\r\n" JSON "Content-Length: 2\r\n" CLOSE
	  "\r\n[]",
		"HTTP/1.1 409", "no champion" },
	{ "GET /livez HTTP/1.1\r\nHost: localhost\r\nHost: localhost\r\n\r\n", "HTTP/1.1 400",
		"Connection: close" },
	{ "GET /livez HTTP/1.1\r\n\r\n", "HTTP/1.1 400", "exactly one Host" },
	{ "GET /livez HTTP/1.0\r\n\r\n", "HTTP/1.", "exactly one Host" },
	{ "GET /li vez HTTP/1.1\r\n" CLOSE "\r\n", "HTTP/1.1 404", "problem+json" },
	{ "POST /v1/models/m/events HTTP/1.1\r\nHost: localhost\r\n" JSON
	  "Content-Length: 2\r\nContent-Length: 30\r\n\r\n[]GET /livez HTTP/1.1\r\n",
		"HTTP/1.1 400", "Connection: close" },
	{ "POST /v1/models/m/events HTTP/1.1\r\nHost: localhost\r\n" JSON
	  "Content-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
		"HTTP/1.1 400", "Connection: close" },
	{ "GET /livez HTTP/1.1\r\nContent-Length: 2\r\n" CLOSE "\r\n[]", "HTTP/1.1 400",
		"no body" },
};

static void every_request_gets_its_status(void **state)
{
	struct fixture *f = *state;

	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		const char *heard = ask(f, rows[i].request);
		print_message("%.60s\n%s\n", rows[i].request, heard);
		assert_int_equal(strncmp(heard, rows[i].status, strlen(rows[i].status)), 0);
		assert_non_null(strstr(heard, rows[i].part));
		assert_null(strstr(heard + 1, "HTTP/1.1 "));
	}
}

static void only_health_and_posts_are_answered_before_it_is_ready(void **state)
{
	struct fixture *f = *state;

	fake_engine_set_ready(f->engine, false);
	assert_non_null(strstr(ask(f, "GET /livez HTTP/1.1\r\n" CLOSE "\r\n"), "HTTP/1.1 200"));
	assert_non_null(strstr(ask(f, "GET /readyz HTTP/1.1\r\n" CLOSE "\r\n"), "HTTP/1.1 503"));
	assert_non_null(
		strstr(ask(f, "GET /v1/models HTTP/1.1\r\n" CLOSE "\r\n"), "Retry-After: 1\r\n"));
	assert_non_null(strstr(ask(f,
				       "POST /v1/models/m/events HTTP/1.1\r\n" JSON
				       "Content-Length: 2\r\n" CLOSE "\r\n[]"),
		"HTTP/1.1 200"));
}

static void a_fault_of_the_configuration_stands_in_readyz(void **state)
{
	struct fixture *f = *state;

	upk_site_set_fault(f->site, "zoo.json: clases");
	const char *heard = ask(f, "GET /readyz HTTP/1.1\r\n" CLOSE "\r\n");
	assert_non_null(strstr(heard, "HTTP/1.1 200"));
	assert_non_null(strstr(heard, "\"configuration_error\":\"zoo.json: clases\""));
}

static void a_full_queue_is_503_with_retry_after(void **state)
{
	struct fixture *f = *state;

	fake_engine_refuse(f->engine, true);
	const char *heard = ask(f,
		"POST /v1/models/m/events HTTP/1.1\r\n" JSON "Content-Length: 2\r\n" CLOSE
		"\r\n[]");
	assert_non_null(strstr(heard, "HTTP/1.1 503"));
	assert_non_null(strstr(heard, "Retry-After: 1\r\n"));
	assert_non_null(strstr(heard, "the queue is full"));
}

static void await_posts(struct fixture *f, size_t count)
{
	for (int i = 0; fake_engine_waiting(f->engine) < count; i++) {
		assert_true(i < 2000);
		usleep(5000);
	}
}

enum { CLIENTS = 20 };

static void dial_and_post(struct fixture *f, int *fds)
{
	for (size_t i = 0; i < CLIENTS; i++) {
		fds[i] = dial(f);
		say(fds[i],
			"POST /v1/models/m/events HTTP/1.1\r\nHost: localhost\r\n" JSON
			"Content-Length: 2\r\n\r\n[]");
	}
	await_posts(f, CLIENTS);
}

/* MHD_stop_daemon aborts the process while a connection is suspended. */
static void stopping_answers_every_post_that_waits(void **state)
{
	struct fixture *f = *state;
	int fds[CLIENTS];

	fake_engine_hold(f->engine, true);
	dial_and_post(f, fds);
	stop(f);
	for (size_t i = 0; i < CLIENTS; i++)
		assert_non_null(strstr(hear(fds[i]), "HTTP/1.1 200"));
}

static void a_post_waits_without_holding_up_others(void **state)
{
	struct fixture *f = *state;
	int fds[CLIENTS];

	fake_engine_hold(f->engine, true);
	dial_and_post(f, fds);
	assert_non_null(strstr(ask(f, "GET /livez HTTP/1.1\r\n" CLOSE "\r\n"), "HTTP/1.1 200"));
	assert_true(upk_server_answers(f->server));
	for (size_t i = 0; i < CLIENTS / 2; i++)
		close(fds[i]);
	fake_engine_hold(f->engine, false);
	for (size_t i = CLIENTS / 2; i < CLIENTS; i++) {
		char begin[13] = { 0 };
		assert_int_equal(recv(fds[i], begin, 12, MSG_WAITALL), 12);
		assert_string_equal(begin, "HTTP/1.1 200");
		close(fds[i]);
	}
}

static const char *post_of(const char *query, const char *last, const char *body)
{
	static char request[1024];

	snprintf(request, sizeof request,
		"POST /v1/models/m/events%s HTTP/1.1\r\nHost: localhost\r\n" JSON
		"%sContent-Length: %zu\r\n\r\n%s",
		query, last, strlen(body), body);
	return request;
}

static void a_loop_writes_small_posts_itself(void **state)
{
	struct fixture *f = *state;
	static const char close_it[] = "Connection: close\r\n";
	static const struct {
		const char *query, *body;
		bool written;
	} posts[] = {
		{ "", "[{\"id\":\"1\",\"predicted\":\"x\"}]", true },
		{ "?settle=true", "[]", false },
		{ "?atomic=true", "[]", false },
	};

	fake_engine_lend(f->engine, true);
	for (size_t i = 0; i < sizeof posts / sizeof *posts; i++) {
		size_t before = fake_engine_written(f->engine);
		const char *heard = ask(f, post_of(posts[i].query, close_it, posts[i].body));
		assert_non_null(strstr(heard, "HTTP/1.1 200"));
		assert_int_equal(fake_engine_written(f->engine) - before, posts[i].written);
	}
}

static void what_is_to_be_stored_is_asked_ahead(void **state)
{
	struct fixture *f = *state;
	static const struct {
		const char *path, *body;
		size_t asked;
	} posts[] = {
		{ "events", "[]", 1 },
		{ "labels", "[]", 1 },
		{ "predict", "[]", 1 },
		{ "predict?store=false", "[]", 0 },
		{ "events", "{", 0 },
	};
	char request[1024];

	for (size_t i = 0; i < sizeof posts / sizeof *posts; i++) {
		size_t before = fake_engine_asked(f->engine);
		snprintf(request, sizeof request,
			"POST /v1/models/m/%s HTTP/1.1\r\n" JSON CLOSE
			"Content-Length: %zu\r\n\r\n%s",
			posts[i].path, strlen(posts[i].body), posts[i].body);
		assert_true(*ask(f, request));
		assert_int_equal(fake_engine_asked(f->engine) - before, posts[i].asked);
	}
}

/* The answers come in the order of the requests, all on one connection. */
static void a_kept_connection_may_send_on_before_it_is_answered(void **state)
{
	struct fixture *f = *state;
	char *at, all[2048];

	fake_engine_lend(f->engine, true);
	int fd = dial(f);
	snprintf(all, sizeof all, "%s", post_of("", "", "[{\"id\":1}]"));
	strcat(all, post_of("?settle=true", "", "[]"));
	strcat(all, post_of("", "Connection: close\r\n", "[{\"id\":1},{\"id\":2}]"));
	say(fd, all);
	char *heard = hear(fd);
	const char *wanted[] = { "\"rejected_total\":1", "\"rejected_total\":0",
		"\"rejected_total\":2" };
	for (size_t i = 0; i < 3; i++) {
		at = strstr(heard, "\"rejected_total\"");
		assert_non_null(at);
		assert_int_equal(strncmp(at, wanted[i], strlen(wanted[i])), 0);
		heard = at + 1;
	}
}

/* One that is alone, more than the loop writes at once, and clients that leave. */
static void many_posts_are_written_by_loops_and_others(void **state)
{
	struct fixture *f = *state;
	int fds[CLIENTS];

	for (size_t round = 0; round < 10; round++) {
		fake_engine_lend(f->engine, round % 2 == 0);
		const char *post = post_of("", "Connection: close\r\n", "[]");
		assert_non_null(strstr(ask(f, post), "HTTP/1.1 200"));
		for (size_t i = 0; i < CLIENTS; i++) {
			fds[i] = dial(f);
			say(fds[i], post);
		}
		for (size_t i = 0; i < CLIENTS; i++)
			if (i % 5 == round % 5)
				close(fds[i]);
			else
				assert_non_null(strstr(hear(fds[i]), "HTTP/1.1 200"));
	}
	assert_true(fake_engine_written(f->engine) > 0);
}

static void a_kept_connection_is_told_that_it_stops(void **state)
{
	struct fixture *f = *state;
	char some[16];
	int fd = dial(f);

	say(fd, "GET /livez HTTP/1.1\r\nHost: localhost\r\n\r\n");
	assert_true(recv(fd, some, sizeof some, 0) > 0);
	upk_server_drain(f->server);
	say(fd, "GET /v1/models HTTP/1.1\r\nHost: localhost\r\n\r\n");
	const char *heard = hear(fd);
	assert_non_null(strstr(heard, "HTTP/1.1 503"));
	assert_non_null(strstr(heard, "Connection: close"));
}

#define POST(query) \
	"POST /v1/models/m/events" query " HTTP/1.1\r\n" JSON "Content-Length: 2\r\n" CLOSE "\r\n" \
	"[]"

/* Its end is seen at once, before the engine has answered. */
static void a_post_outlives_a_connection_that_is_reset(void **state)
{
	struct fixture *f = *state;
	const struct linger at_once = { .l_onoff = 1, .l_linger = 0 };
	int fds[CLIENTS];

	fake_engine_hold(f->engine, true);
	dial_and_post(f, fds);
	for (size_t i = 0; i < CLIENTS; i++) {
		assert_int_equal(
			setsockopt(fds[i], SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once), 0);
		close(fds[i]);
	}
	assert_non_null(strstr(ask(f, "GET /livez HTTP/1.1\r\n" CLOSE "\r\n"), "HTTP/1.1 200"));
	assert_int_equal(fake_engine_waiting(f->engine), CLIENTS);
	fake_engine_hold(f->engine, false);
	assert_non_null(strstr(ask(f, POST("")), "HTTP/1.1 200"));
}

/* In steps: a loop that meets a clock far ahead cuts off nobody, but posts that wait are given up.
 */
static void let_time_pass(int seconds)
{
	atomic_fetch_add(&ahead, seconds * INT64_C(1000000000));
	usleep(600000);
}

static void a_post_that_the_engine_keeps_is_503_by_its_deadline(void **state)
{
	struct fixture *f = *state;

	fake_engine_hold(f->engine, true);
	int impatient = dial(f), patient = dial(f);
	say(impatient, POST(""));
	say(patient, POST("?settle=true"));
	await_posts(f, 2);
	let_time_pass(16);
	assert_false(upk_server_answers(f->server));
	let_time_pass(15);
	const char *heard = hear(impatient);
	assert_non_null(strstr(heard, "HTTP/1.1 503"));
	assert_non_null(strstr(heard, "Retry-After: 1\r\n"));
	assert_non_null(strstr(heard, "whether it was stored is not known"));
	assert_true(upk_server_answers(f->server));
	assert_int_equal(fake_engine_waiting(f->engine), 2);

	fake_engine_hold(f->engine, false);
	assert_non_null(strstr(hear(patient), "HTTP/1.1 200"));
	assert_non_null(strstr(ask(f, POST("")), "HTTP/1.1 200"));
}

/* One that is away at the end goes out with the rest. */
static void a_post_that_was_given_up_does_not_hold_up_the_end(void **state)
{
	struct fixture *f = *state;

	fake_engine_hold(f->engine, true);
	int fd = dial(f);
	say(fd, POST(""));
	await_posts(f, 1);
	let_time_pass(31);
	assert_non_null(strstr(hear(fd), "HTTP/1.1 503"));
	stop(f);
}

static const char *large_request(void)
{
	enum { SIZE = 100000 };
	static char request[SIZE + 1000];
	int head = snprintf(request, sizeof request,
		"POST /v1/models/m/events HTTP/1.1\r\n" JSON "Content-Length: %d\r\n" CLOSE "\r\n",
		SIZE);

	memset(request + head, ' ', SIZE - 2);
	memcpy(request + head + SIZE - 2, "[]", 3);
	return request;
}

static void a_failed_allocation_is_503_or_a_closed_connection(void **state)
{
	struct fixture *f = *state;
	const char *requests[] = {
		POST(""),
		POST(""),
		large_request(),
		"GET /v1/models HTTP/1.1\r\n" CLOSE "\r\n",
		"GET /nowhere HTTP/1.1\r\n" CLOSE "\r\n",
		"POST /v1/models/m/events HTTP/1.1\r\nContent-Encoding: gzip\r\n" JSON
		"Content-Length: 2\r\n" CLOSE "\r\n[]",
	};

	/* The first twice: written by the loop, and handed over. */
	for (size_t i = 0; i < sizeof requests / sizeof *requests; i++) {
		fake_engine_lend(f->engine, i == 0);
		const char *fine = ask(f, requests[i]);
		char status[13] = { 0 };
		memcpy(status, fine, sizeof status - 1);
		bool failed = true;
		for (int nth = 0; failed; nth++) {
			atomic_store(&allocations, nth);
			const char *heard = ask(f, requests[i]);
			failed = atomic_exchange(&allocations, -1) < 0;
			if (*heard && strncmp(heard, status, 12) != 0)
				assert_int_equal(strncmp(heard, "HTTP/1.1 503", 12), 0);
			else if (!failed)
				assert_true(*heard);
			assert_true(nth < 1000);
		}
		assert_non_null(strstr(ask(f, POST("")), "HTTP/1.1 200"));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(every_request_gets_its_status, set_up, tear_down),
		cmocka_unit_test_setup_teardown(
			only_health_and_posts_are_answered_before_it_is_ready, set_up, tear_down),
		cmocka_unit_test_setup_teardown(
			a_fault_of_the_configuration_stands_in_readyz, set_up, tear_down),
		cmocka_unit_test_setup_teardown(
			a_full_queue_is_503_with_retry_after, set_up, tear_down),
		cmocka_unit_test_setup_teardown(
			stopping_answers_every_post_that_waits, set_up, tear_down),
		cmocka_unit_test_setup_teardown(
			a_post_waits_without_holding_up_others, set_up, tear_down),
		cmocka_unit_test_setup_teardown(
			a_loop_writes_small_posts_itself, set_up, tear_down),
		cmocka_unit_test_setup_teardown(
			what_is_to_be_stored_is_asked_ahead, set_up, tear_down),
		cmocka_unit_test_setup_teardown(
			a_kept_connection_may_send_on_before_it_is_answered, set_up, tear_down),
		cmocka_unit_test_setup_teardown(
			many_posts_are_written_by_loops_and_others, set_up, tear_down),
		cmocka_unit_test_setup_teardown(
			a_kept_connection_is_told_that_it_stops, set_up, tear_down),
		cmocka_unit_test_setup_teardown(
			a_post_outlives_a_connection_that_is_reset, set_up, tear_down),
		cmocka_unit_test_setup_teardown(
			a_post_that_the_engine_keeps_is_503_by_its_deadline, set_up, tear_down),
		cmocka_unit_test_setup_teardown(
			a_post_that_was_given_up_does_not_hold_up_the_end, set_up, tear_down),
		cmocka_unit_test_setup_teardown(
			a_failed_allocation_is_503_or_a_closed_connection, set_up, tear_down),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
