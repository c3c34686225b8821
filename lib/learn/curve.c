#include "learn/curve.h"

#include <stdlib.h>

bool upk_curve_add(struct upk_curve *c, double loss, struct upk_error *err)
{
	if (c->count == c->capacity) {
		size_t capacity = c->capacity ? 2 * c->capacity : 64;
		double *grown = realloc(c->loss, capacity * sizeof *grown);
		if (!grown)
			return upk_fail(
				err, UPK_NOMEM, "no memory for a curve of %zu points", capacity);
		c->loss = grown;
		c->capacity = capacity;
	}
	c->loss[c->count++] = loss;
	return true;
}

void upk_curve_finish(struct upk_curve *c)
{
	free(c->loss);
	*c = (struct upk_curve){ 0 };
}
