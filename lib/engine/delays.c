#include "engine/delays.h"

#include <math.h>
#include <stddef.h>

static const double growth = 1.02;

static size_t bucket_of(int64_t ms)
{
	if (ms <= 0)
		return 0;
	size_t bucket = 1 + (size_t)(log((double)ms) / log(growth));
	return bucket < UPK_DELAYS_BUCKETS ? bucket : UPK_DELAYS_BUCKETS - 1;
}

void upk_delays_add(struct upk_delays *d, int64_t ms)
{
	d->buckets[bucket_of(ms)]++;
	d->total++;
}

void upk_delays_remove(struct upk_delays *d, int64_t ms)
{
	d->buckets[bucket_of(ms)]--;
	d->total--;
}

double upk_delays_quantile(const struct upk_delays *d, double q)
{
	if (d->total == 0)
		return NAN;

	uint64_t rank = (uint64_t)(q * (double)(d->total - 1)) + 1;
	size_t bucket = 0;
	for (uint64_t seen = d->buckets[0]; seen < rank; seen += d->buckets[bucket])
		bucket++;
	if (bucket == 0)
		return 0;
	return pow(growth, (double)bucket - 0.5) / 1000;
}
