#include "base/floats.h"

#include <endian.h>
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

UPK_INLINED bool within(const char *bytes, size_t count, float most)
{
	uint32_t furthest = 0, allowed;

	for (size_t i = 0; i < count; i++) {
		uint32_t size = bits_at(bytes, i) & INT32_MAX;
		furthest = size > furthest ? size : furthest;
	}
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
