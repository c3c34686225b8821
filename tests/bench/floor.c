/* What posts cost that wait for a disk, and nothing else: libmicrohttpd on two loops takes them, a
 * thread writes 8 KiB and syncs them for all that have come, and then they are answered. Nothing is
 * decoded, nothing stored: what is between this and a bare answer no daemon of this shape can save.
 *
 *   floor LOOPS FILE     prints its port, serves until its input ends
 */
#include <fcntl.h>
#include <microhttpd.h>
#include <netinet/in.h>
#include <poll.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

enum { LOOPS_MOST = 8, WRITTEN = 8 << 10, FILE_BYTES = 4 << 20, ARRIVALS = 256, TICK_MS = 250 };

struct request {
	struct request *next;
	struct MHD_Connection *connection;
	struct loop *loop;
	bool synced;
};

struct loop {
	struct shared *shared;
	struct MHD_Daemon *daemon;
	struct request *leaving; /* of this round */
	int epoll, bell;
	pthread_t thread;
	pthread_mutex_t lock; /* over what follows */
	struct request *back;
	int arrivals[ARRIVALS];
	size_t arrived;
};

struct shared {
	struct MHD_Response *response;
	int file;
	struct loop loops[LOOPS_MOST];
	size_t count;
	pthread_mutex_t lock; /* over the queue */
	pthread_cond_t came;
	struct request *queue;
};

static void check(bool fine, const char *what)
{
	if (fine)
		return;
	perror(what);
	exit(1);
}

static struct request *last_of(struct request *list)
{
	while (list->next)
		list = list->next;
	return list;
}

static void ring(struct loop *l)
{
	const uint64_t one = 1;
	check(write(l->bell, &one, sizeof one) == sizeof one, "eventfd");
}

/* ---- a loop ---- */

static enum MHD_Result on_request(void *context, struct MHD_Connection *connection, const char *url,
	const char *method, const char *version, const char *data, size_t *size, void **state)
{
	struct loop *l = context;
	struct request *r = *state;

	(void)url;
	(void)method;
	(void)version;
	(void)data;
	if (!r) {
		*state = r = calloc(1, sizeof *r);
		check(r, "calloc");
		*r = (struct request){ .connection = connection, .loop = l };
		return MHD_YES;
	}
	if (*size > 0) {
		*size = 0;
		return MHD_YES;
	}
	if (r->synced)
		return MHD_queue_response(connection, 200, l->shared->response);
	r->next = l->leaving;
	l->leaving = r;
	MHD_suspend_connection(connection);
	return MHD_YES;
}

static void on_completed(void *context, struct MHD_Connection *connection, void **state,
	enum MHD_RequestTerminationCode why)
{
	(void)context;
	(void)connection;
	(void)why;
	free(*state);
	*state = NULL;
}

static void wait_for_work(struct loop *l)
{
	MHD_UNSIGNED_LONG_LONG ms;
	struct pollfd fds[] = { { l->epoll, POLLIN, 0 }, { l->bell, POLLIN, 0 } };
	uint64_t rung;

	if (MHD_get_timeout(l->daemon, &ms) != MHD_YES || ms > TICK_MS)
		ms = TICK_MS;
	if (ms > 0 && poll(fds, 2, (int)ms) > 0 && (fds[1].revents & POLLIN))
		check(read(l->bell, &rung, sizeof rung) == sizeof rung, "eventfd");
}

static void take_what_came(struct loop *l)
{
	struct sockaddr_in from = { .sin_family = AF_INET };

	pthread_mutex_lock(&l->lock);
	struct request *back = l->back;
	l->back = NULL;
	for (; l->arrived > 0; l->arrived--)
		check(MHD_add_connection(l->daemon, l->arrivals[l->arrived - 1],
			      (struct sockaddr *)&from, sizeof from) == MHD_YES,
			"MHD_add_connection");
	pthread_mutex_unlock(&l->lock);
	while (back) {
		struct request *next = back->next;
		back->synced = true;
		MHD_resume_connection(back->connection);
		back = next;
	}
}

static void hand_over(struct loop *l)
{
	struct shared *s = l->shared;

	if (!l->leaving)
		return;
	pthread_mutex_lock(&s->lock);
	last_of(l->leaving)->next = s->queue;
	s->queue = l->leaving;
	pthread_mutex_unlock(&s->lock);
	pthread_cond_signal(&s->came);
	l->leaving = NULL;
}

static void *run_loop(void *context)
{
	struct loop *l = context;

	for (;;) {
		wait_for_work(l);
		take_what_came(l);
		MHD_run(l->daemon);
		hand_over(l);
	}
	return NULL;
}

