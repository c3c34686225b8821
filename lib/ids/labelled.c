#include "ids/labelled.h"

#include <stdlib.h>
#include <string.h>

#include "store/remove.h"

enum {
	CHUNK = 65536,   /* sequence numbers of a chunk */
	AT_ONCE = 32768, /* labels that are read in a row: a few milliseconds */
};

void upk_labelled_finish(struct upk_labelled *l)
{
	for (size_t i = 0; i < l->count; i++)
		free(l->chunks[i]);
	free(l->chunks);
	*l = (struct upk_labelled){ 0 };
}

void upk_labelled_start(struct upk_labelled *l, int64_t after)
{
	int64_t first = (after + 1) / CHUNK;
	if (after < l->after || first < l->first || l->seen == 0) {
		upk_labelled_finish(l);
		l->after = l->seen = after;
		l->first = first;
	}
	size_t passed = (size_t)(first - l->first);
	if (passed > l->count)
		passed = l->count;
	for (size_t i = 0; i < passed; i++)
		free(l->chunks[i]);
	l->count -= passed;
	if (passed > 0 && l->count > 0)
		memmove(l->chunks, &l->chunks[passed], l->count * sizeof *l->chunks);
	l->first = first;
}

/* The chunk's number counts from the first. */
static bool reach(struct upk_labelled *l, size_t chunk)
{
	if (chunk >= l->count) {
		size_t count = chunk + 1;
		uint64_t **chunks = realloc(l->chunks, count * sizeof *chunks);
		if (!chunks)
			return false;
		for (size_t i = l->count; i < count; i++)
			chunks[i] = NULL;
		l->chunks = chunks;
		l->count = count;
	}
	if (!l->chunks[chunk])
		l->chunks[chunk] = calloc(CHUNK / 64, sizeof **l->chunks);
	return l->chunks[chunk] != NULL;
}

struct reading {
	struct upk_labelled *l;
	int64_t rows;
	bool failed;
};

static bool note(void *context, int64_t seq, int64_t event)
{
	struct reading *r = context;
	int64_t chunk = event / CHUNK - r->l->first;
	if (event != 0 && event < seq && chunk >= 0) {
		r->failed = !reach(r->l, (size_t)chunk);
		if (r->failed)
			return false;
		r->l->chunks[chunk][event % CHUNK / 64] |= UINT64_C(1) << (event % 64);
	}
	r->l->seen = seq;
	r->rows++;
	return true;
}

bool upk_labelled_follow(struct upk_labelled *l, struct upk_store *store, int64_t to, bool *done,
	struct upk_error *err)
{
	struct reading r = { .l = l };
	const struct upk_links links = { .after = l->seen, .to = to, .most = AT_ONCE };
	if (!upk_label_links(store, &links, note, &r, err))
		return false;
	if (r.failed)
		return upk_fail(err, UPK_NOMEM, "no memory for which events have labels");
	*done = r.rows < AT_ONCE;
	if (*done && l->seen < to)
		l->seen = to;
	return true;
}

bool upk_labelled_has(const struct upk_labelled *l, int64_t event)
{
	int64_t chunk = event / CHUNK - l->first;
	return chunk >= 0 && (size_t)chunk < l->count && l->chunks[chunk] &&
		(l->chunks[chunk][event % CHUNK / 64] >> (event % 64) & 1) != 0;
}
