/* Loops that are compiled twice: for any processor, and for one with registers of 32 bytes. Both do
 * the same operations in the same order, so they give the same bits. */
#ifndef UPK_BASE_WIDE_H
#define UPK_BASE_WIDE_H

#include <stdbool.h>

/* Of the function that is called where upk_wide() is true, and of the loop that both inline. Fused
 * multiply-add, which rounds once, is not among what this target may use. */
#ifdef __x86_64__
#define UPK_WIDE __attribute__((target("avx2")))
#else
#define UPK_WIDE
#endif
#define UPK_INLINED static inline __attribute__((always_inline))

static inline bool upk_wide(void)
{
#ifdef __x86_64__
	return __builtin_cpu_supports("avx2");
#else
	return false;
#endif
}

#endif
