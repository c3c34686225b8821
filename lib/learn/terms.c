#include "learn/terms.h"

#include <stdlib.h>
#include <string.h>

#include <xxhash.h>

enum { WORD_SEED = 1, CHARACTER_SEED = 2, SHORTEST = 3, LONGEST = 5, FIRST_ROOM = 1024 };

/* Every step-th character from..to has its lower-case form `by` further on. */
struct folding {
	uint32_t from, to, step;
	int32_t by;
};

/* Unicode's simple lower-case mappings of the Latin, Greek and Cyrillic blocks. */
static const struct folding foldings[] = {
	{ 'A', 'Z', 1, 32 },
	{ 0xC0, 0xD6, 1, 32 },
	{ 0xD8, 0xDE, 1, 32 },
	{ 0x100, 0x12E, 2, 1 },
	{ 0x130, 0x130, 1, 'i' - 0x130 },
	{ 0x132, 0x136, 2, 1 },
	{ 0x139, 0x147, 2, 1 },
	{ 0x14A, 0x176, 2, 1 },
	{ 0x178, 0x178, 1, 0xFF - 0x178 },
	{ 0x179, 0x17D, 2, 1 },
	{ 0x370, 0x372, 2, 1 },
	{ 0x376, 0x376, 1, 1 },
	{ 0x37F, 0x37F, 1, 0x3F3 - 0x37F },
	{ 0x386, 0x386, 1, 38 },
	{ 0x388, 0x38A, 1, 37 },
	{ 0x38C, 0x38C, 1, 64 },
	{ 0x38E, 0x38F, 1, 63 },
	{ 0x391, 0x3A1, 1, 32 },
	{ 0x3A3, 0x3AB, 1, 32 },
	{ 0x3CF, 0x3CF, 1, 8 },
	{ 0x3D8, 0x3EE, 2, 1 },
	{ 0x3F4, 0x3F4, 1, 0x3B8 - 0x3F4 },
	{ 0x3F7, 0x3F7, 1, 1 },
	{ 0x3F9, 0x3F9, 1, -7 },
	{ 0x3FA, 0x3FA, 1, 1 },
	{ 0x3FD, 0x3FF, 1, -130 },
	{ 0x400, 0x40F, 1, 80 },
	{ 0x410, 0x42F, 1, 32 },
	{ 0x460, 0x480, 2, 1 },
	{ 0x48A, 0x4BE, 2, 1 },
	{ 0x4C0, 0x4C0, 1, 15 },
	{ 0x4C1, 0x4CD, 2, 1 },
	{ 0x4D0, 0x52E, 2, 1 },
	{ 0x1E00, 0x1E94, 2, 1 },
	{ 0x1E9E, 0x1E9E, 1, 0xDF - 0x1E9E },
	{ 0x1EA0, 0x1EFE, 2, 1 },
};

/* What parts words beyond ASCII: spaces, punctuation and symbols in common use. */
static const uint32_t partings[][2] = {
	{ 0x80, 0xA9 },
	{ 0xAB, 0xB4 },
	{ 0xB6, 0xB9 },
	{ 0xBB, 0xBF },
	{ 0xD7, 0xD7 },
	{ 0xF7, 0xF7 },
	{ 0x2000, 0x206F },
	{ 0x20A0, 0x20CF },
	{ 0x2190, 0x2BFF },
	{ 0x3000, 0x3004 },
	{ 0x3008, 0x3020 },
	{ 0xFE10, 0xFE1F },
	{ 0xFE30, 0xFE6F },
	{ 0xFF00, 0xFF0F },
	{ 0xFF1A, 0xFF20 },
	{ 0xFF3B, 0xFF40 },
	{ 0xFF5B, 0xFF65 },
	{ 0xFFFD, 0xFFFD },
};

uint32_t upk_terms_lower(uint32_t c)
{
	for (size_t i = 0; i < sizeof foldings / sizeof *foldings && c >= foldings[i].from; i++)
		if (c <= foldings[i].to && (c - foldings[i].from) % foldings[i].step == 0)
			return (uint32_t)((int32_t)c + foldings[i].by);
	return c;
}

static bool in_word(uint32_t c)
{
	if (c < 0x80)
		return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_';
	for (size_t i = 0; i < sizeof partings / sizeof *partings && c >= partings[i][0]; i++)
		if (c <= partings[i][1])
			return false;
	return true;
}

/* The character of `size` well-formed bytes; 0: size is 0, and one byte is passed over. */
static uint32_t decode(const char *bytes, size_t size)
{
	static const unsigned char heads[] = { 0, 0x7F, 0x1F, 0x0F, 0x07 };
	uint32_t c = (unsigned char)bytes[0] & heads[size];

	for (size_t i = 1; i < size; i++)
		c = c << 6 | ((unsigned char)bytes[i] & 0x3F);
	return c;
}

