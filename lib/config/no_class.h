/* What is said of a class that a model does not have, wherever one is named. */
#ifndef UPK_CONFIG_NO_CLASS_H
#define UPK_CONFIG_NO_CLASS_H

#include <stdbool.h>

#include "base/error.h"
#include "base/spelling.h"
#include "base/text.h"

/* The classes that there are, told one by one. Names are borrowed. */
struct upk_no_class {
	struct upk_spelling spelling;
	bool full; /* no other fits into the list */
	char known[UPK_SPELLING_SIZE];
};

/* name: the one that there isn't, ended by a NUL. */
struct upk_no_class upk_no_class_begin(const char *name);

/* ask: it may have been meant. Comparing a thousand takes a while, so that who fails often does
 * not. */
void upk_no_class_add(struct upk_no_class *n, struct upk_text class, bool ask);

/* UPK_INVALID: "NAME": the model has no such class; did you mean A? it has A, B. Returns false. */
bool upk_no_class_fail(const struct upk_no_class *n, struct upk_error *err);

#endif
