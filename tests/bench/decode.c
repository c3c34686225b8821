/* decode [ITEMS [ROUNDS [WORK]]]: events and labels from NDJSON to a decoded batch, one core,
 * beside cJSON on the same lines. Prints the best of the rounds, which alternate. */
#include <inttypes.h>
#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <cjson/cJSON.h>

#include "base/buffer.h"
#include "base/number.h"
#include "base/random.h"
#include "items/batch.h"

enum { ITEMS_A_BODY = 1000, STEP = 16238, FEATURES = 10 };

static const int64_t now = INT64_C(1767261600000);

/* What is measured: lines of one form. */
struct work {
	const char *name;
	enum upk_item_kind kind;
	void (*put)(struct upk_random *r, struct upk_buffer *out, int i);
	struct upk_buffer body;
	size_t *ends;        /* of each body of ITEMS_A_BODY lines */
	double ours, theirs; /* best seconds */
};

static void put_id(struct upk_random *r, struct upk_buffer *out)
{
	uint64_t a = upk_random_next(r), b = upk_random_next(r);
	upk_buffer_printf(out, "{\"id\":\"%08x-%04x-4%03x-a%03x-%012" PRIx64 "\"",
		(unsigned)(a >> 32), (unsigned)(a >> 16 & 0xffff), (unsigned)(a >> 4 & 0xfff),
		(unsigned)(b >> 52), b & 0xffffffffffff);
}

static double rounded(double x, double steps)
{
	return (double)(int64_t)(x * steps) / steps;
}

static void put_event(
	struct upk_random *r, struct upk_buffer *out, int i, bool by_name, double steps)
{
	char number[UPK_NUMBER_SIZE];
	put_id(r, out);
	upk_number_print(rounded(upk_random_unit(r), 1e4), number);
	upk_buffer_printf(out,
		",\"timestamp\":\"2026-01-01T09:%02d:%02d.%03dZ\",\"predicted\":\"%s\",\"score\":%"
		"s,\"features\":%c",
		i / 60 % 60, i % 60, i % 1000, i % 3 ? "ham" : "spam", number, by_name ? '{' : '[');
	for (int f = 0; f < FEATURES; f++) {
		upk_number_print(rounded(8 * upk_random_unit(r) - 4, steps), number);
		if (by_name)
			upk_buffer_printf(out, "%s\"f%d\":%s", f ? "," : "", f, number);
		else
			upk_buffer_printf(out, "%s%s", f ? "," : "", number);
	}
	upk_buffer_putc(out, by_name ? '}' : ']');
	if (i % 2)
		upk_buffer_printf(out, ",\"label\":\"%s\"", i % 5 ? "ham" : "spam");
	upk_buffer_puts(out, "}\n");
}

static void put_short(struct upk_random *r, struct upk_buffer *out, int i)
{
	put_event(r, out, i, false, 1e4);
}

static void put_long(struct upk_random *r, struct upk_buffer *out, int i)
{
	put_event(r, out, i, false, 0x1p40);
}

static void put_named(struct upk_random *r, struct upk_buffer *out, int i)
{
	put_event(r, out, i, true, 1e4);
}

static void put_label(struct upk_random *r, struct upk_buffer *out, int i)
{
	put_id(r, out);
	upk_buffer_printf(out, ",\"label\":\"%s\"}\n", i % 5 ? "ham" : "spam");
}

static void must(bool holds, const char *what)
{
	if (holds)
		return;
	fprintf(stderr, "decode: %s\n", what);
	exit(1);
}

static void make(struct work *w, size_t bodies)
{
	struct upk_random r;
	upk_random_seed(&r, 1);
	w->ends = calloc(bodies, sizeof *w->ends);
	must(w->ends, "no memory");
	for (size_t b = 0; b < bodies; b++) {
		for (int i = 0; i < ITEMS_A_BODY; i++)
			w->put(&r, &w->body, i);
		w->ends[b] = w->body.size;
	}
	must(!w->body.failed, "no memory");
	w->ours = w->theirs = 1e9;
}

