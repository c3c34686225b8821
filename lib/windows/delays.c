#include "windows/delays.h"

#include <math.h>
#include <stddef.h>
#include <stdlib.h>

static const double growth = 1.02;

void upk_delays_finish(struct upk_delays *d)
{
	for (size_t i = 0; d->pages && i < UPK_DELAYS_PAGES; i++)
		free(d->pages[i]);
	free(d->pages);
	*d = (struct upk_delays){ 0 };
}

uint16_t upk_delays_bucket(int64_t ms)
{
	if (ms <= 0)
		return 0;
	size_t bucket = 1 + (size_t)(log((double)ms) / log(growth));
	return (uint16_t)(bucket < UPK_DELAYS_BUCKETS ? bucket : UPK_DELAYS_BUCKETS - 1);
}

bool upk_delays_room(struct upk_delays *d, uint16_t bucket, struct upk_error *err)
{
	if (bucket == 0)
		return true;
	if (!d->pages)
		d->pages = calloc(UPK_DELAYS_PAGES, sizeof *d->pages);
	uint32_t **page = d->pages ? &d->pages[bucket / UPK_DELAYS_PAGE] : NULL;
	if (page && !*page)
		*page = calloc(UPK_DELAYS_PAGE, sizeof **page);
	return (page && *page) || upk_fail(err, UPK_NOMEM, "no memory for label delays");
}

void upk_delays_add(struct upk_delays *d, uint16_t bucket)
{
	d->total++;
	if (bucket == 0)
		d->none++;
	else
		d->pages[bucket / UPK_DELAYS_PAGE][bucket % UPK_DELAYS_PAGE]++;
}

void upk_delays_remove(struct upk_delays *d, uint16_t bucket)
{
	d->total--;
	if (bucket == 0)
		d->none--;
	else
		d->pages[bucket / UPK_DELAYS_PAGE][bucket % UPK_DELAYS_PAGE]--;
}

/* The bucket of the pair with this rank, from 1, which is above d->none. */
static size_t bucket_at(const struct upk_delays *d, uint64_t rank)
{
	uint64_t seen = d->none;
	for (size_t i = 0; i < UPK_DELAYS_PAGES; i++) {
		for (size_t j = 0; d->pages[i] && j < UPK_DELAYS_PAGE; j++) {
			seen += d->pages[i][j];
			if (seen >= rank)
				return i * UPK_DELAYS_PAGE + j;
		}
	}
	return UPK_DELAYS_BUCKETS - 1;
}

double upk_delays_quantile(const struct upk_delays *d, double q)
{
	if (d->total == 0)
		return NAN;

	uint64_t rank = (uint64_t)(q * (double)(d->total - 1)) + 1;
	if (rank <= d->none)
		return 0;
	return pow(growth, (double)bucket_at(d, rank) - 0.5) / 1000;
}
