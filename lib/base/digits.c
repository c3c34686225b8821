#include "base/digits.h"

#include <float.h>
#include <math.h>
#include <string.h>

#ifdef __SIZEOF_INT128__
__extension__ typedef unsigned __int128 uint128;

enum { SCALES = 28 };

static const uint64_t fives[SCALES] = { 1, 5, 25, 125, 625, 3125, 15625, 78125, 390625, 1953125,
	9765625, 48828125, 244140625, 1220703125, 6103515625, 30517578125, 152587890625,
	762939453125, 3814697265625, 19073486328125, 95367431640625, 476837158203125,
	2384185791015625, 11920928955078125, 59604644775390625, 298023223876953125,
	1490116119384765625, 7450580596923828125 };

/* x * 10^scale = value / 2^shift, exactly. */
struct scaled {
	uint128 value;
	uint64_t whole; /* value / 2^shift, rounded down: 17 digits */
	int shift, scale;
	uint64_t gap; /* between x and the next double, in value's unit */
	bool even;    /* x's mantissa */
	bool power;   /* x is a power of two: the gap below is half as wide */
};

static const uint64_t least_whole = UINT64_C(10000000000000000);

/* mantissa * 2^exponent with a scale of its own; false: it is out of reach. */
static bool set_scale(struct scaled *s, uint64_t mantissa, int exponent, int scale)
{
	s->scale = scale;
	s->shift = -exponent - scale;
	if (scale < 0 || scale >= SCALES || s->shift < 0)
		return false;
	s->gap = fives[scale];
	s->value = (uint128)mantissa * s->gap;
	s->whole = (uint64_t)(s->value >> s->shift);
	return true;
}

/* The logarithm may be off by one at a power of ten. */
static bool scale_up(double x, struct scaled *s)
{
	uint64_t bits;
	int scale = DBL_DECIMAL_DIG - 1 - (int)floor(log10(x));

	memcpy(&bits, &x, sizeof bits);
	uint64_t mantissa = (bits & (UINT64_MAX >> 12)) | UINT64_C(1) << 52;
	int exponent = (int)(bits >> 52) - 1075;
	if (!set_scale(s, mantissa, exponent, scale))
		return false;
	s->even = !(mantissa & 1);
	s->power = mantissa == UINT64_C(1) << 52;
	if (s->whole < least_whole)
		return set_scale(s, mantissa, exponent, scale + 1);
	return s->whole < 10 * least_whole || set_scale(s, mantissa, exponent, scale - 1);
}

/* value / (unit * 2^shift), rounded half to even. */
static uint64_t round_to(const struct scaled *s, uint64_t unit)
{
	uint64_t rounded = s->whole / unit;
	uint128 twice = 2 * (s->value - ((uint128)(rounded * unit) << s->shift));
	uint128 one = (uint128)unit << s->shift;

	return rounded + (twice > one || (twice == one && (rounded & 1)));
}

static bool reads_back(const struct scaled *s, uint64_t candidate)
{
	uint128 at = (uint128)candidate << s->shift;
	uint128 off = 2 * (at > s->value ? at - s->value : s->value - at);

	if (at < s->value && s->power)
		off *= 2;
	return off < s->gap || (off == s->gap && s->even);
}

bool upk_digits_of(double x, struct upk_digits *out)
{
	struct scaled s;
	uint64_t unit = 100;

	if (!scale_up(x, &s))
		return false;
	out->count = DBL_DIG;
	out->digits = round_to(&s, unit);
	for (; !reads_back(&s, out->digits * unit) && unit > 1; out->count++) {
		unit /= 10;
		out->digits = round_to(&s, unit);
	}
	out->exponent = DBL_DECIMAL_DIG - out->count - s.scale;
	for (; out->digits % 10 == 0; out->digits /= 10, out->exponent++)
		out->count--;
	if (out->count == 0)
		out->count = 1; /* it was rounded up to a power of ten */
	return true;
}
#else
bool upk_digits_of(double x, struct upk_digits *out)
{
	(void)x;
	(void)out;
	return false;
}
#endif
