/* Label delays in logarithmic buckets, so that quantiles can be had and pairs taken out again. */
#ifndef UPK_WINDOWS_DELAYS_H
#define UPK_WINDOWS_DELAYS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"

/* Buckets grow by a factor 1.02, so that a quantile is within 1 % (as in DDSketch, Masson, Rim and
 * Lee 2019); delays of 0 ms or less have one of their own, 0. From 1 ms to 500 years. */
enum { UPK_DELAYS_BUCKETS = 1560, UPK_DELAYS_PAGE = 64, UPK_DELAYS_PAGES = 25 };

/* Starts as { 0 }. Memory: none while all delays are 0, then 200 bytes and 256 for each page of
 * buckets that has been used (a factor 3.5 of delays); at most 2^32 - 1 pairs a bucket.
 * Thread: the writer changes it; readers hold the model's lock. */
struct upk_delays {
	uint64_t total, none; /* none: of bucket 0 */
	uint32_t **pages;     /* (UPK_DELAYS_PAGES), NULL where nothing was added */
};

void upk_delays_finish(struct upk_delays *d);

uint16_t upk_delays_bucket(int64_t ms);

/* The next add to the bucket can't fail. false: UPK_NOMEM. */
bool upk_delays_room(struct upk_delays *d, uint16_t bucket, struct upk_error *err);
void upk_delays_add(struct upk_delays *d, uint16_t bucket);
void upk_delays_remove(struct upk_delays *d, uint16_t bucket);

/* Seconds; NAN when empty. q in 0..1. */
double upk_delays_quantile(const struct upk_delays *d, double q);

#endif