static void start_loop(struct shared *s, struct loop *l)
{
	l->shared = s;
	l->bell = eventfd(0, EFD_NONBLOCK);
	check(l->bell >= 0 && pthread_mutex_init(&l->lock, NULL) == 0, "eventfd");
	l->daemon = MHD_start_daemon(
		MHD_USE_EPOLL | MHD_ALLOW_SUSPEND_RESUME | MHD_USE_NO_LISTEN_SOCKET, 0, NULL, NULL,
		on_request, l, MHD_OPTION_CONNECTION_MEMORY_LIMIT, (size_t)(16 << 10),
		MHD_OPTION_NOTIFY_COMPLETED, on_completed, NULL, MHD_OPTION_END);
	check(l->daemon, "MHD_start_daemon");
	l->epoll = MHD_get_daemon_info(l->daemon, MHD_DAEMON_INFO_EPOLL_FD)->epoll_fd;
	check(pthread_create(&l->thread, NULL, run_loop, l) == 0, "pthread_create");
}

/* ---- the disk ---- */

static void give_back(struct loop *l, struct request **queue)
{
	struct request *mine = NULL;

	for (struct request **at = queue; *at;) {
		struct request *r = *at;
		if (r->loop != l) {
			at = &r->next;
			continue;
		}
		*at = r->next;
		r->next = mine;
		mine = r;
	}
	if (!mine)
		return;
	pthread_mutex_lock(&l->lock);
	last_of(mine)->next = l->back;
	l->back = mine;
	pthread_mutex_unlock(&l->lock);
	ring(l);
}

static void *sync_all(void *context)
{
	static const char bytes[WRITTEN];
	struct shared *s = context;

	for (off_t at = 0;; at = (at + WRITTEN) % FILE_BYTES) {
		pthread_mutex_lock(&s->lock);
		while (!s->queue)
			pthread_cond_wait(&s->came, &s->lock);
		struct request *queue = s->queue;
		s->queue = NULL;
		pthread_mutex_unlock(&s->lock);
		check(pwrite(s->file, bytes, WRITTEN, at) == WRITTEN && fdatasync(s->file) == 0,
			"the file");
		for (size_t i = 0; i < s->count; i++)
			give_back(&s->loops[i], &queue);
	}
	return NULL;
}

/* Like a WAL that was filled before: syncing it changes no size. */
static int open_file(const char *path)
{
	static const char bytes[FILE_BYTES];
	int file = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);

	check(file >= 0 && pwrite(file, bytes, FILE_BYTES, 0) == FILE_BYTES && fsync(file) == 0,
		path);
	return file;
}

/* ---- the door ---- */

static void *accept_all(void *context)
{
	struct shared *s = context;
	struct sockaddr_in address = { .sin_family = AF_INET,
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t size = sizeof address;
	int door = socket(AF_INET, SOCK_STREAM, 0);

	check(door >= 0 && bind(door, (struct sockaddr *)&address, size) == 0 &&
			listen(door, SOMAXCONN) == 0 &&
			getsockname(door, (struct sockaddr *)&address, &size) == 0,
		"the socket");
	printf("%u\n", ntohs(address.sin_port));
	fflush(stdout);
	for (size_t i = 0;; i = (i + 1) % s->count) {
		struct loop *l = &s->loops[i];
		int fd = accept4(door, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
		check(fd >= 0, "accept");
		pthread_mutex_lock(&l->lock);
		check(l->arrived < ARRIVALS, "too many connections at once");
		l->arrivals[l->arrived++] = fd;
		pthread_mutex_unlock(&l->lock);
		ring(l);
	}
	return NULL;
}

int main(int argc, char **argv)
{
	static const char answer[] =
		"{\"accepted\":1,\"duplicates\":0,\"joined\":0,\"revised\":0,\"waiting\":0,"
		"\"rejected\":[],\"rejected_total\":0}\n";
	static struct shared s = { .lock = PTHREAD_MUTEX_INITIALIZER,
		.came = PTHREAD_COND_INITIALIZER };
	pthread_t disk, door;

	s.count = argc == 3 ? (size_t)atoi(argv[1]) : 0;
	check(s.count > 0 && s.count <= LOOPS_MOST, "floor LOOPS FILE");
	s.file = open_file(argv[2]);
	s.response = MHD_create_response_from_buffer(
		strlen(answer), (void *)(uintptr_t)answer, MHD_RESPMEM_PERSISTENT);
	check(s.response && MHD_add_response_header(s.response, "Content-Type", "application/json"),
		"the answer");
	for (size_t i = 0; i < s.count; i++)
		start_loop(&s, &s.loops[i]);
	check(pthread_create(&disk, NULL, sync_all, &s) == 0 &&
			pthread_create(&door, NULL, accept_all, &s) == 0,
		"pthread_create");
	while (getchar() != EOF)
		;
	return 0;
}
