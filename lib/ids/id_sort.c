#include "ids/id_sort.h"

#include <string.h>

enum {
	DIGIT_BITS = 11,
	DIGITS = 6,
	VALUES = 1 << DIGIT_BITS
}; /* 66 bits: an even number of passes */

static size_t digit(const struct upk_id_entry *e, int n)
{
	return e->key >> (n * DIGIT_BITS) & (VALUES - 1);
}

/* From counts to where the first entry of each digit goes. */
static void place(size_t counts[VALUES])
{
	size_t at = 0;
	for (int i = 0; i < VALUES; i++) {
		size_t count = counts[i];
		counts[i] = at;
		at += count;
	}
}

void upk_id_sort(struct upk_id_entry *entries, struct upk_id_entry *other, size_t count)
{
	size_t places[DIGITS][VALUES];
	memset(places, 0, sizeof places);
	for (size_t i = 0; i < count; i++)
		for (int n = 0; n < DIGITS; n++)
			places[n][digit(&entries[i], n)]++;
	for (int n = 0; n < DIGITS; n++) {
		place(places[n]);
		for (size_t i = 0; i < count; i++)
			other[places[n][digit(&entries[i], n)]++] = entries[i];
		struct upk_id_entry *sorted = other;
		other = entries;
		entries = sorted;
	}
}
