/* Categories that are none: nearly every row has a value of its own. */
#ifndef UPK_LEARN_DISTINCT_H
#define UPK_LEARN_DISTINCT_H

#include <stdbool.h>
#include <stddef.h>

#include "learn/table.h"

enum { UPK_DISTINCT_ROWS = 100 }; /* that have a value, at least, to tell */

struct upk_distinct {
	const struct upk_column *column; /* NULL: there is none */
	size_t values, rows;             /* different values, rows that have one */
};

/* The first category with more different values than half of the rows that have one: most values
 * that come later are unknown to what was fitted on it. false: UPK_NOMEM. */
bool upk_distinct_find(const struct upk_table *t, struct upk_distinct *out, struct upk_error *err);

#endif
