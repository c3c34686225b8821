#include "windows/score_ring.h"

#include <stdlib.h>
#include <string.h>

#include "store/place.h"
#include "windows/tags.h"

enum { PIECE = 20000 }; /* places a scan */

struct held {
	int64_t place;
	int64_t time; /* INT64_MIN: the pair is no more */
	uint16_t actual;
	bool single; /* it came with the score of one class of two */
	upk_tag tag; /* of the ring's own */
};

struct upk_score_ring {
	struct upk_tags tags;
	int positive;
	size_t classes;        /* columns of scores; 0: nothing was read yet */
	int64_t from, through; /* all of these places are here; through < from: none */
	size_t count, capacity;
	struct held *held; /* (capacity), by place */
	double *scores;    /* (capacity, classes) */
};

struct reading {
	struct upk_score_ring *ring;
	const struct upk_score_ring_want *want;
	struct upk_error *err;
	bool failed;
};

struct upk_score_ring *upk_score_ring_create(void)
{
	return calloc(1, sizeof(struct upk_score_ring));
}

static void clear(struct upk_score_ring *r)
{
	free(r->held);
	free(r->scores);
	upk_tags_finish(&r->tags);
	*r = (struct upk_score_ring){ 0 };
}

void upk_score_ring_destroy(struct upk_score_ring *r)
{
	if (!r)
		return;
	clear(r);
	free(r);
}

static size_t most_pairs(size_t classes)
{
	return UPK_SCORE_RING_BYTES / (sizeof(struct held) + classes * sizeof(double));
}

/* An eighth of it may lie behind the window, or as much again be waiting to be dropped. */
bool upk_score_ring_fits(const struct upk_schema *schema, size_t pairs)
{
	return pairs <= most_pairs(upk_scores_columns(schema)) / 4 * 3;
}

