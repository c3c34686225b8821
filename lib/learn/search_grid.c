/* Grid search: every combination of a few levels of each parameter, in an order that spreads over
 * the grid, so that the first trials say something of all of it. */
#include "learn/search_method.h"

#include <math.h>

enum { LEVELS_MOST = 5 };

static const double combinations_most = 1e6;

struct grid {
	size_t levels[UPK_SPACE_PARAMETERS];
	uint64_t combinations;
};

static double multiply(const struct upk_space *s, struct grid *g, size_t most)
{
	double product = 1;

	for (size_t i = 0; i < s->count; i++) {
		bool range = s->parameters[i].count == 0;
		g->levels[i] = upk_space_levels(&s->parameters[i], range ? most : UPK_SPACE_VALUES);
		product *= (double)g->levels[i];
	}
	return product;
}

/* Ranges get fewer levels where the whole would be endless. */
static void measure(const struct upk_space *s, struct grid *g)
{
	size_t most = LEVELS_MOST;
	double product = multiply(s, g, most);

	while (product > combinations_most && most > 1)
		product = multiply(s, g, --most);
	g->combinations = product > 9e18 ? UINT64_C(9000000000000000000) : (uint64_t)product;
}

/* Levels stand evenly; a range's at its ends. */
static double level_at(const struct upk_parameter *p, size_t level, size_t levels)
{
	if (p->count > 0)
		return ((double)level + 0.5) / (double)levels;
	return levels > 1 ? (double)level / (double)(levels - 1) : 0.5;
}

/* The point of a combination; false when it is another's as well, because a parameter that is not
 * active stands elsewhere than at its first level. */
static bool place(const struct upk_space *s, const struct grid *g, uint64_t combination,
	struct upk_point *point)
{
	size_t level[UPK_SPACE_PARAMETERS];

	for (size_t i = 0; i < s->count; i++) {
		level[i] = (size_t)(combination % g->levels[i]);
		combination /= g->levels[i];
		point->at[i] = level_at(&s->parameters[i], level[i], g->levels[i]);
	}
	upk_space_settle(s, point);
	for (size_t i = 0; i < s->count; i++)
		if (isnan(point->at[i]) && level[i] > 0)
			return false;
	return true;
}

static uint64_t common_divisor(uint64_t a, uint64_t b)
{
	while (b > 0) {
		uint64_t rest = a % b;
		a = b;
		b = rest;
	}
	return a;
}

/* About the golden section of n, without a divisor in common: its multiples visit all of 0 .. n - 1
 * once, each far from those before it. */
static uint64_t stride_of(uint64_t n)
{
	uint64_t stride = (uint64_t)(0.6180339887 * (double)n);

	while (stride < 1 || common_divisor(stride, n) != 1)
		stride++;
	return stride;
}

static bool propose(const struct upk_search_view *view, struct upk_proposal *out)
{
	struct grid g;
	uint64_t at = 0, wanted = view->count - view->given, stride;

	measure(view->space, &g);
	stride = stride_of(g.combinations);
	out->share = 1;
	for (uint64_t i = 0; i < g.combinations; i++) {
		if (place(view->space, &g, at, &out->point) && wanted-- == 0)
			return true;
		at = (at + stride) % g.combinations;
	}
	return false;
}

const struct upk_search_method upk_search_grid = {
	.name = "grid",
	.propose = propose,
};
