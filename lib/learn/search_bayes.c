/* Bayesian search by a tree of Parzen estimators (TPE, Bergstra et al. 2011): of settings drawn
 * from where the good trials stand, the one that the others are rarest at. Not a Gaussian process:
 * choices and parameters that are only active beside others need no kernel of their own here, a
 * proposal costs time in proportion to the trials, and nothing has to be inverted. */
#include "learn/search_method.h"

#include <math.h>

enum {
	STARTUP_MOST = 10, /* trials before the first proposal that is not drawn at random */
	DRAWS = 24,
	GOOD_ONE_IN = 4,
	GOOD_MOST = 25,
	LOOKED_AT = 512, /* of the newest trials */
	NARROWEST = 100, /* no kernel is narrower than a range's hundredth part */
};

/* The trials that are looked at, the good ones marked. */
struct seen {
	const struct upk_search_view *view;
	const struct upk_trial *trials; /* (count) */
	size_t count;
	bool good[LOOKED_AT];
};

/* One parameter's kernels on one side: of the good trials, or of the others. */
struct side {
	const struct upk_parameter *parameter;
	size_t count;
	double at[LOOKED_AT], width[LOOKED_AT];
};

static void look(struct seen *s, const struct upk_search_view *view)
{
	size_t skipped = view->count > LOOKED_AT ? view->count - LOOKED_AT : 0;
	size_t most;

	s->view = view;
	s->trials = view->trials + skipped;
	s->count = view->count - skipped;
	most = (s->count + GOOD_ONE_IN - 1) / GOOD_ONE_IN;
	most = most < GOOD_MOST ? most : GOOD_MOST;
	for (size_t i = 0; i < s->count; i++) {
		size_t better = 0;
		for (size_t k = 0; k < s->count; k++)
			better += upk_trial_better(
				&s->trials[k], &s->trials[i], view->lower_is_better);
		s->good[i] = !s->trials[i].failed && better < most;
	}
}

static bool is_listed(const struct upk_parameter *p)
{
	return p->count > 0;
}

/* A kernel reaches as far as the further one of its neighbours, or the range's end. */
static double width_of(const struct side *s, size_t i)
{
	double below = 0, above = 1;

	for (size_t k = 0; k < s->count; k++) {
		if (k != i && s->at[k] <= s->at[i] && s->at[k] > below)
			below = s->at[k];
		if (k != i && s->at[k] >= s->at[i] && s->at[k] < above)
			above = s->at[k];
	}
	return fmax(fmax(s->at[i] - below, above - s->at[i]),
		1.0 / fmin(NARROWEST, (double)s->count + 1));
}

static void gather(struct side *s, const struct seen *seen, size_t parameter, bool good)
{
	s->parameter = &seen->view->space->parameters[parameter];
	s->count = 0;
	for (size_t i = 0; i < seen->count; i++)
		if (seen->good[i] == good && !isnan(seen->trials[i].point.at[parameter]))
			s->at[s->count++] = seen->trials[i].point.at[parameter];
	for (size_t i = 0; i < s->count && !is_listed(s->parameter); i++)
		s->width[i] = width_of(s, i);
}

/* A normal density cut off at 0 and 1. */
static double kernel(double x, double mean, double width)
{
	double root = width * sqrt(2);
	double inside = (erf((1 - mean) / root) - erf((0 - mean) / root)) / 2;

	return exp(-(x - mean) * (x - mean) / (2 * width * width)) /
		(width * sqrt(2 * M_PI) * inside);
}

/* The kernels and one more, which covers all of the range. */
static double density(const struct side *s, double at)
{
	const struct upk_parameter *p = s->parameter;
	double value = upk_space_value(p, at), sum = is_listed(p) ? 1 : kernel(at, 0.5, 1);

	for (size_t i = 0; i < s->count; i++)
		if (!is_listed(p))
			sum += kernel(at, s->at[i], s->width[i]);
		else if (upk_space_value(p, s->at[i]) == value)
			sum += (double)p->count;
	return sum / (double)(s->count + 1);
}

/* Box and Muller's, drawn again until it falls inside; after many tries anywhere. */
static double draw_near(struct upk_random *random, double mean, double width)
{
	for (int i = 0; i < 100; i++) {
		double radius = sqrt(-2 * log(1 - upk_random_unit(random)));
		double x = mean + width * radius * cos(2 * M_PI * upk_random_unit(random));
		if (x >= 0 && x <= 1)
			return x;
	}
	return upk_random_unit(random);
}

static double draw(const struct side *s, struct upk_random *random)
{
	size_t chosen = (size_t)upk_random_below(random, s->count + 1);

	if (chosen == s->count)
		return upk_random_unit(random);
	if (is_listed(s->parameter))
		return s->at[chosen];
	return draw_near(random, s->at[chosen], s->width[chosen]);
}

/* The draws' values of one parameter, and how much each is in favour of the good ones. */
static void draw_all(const struct seen *seen, size_t parameter, struct upk_random *random,
	struct upk_point *points, struct upk_point *gains)
{
	struct side good, others;

	gather(&good, seen, parameter, true);
	gather(&others, seen, parameter, false);
	for (int k = 0; k < DRAWS; k++) {
		double at = draw(&good, random);
		points[k].at[parameter] = at;
		gains[k].at[parameter] = log(density(&good, at)) - log(density(&others, at));
	}
}

static double gain_of(
	const struct upk_space *s, const struct upk_point *point, const struct upk_point *gains)
{
	double sum = 0;

	for (size_t i = 0; i < s->count; i++)
		sum += isnan(point->at[i]) ? 0 : gains->at[i];
	return sum;
}

static void choose(const struct upk_search_view *view, struct upk_point *out)
{
	struct upk_point points[DRAWS], gains[DRAWS];
	struct upk_random random;
	struct seen seen;
	double best = -INFINITY;

	look(&seen, view);
	upk_random_seed(&random, view->seed + view->count * UINT64_C(0x9e3779b97f4a7c15));
	for (size_t i = 0; i < view->space->count; i++)
		draw_all(&seen, i, &random, points, gains);
	for (int k = 0; k < DRAWS; k++) {
		upk_space_settle(view->space, &points[k]);
		double gain = gain_of(view->space, &points[k], &gains[k]);
		if (k == 0 || gain > best) {
			best = gain;
			*out = points[k];
		}
	}
}

static bool propose(const struct upk_search_view *view, struct upk_proposal *out)
{
	size_t startup = view->budget / 4 < STARTUP_MOST ? view->budget / 4 : STARTUP_MOST;

	out->share = 1;
	if (view->count < startup || view->count < 2)
		upk_search_draw(view, view->count - view->given, &out->point);
	else
		choose(view, &out->point);
	return true;
}

const struct upk_search_method upk_search_bayes = {
	.name = "bayes",
	.propose = propose,
};
