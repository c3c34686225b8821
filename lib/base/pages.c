#include "base/pages.h"

#include <stdint.h>
#include <sys/mman.h>

#define LARGE ((uintptr_t)2 << 20)

void upk_pages_make_large(void *memory, size_t size)
{
	uintptr_t begin = ((uintptr_t)memory + LARGE - 1) & ~(LARGE - 1);
	uintptr_t end = ((uintptr_t)memory + size) & ~(LARGE - 1);

	if (begin < end)
		madvise((void *)begin, end - begin, MADV_HUGEPAGE);
}
