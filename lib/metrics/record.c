#include "metrics/record.h"

#include <math.h>
#include <stdlib.h>

/* Successes and trials of each stream. Sums wrap around after 2^32, which changes no difference of
 * two sums that are at most UPK_RECORD_LAST pairs apart. */
struct sums {
	uint32_t k[UPK_STREAMS], n[UPK_STREAMS];
};

/* `before`: the sums of all pairs before this one, as they are known now. */
struct entry {
	int64_t place;
	struct upk_pair pair;
	struct sums before;
};

struct upk_record {
	int rarer;
	struct upk_confusion *holdout; /* NULL: none */
	struct sums held;              /* the holdout's */
	struct sums all;               /* of all pairs */
	uint64_t pairs;
	uint64_t revisions;

	/* The i-th of the first pairs, from 0, is first[i]; of the last ones, oldest first,
	 * last[(last_at + i) % UPK_RECORD_LAST]. Rooms grow by doubling until those sizes. */
	struct entry *first, *last;
	size_t first_count, last_at, last_count;
	size_t first_room, last_room;
	struct sums firsts; /* of the first pairs */
};

static const size_t lengths[] = { UPK_RECORD_SHORTEST, 70, 120, 200, 320, 500, 800, 1300, 2000 };

enum {
	WANTED_REFERENCE = 60, /* trials in the reference */
	WANTED_SUFFIX = 15,    /* trials in the suffix */
	FINE_FROM = 20,
	FINE_STEP = 10,
	FINE_TO = 190, /* offsets of the finer search: every 10 ... */
	COARSE_FROM = 200,
	COARSES = 40, /* ... and 40 from 200 to UPK_RECORD_LAST */
};

static const double limit_all = 9, limit_per_log_rarity = 1.9, limit_class_least = 3.5;

static void count(struct sums *s, int rarer, struct upk_pair pair, uint32_t by)
{
	bool labelled = pair.actual == rarer, predicted = pair.predicted == rarer;
	s->n[UPK_STREAM_ALL] += by;
	s->k[UPK_STREAM_ALL] += pair.actual == pair.predicted ? by : 0;
	s->n[UPK_STREAM_CLASS] += labelled || predicted ? by : 0;
	s->k[UPK_STREAM_CLASS] += labelled && predicted ? by : 0;
}

static void add_sums(struct sums *s, const struct sums *by)
{
	for (size_t i = 0; i < UPK_STREAMS; i++) {
		s->k[i] += by->k[i];
		s->n[i] += by->n[i];
	}
}

static struct sums holdout_sums(const struct upk_confusion *c, int rarer)
{
	struct sums s = { 0 };
	s.k[UPK_STREAM_ALL] = (uint32_t)upk_confusion_hits(c);
	s.n[UPK_STREAM_ALL] = (uint32_t)upk_confusion_pairs(c);
	if (rarer < 0 || (size_t)rarer >= upk_confusion_classes(c))
		return s;

	size_t class = (size_t)rarer;
	uint64_t hits = upk_confusion_cell(c, class, class);
	s.k[UPK_STREAM_CLASS] = (uint32_t)hits;
	s.n[UPK_STREAM_CLASS] = (uint32_t)(upk_confusion_actual(c, class) +
		upk_confusion_predicted(c, class) - hits);
	return s;
}

struct upk_record *upk_record_create(
	int rarer, const struct upk_confusion *holdout, struct upk_error *err)
{
	struct upk_record *r = malloc(sizeof *r);
	if (!r) {
		upk_fail(err, UPK_NOMEM, "no memory for a record");
		return NULL;
	}
	*r = (struct upk_record){ .rarer = rarer };
	if (!holdout)
		return r;

	r->held = holdout_sums(holdout, rarer);
	r->holdout = upk_confusion_copy(holdout, err);
	if (!r->holdout) {
		free(r);
		return NULL;
	}
	return r;
}

void upk_record_destroy(struct upk_record *r)
{
	if (!r)
		return;
	upk_confusion_destroy(r->holdout);
	free(r->first);
	free(r->last);
	free(r);
}

