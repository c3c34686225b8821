/* A champion's record: its pairs since it came into use, and whether its hit rate has changed. */
#ifndef UPK_METRICS_RECORD_H
#define UPK_METRICS_RECORD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "metrics/confusion.h"

/* Formulas and constants: docs/policy.md section 1. Keeps the first 2,000 pairs (the reference; more
 * while the rarer class has too few trials among them) and the last 4,000 (suffixes and splits); memory is bounded and small until pairs come.
 * Thread: one at a time. */
struct upk_record;

enum { UPK_RECORD_FIRST = 2000, UPK_RECORD_LAST = 4000, UPK_RECORD_EVERY = 10 };
enum { UPK_RECORD_FIRST_RARE = 20000 }; /* at most, of the rarer class's stream alone */
enum { UPK_RECORD_SHORTEST = 40 }; /* pairs of the shortest suffix: no change is seen on fewer */

enum upk_record_stream {
	UPK_STREAM_ALL,   /* a trial is a pair, a success a hit */
	UPK_STREAM_CLASS, /* two classes: trials are pairs whose label or prediction is the rarer
			     class, successes those where both are */
	UPK_STREAMS,
};

/* `rarer` is the rarer class by labels so far, -1 when there are not two classes. `holdout` (NULL:
 * none) is added to the reference: a version 1's, as its twin scored it; it is copied.
 * NULL: UPK_NOMEM. */
struct upk_record *upk_record_create(
	int rarer, const struct upk_confusion *holdout, struct upk_error *err);
void upk_record_destroy(struct upk_record *r); /* NULL is fine */

/* The next pair, by place (greater than all before). false: UPK_NOMEM, record unchanged. */
bool upk_record_add(struct upk_record *r, int64_t place, struct upk_pair pair, struct upk_error *err);

/* The label of the pair at `place` is another now. A pair that is in neither part kept changes
 * nothing. */
void upk_record_revise(struct upk_record *r, int64_t place, uint16_t actual);

/* The pair at `place` is no more: it leaves the parts that keep it, and no other takes its seat among the
 * first. One that neither part keeps stays in the number of pairs. */
void upk_record_remove(struct upk_record *r, int64_t place);

/* A record as it was, out of what was kept of it: the first pairs in order, then the last ones, then how
 * many there are. What the parts have in common is given to both. */
bool upk_record_recall_first(
	struct upk_record *r, int64_t place, struct upk_pair pair, struct upk_error *err);
bool upk_record_recall_last(
	struct upk_record *r, int64_t place, struct upk_pair pair, struct upk_error *err);
void upk_record_recall_pairs(struct upk_record *r, uint64_t pairs);

/* Place of the oldest of the last pairs; 0: there is none. */
int64_t upk_record_last_start(const struct upk_record *r);

uint64_t upk_record_pairs(const struct upk_record *r); /* since it began, holdout not counted */

/* Place of the first pair; 0 when there is none. */
int64_t upk_record_start(const struct upk_record *r);

/* The i-th of the first pairs (i < upk_record_firsts); of those from UPK_RECORD_FIRST on only the
 * rarer class's stream takes account. */
size_t upk_record_firsts(const struct upk_record *r);
struct upk_pair upk_record_first(const struct upk_record *r, size_t i, int64_t *place);
/* What was added to the reference; NULL: nothing. Lives as long as r. */
const struct upk_confusion *upk_record_holdout(const struct upk_record *r);
/* Grows with each revision and removal of a pair among the first: who caches sums of them begins anew. */
uint64_t upk_record_revisions(const struct upk_record *r);

/* What the likelihood ratio test says of one suffix against the reference. */
struct upk_change {
	enum upk_record_stream stream;
	double l, limit;     /* l > limit: the champion has fallen */
	uint64_t k, n;       /* suffix: successes, trials */
	uint64_t k_r, n_r;   /* reference: the same */
	size_t suffix;       /* pairs in the suffix */
	int64_t place;       /* of the suffix's first pair; after upk_record_change the change point c */
};

/* For one stream the suffix of the fixed lengths with the greatest L. false: none qualifies (too
 * few trials, or no fall). O(lengths). */
bool upk_record_strongest(
	const struct upk_record *r, enum upk_record_stream stream, struct upk_change *out);

/* Over both streams: the one furthest above its limit (L - limit), with the change point: the split
 * with the greatest L among the finer offsets. false: no stream is above its limit. */
bool upk_record_change(const struct upk_record *r, struct upk_change *out);

#endif
