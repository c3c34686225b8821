#include "core/repair.h"

static const int64_t least_ns = 1000000000, most_ns = 32 * INT64_C(1000000000);

bool upk_repair_due(const struct upk_repair *r, int64_t now)
{
	return now >= r->at;
}

void upk_repair_put_off(struct upk_repair *r, int64_t now)
{
	r->at = now + r->pause;
	r->pause = r->pause == 0 ? least_ns : r->pause < most_ns ? r->pause * 2 : most_ns;
}

void upk_repair_end(struct upk_repair *r)
{
	*r = (struct upk_repair){ 0 };
}
