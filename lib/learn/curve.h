/* The loss of a fit after each of its iterations. */
#ifndef UPK_LEARN_CURVE_H
#define UPK_LEARN_CURVE_H

#include <stdbool.h>
#include <stddef.h>

#include "base/error.h"

/* Starts as { 0 }. One thread. */
struct upk_curve {
	double *loss; /* (count) */
	size_t count, capacity;
};

/* false: UPK_NOMEM, unchanged. */
bool upk_curve_add(struct upk_curve *c, double loss, struct upk_error *err);
void upk_curve_finish(struct upk_curve *c);

#endif