/* Of this thread, so that others on the machine count little. */
static double cpu_seconds(void)
{
	struct timespec t;
	must(clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t) == 0, "no clock");
	return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

static void decode_all(struct work *w, size_t bodies, struct upk_schema *s)
{
	double begin = cpu_seconds();
	for (size_t b = 0, at = 0; b < bodies; b++) {
		struct upk_batch *batch = upk_batch_begin(w->kind, true, s, now, NULL);
		must(batch, "no memory");
		for (size_t size; at < w->ends[b]; at += size) {
			size = w->ends[b] - at < STEP ? w->ends[b] - at : STEP;
			must(upk_batch_feed(
				     batch, (struct upk_text){ w->body.data + at, size }, NULL),
				"refused");
		}
		must(upk_batch_end(batch, NULL) && batch->count == ITEMS_A_BODY, "refused");
		must(!batch->items[0].error, "an item was refused");
		upk_batch_destroy(batch);
	}
	double s_all = cpu_seconds() - begin;
	w->ours = s_all < w->ours ? s_all : w->ours;
}

static void parse_all(struct work *w)
{
	double begin = cpu_seconds();
	const char *at = w->body.data, *end = at + w->body.size;
	while (at < end) {
		const char *newline = memchr(at, '\n', (size_t)(end - at));
		cJSON *json = cJSON_ParseWithLength(at, (size_t)(newline - at));
		must(json, "cJSON refused a line");
		cJSON_Delete(json);
		at = newline + 1;
	}
	double s_all = cpu_seconds() - begin;
	w->theirs = s_all < w->theirs ? s_all : w->theirs;
}

static struct upk_schema *schema(void)
{
	struct upk_config *c = upk_config_parse(
		upk_text_of(
			"{\"classes\":[\"ham\",\"spam\"],\"positive\":\"spam\",\"features\":["
			"\"f0\",\"f1\",\"f2\",\"f3\",\"f4\",\"f5\",\"f6\",\"f7\",\"f8\",\"f9\"]}"),
		NULL);
	struct upk_schema *s = c ? upk_schema_create(c, NULL, 0, NULL, 0, 1, NULL) : NULL;
	must(s, "no schema");
	upk_config_unref(c);
	return s;
}

int main(int argc, char **argv)
{
	struct work works[] = {
		{ .name = "events", .kind = UPK_ITEM_EVENT, .put = put_short },
		{ .name = "events, 17 digits", .kind = UPK_ITEM_EVENT, .put = put_long },
		{ .name = "events by name", .kind = UPK_ITEM_EVENT, .put = put_named },
		{ .name = "labels", .kind = UPK_ITEM_LABEL, .put = put_label },
	};
	size_t first = argc > 3 ? strtoul(argv[3], NULL, 10) : 0;
	size_t end = argc > 3 ? first + 1 : sizeof works / sizeof *works;
	mallopt(M_MMAP_THRESHOLD, 4 << 20); /* as the daemon does */
	mallopt(M_TRIM_THRESHOLD, 16 << 20);
	size_t bodies = (argc > 1 ? strtoul(argv[1], NULL, 10) : 200000) / ITEMS_A_BODY;
	int rounds = argc > 2 ? atoi(argv[2]) : 5;
	must(end <= sizeof works / sizeof *works, "no such work");
	struct upk_schema *s = schema();
	for (size_t i = first; i < end; i++)
		make(&works[i], bodies);
	for (int round = 0; round < rounds; round++)
		for (size_t i = first; i < end; i++) {
			decode_all(&works[i], bodies, s);
			if (round < 2)
				parse_all(&works[i]);
		}
	printf("%-20s %6s %12s %12s %8s\n", "", "bytes", "items/s", "cJSON", "ratio");
	for (size_t i = first; i < end; i++) {
		struct work *w = &works[i];
		double n = (double)(bodies * ITEMS_A_BODY);
		printf("%-20s %6.0f %12.0f %12.0f %8.2f\n", w->name, (double)w->body.size / n,
			n / w->ours, n / w->theirs, w->theirs / w->ours);
		upk_buffer_finish(&w->body);
		free(w->ends);
	}
	upk_schema_unref(s);
	return 0;
}
