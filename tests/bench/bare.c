/* Bare libmicrohttpd: answers 200 to every post, as short as the daemon does, and does nothing
 * else.
 *
 *   bare THREADS [ANSWER]     prints its port, serves until its input ends
 */
#include <microhttpd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char usual[] =
	"{\"accepted\":1,\"duplicates\":0,\"joined\":0,\"revised\":0,\"waiting\":0,"
	"\"rejected\":[],\"rejected_total\":0}\n";

static enum MHD_Result on_request(void *context, struct MHD_Connection *connection, const char *url,
	const char *method, const char *version, const char *data, size_t *size, void **state)
{
	struct MHD_Response *response = context;
	static char begun;

	(void)url;
	(void)method;
	(void)version;
	(void)data;
	if (!*state) {
		*state = &begun;
		return MHD_YES;
	}
	if (*size > 0) {
		*size = 0;
		return MHD_YES;
	}
	return MHD_queue_response(connection, 200, response);
}

int main(int argc, char **argv)
{
	unsigned threads = argc > 1 ? (unsigned)atoi(argv[1]) : 2;
	const char *answer = argc > 2 ? argv[2] : usual;
	struct MHD_Response *response = MHD_create_response_from_buffer(
		strlen(answer), (void *)(uintptr_t)answer, MHD_RESPMEM_PERSISTENT);

	if (!response || !MHD_add_response_header(response, "Content-Type", "application/json"))
		return 1;
	struct MHD_Daemon *daemon = MHD_start_daemon(
		MHD_USE_EPOLL_INTERNAL_THREAD | MHD_USE_SUSPEND_RESUME | MHD_USE_ERROR_LOG, 0, NULL,
		NULL, on_request, response, MHD_OPTION_THREAD_POOL_SIZE, threads > 1 ? threads : 0,
		MHD_OPTION_END);
	if (!daemon)
		return 1;
	const union MHD_DaemonInfo *info = MHD_get_daemon_info(daemon, MHD_DAEMON_INFO_BIND_PORT);
	printf("%u\n", info ? info->port : 0);
	fflush(stdout);
	while (getchar() != EOF)
		;
	MHD_stop_daemon(daemon);
	MHD_destroy_response(response);
	return 0;
}
