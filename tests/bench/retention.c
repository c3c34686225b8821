/* Times rows that go away in an engine without HTTP: bench-retention [events, 1000000]
 * [folder] [deletion, for that alone]. */
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "base/random.h"
#include "engine/engine.h"
#include "item.h"
#include "store/remove.h"
#include "store/store.h"

enum { POST = 1000, HOUR_MS = 60 * 60 * 1000, LATE = 1000000 };

static const int64_t start_ms = 1767261600000 + INT64_C(24) * HOUR_MS;

/* Stands until it is moved. */
struct bench_clock {
	struct upk_clock clock;
	atomic_llong now;
};

struct bench {
	char folder[256];
	struct bench_clock clock;
	struct upk_engine *engine;
	struct upk_store *reader;
	pthread_mutex_t lock; /* over answered */
	pthread_cond_t came;
	bool answered;
	uint64_t events; /* posted so far */
};

static void check(bool ok, const struct upk_error *err)
{
	if (ok)
		return;
	fprintf(stderr, "bench-retention: %s\n", err->message);
	exit(1);
}

static int64_t told(const struct upk_clock *clock)
{
	return atomic_load(&((const struct bench_clock *)(const void *)clock)->now);
}

static double seconds(void)
{
	return (double)upk_clock_monotonic_ns() / 1e9;
}

/* Of all threads: others may be busy. */
static double processor(void)
{
	struct rusage u;
	getrusage(RUSAGE_SELF, &u);
	return (double)(u.ru_utime.tv_sec + u.ru_stime.tv_sec) +
		(double)(u.ru_utime.tv_usec + u.ru_stime.tv_usec) / 1e6;
}

static void came(struct upk_post *post)
{
	struct bench *b = post->context;
	pthread_mutex_lock(&b->lock);
	b->answered = true;
	pthread_cond_signal(&b->came);
	pthread_mutex_unlock(&b->lock);
}

static void send(struct bench *b, enum upk_item_kind kind, char *body, size_t size)
{
	struct upk_error err = { 0 };
	struct upk_post post = { .model = "m", .done = came, .context = b };
	struct upk_schema *schema = upk_engine_schema(b->engine, "m", &err);
	check(schema, &err);
	post.batch = upk_batch_decode(
		kind, true, body, size, schema, upk_clock_now(&b->clock.clock), &err);
	upk_schema_unref(schema);
	check(post.batch, &err);
	b->answered = false;
	check(!upk_engine_post(b->engine, &post, &err), &err);
	pthread_mutex_lock(&b->lock);
	while (!b->answered)
		pthread_cond_wait(&b->came, &b->lock);
	pthread_mutex_unlock(&b->lock);
	check(post.error.code == UPK_OK && post.rejected_total == 0, &post.error);
	upk_post_finish(&post);
}

/* every: each how many-th event has its label; 0: none. */
static void post_events(struct bench *b, uint64_t every)
{
	struct upk_error err = { 0 };
	char *body = malloc(POST * ITEM_MOST);
	size_t size = 0;
	check(body || upk_fail(&err, UPK_NOMEM, "no memory"), &err);
	for (uint64_t n = b->events; n < b->events + POST; n++)
		size += item_event(1, n, every != 0 && n % every == 0, 0, body + size);
	b->events += POST;
	send(b, UPK_ITEM_EVENT, body, size);
}

/* Labels of the last `count` events in random order. */
static void post_labels(struct bench *b, uint64_t count)
{
	struct upk_error err = { 0 };
	struct upk_random random;
	uint64_t *order = malloc(count * sizeof *order);
	check(order || upk_fail(&err, UPK_NOMEM, "no memory"), &err);
	upk_random_seed(&random, 1);
	for (uint64_t i = 0; i < count; i++) {
		uint64_t at = upk_random_below(&random, i + 1);
		order[i] = order[at];
		order[at] = b->events - count + i;
	}
	for (uint64_t i = 0; i < count; i += POST) {
		char *body = malloc(POST * ITEM_MOST);
		size_t size = 0;
		check(body || upk_fail(&err, UPK_NOMEM, "no memory"), &err);
		for (uint64_t k = i; k < i + POST; k++)
			size += item_label(1, order[k], body + size);
		send(b, UPK_ITEM_LABEL, body, size);
	}
	free(order);
}

static int64_t oldest(struct bench *b)
{
	struct upk_error err = { 0 };
	int64_t seq, arrival;
	check(upk_oldest_item(b->reader, 0, &seq, &arrival, &err), &err);
	return seq;
}

/* All that is stored becomes too old; it has gone when no item before `last` is left. Prints from
 * the moment at which the first has gone: the engine looks once a second. */
static void expire(struct bench *b, const char *what, int64_t rows)
{
	int64_t first = oldest(b), last = first + rows, seq = first;
	atomic_fetch_add(&b->clock.now, 2 * HOUR_MS);
	while ((seq = oldest(b)) == first)
		usleep(1000);
	double began = seconds(), spent = processor();
	while ((seq = oldest(b)) != 0 && seq < last)
		usleep(20000);
	printf("%-44s %6.2f us a row, %.2f of processor time\n", what,
		(seconds() - began) / (double)rows * 1e6,
		(processor() - spent) / (double)rows * 1e6);
}

