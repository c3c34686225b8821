/* The least value of a smooth convex function of many variables: L-BFGS (Liu and Nocedal 1989). */
#ifndef UPK_LEARN_MINIMISE_H
#define UPK_LEARN_MINIMISE_H

#include <stdbool.h>
#include <stddef.h>

#include "base/error.h"

/* The function and when to stop. Runs on the caller's thread. */
struct upk_minimise {
	size_t count; /* variables */
	void *context;
	/* The value at x, and its slopes into g (count). */
	double (*evaluate)(void *context, const double *x, double *g);
	/* v (count) becomes about the inverse Hessian times v; NULL: where it is not known. */
	void (*precondition)(void *context, double *v);
	/* Told after each iteration; false, with err, stops. */
	bool (*look)(void *context, double value, struct upk_error *err);
	double tolerance; /* ends where |g| is less than so many times max(1, |x|) */
	/* With precondition: ends with a step that moves no variable by more, whose end is not looked
	 * at; what is left is a small share of it. */
	double settled;
	int iterations; /* at most */
};

/* From x on, which becomes where the value is least. Where no step finds a lower value, what
 * differs is below what doubles can tell, and that is an end, too. false: UPK_NOMEM or look's
 * error; x is then undefined. */
bool upk_minimise(const struct upk_minimise *m, double *x, struct upk_error *err);

#endif
