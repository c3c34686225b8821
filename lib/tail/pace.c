#include "tail/pace.h"

#include <math.h>

void upk_pace_start(struct upk_pace *p, const struct upk_policy *policy)
{
	*p = (struct upk_pace){ .tokens = policy->tokens_most };
}

double upk_pace_tokens(const struct upk_pace *p, const struct upk_policy *policy, int64_t now)
{
	double tokens = p->tokens + (double)(now - p->token_place) / policy->token_places;
	return fmin(tokens, policy->tokens_most);
}

int64_t upk_pace_tokens_at(
	const struct upk_pace *p, const struct upk_policy *policy, double tokens, int64_t now)
{
	double missing = tokens - upk_pace_tokens(p, policy, now);
	if (missing <= 0)
		return now;
	return now + (int64_t)ceil(missing * policy->token_places - 1e-6);
}

/* By hand a run may start on an empty bucket; it then leaves it empty. */
void upk_pace_take(struct upk_pace *p, const struct upk_policy *policy, int64_t now)
{
	double tokens = upk_pace_tokens(p, policy, now);
	p->taken = fmin(1, tokens);
	p->tokens = tokens - p->taken;
	p->token_place = now;
}

void upk_pace_give_back(struct upk_pace *p, const struct upk_policy *policy)
{
	p->tokens = fmin(p->tokens + p->taken, policy->tokens_most);
	p->taken = 0;
}

void upk_pace_ended(struct upk_pace *p, const struct upk_policy *policy, int64_t now,
	int64_t change, bool passed, bool first)
{
	double f = passed && !first ? policy->growth_passed : policy->growth_failed;
	p->change = change;
	p->growth = now + (int64_t)fmax(policy->growth_least, (f - 1) * (double)(now - change));
}
