#include "http/server.h"

#include <stdlib.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "http/door.h"
#include "http/loop.h"

enum {
	LOOPS_MAX = 4,
	ERRANDS = 4, /* control requests wait on these threads, reports are read on them */
	DECODERS = 2,
	JOBS_MAX = 1024, /* that wait for one of them */
	CONNECTIONS_MAX = 8192,
	FDS_KEPT = 64, /* for the store, listeners and logs */
};

struct upk_server {
	struct upk_site *site;
	struct upk_traffic traffic;
	struct upk_reaper reaper;
	struct upk_workers *errands, *decoders;
	struct upk_loop *loops[LOOPS_MAX];
	size_t loops_count;
	struct upk_door *door;
};

static size_t connections_max(void)
{
	struct rlimit files;
	rlim_t most = CONNECTIONS_MAX;

	if (getrlimit(RLIMIT_NOFILE, &files) == 0 && files.rlim_cur != RLIM_INFINITY &&
		files.rlim_cur < most + FDS_KEPT)
		most = files.rlim_cur > 2 * FDS_KEPT ? files.rlim_cur - FDS_KEPT : FDS_KEPT / 2;
	return (size_t)most;
}

static size_t loops_wanted(void)
{
	long processors = sysconf(_SC_NPROCESSORS_ONLN);

	return processors < 1 ? 1 : processors > LOOPS_MAX ? LOOPS_MAX : (size_t)processors;
}

static bool start_threads(struct upk_server *s, size_t connections, struct upk_error *err)
{
	s->errands = upk_workers_start(ERRANDS, JOBS_MAX, err);
	s->decoders = s->errands ? upk_workers_start(DECODERS, JOBS_MAX, err) : NULL;
	if (!s->decoders)
		return false;
	const struct upk_hall_parts parts = { .site = s->site,
		.traffic = &s->traffic,
		.reaper = &s->reaper,
		.errands = s->errands,
		.decoders = s->decoders };
	for (size_t wanted = loops_wanted(); s->loops_count < wanted; s->loops_count++) {
		s->loops[s->loops_count] = upk_loop_start(&parts, (unsigned)connections, err);
		if (!s->loops[s->loops_count])
			return false;
	}
	return true;
}

static struct upk_server *create(struct upk_site *site)
{
	struct upk_server *s = calloc(1, sizeof *s);
	if (!s)
		return NULL;
	s->site = site;
	if (upk_reaper_init(&s->reaper))
		return s;
	free(s);
	return NULL;
}

struct upk_server *upk_server_start(
	struct upk_site *site, const int *sockets, size_t count, struct upk_error *err)
{
	size_t connections = connections_max();
	struct upk_server *s = create(site);

	if (!s)
		upk_fail(err, UPK_NOMEM, "no memory for the HTTP server");
	if (!s || !start_threads(s, connections, err)) {
		for (size_t i = 0; i < count; i++)
			close(sockets[i]);
		goto fail;
	}
	const struct upk_door_parts parts = { .log = upk_site_log(site),
		.reaper = &s->reaper,
		.traffic = &s->traffic,
		.loops = s->loops,
		.loops_count = s->loops_count,
		.connections_max = connections };
	s->door = upk_door_open(&parts, sockets, count, err);
	if (s->door)
		return s;

fail:
	if (s) {
		upk_server_drain(s);
		upk_server_stop(s);
	}
	return NULL;
}

bool upk_server_answers(struct upk_server *s)
{
	int64_t now = upk_clock_monotonic_ns();

	for (size_t i = 0; i < s->loops_count; i++)
		if (!upk_loop_answers(s->loops[i], now))
			return false;
	return true;
}

/* Loops first, so that none gives a worker anything more. */
void upk_server_drain(struct upk_server *s)
{
	upk_door_close(s->door);
	atomic_store(&s->traffic.draining, true);
	for (size_t i = 0; i < s->loops_count; i++)
		upk_loop_drain(s->loops[i]);
	upk_workers_stop(s->errands);
	upk_workers_stop(s->decoders);
	s->door = NULL;
	s->errands = s->decoders = NULL;
}

void upk_server_stop(struct upk_server *s)
{
	const struct timespec moment = { .tv_nsec = 2000000 };
	int64_t deadline = upk_clock_monotonic_ns() + INT64_C(1000000000);

	while (atomic_load(&s->traffic.exchanges) > 0 && upk_clock_monotonic_ns() < deadline)
		nanosleep(&moment, NULL);
	for (size_t i = 0; i < s->loops_count; i++)
		upk_loop_stop(s->loops[i]);
	upk_reaper_finish(&s->reaper);
	free(s);
}
