/* How far one score is ahead of another, in words. */
#ifndef UPK_LEARN_LEAD_H
#define UPK_LEARN_LEAD_H

struct upk_lead {
	double score, other;
	double limit; /* score - other must be greater */
};

enum { UPK_LEAD_WORDS = 128 };

/* Digits behind the point that all three are said with: 3, or as many more, up to 9, as tell both
 * scores, their difference and 0, and that and the limit apart. */
int upk_lead_digits(const struct upk_lead *l);

/* "worse by 0.0004 where better by more than 0.0020 was needed" */
void upk_lead_say(const struct upk_lead *l, char words[UPK_LEAD_WORDS]);

#endif
