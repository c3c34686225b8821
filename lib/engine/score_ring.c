#include "engine/score_ring.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "store/place.h"

struct held {
	int64_t place;
	int64_t time; /* INT64_MIN: the pair is no more */
	uint16_t actual;
};

struct upk_score_ring {
	upk_tag tag;
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
	enum upk_code failure;
};

struct upk_score_ring *upk_score_ring_create(void)
{
	return calloc(1, sizeof(struct upk_score_ring));
}

static void clear(struct upk_score_ring *r)
{
	free(r->held);
	free(r->scores);
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

static enum upk_code make_room(struct upk_score_ring *r)
{
	if (r->count < r->capacity)
		return UPK_OK;
	if (r->count >= most_pairs(r->classes))
		return UPK_TOO_LARGE;
	size_t capacity = r->capacity ? r->capacity * 2 : 256;
	struct held *held = realloc(r->held, capacity * sizeof *held);
	if (!held)
		return UPK_NOMEM;
	r->held = held;
	double *scores = realloc(r->scores, capacity * r->classes * sizeof *scores);
	if (!scores)
		return UPK_NOMEM;
	r->scores = scores;
	r->capacity = capacity;
	return UPK_OK;
}

static bool take(void *context, const struct upk_known_row *row)
{
	struct reading *reading = context;
	struct upk_score_ring *r = reading->ring;
	const struct upk_score_ring_want *want = reading->want;
	if (!upk_scores_usable(want->schema, &want->made_by, row))
		return true;
	reading->failure = make_room(r);
	if (reading->failure != UPK_OK)
		return false;
	int actual = upk_schema_class(want->schema, row->actual);
	r->held[r->count] = (struct held){
		.place = row->place.place,
		.time = row->place.time,
		.actual = actual < 0 ? UINT16_MAX : (uint16_t)actual,
	};
	upk_scores_spread(want->schema, row, &r->scores[r->count * r->classes]);
	r->count++;
	return true;
}

static bool extend(struct upk_score_ring *r, struct upk_store *store,
	const struct upk_score_ring_want *want, const struct upk_scores_range *range,
	struct upk_error *err)
{
	struct reading reading = { r, want, UPK_OK };
	const struct upk_scan fresh = {
		.model = range->model,
		.from = r->through + 1,
		.to = range->last_place + 1,
		.as_of = INT64_MAX,
		.what = UPK_SCAN_SCORES,
		.pairs_only = true,
	};
	if (fresh.from >= fresh.to)
		return true;
	if (!upk_place_scan(store, &fresh, take, &reading, err))
		return false;
	if (reading.failure != UPK_OK)
		return upk_fail(
			err, reading.failure, "no room for the scores of %zu pairs", r->count);
	r->through = range->last_place;
	return true;
}

/* Places before `from` are read again with all others: that is rare, as trim leaves some. */
static void follow(struct upk_score_ring *r, const struct upk_score_ring_want *want)
{
	size_t classes = upk_scores_columns(want->schema);
	if (r->classes != classes || r->tag != want->tag || r->positive != want->schema->positive ||
		want->oldest < r->from) {
		clear(r);
		r->tag = want->tag;
		r->positive = want->schema->positive;
		r->classes = classes;
		r->from = want->oldest;
		r->through = want->oldest - 1;
	}
	trim(r, want->oldest);
}

static bool compute(const struct upk_score_ring *r, const struct upk_scores_range *range,
	const char *name, double *value, struct upk_error *err)
{
	size_t first = search(r, range->first_place), most = r->count - first;
	struct upk_scored scored = { .classes = r->classes, .positive = r->positive };
	uint16_t *actual = malloc((most + 1) * sizeof *actual);
	double *scores = malloc((most + 1) * r->classes * sizeof *scores);
	bool done = actual && scores;
	for (size_t i = first; done && i < r->count; i++) {
		if (r->held[i].time <= range->after)
			continue;
		actual[scored.n] = r->held[i].actual;
		memcpy(&scores[scored.n * r->classes], &r->scores[i * r->classes],
			r->classes * sizeof *scores);
		scored.n++;
	}
	scored.actual = actual;
	scored.scores = scores;
	done = done ? upk_score_metric(&scored, name, value, err)
		    : upk_fail(err, UPK_NOMEM, "no memory for the scores of %zu pairs", most);
	free(actual);
	free(scores);
	return done;
}

bool upk_score_ring_read(struct upk_score_ring *r, struct upk_store *store,
	const struct upk_score_ring_want *want, const struct upk_scores_range *range,
	const char *name, double *value, struct upk_error *err)
{
	if (range->last_place == 0) {
		*value = NAN;
		return true;
	}
	follow(r, want);
	if (extend(r, store, want, range, err) && compute(r, range, name, value, err))
		return true;
	clear(r);
	return false;
}
