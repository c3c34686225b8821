/* What time it is: the system's clock, or one that a test owns. */
#ifndef UPK_BASE_CLOCK_H
#define UPK_BASE_CLOCK_H

#include <stdint.h>

/* now returns milliseconds since 1970 UTC and may be called from any thread. */
struct upk_clock {
	int64_t (*now)(const struct upk_clock *clock);
};

/* CLOCK_REALTIME. Static; nothing to free. */
const struct upk_clock *upk_clock_system(void);

int64_t upk_clock_now(const struct upk_clock *clock);

/* CLOCK_MONOTONIC in nanoseconds, for measuring how long something took. */
int64_t upk_clock_monotonic_ns(void);

#endif
