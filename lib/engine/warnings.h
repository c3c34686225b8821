/* What in a model's configuration has an effect that its author may not have meant. */
#ifndef UPK_ENGINE_WARNINGS_H
#define UPK_ENGINE_WARNINGS_H

#include "engine/tail.h"

enum { UPK_WARNING_SIZE = 512 };

/* Says each in a sentence: features that the champion uses and the model no longer has, classes of
 * rules, gate or objective that no event or label has had. Thread: the writer's, or under the
 * model's lock. */
void upk_warnings_each(const struct upk_tail *t, void (*say)(void *context, const char *warning),
	void *context);

/* Whether the rule's metric is of a class that is not known yet; out says so. */
bool upk_warnings_of_rule(
	const struct upk_tail *t, const struct upk_rule_config *rule, char out[UPK_WARNING_SIZE]);

#endif
