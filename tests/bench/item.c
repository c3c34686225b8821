#include "item.h"

#include <string.h>

enum { FEATURES = 10 };
static const uint64_t begin_ms = 1767261600000; /* 2026-01-01 */

uint64_t item_random(uint64_t x)
{
	x += 0x9e3779b97f4a7c15;
	x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9;
	x = (x ^ (x >> 27)) * 0x94d049bb133111eb;
	return x ^ (x >> 31);
}

static char *put(char *out, const char *text)
{
	size_t size = strlen(text);

	memcpy(out, text, size);
	return out + size;
}

static char *put_digits(char *out, uint64_t value, int digits)
{
	for (int i = digits - 1; i >= 0; i--, value /= 10)
		out[i] = (char)('0' + value % 10);
	return out + digits;
}

static char *put_uuid(char *out, uint64_t seed, uint64_t n)
{
	uint64_t half[2] = { item_random(item_random(seed) + 2 * n),
		item_random(item_random(seed) + 2 * n + 1) };

	for (int i = 0; i < 32; i++) {
		if (i == 8 || i == 12 || i == 16 || i == 20)
			*out++ = '-';
		*out++ = "0123456789abcdef"[half[i / 16] >> 4 * (i % 16) & 15];
	}
	return out;
}

/* Of -3.0000 .. 2.9999, about normal: the sum of four uniform numbers. */
static char *put_feature(char *out, uint64_t random)
{
	int value = -30000;

	for (int i = 0; i < 4; i++)
		value += (int)((random >> 16 * i & 0xffff) * 15000 >> 16);
	if (value < 0)
		*out++ = '-';
	value = value < 0 ? -value : value;
	out = put_digits(out, (uint64_t)value / 10000, 1);
	*out++ = '.';
	return put_digits(out, (uint64_t)value % 10000, 4);
}

static unsigned score_of(uint64_t seed, uint64_t n)
{
	return (unsigned)(item_random(seed ^ (n << 20)) % 10000);
}

/* Nine in ten predictions are right. */
static const char *label_of(uint64_t seed, uint64_t n)
{
	bool right = item_random(seed + (n << 24)) % 10 != 0;

	return right == (score_of(seed, n) >= 5000) ? "b" : "a";
}

size_t item_event(uint64_t seed, uint64_t n, bool labelled, unsigned version, char *out)
{
	char *at = put_uuid(put(out, "{\"id\":\""), seed, n);

	at = put_digits(put(at, "\",\"timestamp\":"), begin_ms + n / 8, 13);
	at = put(put(at, ",\"predicted\":\""), score_of(seed, n) >= 5000 ? "b" : "a");
	at = put_digits(put(at, "\",\"score\":0."), score_of(seed, n), 4);
	at = put(at, ",\"features\":[");
	for (uint64_t i = 0; i < FEATURES; i++) {
		at = put_feature(at, item_random(seed + (n << 8) + i));
		*at++ = i + 1 < FEATURES ? ',' : ']';
	}
	if (labelled)
		at = put(put(put(at, ",\"label\":\""), label_of(seed, n)), "\"");
	if (version > 0)
		at = put_digits(put(at, ",\"version\":"), version, version < 10 ? 1 : 2);
	at = put(at, "}\n");
	return (size_t)(at - out);
}

size_t item_label(uint64_t seed, uint64_t n, char *out)
{
	char *at = put_uuid(put(out, "{\"id\":\""), seed, n);

	at = put(put(put(at, "\",\"label\":\""), label_of(seed, n)), "\"}\n");
	return (size_t)(at - out);
}
