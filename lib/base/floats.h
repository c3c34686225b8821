/* Floats as they lie in bytes from outside: little-endian, anywhere. */
#ifndef UPK_BASE_FLOATS_H
#define UPK_BASE_FLOATS_H

#include <stdbool.h>
#include <stddef.h>

/* Whether none of `count` is infinite; NAN may be among them. */
bool upk_floats_bounded(const char *bytes, size_t count);

void upk_floats_load(const char *bytes, size_t count, double *out);

#endif
