/* Posts the benchmarks' items to a daemon, or asks it for a page, over kept-alive connections, and
 * prints one JSON line of what it saw. Bodies are made before the clock starts. */
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "item.h"

enum { HEAD_MOST = 512, ANSWER_MOST = 1 << 20, CONNECTIONS_MOST = 64, BUSY_US = 2000 };

static const char usage[] =
	"client PORT events MODEL SEED FROM COUNT LABELS BATCH CONNECTIONS [VERSION]\n"
	"  events FROM .. FROM + COUNT - 1, predicted by VERSION; every LABELS-th has its label "
	"with\n"
	"  it, 0: none\n"
	"client PORT labels MODEL SEED FROM COUNT OF BATCH CONNECTIONS\n"
	"  labels of COUNT events out of FROM .. FROM + OF - 1, in random order\n"
	"client PORT paced MODEL SEED FROM COUNT MICROSECONDS\n"
	"  single events on one connection, one begun every so many microseconds\n"
	"client PORT get PATH COUNT\n"
	"client PORT post PATH FILE COUNT CONNECTIONS [SIZE]\n"
	"  the file as a body, COUNT times in all, time after time on each connection: JSON, or\n"
	"  tensors behind SIZE bytes of JSON\n";

struct request {
	char *bytes; /* head and body */
	size_t size;
	long items;
};

struct work {
	struct request *requests;
	size_t count;
	int port;
	pthread_barrier_t *start;
	double *took; /* milliseconds of each request */
	long busy;    /* answers 503: sent again a little later */
	double begun, ended;
};

static void die(const char *what)
{
	fprintf(stderr, "client: %s: %s\n", what, strerror(errno));
	exit(1);
}

static void *get_memory(size_t count, size_t size)
{
	void *memory = calloc(count + 1, size);

	if (!memory)
		die("memory");
	return memory;
}

static double now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static void sleep_until(double when)
{
	struct timespec t = { .tv_sec = (time_t)when };

	t.tv_nsec = (long)((when - (double)t.tv_sec) * 1e9);
	while (clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &t, NULL) == EINTR)
		;
}

/* ---- HTTP ---- */

static int connect_to(int port)
{
	struct sockaddr_in address = { .sin_family = AF_INET, .sin_port = htons((uint16_t)port) };
	int fd = socket(AF_INET, SOCK_STREAM, 0), one = 1;

	address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	if (fd < 0 || connect(fd, (struct sockaddr *)&address, sizeof address) != 0)
		die("connect");
	if (setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one) != 0)
		die("setsockopt");
	return fd;
}

static void send_all(int fd, const char *data, size_t size)
{
	while (size > 0) {
		ssize_t sent = send(fd, data, size, MSG_NOSIGNAL);
		if (sent < 0)
			die("send");
		data += sent;
		size -= (size_t)sent;
	}
}

/* The whole answer is in `in`, 0-terminated; its status. */
static int receive(int fd, char *in)
{
	size_t size = 0;

	for (;;) {
		ssize_t got = recv(fd, in + size, ANSWER_MOST - 1 - size, 0);
		if (got <= 0)
			die("recv");
		size += (size_t)got;
		in[size] = '\0';
		const char *end = strstr(in, "\r\n\r\n");
		const char *length = end ? strcasestr(in, "\r\ncontent-length:") : NULL;
		if (end && (!length || length > end))
			die("an answer without a length");
		if (end && size >= (size_t)(end + 4 - in) + strtoul(length + 17, NULL, 10))
			return atoi(in + strlen("HTTP/1.1 "));
		if (size == ANSWER_MOST - 1)
			die("a long answer");
	}
}

/* All items of a post must have been taken: an error would be fast. */
static void check(const struct request *r, int status, const char *answer)
{
	if (status == 200 && r->items == 0)
		return;
	const char *accepted = strstr(answer, "\"accepted\":");
	if (status == 200 && accepted && atol(accepted + 11) == r->items)
		return;
	fprintf(stderr, "client: not all was accepted: %.600s\n", answer);
	exit(1);
}

