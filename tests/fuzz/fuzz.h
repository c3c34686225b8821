/* What the targets share. */
#ifndef UPK_TESTS_FUZZ_H
#define UPK_TESTS_FUZZ_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define must(holds) \
	do { \
		if (!(holds)) { \
			fprintf(stderr, "%s:%d: %s\n", __FILE__, __LINE__, #holds); \
			abort(); \
		} \
	} while (0)

static inline bool same_bits(double a, double b)
{
	return memcmp(&a, &b, sizeof a) == 0;
}

/* A copy of its own size, so that AddressSanitizer sees a byte read too far. */
static inline char *fuzz_copy(const void *data, size_t size)
{
	char *copy = malloc(size + !size);
	must(copy);
	memcpy(copy, data, size);
	return copy;
}

/* A copy ended by a NUL. */
static inline char *fuzz_string(const void *data, size_t size)
{
	char *copy = malloc(size + 1);
	must(copy);
	memcpy(copy, data, size);
	copy[size] = '\0';
	return copy;
}

#endif
