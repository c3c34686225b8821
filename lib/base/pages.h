/* Large tables that are read at random: fewer and larger pages for them. */
#ifndef UPK_BASE_PAGES_H
#define UPK_BASE_PAGES_H

#include <stddef.h>

/* A hint about memory that was just allocated and will be touched all over: the kernel backs it
 * with large pages where it has them, so that a look at random misses fewer page tables. Any
 * thread; cannot fail. */
void upk_pages_make_large(void *memory, size_t size);

#endif