/* The d-th last pair, 1 <= d <= last_count. */
static struct entry *from_end(const struct upk_record *r, size_t d)
{
	return &r->last[(r->last_at + r->last_count - d) % UPK_RECORD_LAST];
}

/* Room for one entry more, up to `most`. Entries stay where they are: none has wrapped around while
 * there is less room than `most`. */
static bool reserve(
	struct entry **entries, size_t *room, size_t used, size_t most, struct upk_error *err)
{
	if (used < *room || *room == most)
		return true;

	size_t wanted = *room ? 2 * *room : 64;
	if (wanted > most)
		wanted = most;
	struct entry *wider = realloc(*entries, wanted * sizeof *wider);
	if (!wider)
		return upk_fail(err, UPK_NOMEM, "no memory for a record of %zu pairs", wanted);
	*entries = wider;
	*room = wanted;
	return true;
}

static bool reserve_last(struct upk_record *r, struct upk_error *err)
{
	return reserve(&r->last, &r->last_room, r->last_at + r->last_count, UPK_RECORD_LAST, err);
}

static void add_first(struct upk_record *r, int64_t place, struct upk_pair pair)
{
	r->first[r->first_count++] = (struct entry){ place, pair, r->firsts };
	count(&r->firsts, r->rarer, pair, 1);
}

static void add_last(struct upk_record *r, int64_t place, struct upk_pair pair)
{
	if (r->last_count == UPK_RECORD_LAST)
		r->last_at = (r->last_at + 1) % UPK_RECORD_LAST;
	else
		r->last_count++;
	*from_end(r, 1) = (struct entry){ place, pair, r->all };
	count(&r->all, r->rarer, pair, 1);
}

/* As long as they are all that there are. */
static bool takes_first(const struct upk_record *r)
{
	uint32_t trials = r->held.n[UPK_STREAM_CLASS] + r->firsts.n[UPK_STREAM_CLASS];
	bool rare = r->rarer >= 0 && trials < WANTED_REFERENCE;

	return r->first_count < (rare ? UPK_RECORD_FIRST_RARE : UPK_RECORD_FIRST) &&
		r->first_count == r->pairs;
}

bool upk_record_add(
	struct upk_record *r, int64_t place, struct upk_pair pair, struct upk_error *err)
{
	bool first = takes_first(r);
	if ((first && !reserve(&r->first, &r->first_room, r->first_count, UPK_RECORD_FIRST_RARE, err)) ||
		!reserve_last(r, err))
		return false;

	if (first)
		add_first(r, place, pair);
	add_last(r, place, pair);
	r->pairs++;
	return true;
}

bool upk_record_recall_first(
	struct upk_record *r, int64_t place, struct upk_pair pair, struct upk_error *err)
{
	if (r->first_count == UPK_RECORD_FIRST_RARE)
		return true;
	if (!reserve(&r->first, &r->first_room, r->first_count, UPK_RECORD_FIRST_RARE, err))
		return false;
	add_first(r, place, pair);
	return true;
}

bool upk_record_recall_last(
	struct upk_record *r, int64_t place, struct upk_pair pair, struct upk_error *err)
{
	if (!reserve_last(r, err))
		return false;
	add_last(r, place, pair);
	return true;
}

void upk_record_recall_pairs(struct upk_record *r, uint64_t pairs)
{
	r->pairs = pairs;
}

/* Places ascend: the index of `place` among the first pairs, first_count if it is not there. */
static size_t find_first(const struct upk_record *r, int64_t place)
{
	size_t low = 0, high = r->first_count;
	while (low < high) {
		size_t middle = low + (high - low) / 2;
		if (r->first[middle].place < place)
			low = middle + 1;
		else
			high = middle;
	}
	return low < r->first_count && r->first[low].place == place ? low : r->first_count;
}

/* How far from the end `place` is, 0 if it is not among the last pairs. */
static size_t find_last(const struct upk_record *r, int64_t place)
{
	size_t low = 0, high = r->last_count;
	while (low < high) {
		size_t middle = low + (high - low + 1) / 2;
		if (from_end(r, middle)->place >= place)
			low = middle;
		else
			high = middle - 1;
	}
	return low > 0 && from_end(r, low)->place == place ? low : 0;
}