/* The first that is not before the place. */
static size_t search(const struct upk_score_ring *r, int64_t place)
{
	size_t low = 0, high = r->count;
	while (low < high) {
		size_t middle = low + (high - low) / 2;
		if (r->held[middle].place < place)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

static struct held *find(struct upk_score_ring *r, int64_t place)
{
	size_t i = r ? search(r, place) : 0;
	return r && i < r->count && r->held[i].place == place ? &r->held[i] : NULL;
}

void upk_score_ring_revise(struct upk_score_ring *r, int64_t place, uint16_t actual)
{
	struct held *held = find(r, place);
	if (held)
		held->actual = actual;
}

void upk_score_ring_remove(struct upk_score_ring *r, int64_t place)
{
	struct held *held = find(r, place);
	if (held)
		held->time = INT64_MIN;
}

/* Half of what is too old stays: a window that loses pairs takes older ones in. */
static void trim(struct upk_score_ring *r, int64_t oldest)
{
	size_t old = search(r, oldest);
	if (old < 64 || old < r->count / 4)
		return;
	size_t gone = old / 2;
	r->count -= gone;
	r->from = r->held[gone - 1].place + 1;
	memmove(r->held, r->held + gone, r->count * sizeof *r->held);
	memmove(r->scores, r->scores + gone * r->classes,
		r->count * r->classes * sizeof *r->scores);
}

static bool make_room(struct upk_score_ring *r, struct upk_error *err)
{
	if (r->count < r->capacity)
		return true;
	if (r->count >= most_pairs(r->classes))
		return upk_fail(err, UPK_TOO_LARGE, "more than the scores of %zu pairs", r->count);
	size_t capacity = r->capacity ? r->capacity * 2 : 256;
	struct held *held = realloc(r->held, capacity * sizeof *held);
	double *scores = NULL;
	if (held) {
		r->held = held;
		scores = realloc(r->scores, capacity * r->classes * sizeof *scores);
	}
	if (!scores)
		return upk_fail(err, UPK_NOMEM, "no memory for the scores of %zu pairs", capacity);
	r->scores = scores;
	r->capacity = capacity;
	return true;
}

static bool take(void *context, const struct upk_known_row *row)
{
	struct reading *reading = context;
	struct upk_score_ring *r = reading->ring;
	const struct upk_schema *schema = reading->want->schema;
	upk_tag tag;
	if (!upk_scores_usable(schema, row))
		return true;
	reading->failed = !make_room(r, reading->err) ||
		!upk_tags_of(&r->tags, row->version, &tag, reading->err);
	if (reading->failed)
		return false;
	int actual = upk_schema_class(schema, row->actual);
	r->held[r->count] = (struct held){
		.place = row->place.place,
		.time = row->place.time,
		.actual = actual < 0 ? UINT16_MAX : (uint16_t)actual,
		.single = !row->scores,
		.tag = tag,
	};
	upk_scores_spread(schema, row, &r->scores[r->count * r->classes]);
	r->count++;
	return true;
}

static bool extend(struct upk_score_ring *r, struct upk_store *store,
	const struct upk_score_ring_want *want, const struct upk_scores_range *range,
	struct upk_error *err)
{
	struct reading reading = { r, want, err, false };
	struct upk_scan fresh = {
		.model = range->model,
		.as_of = INT64_MAX,
		.what = UPK_SCAN_SCORES,
		.pairs_only = true,
	};
	while (r->through < range->last_place) {
		int64_t left = range->last_place - r->through;
		fresh.from = r->through + 1;
		fresh.to = fresh.from + (left < PIECE ? left : PIECE);
		if (!upk_place_scan(store, &fresh, take, &reading, err) || reading.failed)
			return false;
		r->through = fresh.to - 1;
	}
	return true;
}

/* Where there are more than two, the score of one class says too little: such pairs go. */
static bool widen(struct upk_score_ring *r, size_t classes, struct upk_error *err)
{
	size_t kept = 0, was = r->classes;
	double *scores = calloc(r->capacity + 1, classes * sizeof *scores);
	if (!scores)
		return upk_fail(err, UPK_NOMEM, "no memory for the scores of another class");
	for (size_t i = 0; i < r->count; i++) {
		if (r->held[i].single)
			continue;
		r->held[kept] = r->held[i];
		memcpy(&scores[kept * classes], &r->scores[i * was], was * sizeof *scores);
		kept++;
	}
	free(r->scores);
	r->scores = scores;
	r->count = kept;
	r->classes = classes;
	return true;
}

/* Places before `from` are read again with all others: that is rare, as trim leaves some. */
static bool follow(
	struct upk_score_ring *r, const struct upk_score_ring_want *want, struct upk_error *err)
{
	size_t classes = upk_scores_columns(want->schema);
	if (classes < r->classes || r->classes == 0 || r->positive != want->schema->positive ||
		want->oldest < r->from) {
		clear(r);
		r->positive = want->schema->positive;
		r->classes = classes;
		r->from = want->oldest;
		r->through = want->oldest - 1;
	}
	trim(r, want->oldest);
	return classes == r->classes || widen(r, classes, err);
}

bool upk_score_ring_fill(struct upk_score_ring *r, struct upk_store *store,
	const struct upk_score_ring_want *want, const struct upk_scores_range *range,
	struct upk_error *err)
{
	if (follow(r, want, err) && extend(r, store, want, range, err))
		return true;
	clear(r);
	return false;
}

static bool copy(const struct upk_score_ring *r, const struct upk_scores_range *range, upk_tag tag,
	struct upk_score_copy *out, struct upk_error *err)
{
	size_t first = search(r, range->first_place);
	if (!upk_score_copy_begin(out, r->count - first, r->classes, r->positive, err))
		return false;
	for (size_t i = first; i < r->count; i++)
		if (r->held[i].time > range->after && r->held[i].tag == tag)
			upk_score_copy_add(out, r->held[i].actual, &r->scores[i * r->classes]);
	return true;
}

bool upk_score_ring_copy(struct upk_score_ring *r, struct upk_store *store,
	const struct upk_score_ring_want *want, const struct upk_scores_range *range,
	const struct upk_made_by *made_by, struct upk_score_copy *out, struct upk_error *err)
{
	upk_tag tag;
	out->n = 0;
	if (range->last_place == 0)
		return true;
	return upk_score_ring_fill(r, store, want, range, err) &&
		upk_tags_of(&r->tags, *made_by, &tag, err) && copy(r, range, tag, out, err);
}
