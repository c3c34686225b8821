#include "base/floats.h"

#include <endian.h>
#include <float.h>
#include <stdint.h>
#include <string.h>

#include "base/wide.h"

UPK_INLINED uint32_t bits_at(const char *bytes, size_t i)
{
	uint32_t bits;

	memcpy(&bits, bytes + i * sizeof bits, sizeof bits);
	return le32toh(bits);
}

UPK_INLINED bool bounded(const char *bytes, size_t count)
{
	uint32_t infinite = 0;

	for (size_t i = 0; i < count; i++)
		infinite |= bits_at(bytes, i) << 1 == UINT32_C(0xFF) << 24;
	return infinite == 0;
}

/* As many at a time as keep the vector units busy. */
enum { LANES = 32 };

/* In the order of the distances from 0: without the sign, infinity and NAN last. */
UPK_INLINED int32_t distance_at(const char *bytes, size_t i)
{
	return (int32_t)(bits_at(bytes, i) & INT32_MAX);
}

UPK_INLINED int32_t greater(int32_t a, int32_t b)
{
	return a > b ? a : b;
}

UPK_INLINED bool within(const char *bytes, size_t count, float most)
{
	int32_t lanes[LANES] = { 0 }, furthest = 0, allowed;
	size_t i = 0;

	for (; i + LANES <= count; i += LANES)
		for (size_t k = 0; k < LANES; k++)
			lanes[k] = greater(lanes[k], distance_at(bytes, i + k));
	for (; i < count; i++)
		furthest = greater(furthest, distance_at(bytes, i));
	for (size_t k = 0; k < LANES; k++)
		furthest = greater(furthest, lanes[k]);
	memcpy(&allowed, &most, sizeof allowed);
	return furthest <= allowed;
}

UPK_INLINED void load(const char *bytes, size_t count, double *out)
{
	for (size_t i = 0; i < count; i++)
		out[i] = (double)upk_float_at(bytes, i);
}

UPK_WIDE static bool bounded_wide(const char *bytes, size_t count)
{
	return bounded(bytes, count);
}

UPK_WIDE static bool within_wide(const char *bytes, size_t count, float most)
{
	return within(bytes, count, most);
}

UPK_WIDE static void load_wide(const char *bytes, size_t count, double *out)
{
	load(bytes, count, out);
}

bool upk_floats_bounded(const char *bytes, size_t count)
{
	if (upk_floats_within(bytes, count, FLT_MAX))
		return true;
	return upk_wide() ? bounded_wide(bytes, count) : bounded(bytes, count);
}

bool upk_floats_within(const char *bytes, size_t count, float most)
{
	return upk_wide() ? within_wide(bytes, count, most) : within(bytes, count, most);
}

void upk_floats_load(const char *bytes, size_t count, double *out)
{
	if (upk_wide())
		load_wide(bytes, count, out);
	else
		load(bytes, count, out);
}
