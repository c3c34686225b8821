#include "base/number.h"

#include <float.h>
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/digits.h"
#include "base/number_scan.h"

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
	if (p == end || !upk_number_is_digit(*p))
		return NULL;
	for (; p < end && upk_number_is_digit(*p); p++)
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
	if (p == end || !upk_number_is_digit(*p))
		return false;
	if (*p == '0')
		p++;
	else
		for (; p < end && upk_number_is_digit(*p); p++)
			take_digit(d, *p, false);

	if (p < end && *p == '.') {
		p++;
		if (p == end || !upk_number_is_digit(*p))
			return false;
		for (; p < end && upk_number_is_digit(*p); p++)
			take_digit(d, *p, true);
	}
	if (p < end && (*p == 'e' || *p == 'E'))
		p = take_exponent(d, p + 1, end);
	return p == end;
}

size_t upk_number_significant(const char *data, size_t size)
{
	size_t zeros = 0, points = memchr(data, '.', size) != NULL;
	while (zeros < size && (data[zeros] == '0' || data[zeros] == '.'))
		zeros++;
	bool passed = memchr(data, '.', zeros) != NULL;
	return size - zeros - (points && !passed);
}

#ifdef __SIZEOF_INT128__
__extension__ typedef unsigned __int128 uint128;

static const uint64_t integer_powers[] = { 1, 10, 100, 1000, 10000, 100000, 1000000, 10000000,
	100000000, 1000000000, 10000000000, 100000000000, 1000000000000, 10000000000000,
	100000000000000, 1000000000000000, 10000000000000000, 100000000000000000,
	1000000000000000000, 10000000000000000000U };
enum { INTEGER_POWERS = sizeof integer_powers / sizeof *integer_powers };

/* 2^e of a normal double. */
static double power_of_2(int e)
{
	uint64_t bits = (uint64_t)(e + 1023) << 52;
	double x;
	memcpy(&x, &bits, sizeof x);
	return x;
}

/* digits / 10^k: the quotient has at least 63 bits, ten more than a double, and its last one says
 * whether anything follows, so that rounding it rounds the true value. */
static double divide(uint64_t digits, int k)
{
	int left = __builtin_clzll(digits), right = __builtin_clzll(integer_powers[k]);
	uint64_t divisor = integer_powers[k] << right;
	uint128 dividend = (uint128)(digits << left) << 63;
	uint64_t quotient = (uint64_t)(dividend / divisor);
	bool rest = (uint64_t)dividend != quotient * divisor;
	return (double)(quotient | rest) * power_of_2(right - left - 63);
}

/* digits * 10^k, rounded in the same way. */
static double multiply(uint64_t digits, int k)
{
	uint128 product = (uint128)digits * integer_powers[k];
	uint64_t high = (uint64_t)(product >> 64);
	if (high == 0)
		return (double)(uint64_t)product;
	int zeros = __builtin_clzll(high);
	product <<= zeros;
	bool rest = (uint64_t)product != 0;
	return (double)((uint64_t)(product >> 64) | rest) * power_of_2(64 - zeros);
}

static bool exact_integer(const struct upk_decimal *d, double *out)
{
	if (d->exponent <= -INTEGER_POWERS || d->exponent >= INTEGER_POWERS)
		return false;
	*out = d->exponent < 0 ? divide(d->digits, -d->exponent) : multiply(d->digits, d->exponent);
	return true;
}
#else
static bool exact_integer(const struct upk_decimal *d, double *out)
{
	(void)d;
	(void)out;
	return false;
}
#endif

/* There is no point in what strtod gets, so the locale does not matter. */
static bool by_strtod(struct upk_text number, double *out)
{
	struct decimal d;
	d.count = 0;
	d.exponent = 0;
	d.negative = false;
	if (!read_decimal(number, &d))
		return false;
	double x = 0;
	if (d.count > 0) {
		int64_t e = d.exponent;
		int clamped = e > EXPONENT_MAX ? EXPONENT_MAX
			: e < -EXPONENT_MAX    ? -EXPONENT_MAX
					       : (int)e;
		snprintf(d.digits + d.count, sizeof d.digits - d.count, "e%d", clamped);
		x = strtod(d.digits, NULL);
	}
	if (isinf(x))
		return false;
	*out = d.negative ? -x : x;
	return true;
}

