#include "client/origin.h"

#include <string.h>

enum { NAME_MAX_BYTES = 100 };

void upk_origin_write(const char *path, uint64_t line, struct upk_buffer *out)
{
	const char *slash = strrchr(path, '/');
	const char *name = slash ? slash + 1 : path;
	size_t size = strlen(name);

	if (size > NAME_MAX_BYTES)
		for (size = NAME_MAX_BYTES; size > 0 && ((unsigned char)name[size] & 0xc0) == 0x80;)
			size--;
	upk_buffer_append(out, name, size);
	upk_buffer_printf(out, ":%llu", (unsigned long long)line);
}
