#include "learn/lead.h"

#include <math.h>
#include <stdio.h>

enum { DIGITS_LEAST = 3, DIGITS_MOST = 9 };

/* In units of the last digit that is shown. */
struct figures {
	double score, other, by, limit;
};

bool upk_lead_holds(const struct upk_lead *l)
{
	return l->score - l->other > l->limit + 1e-9;
}

static struct figures figures_of(const struct upk_lead *l, int digits)
{
	double scale = pow(10, digits);
	struct figures f = { .score = round(l->score * scale),
		.other = round(l->other * scale),
		.limit = round(l->limit * scale) };
	f.by = f.score - f.other;
	if (digits == DIGITS_MOST && upk_lead_holds(l) != (f.by > f.limit))
		f.limit = upk_lead_holds(l) ? f.by - 1 : f.by;
	return f;
}

static int sign(double x)
{
	return (x > 0) - (x < 0);
}

static bool shows(const struct figures *f, const struct figures *all)
{
	return sign(f->by) == sign(all->by) && sign(f->by - f->limit) == sign(all->by - all->limit);
}

static void print(double figure, int digits, char out[UPK_LEAD_FIGURE])
{
	snprintf(out, UPK_LEAD_FIGURE, "%.*f", digits, figure / pow(10, digits));
}

void upk_lead_show(const struct upk_lead *l, struct upk_lead_shown *out)
{
	const struct figures all = figures_of(l, DIGITS_MOST);
	int digits = DIGITS_LEAST;
	struct figures f = figures_of(l, digits);
	while (digits < DIGITS_MOST && !shows(&f, &all))
		f = figures_of(l, ++digits);
	print(f.score, digits, out->score);
	print(f.other, digits, out->other);
	print(fabs(f.by), digits, out->by);
	print(f.limit, digits, out->limit);

	char how[UPK_LEAD_FIGURE + 16] = "as good";
	if (f.by != 0)
		snprintf(how, sizeof how, "%s by %s", f.by < 0 ? "worse" : "better", out->by);
	snprintf(out->words, sizeof out->words, "%s where better by more than %s was needed", how,
		out->limit);
}
