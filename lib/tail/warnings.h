/* What in a model's configuration has an effect that its author may not have meant. */
#ifndef UPK_TAIL_WARNINGS_H
#define UPK_TAIL_WARNINGS_H

#include "tail/tail.h"

enum { UPK_WARNING_SIZE = 512 };

/* Says each in a sentence: features that the champion uses and the model no longer has, a positive
 * class and classes of rules, gate or objective that are not known yet. Thread: the writer's, or
 * under the model's lock. */
void upk_warnings_each(const struct upk_tail *t, void (*say)(void *context, const char *warning),
	void *context);

/* Whether the rule's metric is of a class, named or the positive one, that no event or label has had,
 * declared or not; out says so. used: the model's. */
bool upk_warnings_of_rule(const struct upk_tail *t, const struct upk_used *used,
	const struct upk_rule_config *rule, char out[UPK_WARNING_SIZE]);

#endif
