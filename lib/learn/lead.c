#include "learn/lead.h"

#include <math.h>
#include <stdbool.h>
#include <stdio.h>

enum { DIGITS_LEAST = 3, DIGITS_MOST = 9 };

static bool reads_same(double a, double b, int digits)
{
	double scale = pow(10, digits);
	return round(a * scale) == round(b * scale);
}

/* They differ, and nobody sees it. */
static bool is_blurred(double a, double b, int digits)
{
	return reads_same(a, b, digits) && !reads_same(a, b, DIGITS_MOST);
}

int upk_lead_digits(const struct upk_lead *l)
{
	double difference = l->score - l->other;
	int digits = DIGITS_LEAST;
	while (is_blurred(l->score, l->other, digits) || is_blurred(difference, 0, digits) ||
		is_blurred(difference, l->limit, digits))
		digits++;
	return digits;
}

void upk_lead_say(const struct upk_lead *l, char words[UPK_LEAD_WORDS])
{
	double difference = l->score - l->other;
	int digits = upk_lead_digits(l);
	char by[48] = "as good";
	if (!reads_same(difference, 0, DIGITS_MOST))
		snprintf(by, sizeof by, "%s by %.*f", difference < 0 ? "worse" : "better", digits,
			fabs(difference));
	snprintf(words, UPK_LEAD_WORDS, "%s where better by more than %.*f was needed", by, digits,
		l->limit);
}
