/* A pair as windows take it in. */
#ifndef UPK_WINDOWS_SEAT_H
#define UPK_WINDOWS_SEAT_H

#include <stdint.h>

#include "metrics/confusion.h"

/* Who made a prediction, as a number: 0 nobody named, from 1 on a version of upkeepd's, from
 * UPK_TAG_NAMED (windows/tags.h) on a sender's own name. */
typedef uint32_t upk_tag;

struct upk_seat {
	int64_t place; /* below 2^52 */
	int64_t time;  /* pair time, ms */
	int64_t event; /* number of its event within the model, below 2^44 */
	upk_tag tag;
	struct upk_pair pair;
	uint16_t delay; /* bucket of label's time - event's time (windows/delays.h) */
};

#endif
