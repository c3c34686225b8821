/* Floats as they lie in bytes from outside: little-endian, anywhere. */
#ifndef UPK_BASE_FLOATS_H
#define UPK_BASE_FLOATS_H

#include <endian.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "base/wide.h"

/* The i-th of them: in loops that compilers turn into vectors. */
UPK_INLINED float upk_float_at(const char *bytes, size_t i)
{
	uint32_t bits;
	float x;

	memcpy(&bits, bytes + i * sizeof bits, sizeof bits);
	bits = le32toh(bits);
	memcpy(&x, &bits, sizeof x);
	return x;
}

/* Whether none of `count` is infinite; NAN may be among them. */
bool upk_floats_bounded(const char *bytes, size_t count);

/* Whether none is further from 0, or NAN. */
bool upk_floats_within(const char *bytes, size_t count, float most);

void upk_floats_load(const char *bytes, size_t count, double *out);

#endif
