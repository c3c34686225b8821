/* Times the id index alone: bench-ids [entries, 10000000]. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/random.h"
#include "ids/ids.h"
#include "store/event.h"
#include "store/model.h"
#include "store/store.h"

enum { POST = 1000, LOOKUPS = 100000, AHEAD = 8, TAIL = 200000 };

struct bench {
	char folder[64];
	struct upk_store *store;
	struct upk_ids *ids;
	struct upk_random random;
	int64_t entries, model;
};

static void check(bool ok, const struct upk_error *err)
{
	if (ok)
		return;
	fprintf(stderr, "bench-ids: %s\n", err->message);
	exit(1);
}

/* Of this thread's processor time: others may be busy, and there is no disk. */
static double seconds(void)
{
	struct timespec t;
	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

/* Keys need no ids: they are as random as any, and made again from the number of the entry. */
static uint64_t key_of(int64_t entry)
{
	struct upk_random r;
	upk_random_seed(&r, (uint64_t)entry);
	return (upk_random_next(&r) & ~UINT64_C(0xffff)) | 1;
}

static void open_store(struct bench *b)
{
	struct upk_error err = { 0 };
	b->store = upk_store_open(b->folder, UPK_STORE_WRITE, &err);
	check(b->store, &err);
}

/* With rows, as a restart reads them, for the last ones alone. */
static void write_row(struct bench *b, int64_t seq)
{
	struct upk_error err = { 0 };
	char id[37];
	snprintf(id, sizeof id, "%036lld", (long long)seq);
	static const char features[80];
	const struct upk_event_row row = { .seq = seq,
		.model = b->model,
		.id = upk_text_of(id),
		.features = { features, sizeof features } };
	check(upk_event_insert_many(b->store, &row, 1, &err), &err);
}

struct times {
	double add, spill, longest;
};

static void add_post(struct bench *b, int64_t first, struct times *t)
{
	struct upk_error err = { 0 };
	check(upk_store_begin(b->store, &err), &err);
	for (int64_t i = first; i < first + POST && i > b->entries - TAIL; i++)
		write_row(b, i);
	uint64_t keys[POST];
	for (int i = 0; i < POST; i++)
		keys[i] = key_of(first + i);
	double began = seconds();
	for (int i = 0; i < POST; i++) {
		upk_ids_prefetch(b->ids, keys[i + AHEAD < POST ? i + AHEAD : i], 0);
		check(upk_ids_add(b->ids, keys[i], first + i, UPK_ID_EVENT, &err), &err);
	}
	double added = seconds();
	check(upk_ids_spill(b->ids, &err), &err);
	double spilled = seconds();
	check(upk_store_commit(b->store, &err), &err);
	upk_ids_commit(b->ids, first + POST - 1);
	t->add += added - began;
	t->spill += seconds() - added;
	if (spilled - added > t->longest)
		t->longest = spilled - added;
}

/* Looks for entries among the last `newest`, or beyond all; ns for each. ahead 0: no prefetch. */
static double find(struct bench *b, int64_t from, int64_t to, int ahead, int64_t wanted)
{
	struct upk_error err = { 0 };
	uint64_t *keys = malloc((LOOKUPS + AHEAD) * sizeof *keys);
	int64_t hits = 0;
	check(keys, &err);
	for (int i = 0; i < LOOKUPS + AHEAD; i++)
		keys[i] =
			key_of(from + (int64_t)upk_random_below(&b->random, (uint64_t)(to - from)));
	check(upk_store_begin(b->store, &err), &err);
	double began = seconds();
	for (int i = 0; i < LOOKUPS; i++) {
		struct upk_id_search s;
		struct upk_id_hit hit;
		bool found;
		if (ahead > 0)
			upk_ids_prefetch(b->ids, keys[i + ahead], 0);
		upk_ids_search(&s, b->ids, keys[i], 0);
		check(upk_ids_next(&s, &found, &hit, &err), &err);
		hits += found;
	}
	double ns = (seconds() - began) / LOOKUPS * 1e9;
	upk_store_rollback(b->store);
	free(keys);
	if (hits != wanted)
		fprintf(stderr, "bench-ids: %lld found, not %lld\n", (long long)hits,
			(long long)wanted);
	return ns;
}

static void report(struct bench *b, const struct times *t)
{
	int64_t n = b->entries;
	printf("add                         %8.0f ns\n", t->add / (double)n * 1e9);
	printf("spill, merge and commit     %8.0f ns an entry (longest step %.1f ms)\n",
		t->spill / (double)n * 1e9, t->longest * 1e3);
	printf("find among the newest       %8.0f ns, %.0f with prefetch\n",
		find(b, n - 500000, n, 0, LOOKUPS), find(b, n - 500000, n, AHEAD, LOOKUPS));
	printf("find a new id               %8.0f ns, %.0f with prefetch\n",
		find(b, n * 10, n * 20, 0, 0), find(b, n * 10, n * 20, AHEAD, 0));
	printf("find among all              %8.0f ns, %.0f with prefetch\n",
		find(b, 1, n, 0, LOOKUPS), find(b, 1, n, AHEAD, LOOKUPS));
}

static void restart(struct bench *b)
{
	struct upk_error err = { 0 };
	upk_ids_close(b->ids);
	upk_store_close(b->store);
	open_store(b);
	double began = seconds();
	b->ids = upk_ids_open(b->store, NULL, &err);
	check(b->ids, &err);
	printf("restart                     %8.1f ms\n", (seconds() - began) * 1e3);
	int64_t n = b->entries;
	printf("find a new id, restarted    %8.0f ns, %.0f with prefetch\n",
		find(b, n * 10, n * 20, 0, 0), find(b, n * 10, n * 20, AHEAD, 0));
}

static void make(struct bench *b)
{
	struct upk_error err = { 0 };
	snprintf(b->folder, sizeof b->folder, "%s/bench-ids-XXXXXX",
		access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp");
	check(mkdtemp(b->folder) || upk_fail(&err, UPK_IO, "no folder"), &err);
	open_store(b);
	const struct upk_model_row model = { .name = upk_text_of("m"),
		.config = upk_text_of("{}"),
		.learnt = upk_text_of("{}"),
		.created = 1 };
	check(upk_store_begin(b->store, &err), &err);
	check(upk_model_insert(b->store, &model, &b->model, &err), &err);
	check(upk_store_commit(b->store, &err), &err);
	b->ids = upk_ids_open(b->store, NULL, &err);
	check(b->ids, &err);
}

static void finish(struct bench *b)
{
	static const char *const names[] = { "upkeepd.db", "upkeepd.db-wal", "upkeepd.db-shm",
		"lock", "committed" };
	upk_ids_close(b->ids);
	upk_store_close(b->store);
	for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
		char path[128];
		snprintf(path, sizeof path, "%s/%s", b->folder, names[i]);
		(void)unlink(path);
	}
	(void)rmdir(b->folder);
}

int main(int argc, char **argv)
{
	struct bench b = { .entries = argc > 1 ? atoll(argv[1]) : 10000000 };
	struct times times = { 0 };
	if (b.entries < 1000000) {
		fprintf(stderr, "bench-ids: at least 1000000 entries\n");
		return 1;
	}
	upk_random_seed(&b.random, 1);
	make(&b);
	for (int64_t i = 1; i + POST <= b.entries + 1; i += POST)
		add_post(&b, i, &times);
	report(&b, &times);
	restart(&b);
	finish(&b);
	return 0;
}