static struct sums difference(int rarer, struct upk_pair from, struct upk_pair to)
{
	struct sums s = { 0 };
	count(&s, rarer, from, UINT32_MAX); /* -1 */
	count(&s, rarer, to, 1);
	return s;
}

static void revise_first(struct upk_record *r, size_t i, uint16_t actual)
{
	struct upk_pair to = { actual, r->first[i].pair.predicted };
	struct sums by = difference(r->rarer, r->first[i].pair, to);
	r->first[i].pair = to;
	while (++i < r->first_count)
		add_sums(&r->first[i].before, &by);
	add_sums(&r->firsts, &by);
	r->revisions++;
}

static void revise_last(struct upk_record *r, size_t d, uint16_t actual)
{
	struct upk_pair to = { actual, from_end(r, d)->pair.predicted };
	struct sums by = difference(r->rarer, from_end(r, d)->pair, to);
	from_end(r, d)->pair = to;
	while (--d > 0)
		add_sums(&from_end(r, d)->before, &by);
	add_sums(&r->all, &by);
}

void upk_record_revise(struct upk_record *r, int64_t place, uint16_t actual)
{
	size_t i = find_first(r, place);
	if (i < r->first_count)
		revise_first(r, i, actual);

	/* A pair that has left the last ones is in every sum there: their differences stay. */
	size_t d = find_last(r, place);
	if (d > 0)
		revise_last(r, d, actual);
}

static struct sums taken_out(int rarer, struct upk_pair pair)
{
	struct sums s = { 0 };
	count(&s, rarer, pair, UINT32_MAX); /* -1 */
	return s;
}

static void remove_first(struct upk_record *r, size_t i)
{
	struct sums by = taken_out(r->rarer, r->first[i].pair);
	r->first_count--;
	for (; i < r->first_count; i++) {
		r->first[i] = r->first[i + 1];
		add_sums(&r->first[i].before, &by);
	}
	add_sums(&r->firsts, &by);
	r->revisions++;
}

static void remove_last(struct upk_record *r, size_t d)
{
	struct sums by = taken_out(r->rarer, from_end(r, d)->pair);
	while (--d > 0) {
		*from_end(r, d + 1) = *from_end(r, d);
		add_sums(&from_end(r, d + 1)->before, &by);
	}
	r->last_count--;
	add_sums(&r->all, &by);
}

void upk_record_remove(struct upk_record *r, int64_t place)
{
	size_t i = find_first(r, place), d = find_last(r, place);
	if (i == r->first_count && d == 0)
		return;
	if (i < r->first_count)
		remove_first(r, i);
	if (d > 0)
		remove_last(r, d);
	r->pairs--;
}

int64_t upk_record_last_start(const struct upk_record *r)
{
	return r->last_count ? from_end(r, r->last_count)->place : 0;
}

size_t upk_record_firsts(const struct upk_record *r)
{
	return r->first_count;
}

uint64_t upk_record_pairs(const struct upk_record *r)
{
	return r->pairs;
}

int64_t upk_record_start(const struct upk_record *r)
{
	return r->first_count ? r->first[0].place : 0;
}

struct upk_pair upk_record_first(const struct upk_record *r, size_t i, int64_t *place)
{
	*place = r->first[i].place;
	return r->first[i].pair;
}

const struct upk_confusion *upk_record_holdout(const struct upk_record *r)
{
	return r->holdout;
}

uint64_t upk_record_revisions(const struct upk_record *r)
{
	return r->revisions;
}

/* The sums of the first m pairs; m <= first_count. */
static struct sums first_sums(const struct upk_record *r, size_t m)
{
	return m < r->first_count ? r->first[m].before : r->firsts;
}

