#include "metrics/order.h"

#include <stdlib.h>
#include <string.h>

enum {
	DIGIT_BITS = 11,
	DIGITS = 6, /* of 64 bits */
	VALUES = 1 << DIGIT_BITS,
	FEW = 256, /* up to here counting costs more */
};

uint64_t upk_order_key(double number)
{
	uint64_t bits;
	number += 0.0; /* -0 is 0 */
	memcpy(&bits, &number, sizeof bits);
	return bits >> 63 ? ~bits : bits | UINT64_C(1) << 63;
}

static int by_key(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;
	return (x > y) - (x < y);
}

static size_t digit_of(uint64_t key, int digit)
{
	return key >> (digit * DIGIT_BITS) & (VALUES - 1);
}

static void count_digits(const uint64_t *keys, size_t n, size_t counts[DIGITS][VALUES])
{
	for (size_t i = 0; i < n; i++)
		for (int d = 0; d < DIGITS; d++)
			counts[d][digit_of(keys[i], d)]++;
}

static void scatter(
	const uint64_t *from, uint64_t *to, size_t n, int digit, const size_t counts[VALUES])
{
	size_t at[VALUES], sum = 0;
	for (size_t v = 0; v < VALUES; v++) {
		at[v] = sum;
		sum += counts[v];
	}
	for (size_t i = 0; i < n; i++)
		to[at[digit_of(from[i], digit)]++] = from[i];
}

/* The least significant digit first; one that all keys share moves nothing. */
void upk_order_sort(uint64_t *keys, uint64_t *other, size_t n)
{
	size_t counts[DIGITS][VALUES] = { { 0 } };
	uint64_t *from = keys, *to = other;
	if (n <= FEW) {
		if (n > 1)
			qsort(keys, n, sizeof *keys, by_key);
		return;
	}
	count_digits(keys, n, counts);
	for (int d = 0; d < DIGITS; d++) {
		if (counts[d][digit_of(from[0], d)] == n)
			continue;
		scatter(from, to, n, d, counts[d]);
		uint64_t *sorted = to;
		to = from;
		from = sorted;
	}
	if (from != keys)
		memcpy(keys, from, n * sizeof *keys);
}
