#include "base/hash.h"

#include <endian.h>
#include <pthread.h>
#include <string.h>

#include "base/clock.h"
#include "base/random.h"

static struct upk_hash_key process_key;

/* Without a random source the addresses and the clock still differ from process to process; the
 * key only keeps strangers from choosing collisions. */
static void make_process_key(void)
{
	if (upk_random_bytes(&process_key, sizeof process_key))
		return;
	struct upk_random r;
	upk_random_seed(&r, (uint64_t)upk_clock_monotonic_ns() ^ (uint64_t)(uintptr_t)&r);
	process_key.k0 = upk_random_next(&r);
	process_key.k1 = upk_random_next(&r);
}

const struct upk_hash_key *upk_hash_process_key(void)
{
	static pthread_once_t once = PTHREAD_ONCE_INIT;
	pthread_once(&once, make_process_key);
	return &process_key;
}

static uint64_t rotate(uint64_t x, int bits)
{
	return (x << bits) | (x >> (64 - bits));
}

static void mix(uint64_t v[4])
{
	v[0] += v[1];
	v[2] += v[3];
	v[1] = rotate(v[1], 13) ^ v[0];
	v[3] = rotate(v[3], 16) ^ v[2];
	v[0] = rotate(v[0], 32);
	v[2] += v[1];
	v[0] += v[3];
	v[1] = rotate(v[1], 17) ^ v[2];
	v[3] = rotate(v[3], 21) ^ v[0];
	v[2] = rotate(v[2], 32);
}

/* The last bytes, fewer than 8, as the low end of a little-endian word. */
static uint64_t tail(const unsigned char *p, size_t size)
{
	uint64_t w = 0;
	for (size_t i = 0; i < size; i++)
		w |= (uint64_t)p[i] << (8 * i);
	return w;
}

uint64_t upk_hash(const struct upk_hash_key *key, const void *data, size_t size)
{
	const unsigned char *p = data;
	uint64_t last = (uint64_t)size << 56;
	uint64_t v[4] = {
		key->k0 ^ 0x736f6d6570736575,
		key->k1 ^ 0x646f72616e646f6d,
		key->k0 ^ 0x6c7967656e657261,
		key->k1 ^ 0x7465646279746573,
	};

	for (; size >= 8; p += 8, size -= 8) {
		uint64_t m;
		memcpy(&m, p, sizeof m);
		m = le64toh(m);
		v[3] ^= m;
		mix(v);
		v[0] ^= m;
	}
	last |= tail(p, size);
	v[3] ^= last;
	mix(v);
	v[0] ^= last;

	v[2] ^= 0xff;
	for (int i = 0; i < 3; i++)
		mix(v);
	return v[0] ^ v[1] ^ v[2] ^ v[3];
}
