/* Label delays in logarithmic buckets, so that quantiles can be had and pairs taken out again. */
#ifndef UPK_ENGINE_DELAYS_H
#define UPK_ENGINE_DELAYS_H

#include <stdint.h>

/* Buckets grow by a factor 1.02, so that a quantile is within 1 % (as in DDSketch, Masson, Rim and
 * Lee 2019); delays of 0 ms or less have one of their own. From 1 ms to 500 years. */
enum { UPK_DELAYS_BUCKETS = 1560 };

struct upk_delays {
	uint64_t total;
	uint32_t buckets[UPK_DELAYS_BUCKETS];
};

void upk_delays_add(struct upk_delays *d, int64_t ms);
void upk_delays_remove(struct upk_delays *d, int64_t ms);

/* Seconds; NAN when empty. q in 0..1. */
double upk_delays_quantile(const struct upk_delays *d, double q);

#endif
