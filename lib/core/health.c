#include "core/health.h"

#include "core/core.h"

bool upk_engine_ready(const struct upk_engine *e)
{
	return atomic_load(&e->ready);
}

bool upk_engine_broken(struct upk_engine *e, struct upk_error *err)
{
	bool broken = atomic_load(&e->broken);
	if (broken)
		*err = e->cause;
	return broken;
}