static void *run(void *argument)
{
	struct work *w = argument;
	char *in = get_memory(ANSWER_MOST, 1);
	int fd = connect_to(w->port);

	pthread_barrier_wait(w->start);
	w->begun = now();
	for (size_t i = 0; i < w->count; i++) {
		double begun = now();
		for (;;) {
			send_all(fd, w->requests[i].bytes, w->requests[i].size);
			int status = receive(fd, in);
			if (status != 503) {
				check(&w->requests[i], status, in);
				break;
			}
			w->busy++;
			usleep(BUSY_US);
		}
		w->took[i] = (now() - begun) * 1e3;
	}
	w->ended = now();
	close(fd);
	free(in);
	return NULL;
}

static int by_value(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

static void print(double *took, size_t count, double seconds, long items, long busy)
{
	qsort(took, count, sizeof *took, by_value);
	printf("{\"seconds\": %.6f, \"items\": %ld, \"requests\": %zu, \"busy\": %ld, "
	       "\"p50\": %.4f, \"p99\": %.4f}\n",
		seconds, items, count, busy, took[count / 2], took[count * 99 / 100]);
}

/* Deals the requests out to the connections and waits for the last answer. */
static void run_all(int port, struct request *requests, size_t count, size_t wanted)
{
	size_t connections = wanted < CONNECTIONS_MOST ? wanted : CONNECTIONS_MOST;
	struct work work[CONNECTIONS_MOST];
	pthread_t threads[CONNECTIONS_MOST];
	pthread_barrier_t start;
	double *took = get_memory(count, sizeof *took), begun = 0, ended = 0;
	long items = 0, busy = 0;

	pthread_barrier_init(&start, NULL, (unsigned)connections);
	for (size_t i = 0, from = 0; i < connections; i++) {
		size_t to = count * (i + 1) / connections;
		work[i] = (struct work){ .requests = requests + from,
			.count = to - from,
			.port = port,
			.start = &start,
			.took = took + from };
		from = to;
		if (pthread_create(&threads[i], NULL, run, &work[i]) != 0)
			die("thread");
	}
	for (size_t i = 0; i < connections; i++) {
		pthread_join(threads[i], NULL);
		begun = i == 0 || work[i].begun < begun ? work[i].begun : begun;
		ended = work[i].ended > ended ? work[i].ended : ended;
		busy += work[i].busy;
	}
	for (size_t i = 0; i < count; i++)
		items += requests[i].items;
	print(took, count, ended - begun, items, busy);
}

/* ---- requests ---- */

struct maker {
	const char *model;
	uint64_t seed, from;
	size_t batch;
	unsigned labels;       /* 0: none has one, n: every n-th */
	unsigned version;      /* that predicted; 0: none of the daemon's */
	const uint64_t *order; /* NULL: events, not labels */
};

static size_t make_item(const struct maker *m, size_t i, char *out)
{
	if (m->order)
		return item_label(m->seed, m->from + m->order[i], out);
	return item_event(
		m->seed, m->from + i, m->labels > 0 && i % m->labels == 0, m->version, out);
}

static struct request make_request(const struct maker *m, size_t first, size_t items)
{
	char head[HEAD_MOST];
	char *body = get_memory(items * ITEM_MOST, 1);
	size_t size = 0;

	for (size_t i = 0; i < items; i++)
		size += make_item(m, first + i, body + size);
	int head_size = snprintf(head, sizeof head,
		"POST /v1/models/%s/%s HTTP/1.1\r\nHost: localhost\r\n"
		"Content-Type: application/x-ndjson\r\nContent-Length: %zu\r\n\r\n",
		m->model, m->order ? "labels" : "events", size);
	struct request r = { get_memory((size_t)head_size + size, 1), (size_t)head_size + size,
		(long)items };
	memcpy(r.bytes, head, (size_t)head_size);
	memcpy(r.bytes + head_size, body, size);
	free(body);
	return r;
}

static struct request *make_requests(const struct maker *m, size_t items, size_t *count)
{
	*count = (items + m->batch - 1) / m->batch;
	struct request *requests = get_memory(*count, sizeof *requests);
	for (size_t i = 0; i < *count; i++) {
		size_t first = i * m->batch, left = items - first;
		requests[i] = make_request(m, first, left < m->batch ? left : m->batch);
	}
	return requests;
}

static uint64_t *shuffled(uint64_t seed, size_t count)
{
	uint64_t *order = get_memory(count, sizeof *order);

	for (size_t i = 0; i < count; i++) {
		size_t j = item_random(seed + i) % (i + 1);
		order[i] = order[j];
		order[j] = i;
	}
	return order;
}

static void paced(int port, const struct maker *m, size_t count, double every)
{
	struct request *requests = make_requests(m, count, &count);
	double *took = get_memory(count, sizeof *took), start = now(), next = start;
	char *in = get_memory(ANSWER_MOST, 1);
	int fd = connect_to(port);

	for (size_t i = 0; i < count; i++) {
		sleep_until(next);
		double begun = now();
		send_all(fd, requests[i].bytes, requests[i].size);
		check(&requests[i], receive(fd, in), in);
		double ended = now();
		took[i] = (ended - begun) * 1e3;
		next = next + every > ended ? next + every : ended;
	}
	print(took, count, now() - start, (long)count, 0);
}

static void get(int port, const char *path, size_t count)
{
	struct request *requests = get_memory(count, sizeof *requests);
	char head[HEAD_MOST];
	int size = snprintf(head, sizeof head, "GET %s HTTP/1.1\r\nHost: localhost\r\n\r\n", path);

	for (size_t i = 0; i < count; i++)
		requests[i] = (struct request){ head, (size_t)size, 0 };
	run_all(port, requests, count, 1);
}

static char *read_file(const char *name, size_t *size)
{
	FILE *file = fopen(name, "rb");
	long end;

	if (!file || fseek(file, 0, SEEK_END) != 0 || (end = ftell(file)) < 0)
		die(name);
	*size = (size_t)end;
	char *bytes = get_memory(*size, 1);
	rewind(file);
	if (fread(bytes, 1, *size, file) != *size)
		die(name);
	fclose(file);
	return bytes;
}

static void post_file(int port, const char *path, const char *name, size_t count,
	size_t connections, const char *json_size)
{
	struct request *requests = get_memory(count, sizeof *requests);
	size_t size;
	char *body = read_file(name, &size), *bytes = get_memory(HEAD_MOST + size, 1);
	int head = snprintf(bytes, HEAD_MOST,
		"POST %s HTTP/1.1\r\nHost: localhost\r\n"
		"%s%s\r\nContent-Length: %zu\r\n\r\n",
		path,
		json_size ? "Inference-Header-Content-Length: " : "Content-Type: application/json",
		json_size ? json_size : "", size);

	memcpy(bytes + head, body, size);
	for (size_t i = 0; i < count; i++)
		requests[i] = (struct request){ bytes, (size_t)head + size, 0 };
	run_all(port, requests, count, connections);
}

static uint64_t number(char **argv, int at)
{
	if (!argv[at]) {
		fputs(usage, stderr);
		exit(2);
	}
	return strtoull(argv[at], NULL, 10);
}

static void post(int port, const char *what, char **argv)
{
	struct maker m = { .model = argv[3], .seed = number(argv, 4), .from = number(argv, 5) };
	size_t items = number(argv, 6), count;

	if (strcmp(what, "paced") == 0) {
		m.batch = 1;
		paced(port, &m, items, (double)number(argv, 7) / 1e6);
		return;
	}
	if (strcmp(what, "labels") == 0)
		m.order = shuffled(m.seed, number(argv, 7));
	else
		m.labels = (unsigned)number(argv, 7);
	m.batch = number(argv, 8);
	size_t connections = number(argv, 9);
	m.version = argv[10] ? (unsigned)number(argv, 10) : 0;
	struct request *requests = make_requests(&m, items, &count);
	run_all(port, requests, count, connections);
}

int main(int argc, char **argv)
{
	if (argc < 5) {
		fputs(usage, stderr);
		return 2;
	}
	int port = atoi(argv[1]);
	if (strcmp(argv[2], "get") == 0)
		get(port, argv[3], number(argv, 4));
	else if (strcmp(argv[2], "post") == 0)
		post_file(port, argv[3], argv[4], number(argv, 5), number(argv, 6),
			argv[6] ? argv[7] : NULL);
	else
		post(port, argv[2], argv);
	return 0;
}
