#include "learn/subnormal.h"

#ifdef __x86_64__

#include <xmmintrin.h>

enum { TO_ZERO = 0x8000, FROM_ZERO = 0x0040 }; /* of results, of operands */

uint64_t upk_subnormal_drop(void)
{
	unsigned was = _mm_getcsr();

	_mm_setcsr(was | TO_ZERO | FROM_ZERO);
	return was;
}

void upk_subnormal_restore(uint64_t was)
{
	_mm_setcsr((unsigned)was);
}

#elif defined __aarch64__

static const uint64_t to_zero = UINT64_C(1) << 24; /* of both results and operands */

uint64_t upk_subnormal_drop(void)
{
	uint64_t was;

	__asm__ volatile("mrs %0, fpcr" : "=r"(was));
	upk_subnormal_restore(was | to_zero);
	return was;
}

void upk_subnormal_restore(uint64_t was)
{
	__asm__ volatile("msr fpcr, %0" : : "r"(was) : "memory");
}

#else

uint64_t upk_subnormal_drop(void)
{
	return 0;
}

void upk_subnormal_restore(uint64_t was)
{
	(void)was;
}

#endif
