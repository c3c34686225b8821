/* What a request costs on loopback TCP alone: reads it into one large buffer, looks for no more in
 * it than its length, and sends the same answer to each.
 *
 *   plain ANSWER     prints its port, serves each connection on a thread until its input ends
 */
#include <arpa/inet.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { REQUEST_MOST = 1 << 20 };

struct server {
	int listener;
	size_t answer_size; /* with its head */
	char *answer;
};

struct connection {
	const struct server *server;
	int fd;
	char *request;
};

/* Bytes of the request whose first `size` have come; 0: not all of its head has. */
static size_t size_of(char *request, size_t size)
{
	request[size] = '\0';
	const char *end = strstr(request, "\r\n\r\n");
	const char *length = end ? strcasestr(request, "\r\ncontent-length:") : NULL;

	return length ? (size_t)(end + 4 - request) + strtoul(length + 17, NULL, 10) : 0;
}

/* false: the connection has ended. */
static bool receive(const struct connection *c)
{
	size_t size = 0, wanted = 0;

	while (wanted == 0 || size < wanted) {
		ssize_t got = recv(c->fd, c->request + size, REQUEST_MOST - 1 - size, 0);
		if (got <= 0)
			return false;
		size += (size_t)got;
		if (wanted == 0)
			wanted = size_of(c->request, size);
	}
	return true;
}

static bool answer(const struct connection *c)
{
	const struct server *s = c->server;

	for (size_t sent = 0; sent < s->answer_size;) {
		ssize_t more = send(c->fd, s->answer + sent, s->answer_size - sent, MSG_NOSIGNAL);
		if (more < 0)
			return false;
		sent += (size_t)more;
	}
	return true;
}

/* Takes what the connection holds, and itself. */
static void *serve(void *context)
{
	struct connection *c = context;

	while (receive(c) && answer(c))
		;
	close(c->fd);
	free(c->request);
	free(c);
	return NULL;
}

static bool begin(const struct server *s, int fd)
{
	struct connection *c = malloc(sizeof *c);
	pthread_t thread;

	if (!c)
		return false;
	*c = (struct connection){ s, fd, malloc(REQUEST_MOST) };
	if (c->request && pthread_create(&thread, NULL, serve, c) == 0)
		return pthread_detach(thread) == 0;
	free(c->request);
	free(c);
	return false;
}

static void *accept_all(void *context)
{
	const struct server *s = context;
	int fd;

	while ((fd = accept(s->listener, NULL, NULL)) >= 0)
		if (!begin(s, fd))
			close(fd);
	return NULL;
}

/* The port; 0: there is none. */
static unsigned listen_at(int listener)
{
	struct sockaddr_in address = { .sin_family = AF_INET };
	socklen_t size = sizeof address;

	address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	if (listener < 0 || bind(listener, (struct sockaddr *)&address, sizeof address) != 0 ||
		listen(listener, 8) != 0 ||
		getsockname(listener, (struct sockaddr *)&address, &size) != 0)
		return 0;
	return ntohs(address.sin_port);
}

int main(int argc, char **argv)
{
	const char *body = argc > 1 ? argv[1] : "";
	struct server s = { .listener = socket(AF_INET, SOCK_STREAM, 0),
		.answer = malloc(strlen(body) + 100) };
	unsigned port = listen_at(s.listener);
	pthread_t thread;

	if (!s.answer || port == 0)
		return 1;
	s.answer_size = (size_t)sprintf(
		s.answer, "HTTP/1.1 200 OK\r\nContent-Length: %zu\r\n\r\n%s", strlen(body), body);
	if (pthread_create(&thread, NULL, accept_all, &s) != 0)
		return 1;
	printf("%u\n", port);
	fflush(stdout);
	while (getchar() != EOF)
		;
	return 0;
}
