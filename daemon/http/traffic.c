#include "http/traffic.h"

bool upk_traffic_take(struct upk_traffic *t, size_t held, size_t size)
{
	size_t limit = UPK_TRAFFIC_BYTES;

	if (held + size > UPK_TRAFFIC_SMALL)
		limit -= UPK_TRAFFIC_KEPT;
	if (atomic_fetch_add(&t->bytes, size) + size <= limit)
		return true;
	atomic_fetch_sub(&t->bytes, size);
	atomic_store(&t->refused, true);
	return false;
}

bool upk_traffic_refused(struct upk_traffic *t)
{
	return atomic_exchange(&t->refused, false);
}

void upk_traffic_give_back(struct upk_traffic *t, size_t size)
{
	if (size > 0)
		atomic_fetch_sub(&t->bytes, size);
}
