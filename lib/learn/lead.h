/* How far one score is ahead of another, and in words. */
#ifndef UPK_LEARN_LEAD_H
#define UPK_LEARN_LEAD_H

#include <stdbool.h>

struct upk_lead {
	double score, other;
	double limit; /* score - other must be greater */
};

/* By more than what rounding makes of an equal lead, 1e-9. */
bool upk_lead_holds(const struct upk_lead *l);

enum { UPK_LEAD_FIGURE = 32, UPK_LEAD_WORDS = 128 };

/* As texts, all with as many digits behind the point: 3, or as many more, up to 9, as show what is
 * true of both scores, and of their difference and the limit. The difference is that of the scores
 * as they are shown, and greater than the limit as it is shown when the lead holds, only then. */
struct upk_lead_shown {
	char score[UPK_LEAD_FIGURE], other[UPK_LEAD_FIGURE], limit[UPK_LEAD_FIGURE];
	char by[UPK_LEAD_FIGURE]; /* the difference without its sign */
	/* "worse by 0.0004 where better by more than 0.0020 was needed" */
	char words[UPK_LEAD_WORDS];
};
void upk_lead_show(const struct upk_lead *l, struct upk_lead_shown *out);

#endif
