/* When runs may start by themselves: tokens, the growth clock, and the model's change point. */
#ifndef UPK_TAIL_PACE_H
#define UPK_TAIL_PACE_H

#include <stdbool.h>
#include <stdint.h>

#include "config/config.h"

/* docs/policy.md section 3. All in places; `now` is the last place + 1. Thread: the writer. */
struct upk_pace {
	int64_t change;      /* c */
	int64_t growth;      /* growth is due when now >= this; 0: not yet set */
	double tokens;       /* at token_place */
	int64_t token_place;
	double taken;        /* by the last run: a whole one, or what there was */
};

/* A new model: the bucket is full. */
void upk_pace_start(struct upk_pace *p, const struct upk_policy *policy);

double upk_pace_tokens(const struct upk_pace *p, const struct upk_policy *policy, int64_t now);

/* The least `now` at which there are so many tokens. */
int64_t upk_pace_tokens_at(
	const struct upk_pace *p, const struct upk_policy *policy, double tokens, int64_t now);

void upk_pace_take(struct upk_pace *p, const struct upk_policy *policy, int64_t now);
/* What the last run took; once. */
void upk_pace_give_back(struct upk_pace *p, const struct upk_policy *policy);

/* After a run ordered at `now`: sets the growth clock. `change` is the model's c afterwards. */
void upk_pace_ended(struct upk_pace *p, const struct upk_policy *policy, int64_t now,
	int64_t change, bool passed, bool first);

#endif
