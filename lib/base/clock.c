#include "base/clock.h"

#include <time.h>

/* clock_gettime cannot fail for these two clocks, which Linux always has. */
static int64_t nanoseconds(clockid_t id)
{
	struct timespec now;
	clock_gettime(id, &now);
	return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

static int64_t system_now(const struct upk_clock *clock)
{
	(void)clock;
	return nanoseconds(CLOCK_REALTIME) / 1000000;
}

const struct upk_clock *upk_clock_system(void)
{
	static const struct upk_clock system_clock = { .now = system_now };
	return &system_clock;
}

int64_t upk_clock_now(const struct upk_clock *clock)
{
	return clock->now(clock);
}

int64_t upk_clock_monotonic_ns(void)
{
	return nanoseconds(CLOCK_MONOTONIC);
}
