/* Inside of a feature list: for feature.c, which makes it, and feature_code.c, which encodes by it.
 */
#ifndef UPK_CONFIG_FEATURE_LIST_H
#define UPK_CONFIG_FEATURE_LIST_H

#include <stdatomic.h>

#include "config/feature.h"
#include "config/names.h"

enum {
	UPK_CATEGORY_MAX = 256,
	UPK_TEXT_MAX = 64 * 1024,
	UPK_VECTOR_MAX = 8192,
	UPK_ROW_VALUES_MAX = 65536,
};

struct upk_features {
	atomic_int refs;
	size_t count, numbers;
	struct upk_feature *items; /* owned, with their names */
	struct upk_names *names;
};

#endif
