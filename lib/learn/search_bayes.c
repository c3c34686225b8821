/* Bayesian search by a tree of Parzen estimators (TPE, Bergstra et al. 2011): of settings drawn
 * from where the good trials stand, the one that promises most for its work. Not a Gaussian
 * process: choices and parameters that are only active beside others need no kernel of their own
 * here, a proposal costs time in proportion to the trials, and nothing has to be inverted.
 *
 * It is as sparing as CArBO (Lee et al. 2020): it begins with cheap settings, and work counts less
 * and less until the last trial. Where the iterations are in the space, one of the best trials may
 * also go on for longer, as long as that gains: a few more rounds of trees that are there cost less
 * than all of them. */
#include "learn/search_method.h"

#include <math.h>

enum {
	STARTUP_MOST = 5, /* trials before the first proposal that is not drawn at random */
	DRAWS = 24,
	BEST = 3, /* trials that may go on */
	GOOD_ONE_IN = 4,
	GOOD_MOST = 25,
	LOOKED_AT = 512, /* of the newest trials */
	NARROWEST = 100, /* no kernel is narrower than a range's hundredth part */
};

static const double thrift = 0.65; /* the power of work that what is promised is divided by */

/* What may be tried next: a draw, or a trial for longer. */
struct option {
	struct upk_point point;
	struct upk_point gains; /* how much each value is in favour of the good trials */
	size_t parent;          /* index + 1; 0: a draw */
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

/* The draws' values of one parameter, and the gains of all options. */
static void draw_all(const struct seen *seen, size_t parameter, struct upk_random *random,
	struct option *options, size_t count)
{
	struct side good, others;

	gather(&good, seen, parameter, true);
	gather(&others, seen, parameter, false);
	for (size_t k = 0; k < count; k++) {
		double *at = &options[k].point.at[parameter];
		if (!options[k].parent)
			*at = draw(&good, random);
		if (!isnan(*at))
			options[k].gains.at[parameter] =
				log(density(&good, *at)) - log(density(&others, *at));
	}
}

static double gain_of(const struct upk_space *s, const struct option *o)
{
	double sum = 0;

	for (size_t i = 0; i < s->count; i++)
		sum += isnan(o->point.at[i]) ? 0 : o->gains.at[i];
	return sum;
}

/* ---- going on ---- */

/* Half as many iterations again, and a step at least. false: there are no more. */
static bool lengthen(const struct upk_search_view *view, struct upk_point *point)
{
	size_t i = view->grown;
	const struct upk_parameter *p = &view->space->parameters[i];
	double before, more;

	if (is_listed(p) || isnan(point->at[i]))
		return false;
	before = upk_space_value(p, point->at[i]);
	more = fmax(before * 1.5, before + p->step);
	point->at[i] = upk_space_at(p, more);
	return upk_space_value(p, point->at[i]) > before;
}

static bool went_on(const struct upk_search_view *view, size_t i)
{
	for (size_t k = i + 1; k < view->count; k++)
		if (view->trials[k].parent == view->trials[i].number)
			return true;
	return false;
}

/* Among the best, best at its end, and with a better score than what it went on from itself. */
static bool deserves_more(const struct upk_search_view *view, size_t i)
{
	const struct upk_trial *t = &view->trials[i];
	size_t better = 0;

	for (size_t k = 0; k < view->count; k++) {
		const struct upk_trial *other = &view->trials[k];
		bool is_better = upk_trial_better(other, t, view->lower_is_better);
		if (other->number == t->parent && (is_better || other->score == t->score))
			return false;
		better += is_better;
	}
	return !t->failed && !t->cut && better < BEST;
}

/* Of the trials that are still there, whose settings are those of their points; how many. */
static size_t go_on(const struct upk_search_view *view, struct option *options)
{
	size_t kept = view->count >= UPK_SEARCH_KEPT ? view->count - UPK_SEARCH_KEPT + 1 : 0;
	size_t count = 0;

	for (size_t i = kept > view->given ? kept : view->given;
		view->grown < view->space->count && i < view->count; i++) {
		options[count] = (struct option){ .point = view->trials[i].point, .parent = i + 1 };
		if (deserves_more(view, i) && !went_on(view, i) &&
			lengthen(view, &options[count].point))
			count++;
	}
	return count;
}

/* ---- choosing ---- */

/* The log of the expected improvement (up to a factor, Bergstra et al. 2011) by the work, of which
 * a trial that goes on does the rest. */
static double worth_of(const struct upk_search_view *view, const struct option *o)
{
	const double good = 1.0 / GOOD_ONE_IN;
	double improvement = 1 / (good + (1 - good) * exp(-gain_of(view->space, o)));
	double left = 1 - (double)view->count / (double)view->budget;
	double work = upk_search_work(view, &o->point), before;

	if (o->parent) {
		before = upk_search_work(view, &view->trials[o->parent - 1].point);
		work = work > before ? work - before : work;
	}
	return log(improvement) - thrift * left * log(work);
}

static void choose(const struct upk_search_view *view, struct upk_proposal *out)
{
	struct option options[DRAWS + UPK_SEARCH_KEPT] = { 0 };
	size_t count = DRAWS + go_on(view, options + DRAWS);
	struct upk_random random;
	struct seen seen;
	double best = -INFINITY, worth;

	look(&seen, view);
	upk_random_seed(&random, view->seed + view->count * UINT64_C(0x9e3779b97f4a7c15));
	for (size_t i = 0; i < view->space->count; i++)
		draw_all(&seen, i, &random, options, count);
	for (size_t k = 0; k < count; k++) {
		upk_space_settle(view->space, &options[k].point);
		worth = worth_of(view, &options[k]);
		if (k == 0 || worth > best) {
			best = worth;
			out->point = options[k].point;
			out->parent = options[k].parent;
		}
	}
}

/* One of several draws, each the likelier the less work it is: so that every magnitude of work gets
 * about as much time (the greatest of Gumbel's variables about the logs of the shares). */
static void begin(const struct upk_search_view *view, struct upk_point *out)
{
	struct upk_random random;
	struct upk_point point;
	double best = -INFINITY, worth;

	upk_random_seed(&random, view->seed ^ ((view->count + 1) * UINT64_C(0x9e3779b97f4a7c15)));
	for (int k = 0; k < DRAWS; k++) {
		upk_space_draw(view->space, &random, &point);
		worth = -log(upk_search_work(view, &point)) -
			log(-log(fmax(upk_random_unit(&random), 1e-300)));
		if (k == 0 || worth > best) {
			best = worth;
			*out = point;
		}
	}
}

static bool propose(const struct upk_search_view *view, struct upk_proposal *out)
{
	size_t startup = view->budget / 4 < STARTUP_MOST ? view->budget / 4 : STARTUP_MOST;

	out->share = 1;
	if (view->count < startup || view->count < 2)
		begin(view, &out->point);
	else
		choose(view, out);
	return true;
}

const struct upk_search_method upk_search_bayes = {
	.name = "bayes",
	.shares = true,
	.cuts = true,
	.propose = propose,
};
