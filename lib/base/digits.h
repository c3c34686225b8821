/* The decimal digits of a double, found in integers alone. */
#ifndef UPK_BASE_DIGITS_H
#define UPK_BASE_DIGITS_H

#include <stdbool.h>
#include <stdint.h>

/* digits * 10^exponent, without zeros at the end. */
struct upk_digits {
	uint64_t digits; /* count of them */
	int count, exponent;
};

/* As few digits of x as read back to it, but at least as many as 15 give, rounded half to even:
 * what printf's %.15g, %.16g and %.17g print, the first of them that reads back. x is positive and
 * no integer. false: it is below 1e-11 or so, or there is no integer wide enough; ask printf. */
bool upk_digits_of(double x, struct upk_digits *out);

#endif
