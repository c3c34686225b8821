/* A keyed 64-bit hash: tables whose keys strangers choose. */
#ifndef UPK_BASE_HASH_H
#define UPK_BASE_HASH_H

#include <stddef.h>
#include <stdint.h>

struct upk_hash_key {
	uint64_t k0, k1;
};

/* A key from the system's random source, made once per process. Any thread. */
const struct upk_hash_key *upk_hash_process_key(void);

/* SipHash-1-3 (Aumasson and Bernstein 2012, with 1 and 3 rounds). Any thread. */
uint64_t upk_hash(const struct upk_hash_key *key, const void *data, size_t size);

#endif
