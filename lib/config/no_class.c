#include "config/no_class.h"

#include "config/value.h"

struct upk_no_class upk_no_class_begin(const char *name)
{
	return (struct upk_no_class){ .spelling.word = name };
}

void upk_no_class_add(struct upk_no_class *n, struct upk_text class, bool ask)
{
	if (ask)
		upk_spelling_try(&n->spelling, class);
	n->full = n->full || !upk_spelling_add(n->known, class);
}

bool upk_no_class_fail(const struct upk_no_class *n, struct upk_error *err)
{
	char shown[UPK_VALUE_SHOWN], near[UPK_SPELLING_SIZE];
	upk_spelling_ask(&n->spelling, near);
	return upk_fail(err, UPK_INVALID, "\"%s\": the model has no such class%s it has %s",
		upk_text_show(upk_text_of(n->spelling.word), shown), near[0] ? near : ":",
		n->known[0] ? n->known : "none yet");
}