static void put(struct upk_buffer *out, uint32_t c)
{
	if (c < 0x80) {
		upk_buffer_putc(out, (char)c);
	} else if (c < 0x800) {
		upk_buffer_putc(out, (char)(0xC0 | c >> 6));
		upk_buffer_putc(out, (char)(0x80 | (c & 0x3F)));
	} else if (c < 0x10000) {
		upk_buffer_putc(out, (char)(0xE0 | c >> 12));
		upk_buffer_putc(out, (char)(0x80 | (c >> 6 & 0x3F)));
		upk_buffer_putc(out, (char)(0x80 | (c & 0x3F)));
	} else {
		upk_buffer_putc(out, (char)(0xF0 | c >> 18));
		upk_buffer_putc(out, (char)(0x80 | (c >> 12 & 0x3F)));
		upk_buffer_putc(out, (char)(0x80 | (c >> 6 & 0x3F)));
		upk_buffer_putc(out, (char)(0x80 | (c & 0x3F)));
	}
}

/* Lower-cased words, one space before, between and behind them. */
static void fold(struct upk_buffer *out, struct upk_text text)
{
	bool parted = true;

	upk_buffer_clear(out);
	upk_buffer_putc(out, ' ');
	for (size_t at = 0, size; at < text.size; at += size ? size : 1) {
		size = upk_text_character(text, at);
		uint32_t c = upk_terms_lower(decode(text.data + at, size));
		if (in_word(c)) {
			put(out, c);
			parted = false;
		} else if (!parted) {
			upk_buffer_putc(out, ' ');
			parted = true;
		}
	}
	if (!parted)
		upk_buffer_putc(out, ' ');
}

static bool reserve(struct upk_terms *t)
{
	size_t room = t->room ? 2 * t->room : FIRST_ROOM;
	uint32_t *grown;

	if (t->count < t->room)
		return true;
	grown = realloc(t->bucket, room * sizeof *grown);
	if (!grown)
		return false;
	t->bucket = grown;
	grown = realloc(t->times, room * sizeof *grown);
	if (!grown)
		return false;
	t->times = grown;
	t->room = room;
	return true;
}

static bool add(struct upk_terms *t, size_t from, size_t to, int seed, uint32_t mask)
{
	if (!reserve(t))
		return false;
	t->bucket[t->count++] =
		(uint32_t)XXH64(t->folded.data + from, to - from, (uint64_t)seed) & mask;
	return true;
}

static size_t next_character(const struct upk_buffer *b, size_t at)
{
	for (at++; at < b->size && ((unsigned char)b->data[at] & 0xC0) == 0x80; at++)
		;
	return at;
}

/* Runs of characters of " word ", from the space before it to the one behind it. */
static bool add_characters(struct upk_terms *t, size_t from, size_t to, uint32_t mask)
{
	for (; from < to; from = next_character(&t->folded, from)) {
		size_t end = from;
		for (int n = 1; n <= LONGEST && end < to; n++) {
			end = next_character(&t->folded, end);
			if (n >= SHORTEST && !add(t, from, end, CHARACTER_SEED, mask))
				return false;
		}
	}
	return true;
}

static size_t word_end(const struct upk_buffer *b, size_t at)
{
	return at + (size_t)((char *)memchr(b->data + at, ' ', b->size - at) - (b->data + at));
}

static bool add_terms(struct upk_terms *t, uint32_t mask)
{
	const struct upk_buffer *b = &t->folded;

	for (size_t from = 1, to; from < b->size; from = to + 1) {
		to = word_end(b, from);
		if (!add(t, from, to, WORD_SEED, mask) ||
			!add_characters(t, from - 1, to + 1, mask))
			return false;
		if (to + 1 < b->size && !add(t, from, word_end(b, to + 1), WORD_SEED, mask))
			return false;
	}
	return true;
}

/* By radix, a byte at a time; times is room to do it in. */
static void sort(struct upk_terms *t, unsigned bits)
{
	for (unsigned shift = 0; shift < bits; shift += 8) {
		size_t at[257] = { 0 };
		uint32_t *swap = t->bucket;
		for (size_t i = 0; i < t->count; i++)
			at[(t->bucket[i] >> shift & 0xFF) + 1]++;
		for (size_t i = 1; i < 257; i++)
			at[i] += at[i - 1];
		for (size_t i = 0; i < t->count; i++)
			t->times[at[t->bucket[i] >> shift & 0xFF]++] = t->bucket[i];
		t->bucket = t->times;
		t->times = swap;
	}
}

static void count_equals(struct upk_terms *t)
{
	size_t n = 0;

	for (size_t i = 0, end; i < t->count; i = end) {
		for (end = i + 1; end < t->count && t->bucket[end] == t->bucket[i]; end++)
			;
		t->bucket[n] = t->bucket[i];
		t->times[n++] = (uint32_t)(end - i);
	}
	t->count = n;
}

void upk_terms_finish(struct upk_terms *t)
{
	free(t->bucket);
	free(t->times);
	upk_buffer_finish(&t->folded);
	*t = (struct upk_terms){ 0 };
}

bool upk_terms_take(struct upk_terms *t, struct upk_text text, unsigned bits, struct upk_error *err)
{
	t->count = 0;
	fold(&t->folded, text);
	if (t->folded.failed || !add_terms(t, ((uint32_t)1 << bits) - 1))
		return upk_fail(err, UPK_NOMEM, "no memory for a text of %zu bytes", text.size);
	sort(t, bits);
	count_equals(t);
	return true;
}
