#include "base/buffer.h"

#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { SMALLEST = 64 };

void upk_buffer_finish(struct upk_buffer *b)
{
	free(b->data);
	*b = (struct upk_buffer){ 0 };
}

void upk_buffer_clear(struct upk_buffer *b)
{
	b->size = 0;
	b->failed = false;
}

/* Room for `more` bytes after size; doubling keeps a run of appends linear. */
static bool reserve(struct upk_buffer *b, size_t more)
{
	if (b->failed)
		return false;
	if (more <= b->capacity - b->size)
		return true;
	if (more > SIZE_MAX / 2 - b->size)
		goto fail;

	size_t capacity = b->capacity ? b->capacity : SMALLEST;
	while (capacity < b->size + more)
		capacity *= 2;
	char *data = realloc(b->data, capacity);
	if (!data)
		goto fail;
	b->data = data;
	b->capacity = capacity;
	return true;

fail:
	b->failed = true;
	return false;
}

void *upk_buffer_grow(struct upk_buffer *b, size_t size)
{
	if (!reserve(b, size > 0 ? size : 1))
		return NULL;
	void *start = b->data + b->size;
	b->size += size;
	return start;
}

void upk_buffer_append(struct upk_buffer *b, const void *data, size_t size)
{
	if (size == 0 || !reserve(b, size))
		return;
	memcpy(b->data + b->size, data, size);
	b->size += size;
}

void upk_buffer_puts(struct upk_buffer *b, const char *string)
{
	upk_buffer_append(b, string, strlen(string));
}

void upk_buffer_putc(struct upk_buffer *b, char c)
{
	upk_buffer_append(b, &c, 1);
}

void upk_buffer_printf(struct upk_buffer *b, const char *format, ...)
{
	va_list args, again;
	va_start(args, format);
	va_copy(again, args);
	int length = vsnprintf(NULL, 0, format, args);
	va_end(args);

	if (length < 0)
		b->failed = true;
	else if (reserve(b, (size_t)length + 1)) {
		vsnprintf(b->data + b->size, (size_t)length + 1, format, again);
		b->size += (size_t)length;
	}
	va_end(again);
}

struct upk_text upk_buffer_text(const struct upk_buffer *b)
{
	return (struct upk_text){ b->data ? b->data : "", b->size };
}