static double ingest(struct bench *b, uint64_t events)
{
	double began = seconds();
	for (uint64_t n = 0; n < events; n += POST)
		post_events(b, 2);
	return (double)events / (seconds() - began);
}

/* One post after another while what was there goes; the rate of both until that has gone. */
static void expire_beside_posts(struct bench *b, int64_t rows, double alone)
{
	int64_t first = oldest(b), last = first + rows;
	atomic_fetch_add(&b->clock.now, 2 * HOUR_MS);
	while (oldest(b) == first)
		post_events(b, 2);
	uint64_t before = b->events;
	double began = seconds();
	for (int64_t seq = 1; seq != 0 && seq < last; seq = oldest(b))
		post_events(b, 2);
	double took = seconds() - began;
	double rate = (double)(b->events - before) / took;
	printf("beside posts of 1,000: %.0f rows/s go, %.0f events/s come (%.2f of %.0f without)\n",
		(double)rows / took, rate, rate / alone, alone);
}

static void delete_model(struct bench *b, int64_t rows)
{
	struct upk_error err = { 0 };
	double began = seconds();
	check(upk_engine_delete_model(b->engine, "m", &err), &err);
	double answered = seconds();
	while (oldest(b) != 0)
		usleep(1000);
	printf("deletion of a model with %lld rows: answered after %.1f ms, gone after %.1f s "
	       "(%.2f us a row)\n",
		(long long)rows, (answered - began) * 1e3, seconds() - began,
		(seconds() - began) / (double)rows * 1e6);
}

static void make(struct bench *b, const char *folder)
{
	static const char config[] = "{\"retention\":\"1h\",\"classes\":[\"a\",\"b\"],"
				     "\"positive\":\"b\",\"rules\":[],\"windows\":["
				     "{\"name\":\"n\",\"count\":5000},"
				     "{\"name\":\"d\",\"duration\":\"30m\"}]}";
	struct upk_error err = { 0 };
	bool created;
	if (snprintf(b->folder, sizeof b->folder, "%s/bench-retention-XXXXXX", folder) >=
		(int)sizeof b->folder)
		check(upk_fail(&err, UPK_INVALID, "%s: too long", folder), &err);
	check(mkdtemp(b->folder) || upk_fail(&err, UPK_IO, "%s: no folder", folder), &err);
	b->clock.clock.now = told;
	atomic_init(&b->clock.now, start_ms);
	pthread_mutex_init(&b->lock, NULL);
	pthread_cond_init(&b->came, NULL);
	const struct upk_engine_options options = {
		.folder = b->folder, .clock = &b->clock.clock, .auto_create = true
	};
	b->engine = upk_engine_open(&options, &err);
	check(b->engine, &err);
	while (!upk_engine_ready(b->engine))
		usleep(1000);
	b->reader = upk_store_open(b->folder, UPK_STORE_READ, &err);
	check(b->reader, &err);
	check(upk_engine_put_model(b->engine, "m", upk_text_of(config), NULL, &created, &err),
		&err);
}

static void finish(struct bench *b)
{
	static const char *const names[] = { "upkeepd.db", "upkeepd.db-wal", "upkeepd.db-shm",
		"lock", "committed", "reserve" };
	upk_store_close(b->reader);
	upk_engine_close(b->engine);
	for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
		char path[300];
		snprintf(path, sizeof path, "%s/%s", b->folder, names[i]);
		(void)unlink(path);
	}
	(void)rmdir(b->folder);
}

int main(int argc, char **argv)
{
	struct bench b = { .events = 0 };
	long long events = argc > 1 ? atoll(argv[1]) : 1000000;
	if (events < 100000 || events % (2 * POST) != 0) {
		fprintf(stderr, "bench-retention: at least 100000 events, by thousands\n");
		return 2;
	}
	setvbuf(stdout, NULL, _IOLBF, 0);
	make(&b, argc > 2 ? argv[2] : ".");
	double alone = ingest(&b, (uint64_t)events);
	printf("ingest, every second with its label: %.0f events/s\n", alone);
	if (argc > 3 && strcmp(argv[3], "deletion") == 0) {
		delete_model(&b, events);
		finish(&b);
		return 0;
	}
	expire(&b, "events, every second with its label", events);

	uint64_t late = events < LATE ? (uint64_t)events : LATE;
	for (uint64_t n = 0; n < late; n += POST)
		post_events(&b, 0);
	post_labels(&b, late);
	expire(&b, "events and then their labels in random order", 2 * (int64_t)late);

	(void)ingest(&b, (uint64_t)events);
	expire_beside_posts(&b, events, alone);
	(void)ingest(&b, (uint64_t)events);
	delete_model(&b, events);
	finish(&b);
	return 0;
}
