/* Bytes that grow at the end: bodies, answers, blobs. */
#ifndef UPK_BASE_BUFFER_H
#define UPK_BASE_BUFFER_H

#include <stdbool.h>
#include <stddef.h>

#include "base/text.h"

/* Starts as { 0 }. One thread at a time. After a failed allocation `failed` stays true, further
 * appends do nothing, and the caller checks once at the end. */
struct upk_buffer {
	char *data; /* NULL while empty */
	size_t size;
	size_t capacity;
	bool failed;
};

void upk_buffer_finish(struct upk_buffer *b); /* frees; leaves it as { 0 } */
void upk_buffer_clear(struct upk_buffer *b);  /* size 0, failed false, keeps the memory */
void upk_buffer_append(struct upk_buffer *b, const void *data, size_t size);
void upk_buffer_puts(struct upk_buffer *b, const char *string);
void upk_buffer_putc(struct upk_buffer *b, char c);
void upk_buffer_printf(struct upk_buffer *b, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

/* size more bytes to write into, counted at once in b->size; NULL when failed. */
void *upk_buffer_grow(struct upk_buffer *b, size_t size);

struct upk_text upk_buffer_text(const struct upk_buffer *b);

#endif
