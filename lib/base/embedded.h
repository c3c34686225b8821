/* Files compiled into the binary: migrations, pages, openapi.yaml. */
#ifndef UPK_BASE_EMBEDDED_H
#define UPK_BASE_EMBEDDED_H

#include <stddef.h>

/* A table of these, made by scripts/embed, ends with a row whose name is NULL. */
struct upk_embedded {
	const char *name;          /* the file's name without its folder */
	const unsigned char *data; /* size bytes and a NUL after them */
	size_t size;
};

#endif