bool upk_number_value(struct upk_text number, const struct upk_decimal *d, double *out)
{
	double x;
	if (upk_number_is_exact(d)) {
		*out = upk_number_exact(d);
		return true;
	}
	if (FLT_EVAL_METHOD != 0 || !d->whole || d->digits == 0 || !exact_integer(d, &x))
		return by_strtod(number, out);
	*out = d->negative ? -x : x;
	return true;
}

bool upk_number_parse(struct upk_text text, double *out)
{
	struct upk_decimal d;
	return text.size > 0 && upk_number_scan(text.data, text.size, &d) == text.size &&
		upk_number_value(text, &d, out);
}

bool upk_number_parse_int(struct upk_text text, int64_t *out)
{
	bool negative = text.size > 0 && text.data[0] == '-';
	size_t first = negative;
	int64_t value = 0;

	if (text.size == first || (text.data[first] == '0' && text.size > first + 1))
		return false;
	for (size_t i = first; i < text.size; i++) {
		if (!upk_number_is_digit(text.data[i]))
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
		bool leading = exponent && !upk_number_is_digit(to[size - 1]);
		if (leading && *from == '0' && from[1])
			continue;
		if (*from == 'e')
			exponent = true;
		if (upk_number_is_digit(*from) || *from == '-' || *from == '+' || *from == 'e')
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

/* Digits with a point behind the first `before` of them, where more follow. */
static size_t put_digits(uint64_t digits, int count, int before, char *out)
{
	size_t size = (size_t)count + (before < count);

	for (size_t i = size; i-- > 0; digits /= 10) {
		if (before < count && i == (size_t)before)
			out[i--] = '.';
		out[i] = (char)('0' + digits % 10);
	}
	return size;
}

/* As %g has them: with an exponent below 1e-4. */
static size_t lay_out(const struct upk_digits *d, char *out)
{
	int first = d->exponent + d->count - 1; /* exponent of the first digit */
	size_t size;

	if (first < -4) {
		size = put_digits(d->digits, d->count, 1, out);
		return size + (size_t)snprintf(out + size, 8, "e%d", first);
	}
	if (first >= 0)
		return put_digits(d->digits, d->count, first + 1, out);
	size = (size_t)(1 - first);
	memcpy(out, "0.000", size);
	return size + put_digits(d->digits, d->count, d->count, out + size);
}

int upk_number_digits_apart(double a, double b, int least)
{
	enum { MOST = 9 };
	int digits = least;
	double scale = pow(10, digits);

	if (round(a * 1e9) == round(b * 1e9))
		return digits;
	while (digits < MOST && round(a * scale) == round(b * scale))
		scale = pow(10, ++digits);
	return digits;
}

size_t upk_number_print(double x, char out[UPK_NUMBER_SIZE])
{
	/* -0 is an integer to == and keeps its sign only through %g. */
	if (x == trunc(x) && fabs(x) <= 0x1p53 && !(x == 0 && signbit(x)))
		return (size_t)snprintf(out, UPK_NUMBER_SIZE, "%" PRId64, (int64_t)x);

	struct upk_digits d;
	if (x != 0 && upk_digits_of(fabs(x), &d)) {
		size_t sign = x < 0;
		out[0] = '-';
		size_t laid = sign + lay_out(&d, out + sign);
		out[laid] = '\0';
		return laid;
	}
	/* Every normal double keeps 15 digits, so fewer are found by %g's dropping zeros;
	 * subnormals have fewer digits to keep. */
	int digits = fabs(x) < DBL_MIN ? 1 : DBL_DIG;
	size_t size = print_digits(x, digits, out);
	while (digits < DBL_DECIMAL_DIG && !reads_back(out, size, x))
		size = print_digits(x, ++digits, out);
	return size;
}

bool upk_number_parse_bytes(struct upk_text text, double *out)
{
	static const struct {
		const char *name;
		double bytes;
	} units[] = { { "MB", 1e6 }, { "GB", 1e9 }, { "TB", 1e12 }, { "MiB", 0x1p20 },
		{ "GiB", 0x1p30 }, { "TiB", 0x1p40 } };
	struct upk_text digits = text;
	double count;

	while (digits.size > 0 && strchr("MGTiB", digits.data[digits.size - 1]))
		digits.size--;
	for (size_t i = 0; i < sizeof units / sizeof *units; i++) {
		struct upk_text unit = { text.data + digits.size, text.size - digits.size };
		if (!upk_text_is(unit, units[i].name) || !upk_number_parse(digits, &count))
			continue;
		*out = count * units[i].bytes;
		return true;
	}
	return false;
}
