/* Arrays on the heap that change their length. */
#ifndef UPK_BASE_ARRAY_H
#define UPK_BASE_ARRAY_H

#include <stdbool.h>
#include <stddef.h>

/* array points to the caller's pointer (NULL or from malloc), which gets room for count members of
 * size bytes; what is in as many of them stays. false: no memory or the size overflows, and the
 * array is as it was. Any thread; the array has one owner. */
bool upk_array_resize(void *array, size_t count, size_t size);

#endif
