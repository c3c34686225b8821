/* Names that somebody may have meant. */
#ifndef UPK_BASE_SPELLING_H
#define UPK_BASE_SPELLING_H

#include <stddef.h>

enum { UPK_SPELLING_SIZE = 256 };

/* The name closest to word, at most two letters away; NULL: none is. names ends with NULL. */
const char *upk_spelling_nearest(const char *word, const char *const *names);

/* "a, b, c", ended by "..." where it would not fit. Returns out. */
const char *upk_spelling_list(const char *const *names, char out[UPK_SPELLING_SIZE]);

#endif
