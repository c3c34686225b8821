/* Somebody who does by hand what otherwise the engine does. */
#ifndef UPK_CONFIG_PERSON_H
#define UPK_CONFIG_PERSON_H

#include "base/text.h"

/* Who decides by hand, and why; absent texts: not told. */
struct upk_person {
	struct upk_text name, reason;
};

#endif
