#include "base/scarce.h"

#include <stddef.h>

/* Allocations left until the one that fails; negative: none fails. */
static int left = -1;
static bool struck;

void *__real_malloc(size_t size);
void *__real_calloc(size_t n, size_t size);
void *__real_realloc(void *p, size_t size);
char *__real_strdup(const char *s);
void *__wrap_malloc(size_t size);
void *__wrap_calloc(size_t n, size_t size);
void *__wrap_realloc(void *p, size_t size);
char *__wrap_strdup(const char *s);

void scarce_begin(int nth)
{
	struck = false;
	left = nth;
}

void scarce_end(void)
{
	left = -1;
}

bool scarce_struck(void)
{
	return struck;
}

int scarce_pause(void)
{
	int kept = left;
	left = -1;
	return kept;
}

void scarce_resume(int kept)
{
	left = kept;
}

static bool fails(void)
{
	if (left < 0 || left-- > 0)
		return false;
	struck = true;
	return true;
}

void *__wrap_malloc(size_t size)
{
	return fails() ? NULL : __real_malloc(size);
}

void *__wrap_calloc(size_t n, size_t size)
{
	return fails() ? NULL : __real_calloc(n, size);
}

void *__wrap_realloc(void *p, size_t size)
{
	return fails() ? NULL : __real_realloc(p, size);
}

char *__wrap_strdup(const char *s)
{
	return fails() ? NULL : __real_strdup(s);
}
