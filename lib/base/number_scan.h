/* One pass over a number as JSON writes it: where it ends and what it is worth. Inline, for the
 * loops that decode events; base/number.h is what others need. */
#ifndef UPK_BASE_NUMBER_SCAN_H
#define UPK_BASE_NUMBER_SCAN_H

#include <endian.h>
#include <float.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "base/text.h"

/* digits * 10^exponent, where there are few enough of both. */
struct upk_decimal {
	uint64_t digits;
	int32_t exponent;
	bool whole; /* digits and exponent are all of it; else they mean nothing */
	bool negative;
};

/* The double of a number that was scanned; false: it overflows. */
bool upk_number_value(struct upk_text number, const struct upk_decimal *d, double *out);

static inline bool upk_number_is_digit(char c)
{
	return (unsigned char)(c - '0') < 10;
}

/* The digits that 8 bytes begin with: how many, and their value. The first byte is the lowest.
 * Source: Johnny Lee, Fast Numeric String to Int (2016), as in Lemire 2021. */
static inline unsigned upk_number_eight(const char *p, uint64_t *value)
{
	uint64_t bytes;
	memcpy(&bytes, p, sizeof bytes);
	bytes = le64toh(bytes) ^ 0x3030303030303030;
	uint64_t others = ((bytes + 0x7676767676767676) | bytes) & 0x8080808080808080;
	unsigned count = others ? (unsigned)__builtin_ctzll(others) / 8 : 8;
	if (count == 0)
		return 0;
	/* Zeros go before the digits, in place of what follows them. */
	bytes <<= 64 - 8 * count;
	bytes = bytes * 10 + (bytes >> 8);
	*value = ((bytes & 0x000000ff000000ff) * 0x000f424000000064 +
			 (bytes >> 16 & 0x000000ff000000ff) * 0x0000271000000001) >>
		32;
	return count;
}

/* Adds a run of digits to *value, modulo 2^64; the first byte that is none. */
static inline const char *upk_number_digits(const char *p, const char *end, uint64_t *value)
{
	static const uint32_t powers[] = { 1, 10, 100, 1000, 10000, 100000, 1000000, 10000000,
		100000000 };
	while (end - p >= 8) {
		uint64_t eight = 0;
		unsigned count = upk_number_eight(p, &eight);
		*value = *value * powers[count] + eight;
		p += count;
		if (count < 8)
			return p;
	}
	for (; p < end && upk_number_is_digit(*p); p++)
		*value = *value * 10 + (uint64_t)(*p - '0');
	return p;
}

/* Behind the e. NULL: there are no digits. */
static inline const char *upk_number_exponent(const char *p, const char *end, struct upk_decimal *d)
{
	enum { EXPONENT_DIGITS = 5 };
	uint64_t value = 0;
	bool negative = p < end && *p == '-';
	if (p < end && (*p == '-' || *p == '+'))
		p++;
	const char *start = p;
	p = upk_number_digits(p, end, &value);
	if (p == start)
		return NULL;
	if (p - start > EXPONENT_DIGITS)
		d->whole = false;
	else
		d->exponent += negative ? -(int32_t)value : (int32_t)value;
	return p;
}

/* Digits of a number without sign and exponent, but for the zeros that it begins with. */
size_t upk_number_significant(const char *data, size_t size);

/* Bytes of the number at the start, as far as the grammar goes; 0: there is none. */
static inline size_t upk_number_scan(const char *data, size_t size, struct upk_decimal *d)
{
	enum { SHORT_DIGITS = 19 }; /* fit into 64 bits whatever they are */
	const char *p = data, *end = data + size;
	uint64_t digits = 0;
	*d = (struct upk_decimal){ .negative = p < end && *p == '-' };
	p += d->negative;
	const char *start = p;
	p = upk_number_digits(p, end, &digits);
	ptrdiff_t count = p - start, decimals = 0;
	if (count == 0 || (count > 1 && *start == '0'))
		return 0;
	if (p < end && *p == '.') {
		const char *fraction = ++p;
		p = upk_number_digits(p, end, &digits);
		decimals = p - fraction;
		if (decimals == 0)
			return 0;
		count += decimals;
	}
	d->digits = digits;
	d->whole = decimals <= INT16_MAX &&
		(count <= SHORT_DIGITS ||
			upk_number_significant(start, (size_t)(p - start)) <= SHORT_DIGITS);
	d->exponent = d->whole ? -(int32_t)decimals : 0;
	if (p < end && (*p == 'e' || *p == 'E'))
		p = upk_number_exponent(p + 1, end, d);
	return p ? (size_t)(p - data) : 0;
}

/* Clinger 1990: where digits and power of ten are both exact doubles, one rounding is the right
 * one. Needs arithmetic without wider intermediates. */
static inline bool upk_number_is_exact(const struct upk_decimal *d)
{
	return FLT_EVAL_METHOD == 0 && d->whole && d->digits <= UINT64_C(1) << 53 &&
		d->exponent >= -22 && d->exponent <= 22;
}

static inline double upk_number_exact(const struct upk_decimal *d)
{
	static const double powers[] = { 1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10,
		1e11, 1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22 };
	int64_t sign = -(int64_t)d->negative; /* a branch on it would be a toss-up */
	double digits = (double)(((int64_t)d->digits ^ sign) - sign);
	if (d->digits == 0)
		return d->negative ? -0.0 : 0.0;
	return d->exponent < 0 ? digits / powers[-d->exponent] : digits * powers[d->exponent];
}

#endif
