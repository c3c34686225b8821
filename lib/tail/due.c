#include "tail/due.h"

bool upk_due_waits(const struct upk_rule *rule)
{
	return rule->state == UPK_RULE_FIRING && rule->waiting;
}

int64_t upk_due_at(const struct upk_tail *t, const struct upk_rule *rule)
{
	if (rule->change == 0)
		return 0;
	int64_t now = t->place + 1;
	int64_t at = rule->change + (int64_t)t->policy->alert_places;
	if (at < rule->rest_until)
		at = rule->rest_until;
	int64_t token = upk_pace_tokens_at(&t->pace, t->policy, 1, now);
	return (at < token ? token : at) - 1;
}
