/* Text that knows its length: a view of bytes that somebody else owns. */
#ifndef UPK_BASE_TEXT_H
#define UPK_BASE_TEXT_H

#include <stdbool.h>
#include <stddef.h>

/* Not ended by a NUL. { NULL, 0 } means absent, { "", 0 } means empty. */
struct upk_text {
	const char *data;
	size_t size;
};

/* A view of a C string; NULL gives the absent text. */
struct upk_text upk_text_of(const char *string);

/* Same bytes; two absent texts are equal, absent and empty are not. */
bool upk_text_equal(struct upk_text a, struct upk_text b);
bool upk_text_is(struct upk_text text, const char *string);

/* Whole text is valid UTF-8 as RFC 3629 has it: no surrogates, no overlong forms. */
bool upk_text_is_utf8(struct upk_text text);

/* Bytes of the well-formed character that starts at `at`: 1 to 4, or 0 when none does. */
size_t upk_text_character(struct upk_text text, size_t at);

/* A copy ended by a NUL that the caller frees; NULL: no memory. */
char *upk_text_copy(struct upk_text text);

#endif
