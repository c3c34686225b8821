#include "base/text.h"

#include <stdlib.h>
#include <string.h>

struct upk_text upk_text_of(const char *string)
{
	return (struct upk_text){ string, string ? strlen(string) : 0 };
}

bool upk_text_equal(struct upk_text a, struct upk_text b)
{
	if (a.size != b.size || !a.data != !b.data)
		return false;
	return a.size == 0 || memcmp(a.data, b.data, a.size) == 0;
}

bool upk_text_is(struct upk_text text, const char *string)
{
	return upk_text_equal(text, upk_text_of(string));
}

/* Bytes of the well-formed character at p, 0 when there is none (RFC 3629, section 4). The first
 * continuation byte carries what rules out overlong forms, surrogates and what lies past U+10FFFF.
 */
static size_t character(const unsigned char *p, size_t left)
{
	unsigned char low = 0x80, high = 0xbf;
	size_t size;

	if (p[0] < 0x80)
		return 1;
	if (p[0] >= 0xc2 && p[0] <= 0xdf)
		size = 2;
	else if ((p[0] & 0xf0) == 0xe0)
		size = 3;
	else if (p[0] >= 0xf0 && p[0] <= 0xf4)
		size = 4;
	else
		return 0;

	if (p[0] == 0xe0)
		low = 0xa0;
	else if (p[0] == 0xed)
		high = 0x9f;
	else if (p[0] == 0xf0)
		low = 0x90;
	else if (p[0] == 0xf4)
		high = 0x8f;

	if (left < size || p[1] < low || p[1] > high)
		return 0;
	for (size_t i = 2; i < size; i++)
		if ((p[i] & 0xc0) != 0x80)
			return 0;
	return size;
}

size_t upk_text_character(struct upk_text text, size_t at)
{
	if (at >= text.size)
		return 0;
	return character((const unsigned char *)text.data + at, text.size - at);
}

bool upk_text_is_utf8(struct upk_text text)
{
	for (size_t at = 0; at < text.size;) {
		size_t size = upk_text_character(text, at);
		if (size == 0)
			return false;
		at += size;
	}
	return true;
}

char *upk_text_copy(struct upk_text text)
{
	char *copy = malloc(text.size + 1);
	if (!copy)
		return NULL;
	if (text.size > 0)
		memcpy(copy, text.data, text.size);
	copy[text.size] = '\0';
	return copy;
}
