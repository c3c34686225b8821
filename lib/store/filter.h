/* Which rows of a list are read, the newest first. */
#ifndef UPK_STORE_FILTER_H
#define UPK_STORE_FILTER_H

#include <stdint.h>

struct upk_filter {
	int64_t before;   /* numbers below this one; 0: all */
	int64_t from, to; /* in [from, to) ms; 0: open */
	int64_t limit;
};

#endif
