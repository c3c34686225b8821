/* Names that somebody may have meant. */
#ifndef UPK_BASE_SPELLING_H
#define UPK_BASE_SPELLING_H

#include <stdbool.h>
#include <stddef.h>

#include "base/text.h"

enum { UPK_SPELLING_SIZE = 256 };

/* A search for the name closest to a word among names that are told one by one: starts with the
 * word alone. Names are borrowed. */
struct upk_spelling {
	const char *word;
	struct upk_text nearest; /* as upk_spelling_nearest has it; absent: none is near */
	size_t distance;         /* its, when it is there */
};
void upk_spelling_try(struct upk_spelling *s, struct upk_text name);

/* The name closest to word: at most two steps away (a letter more, less or other, or two neighbours
 * swapped), one letter its own, and 'A' is no other letter than 'a'. Of equally close ones the first
 * that begins as word does, else the first. NULL: none is. names ends with NULL. */
const char *upk_spelling_nearest(const char *word, const char *const *names);

/* That, or the first that begins as word does: in all of word, 4 letters or more, or in 6 letters. So
 * "prediction" is meant for "predicted". NULL: none. */
const char *upk_spelling_meant(const char *word, const char *const *names);

/* "; did you mean NAME?", "": nothing is near. Returns out. */
const char *upk_spelling_ask(const struct upk_spelling *s, char out[UPK_SPELLING_SIZE]);

/* Appends a name to "a, b", which starts as "". false: it did not fit, and "..." ends the list,
 * which takes no other. */
bool upk_spelling_add(char out[UPK_SPELLING_SIZE], struct upk_text name);

/* All of them, as far as they fit. Returns out. */
const char *upk_spelling_list(const char *const *names, char out[UPK_SPELLING_SIZE]);

#endif
