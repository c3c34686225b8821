/* Random numbers from a seed: xoshiro256** (Blackman and Vigna 2018). */
#ifndef UPK_BASE_RANDOM_H
#define UPK_BASE_RANDOM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* One thread at a time. The same seed gives the same numbers on every machine. */
struct upk_random {
	uint64_t s[4];
};

void upk_random_seed(struct upk_random *r, uint64_t seed);
uint64_t upk_random_next(struct upk_random *r);
uint64_t upk_random_below(struct upk_random *r, uint64_t n); /* 0 .. n - 1 without bias; n > 0 */
double upk_random_unit(struct upk_random *r);                /* [0, 1), 53 bits */
void upk_random_shuffle(struct upk_random *r, uint32_t *items, size_t n); /* Fisher-Yates */

/* Bytes from getrandom(2), for ids and keys; false: the system has none. */
bool upk_random_bytes(void *out, size_t size);

#endif
