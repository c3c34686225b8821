/* Numbers as text: exact both ways, whatever the locale. */
#ifndef UPK_BASE_NUMBER_H
#define UPK_BASE_NUMBER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/text.h"

enum { UPK_NUMBER_SIZE = 32 };

/* The shortest decimal text that reads back to the same double, as JSON has it (1e+300 is fine,
 * -0 is "-0", integers up to 2^53 have no exponent); a power of two may have one digit more.
 * x must be finite. Writes at most UPK_NUMBER_SIZE bytes with the NUL; returns the
 * length. */
size_t upk_number_print(double x, char out[UPK_NUMBER_SIZE]);

/* Digits behind the point, at least so many and at most 9, with which two numbers that differ by
 * 1e-9 or more read differently. */
int upk_number_digits_apart(double a, double b, int least);

/* The whole text as a double, correctly rounded; false when it is not a JSON number (RFC 8259
 * grammar: no leading zero, plus, bare dot, hex, inf) or overflows to infinity. Underflow gives
 * the nearest subnormal or 0. */
bool upk_number_parse(struct upk_text text, double *out);

/* The whole text as a decimal integer: -?(0|[1-9][0-9]*), no fraction or exponent, in range. */
bool upk_number_parse_int(struct upk_text text, int64_t *out);

/* A number of bytes with its unit: "20GB", "1.5TB", "512MiB", "1GiB". */
bool upk_number_parse_bytes(struct upk_text text, double *out);

#endif
