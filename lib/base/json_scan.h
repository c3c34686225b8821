/* The loops over a JSON text's bytes that its speed hangs on. */
#ifndef UPK_BASE_JSON_SCAN_H
#define UPK_BASE_JSON_SCAN_H

#include <stddef.h>

#ifdef __SSE2__
#include <emmintrin.h>
#endif

/* Bytes at the start that stand for themselves in a JSON string: ASCII from the space on, but the
 * quote and the backslash. */
static inline size_t upk_json_plain_portable(const char *data, size_t size)
{
	size_t at = 0;
	while (at < size && data[at] >= 0x20 && (unsigned char)data[at] < 0x80 && data[at] != '"' &&
		data[at] != '\\')
		at++;
	return at;
}

#ifdef __SSE2__
static inline size_t upk_json_plain(const char *data, size_t size)
{
	size_t at = 0;
	for (; size - at >= 16; at += 16) {
		__m128i bytes = _mm_loadu_si128((const __m128i *)(const void *)(data + at));
		/* As signed bytes, what is not ASCII lies below the space, too. */
		__m128i ends = _mm_or_si128(_mm_cmplt_epi8(bytes, _mm_set1_epi8(0x20)),
			_mm_or_si128(_mm_cmpeq_epi8(bytes, _mm_set1_epi8('"')),
				_mm_cmpeq_epi8(bytes, _mm_set1_epi8('\\'))));
		unsigned mask = (unsigned)_mm_movemask_epi8(ends);
		if (mask)
			return at + (size_t)__builtin_ctz(mask);
	}
	return at + upk_json_plain_portable(data + at, size - at);
}
#else
static inline size_t upk_json_plain(const char *data, size_t size)
{
	return upk_json_plain_portable(data, size);
}
#endif

#endif
