/* What is asked of a challenger besides a better figure. */
#ifndef UPK_LEARN_CHECKS_WANTED_H
#define UPK_LEARN_CHECKS_WANTED_H

#include <stddef.h>

/* docs/gate.md tells of each; learn/checks.h checks them. */
struct upk_checks {
	double at_least;     /* of the gate's metric; NAN: nothing */
	double flips;        /* share of the pairs that may be answered otherwise; NAN: any */
	double leak;         /* share of the errors of the best service so far; NAN: no alarm */
	double slice_margin; /* by which a slice may fall; NAN: slices are only shown */
	size_t slice_pairs;  /* that a slice needs to be judged, >= 1 */
};
extern const struct upk_checks upk_checks_default;

#endif
