/* Which of a list of names is this: classes, features. */
#ifndef UPK_CONFIG_NAMES_H
#define UPK_CONFIG_NAMES_H

#include <stddef.h>
#include <stdint.h>

#include "base/text.h"

/* Immutable once made; any thread. */
struct upk_names;

/* Names must stay where they are until destroy. *twin becomes the index of the first name that
 * stands twice in the list, -1 when all differ. NULL: no memory. */
struct upk_names *upk_names_create(const struct upk_text *names, size_t count, int *twin);
void upk_names_destroy(struct upk_names *n); /* NULL is fine */

/* Index in the list; -1: none. O(1). */
int upk_names_find(const struct upk_names *n, struct upk_text name);

#endif
