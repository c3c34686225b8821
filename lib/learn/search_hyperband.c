/* Hyperband (Li et al. 2018): many settings are fitted for a ninth of their iterations, the best
 * third of them for a third, and the best of those to the end, beside brackets that begin later. A
 * longer trial goes on from the shorter one. */
#include "learn/search_method.h"

enum { FACTOR = 3, BRACKETS = 3 };

/* How many trials each rung of a bracket has; the last is fitted to the end. */
static const size_t rungs[BRACKETS][BRACKETS] = {
	{ 9, 3, 1 },
	{ 0, 5, 1 },
	{ 0, 0, 3 },
};

/* Where a trial stands: brackets follow each other in a ring. */
struct seat {
	size_t bracket, rung, index;
	size_t first;    /* trial (from 0) that the rung begins with */
	size_t previous; /* of the rung before it; no matter in a bracket's first rung */
};

static struct seat seat_of(size_t number)
{
	struct seat s = { 0 };

	for (;; s.bracket = (s.bracket + 1) % BRACKETS)
		for (s.rung = 0; s.rung < BRACKETS; s.rung++) {
			size_t n = rungs[s.bracket][s.rung];
			if (number < s.first + n) {
				s.index = number - s.first;
				return s;
			}
			s.previous = n > 0 ? s.first : s.previous;
			s.first += n;
		}
}

static bool begins(const struct seat *s)
{
	return s->rung == s->bracket;
}

/* The rung's trial with so many better ones beside it; count when there is none that went well. */
static size_t ranked(const struct upk_search_view *view, size_t first, size_t n, size_t rank)
{
	for (size_t i = first; i < first + n; i++) {
		size_t better = 0;
		for (size_t k = first; k < first + n; k++)
			better += k != i &&
				upk_trial_better(
					&view->trials[k], &view->trials[i], view->lower_is_better);
		if (better == rank)
			return view->trials[i].failed ? view->count : i;
	}
	return view->count;
}

static bool propose(const struct upk_search_view *view, struct upk_proposal *out)
{
	size_t number = view->count - view->given;
	struct seat seat = seat_of(number);
	size_t parent = view->count;

	out->share = 1;
	for (size_t r = seat.rung + 1; view->resumes && r < BRACKETS; r++)
		out->share /= FACTOR;
	if (view->resumes && !begins(&seat))
		parent = ranked(view, view->given + seat.previous,
			rungs[seat.bracket][seat.rung - 1], seat.index);
	if (parent == view->count) {
		upk_search_draw(view, number, &out->point);
		return true;
	}
	out->point = view->trials[parent].point;
	out->parent = parent + 1;
	return true;
}

const struct upk_search_method upk_search_hyperband = {
	.name = "hyperband",
	.shares = true,
	.propose = propose,
};
