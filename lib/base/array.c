#include "base/array.h"

#include <stdlib.h>
#include <string.h>

bool upk_array_resize(void *array, size_t count, size_t size)
{
	void *old, *new;
	size_t bytes;

	if (__builtin_mul_overflow(count, size, &bytes))
		return false;
	memcpy(&old, array, sizeof old);
	new = realloc(old, bytes ? bytes : 1);
	if (!new)
		return false;
	memcpy(array, &new, sizeof new);
	return true;
}
