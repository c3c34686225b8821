#include "learn/distinct.h"

#include <stdlib.h>
#include <string.h>

/* seen: (values_count) of the table. */
static struct upk_distinct count(
	const struct upk_table *t, const struct upk_column *column, bool *seen)
{
	struct upk_distinct d = { .column = column };

	memset(seen, 0, t->values_count * sizeof *seen);
	for (size_t i = 0; i < t->rows; i++) {
		uint32_t code = t->codes[i * t->columns->categories + column->at];
		if (code == 0)
			continue;
		d.rows++;
		d.values += !seen[code - 1];
		seen[code - 1] = true;
	}
	return d;
}

bool upk_distinct_find(const struct upk_table *t, struct upk_distinct *out, struct upk_error *err)
{
	bool *seen = calloc(t->values_count + 1, sizeof *seen);

	*out = (struct upk_distinct){ 0 };
	if (!seen)
		return upk_fail(err, UPK_NOMEM, "no memory to count %zu values", t->values_count);
	for (size_t i = 0; i < t->columns->count && !out->column; i++) {
		if (t->columns->items[i].type != UPK_COLUMN_CATEGORY)
			continue;
		struct upk_distinct d = count(t, &t->columns->items[i], seen);
		if (d.rows >= UPK_DISTINCT_ROWS && d.values > d.rows / 2)
			*out = d;
	}
	free(seen);
	return true;
}