/* n times the divergence of the rates k/n from p, both of Bernoulli trials; 0 ln 0 is 0. */
static double divergence(double k, double n, double p)
{
	double rate = k / n, sum = 0;
	if (k > 0)
		sum += k * log(rate / p);
	if (k < n)
		sum += (n - k) * log((1 - rate) / (1 - p));
	return sum;
}

static double likelihood_ratio(const struct upk_change *c)
{
	double k = (double)c->k, n = (double)c->n, k_r = (double)c->k_r, n_r = (double)c->n_r;
	double p = (k + k_r) / (n + n_r);
	return divergence(k, n, p) + divergence(k_r, n_r, p);
}

static double limit(enum upk_record_stream stream, uint64_t trials, uint64_t pairs)
{
	if (stream == UPK_STREAM_ALL)
		return limit_all;
	double rarity = log((double)trials / (double)pairs);
	return fmax(limit_class_least, limit_all + limit_per_log_rarity * rarity);
}

/* The last d pairs against the reference before them. false: not what is wanted. */
static bool split(
	const struct upk_record *r, enum upk_record_stream stream, size_t d, struct upk_change *out)
{
	if (d > r->last_count)
		return false;

	uint64_t before = r->pairs - d;
	size_t most = stream == UPK_STREAM_CLASS || r->first_count < UPK_RECORD_FIRST
		? r->first_count
		: UPK_RECORD_FIRST;
	size_t m = before < most ? (size_t)before : most;
	const struct entry *start = from_end(r, d);
	struct sums reference = first_sums(r, m);
	add_sums(&reference, &r->held);
	*out = (struct upk_change){
		.stream = stream,
		.k = r->all.k[stream] - start->before.k[stream],
		.n = r->all.n[stream] - start->before.n[stream],
		.k_r = reference.k[stream],
		.n_r = reference.n[stream],
		.suffix = d,
		.place = start->place,
	};
	if (out->n_r < WANTED_REFERENCE || out->n < WANTED_SUFFIX ||
		out->k * out->n_r >= out->k_r * out->n)
		return false;

	out->l = likelihood_ratio(out);
	out->limit = limit(stream, out->n_r, reference.n[UPK_STREAM_ALL]);
	return true;
}

bool upk_record_strongest(
	const struct upk_record *r, enum upk_record_stream stream, struct upk_change *out)
{
	if (stream == UPK_STREAM_CLASS && r->rarer < 0)
		return false;

	bool found = false;
	for (size_t i = 0; i < sizeof lengths / sizeof lengths[0]; i++) {
		struct upk_change one;
		if (split(r, stream, lengths[i], &one) && (!found || one.l > out->l)) {
			*out = one;
			found = true;
		}
	}
	return found;
}

static size_t offset(size_t i)
{
	size_t fine = FINE_FROM + i * FINE_STEP;
	if (fine <= FINE_TO)
		return fine;

	size_t coarse = i - ((FINE_TO - FINE_FROM) / FINE_STEP + 1);
	double share = (double)coarse / (COARSES - 1);
	return (size_t)(COARSE_FROM * pow((double)UPK_RECORD_LAST / COARSE_FROM, share));
}

/* Where the record splits best; the strongest suffix's own start if no offset qualifies. */
static int64_t change_point(const struct upk_record *r, const struct upk_change *strongest)
{
	enum { OFFSETS = (FINE_TO - FINE_FROM) / FINE_STEP + 1 + COARSES };
	int64_t place = strongest->place;
	double best = 0;
	for (size_t i = 0; i < OFFSETS; i++) {
		struct upk_change one;
		if (split(r, strongest->stream, offset(i), &one) && one.l > best) {
			best = one.l;
			place = one.place;
		}
	}
	return place;
}

bool upk_record_change(const struct upk_record *r, struct upk_change *out)
{
	bool found = false;
	for (int stream = 0; stream < UPK_STREAMS; stream++) {
		struct upk_change one;
		if (!upk_record_strongest(r, (enum upk_record_stream)stream, &one) ||
			one.l <= one.limit)
			continue;
		if (!found || one.l - one.limit > out->l - out->limit)
			*out = one;
		found = true;
	}
	if (found)
		out->place = change_point(r, out);
	return found;
}
