#include "base/random.h"

#include <errno.h>
#include <sys/random.h>

/* Steele, Lea and Flood 2014; what xoshiro's authors advise for filling its state from one word. */
static uint64_t splitmix(uint64_t *state)
{
	uint64_t z = (*state += 0x9e3779b97f4a7c15);
	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
	z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
	return z ^ (z >> 31);
}

void upk_random_seed(struct upk_random *r, uint64_t seed)
{
	for (int i = 0; i < 4; i++)
		r->s[i] = splitmix(&seed);
}

static uint64_t rotate(uint64_t x, int bits)
{
	return (x << bits) | (x >> (64 - bits));
}

uint64_t upk_random_next(struct upk_random *r)
{
	uint64_t *s = r->s;
	uint64_t result = rotate(s[1] * 5, 7) * 9;
	uint64_t t = s[1] << 17;

	s[2] ^= s[0];
	s[3] ^= s[1];
	s[1] ^= s[2];
	s[0] ^= s[3];
	s[2] ^= t;
	s[3] = rotate(s[3], 45);
	return result;
}

uint64_t upk_random_below(struct upk_random *r, uint64_t n)
{
	/* The first 2^64 mod n values would be one too many for some results. */
	uint64_t excess = (0 - n) % n;
	uint64_t x;
	do
		x = upk_random_next(r);
	while (x < excess);
	return x % n;
}

double upk_random_unit(struct upk_random *r)
{
	return (double)(upk_random_next(r) >> 11) * 0x1p-53;
}

void upk_random_shuffle(struct upk_random *r, uint32_t *items, size_t n)
{
	for (size_t left = n; left > 1; left--) {
		size_t other = (size_t)upk_random_below(r, left);
		uint32_t moved = items[left - 1];
		items[left - 1] = items[other];
		items[other] = moved;
	}
}

bool upk_random_bytes(void *out, size_t size)
{
	unsigned char *next = out;
	while (size > 0) {
		ssize_t got = getrandom(next, size, 0);
		if (got < 0 && errno == EINTR)
			continue;
		if (got <= 0)
			return false;
		next += got;
		size -= (size_t)got;
	}
	return true;
}
