#include "learn/selection.h"

#include "learn/lead.h"

size_t upk_selection_best(const struct upk_panel_answer *answers, size_t n)
{
	size_t best = 0;

	for (size_t i = 1; i < n; i++)
		if (answers[i].score > answers[best].score)
			best = i;
	return best;
}

bool upk_selection_beats(const struct upk_panel *panel, const struct upk_panel_answer *a,
	const struct upk_panel_answer *b, double z)
{
	const struct upk_lead lead = { a->score, b->score, z * upk_panel_sd(panel, a, b) };

	return upk_lead_holds(&lead);
}

size_t upk_selection_pick(const struct upk_selection *p)
{
	size_t best = upk_selection_best(p->answers, p->count), picked = best;
	bool found = false;

	for (size_t i = 0; i < p->windows; i++) {
		if (upk_selection_beats(p->panel, &p->answers[best], &p->answers[i], 1) ||
			p->answers[i].score <= p->champion)
			continue;
		if (!found || p->rows[i].from < p->rows[picked].from)
			picked = i;
		found = true;
	}
	return picked;
}
