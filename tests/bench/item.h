/* The events and labels that the benchmarks post: the n-th is the same in every run. */
#ifndef UPK_BENCH_ITEM_H
#define UPK_BENCH_ITEM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { ITEM_MOST = 512 }; /* bytes of a line, the newline included */

/* Writes one NDJSON line of at most ITEM_MOST bytes, returns its length. An event has a random
 * UUID, a timestamp, a predicted class, a score and ten number features of four decimals, and says
 * that `version` predicted it when that is not 0. */
size_t item_event(uint64_t seed, uint64_t n, bool labelled, unsigned version, char *out);

/* The label of the n-th event. */
size_t item_label(uint64_t seed, uint64_t n, char *out);

/* splitmix64: all that is random here. */
uint64_t item_random(uint64_t x);

#endif
