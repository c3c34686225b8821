#include "base/number.h"

#include <float.h>
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

/* 767 digits decide every double; whatever follows only says "a little more", which the digit at
 * DIGITS - 1 tells. (The longest midpoint between two doubles has 768 digits.) */
enum { DIGITS = 780, EXPONENT_MAX = 2000 };

/* +-digits * 10^exponent, without leading zeros. */
struct decimal {
	char digits[DIGITS + 16]; /* room for the exponent that goes behind them */
	size_t count;
	int64_t exponent;
	bool negative;
};

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

/* One more digit, before or after the point. */
static void take_digit(struct decimal *d, char c, bool fraction)
{
	d->exponent -= fraction;
	if (d->count == 0 && c == '0')
		return;
	if (d->count < DIGITS) {
		d->digits[d->count++] = c;
		return;
	}
	d->exponent++;
	if (c != '0')
		d->digits[DIGITS - 1] = '1';
}

static const char *take_exponent(struct decimal *d, const char *p, const char *end)
{
	bool negative = p < end && *p == '-';
	int64_t exponent = 0;

	if (p < end && (*p == '-' || *p == '+'))
		p++;
	if (p == end || !is_digit(*p))
		return NULL;
	for (; p < end && is_digit(*p); p++)
		if (exponent < INT64_MAX / 100)
			exponent = exponent * 10 + (*p - '0');
	d->exponent += negative ? -exponent : exponent;
	return p;
}

/* The grammar of RFC 8259, section 6. */
static bool read_decimal(struct upk_text text, struct decimal *d)
{
	const char *p = text.data;
	const char *end = p + text.size;

	if (p < end && *p == '-') {
		d->negative = true;
		p++;
	}
	if (p == end || !is_digit(*p))
		return false;
	if (*p == '0')
		p++;
	else
		for (; p < end && is_digit(*p); p++)
			take_digit(d, *p, false);

	if (p < end && *p == '.') {
		p++;
		if (p == end || !is_digit(*p))
			return false;
		for (; p < end && is_digit(*p); p++)
			take_digit(d, *p, true);
	}
	if (p < end && (*p == 'e' || *p == 'E'))
		p = take_exponent(d, p + 1, end);
	return p == end;
}

/* Clinger 1990: where digits and power of ten are both exact doubles, one rounding is the right
 * one. Needs arithmetic without wider intermediates. */
static bool exact(const struct decimal *d, double *out)
{
	static const double powers[] = { 1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10,
		1e11, 1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22 };
	int64_t integer = 0;

	if (FLT_EVAL_METHOD != 0 || d->count > 15 || d->exponent < -22 || d->exponent > 22)
		return false;
	for (size_t i = 0; i < d->count; i++)
		integer = integer * 10 + (d->digits[i] - '0');
	if (d->exponent < 0)
		*out = (double)integer / powers[-d->exponent];
	else
		*out = (double)integer * powers[d->exponent];
	return true;
}

bool upk_number_parse(struct upk_text text, double *out)
{
	struct decimal d;
	double x;

	d.count = 0;
	d.exponent = 0;
	d.negative = false;
	if (!read_decimal(text, &d))
		return false;

	if (d.count == 0) {
		x = 0;
	} else if (!exact(&d, &x)) {
		/* There is no point in what strtod gets, so the locale does not matter. */
		int64_t e = d.exponent;
		int clamped = e > EXPONENT_MAX ? EXPONENT_MAX
			: e < -EXPONENT_MAX    ? -EXPONENT_MAX
					       : (int)e;
		snprintf(d.digits + d.count, sizeof d.digits - d.count, "e%d", clamped);
		x = strtod(d.digits, NULL);
		if (isinf(x))
			return false;
	}
	*out = d.negative ? -x : x;
	return true;
}

bool upk_number_parse_int(struct upk_text text, int64_t *out)
{
	bool negative = text.size > 0 && text.data[0] == '-';
	size_t first = negative;
	int64_t value = 0;

	if (text.size == first || (text.data[first] == '0' && text.size > first + 1))
		return false;
	for (size_t i = first; i < text.size; i++) {
		if (!is_digit(text.data[i]))
			return false;
		int digit = text.data[i] - '0';
		if (__builtin_mul_overflow(value, 10, &value) ||
			__builtin_add_overflow(value, negative ? -digit : digit, &value))
			return false;
	}
	*out = value;
	return true;
}

/* From printf's form to JSON's: the locale's point, of whatever bytes, becomes a dot, and the
 * exponent loses its leading zeros. */
static size_t rewrite(const char *from, char *to)
{
	size_t size = 0;
	bool exponent = false;

	for (; *from; from++) {
		bool leading = exponent && !is_digit(to[size - 1]);
		if (leading && *from == '0' && from[1])
			continue;
		if (*from == 'e')
			exponent = true;
		if (is_digit(*from) || *from == '-' || *from == '+' || *from == 'e')
			to[size++] = *from;
		else if (to[size - 1] != '.')
			to[size++] = '.';
	}
	to[size] = '\0';
	return size;
}

static size_t print_digits(double x, int digits, char out[UPK_NUMBER_SIZE])
{
	char raw[64];
	snprintf(raw, sizeof raw, "%.*g", digits, x);
	return rewrite(raw, out);
}

static bool reads_back(const char *text, size_t size, double x)
{
	double read;
	return upk_number_parse((struct upk_text){ text, size }, &read) && read == x;
}

size_t upk_number_print(double x, char out[UPK_NUMBER_SIZE])
{
	/* -0 is an integer to == and keeps its sign only through %g. */
	if (x == trunc(x) && fabs(x) <= 0x1p53 && !(x == 0 && signbit(x)))
		return (size_t)snprintf(out, UPK_NUMBER_SIZE, "%" PRId64, (int64_t)x);

	/* Every normal double keeps 15 digits, so fewer are found by %g's dropping zeros;
	 * subnormals have fewer digits to keep. */
	int digits = fabs(x) < DBL_MIN ? 1 : DBL_DIG;
	size_t size = print_digits(x, digits, out);
	while (digits < DBL_DECIMAL_DIG && !reads_back(out, size, x))
		size = print_digits(x, ++digits, out);
	return size;
}
