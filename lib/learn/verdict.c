#include "learn/verdict.h"

#include <stdio.h>

#include "learn/lead.h"

enum { WHO = 96 };

static void name_picked(const struct upk_contest_outcome *o, bool learner, char who[WHO])
{
	const struct upk_contest_candidate *c = &o->candidates[o->picked];

	who[0] = '\0';
	if (c->version)
		snprintf(who, WHO, "version %lld has ", (long long)c->version);
	else if (learner && c->adjusted)
		snprintf(who, WHO, "%s gone on from the champion has ", c->learner->name);
	else if (learner)
		snprintf(who, WHO, "%s fitted on %zu rows has ", c->learner->name, c->rows);
}

void upk_verdict_say(
	const struct upk_contest_outcome *o, bool learner, char verdict[UPK_CONTEST_VERDICT])
{
	const struct upk_lead lead = { o->challenger, o->champion, o->limit };
	bool stopped = upk_lead_holds(&lead) && !o->passed;
	struct upk_lead_shown shown;
	char who[WHO];

	upk_lead_show(&lead, &shown);
	name_picked(o, learner, who);
	snprintf(verdict, UPK_CONTEST_VERDICT,
		"%s%s %s against the champion's %s on %zu pairs: %s%s%s", who, o->metric,
		shown.score, shown.other, o->compared, shown.words, stopped ? ", but " : "",
		stopped ? o->checked.words : "");
}

void upk_verdict_say_first(const struct upk_contest_outcome *o, const struct upk_learner *learner,
	size_t rows, char verdict[UPK_CONTEST_VERDICT])
{
	const char *comma = learner ? ", " : "", *name = learner ? learner->name : "";

	if (o->count == 0)
		snprintf(verdict, UPK_CONTEST_VERDICT,
			"the first version%s%s: %zu rows are too few to hold some out", comma, name,
			rows);
	else
		snprintf(verdict, UPK_CONTEST_VERDICT,
			"the first version%s%s: fitted without the newest %zu rows it has %s %.3f "
			"on them, the most frequent class has %.3f",
			comma, name, o->compared, o->metric, o->challenger, o->champion);
}
