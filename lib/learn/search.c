#include "learn/search.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/json.h"
#include "learn/footprint.h"
#include "learn/objective.h"

enum { LOOKS = 16 }; /* at one trial, at most */

struct search {
	const struct upk_search_request *request;
	struct upk_search *out;
	struct upk_predictor *kept[UPK_SEARCH_KEPT][UPK_SEARCH_REPETITIONS];
	bool keeps; /* shorter trials are gone on from */
};

static void drop(struct search *s, size_t index)
{
	for (size_t k = 0; k < UPK_SEARCH_REPETITIONS; k++) {
		upk_predictor_unref(s->kept[index % UPK_SEARCH_KEPT][k]);
		s->kept[index % UPK_SEARCH_KEPT][k] = NULL;
	}
}

/* ---- fitting ---- */

static double iterations_of(const struct search *s, const struct upk_trial *t)
{
	const char *name = s->request->setup.learner->resource;
	cJSON *settings = upk_json_parse(upk_text_of(t->settings), NULL);
	const cJSON *m = cJSON_GetObjectItemCaseSensitive(settings, name);
	double iterations = cJSON_IsNumber(m) ? m->valuedouble : NAN;

	cJSON_Delete(settings);
	return iterations;
}

static struct upk_predictor *fit_trial(
	struct search *s, size_t index, size_t repetition, struct upk_error *err);

/* The version that a trial's fit goes on from: a reference, or NULL with err as it was when there
 * is none. */
static bool base_of(struct search *s, const struct upk_trial *t, size_t repetition,
	struct upk_predictor **base, struct upk_error *err)
{
	size_t parent = (size_t)(t->parent - s->request->first);

	*base = NULL;
	if (t->parent == 0) {
		if (s->request->setup.from)
			*base = upk_predictor_ref(s->request->setup.from);
		return true;
	}
	if (s->out->count - parent <= UPK_SEARCH_KEPT &&
		s->kept[parent % UPK_SEARCH_KEPT][repetition])
		*base = upk_predictor_ref(s->kept[parent % UPK_SEARCH_KEPT][repetition]);
	else
		*base = fit_trial(s, parent, repetition, err);
	return *base != NULL;
}

/* 0: it goes on from none. */
static double iterations_before(const struct search *s, const struct upk_trial *t)
{
	size_t parent = (size_t)(t->parent - s->request->first);

	return t->parent ? iterations_of(s, &s->out->trials[parent]) : 0;
}

/* A fit that goes on does what is left of the iterations. */
static bool leave_rest(
	const struct search *s, const struct upk_trial *t, cJSON *settings, struct upk_error *err)
{
	const char *name = s->request->setup.learner->resource;
	cJSON *m = cJSON_GetObjectItemCaseSensitive(settings, name);
	double before = iterations_before(s, t);

	if (!t->parent)
		return true;
	if (!m || isnan(before))
		return upk_fail(err, UPK_NOMEM, "no memory for a trial's settings");
	cJSON_SetNumberValue(m, fmax(m->valuedouble - before, 1));
	return true;
}

static struct upk_predictor *fit_trial(
	struct search *s, size_t index, size_t repetition, struct upk_error *err)
{
	const struct upk_search_request *r = s->request;
	struct upk_trial *t = &s->out->trials[index];
	struct upk_predictor_setup setup = r->setup;
	cJSON *settings = upk_json_parse(upk_text_of(t->settings), err);
	struct upk_predictor *p = NULL, *base = NULL;

	if (settings && base_of(s, t, repetition, &base, err) && leave_rest(s, t, settings, err)) {
		upk_curve_finish(&t->curve);
		setup.settings = settings;
		setup.seed = t->seed + repetition;
		setup.from = base;
		setup.curve = &t->curve;
		p = upk_predictor_fit(&setup, r->data, r->from, r->cut, err);
	}
	upk_predictor_unref(base);
	cJSON_Delete(settings);
	return p;
}

/* The parameter by which trials of the space may be made longer; the space's count: none. */
static size_t grown_of(const struct upk_search_request *r)
{
	const struct upk_learner *learner = r->setup.learner;

	if (!learner->cut || r->setup.from)
		return r->space.count;
	return upk_space_find(&r->space, learner->resource);
}

/* Whether a longer trial may go on from this one. */
static bool is_kept(const struct search *s, const struct upk_trial *t)
{
	return s->keeps && (t->share < 1 || grown_of(s->request) < s->request->space.count);
}

/* ---- scoring ---- */

/* After how many iterations a trial is scored, the most first, and the sums of its scores. */
struct looks {
	size_t count;
	double iterations[LOOKS], sums[LOOKS];
};

/* Where fits can be cut, also after each two thirds of the iterations before, as far as the space
 * has as few and the trial did not go on from as many. */
static void look_at(const struct search *s, const struct upk_trial *t, bool given, struct looks *l)
{
	const struct upk_search_request *r = s->request;
	size_t grown = grown_of(r);
	const struct upk_parameter *p = &r->space.parameters[grown];
	double least = iterations_before(s, t), next;

	*l = (struct looks){ .count = 1, .iterations = { iterations_of(s, t) } };
	if (given || !r->method->cuts || grown == r->space.count || isnan(t->point.at[grown]))
		return;
	for (; l->count < LOOKS; l->count++) {
		double last = l->iterations[l->count - 1];
		next = upk_space_value(p, upk_space_at(p, last / 1.5));
		if (!(next < last && next > least))
			return;
		l->iterations[l->count] = next;
	}
}

static bool score(
	const struct search *s, const struct upk_predictor *p, double *sum, struct upk_error *err)
{
	const struct upk_search_request *r = s->request;
	double value;

	if (!upk_objective(r->objective, r->decision, p, r->data, r->cut, r->to, &value, err))
		return false;
	if (isnan(value))
		return upk_fail(err, UPK_INVALID, "the objective is undefined on the %zu rows",
			r->to - r->cut);
	*sum += value;
	return true;
}

static bool score_cut(const struct search *s, struct upk_predictor *p, double iterations,
	double *sum, struct upk_error *err)
{
	struct upk_predictor *cut = upk_predictor_cut(p, (size_t)iterations, err);
	bool ok = cut && score(s, cut, sum, err);

	upk_predictor_unref(cut);
	return ok;
}

static bool repeat(struct search *s, size_t index, size_t repetition, struct looks *looks,
	struct upk_error *err)
{
	struct upk_predictor *p = fit_trial(s, index, repetition, err);
	bool ok = p && score(s, p, &looks->sums[0], err);

	for (size_t i = 1; ok && i < looks->count; i++)
		ok = score_cut(s, p, looks->iterations[i], &looks->sums[i], err);
	if (ok && is_kept(s, &s->out->trials[index]))
		s->kept[index % UPK_SEARCH_KEPT][repetition] = upk_predictor_ref(p);
	upk_predictor_unref(p);
	return ok;
}

/* Of equals the one with fewer iterations. */
static size_t best_look(const struct looks *l, bool lower_is_better)
{
	size_t best = 0;

	for (size_t i = 1; i < l->count; i++)
		if (lower_is_better ? l->sums[i] <= l->sums[best] : l->sums[i] >= l->sums[best])
			best = i;
	return best;
}

/* The trial becomes one of so many iterations. */
static bool shorten(
	const struct search *s, struct upk_trial *t, double iterations, struct upk_error *err)
{
	const char *name = s->request->setup.learner->resource;
	cJSON *settings = upk_json_parse(upk_text_of(t->settings), err);
	char *text = NULL;

	if (settings) {
		cJSON_SetNumberValue(cJSON_GetObjectItemCaseSensitive(settings, name), iterations);
		text = upk_json_print(settings);
	}
	cJSON_Delete(settings);
	if (!text)
		return upk_fail(err, UPK_NOMEM, "no memory for a trial's settings");
	free(t->settings);
	t->settings = text;
	return true;
}

/* Of a trial that was fitted for `fitted` iterations, when its settings say fewer. */
static void note_cut(const struct search *s, struct upk_trial *t, double fitted)
{
	size_t grown = grown_of(s->request);
	double iterations = iterations_of(s, t);

	t->cut = iterations < fitted;
	if (t->cut && grown < s->request->space.count)
		t->point.at[grown] = upk_space_at(&s->request->space.parameters[grown], iterations);
}

/* false: the search has to stop. */
static bool carry_out(struct search *s, size_t index, struct upk_error *err)
{
	struct upk_trial *t = &s->out->trials[index];
	struct upk_error cause = { 0 };
	int64_t started = upk_clock_monotonic_ns();
	struct looks looks;
	size_t best;

	look_at(s, t, index < s->request->given_count, &looks);
	for (size_t k = 0; k < s->request->repetitions && cause.code == UPK_OK; k++)
		repeat(s, index, k, &looks, &cause);
	best = best_look(&looks, upk_metric_lower_is_better(s->request->objective.metric));
	if (cause.code == UPK_OK && best > 0 && shorten(s, t, looks.iterations[best], &cause))
		drop(s, index);
	if (cause.code == UPK_CANCELLED)
		return upk_fail(err, cause.code, "%s", cause.message);

	t->failed = cause.code != UPK_OK;
	t->score = t->failed ? NAN : looks.sums[best] / (double)s->request->repetitions;
	snprintf(t->error, sizeof t->error, "%.*s", UPK_TRIAL_ERROR - 1, cause.message);
	t->seconds = 1e-9 * (double)(upk_clock_monotonic_ns() - started);
	return true;
}

/* ---- what to try ---- */

/* Where settings stand that were not drawn: what they leave out is the learner's default. */
static bool place(const struct upk_search_request *r, const cJSON *settings,
	struct upk_point *point, struct upk_error *err)
{
	const struct upk_learner *learner = r->setup.learner;
	cJSON *whole = upk_settings_whole(settings, learner->name, learner->settings, err);

	if (whole)
		upk_space_point(&r->space, whole, point);
	cJSON_Delete(whole);
	return whole != NULL;
}

static struct upk_fit_size size_of(const struct upk_search_request *r)
{
	const struct upk_columns *columns = r->data->table.columns;
	const struct upk_footprint footprint = { .rows = r->cut - r->from,
		.classes = r->data->classes,
		.numbers = columns->numbers,
		.categories = columns->categories,
		.texts = columns->texts,
		.floats = columns->floats,
		.values = r->setup.values ? r->setup.values : UPK_PREDICTOR_VALUES };

	return upk_footprint_size(&footprint, r->setup.learner);
}

static bool propose(
	const struct search *s, struct upk_proposal *out, bool *more, struct upk_error *err)
{
	const struct upk_search_request *r = s->request;
	const struct upk_search_view view = { .learner = r->setup.learner,
		.settings = r->setup.settings,
		.size = size_of(r),
		.space = &r->space,
		.trials = s->out->trials,
		.count = s->out->count,
		.given = s->out->count < r->given_count ? s->out->count : r->given_count,
		.budget = r->trials,
		.seed = r->setup.seed,
		.lower_is_better = upk_metric_lower_is_better(r->objective.metric),
		.resumes = !r->setup.from,
		.grown = grown_of(r) };

	*out = (struct upk_proposal){ .share = 1 };
	*more = true;
	if (s->out->count < r->given_count)
		return place(r, r->given[s->out->count], &out->point, err);
	*more = r->method->propose(&view, out);
	return true;
}

/* All settings, so that what is recorded says all; a share has as many iterations. */
static char *settings_of(
	const struct search *s, const struct upk_proposal *p, struct upk_error *err)
{
	const struct upk_search_request *r = s->request;
	const struct upk_learner *learner = r->setup.learner;
	bool given = s->out->count < r->given_count;
	cJSON *named = given ? cJSON_Duplicate(r->given[s->out->count], true)
			     : upk_space_settings(&r->space, &p->point, r->setup.settings, err);
	cJSON *whole =
		named ? upk_settings_whole(named, learner->name, learner->settings, err) : NULL;
	cJSON *m = cJSON_GetObjectItemCaseSensitive(whole, learner->resource);
	char *text = NULL;

	if (m && p->share < 1)
		cJSON_SetNumberValue(m, fmax(round(m->valuedouble * p->share), 1));
	if (whole)
		text = upk_json_print(whole);
	if (!text)
		upk_fail(err, UPK_NOMEM, "no memory for a trial's settings");
	cJSON_Delete(named);
	cJSON_Delete(whole);
	return text;
}

static bool begin(struct search *s, const struct upk_proposal *p, struct upk_error *err)
{
	const struct upk_search_request *r = s->request;
	struct upk_trial *t = &s->out->trials[s->out->count];

	*t = (struct upk_trial){ .number = r->first + (int64_t)s->out->count,
		.kind = r->kind,
		.learner = r->setup.learner,
		.point = p->point,
		.share = p->share,
		.parent = p->parent ? r->first + (int64_t)p->parent - 1 : 0,
		.settings = settings_of(s, p, err),
		.from = r->data->place[r->from],
		.to = r->data->place[r->cut - 1] + 1,
		.rows = r->cut - r->from,
		.seed = r->setup.seed,
		.score = NAN };
	return t->settings != NULL;
}

/* Whether another trial as long as the longest would end in time. */
static bool has_time(const struct search *s)
{
	double longest = 0;

	for (size_t i = 0; i < s->out->count; i++)
		longest = fmax(longest, s->out->trials[i].seconds);
	return s->request->seconds == 0 || s->out->seconds + longest <= s->request->seconds;
}

static bool try_next(struct search *s, bool *more, struct upk_error *err)
{
	const struct upk_search_watch *watch = &s->request->watch;
	struct upk_trial *t = &s->out->trials[s->out->count];
	struct upk_proposal proposal;
	bool recalled;
	double fitted;

	if (!propose(s, &proposal, more, err))
		return false;
	if (!*more)
		return true;
	if (!begin(s, &proposal, err))
		return false;
	drop(s, s->out->count);
	fitted = iterations_of(s, t);
	recalled = watch->recall && watch->recall(watch->context, t);
	if (!recalled && !carry_out(s, s->out->count, err)) {
		upk_trial_finish(t);
		return false;
	}
	note_cut(s, t, fitted);
	s->out->count++;
	s->out->seconds += t->seconds;
	if (watch->finished)
		watch->finished(watch->context, t, recalled);
	return true;
}

static size_t best_of(const struct search *s)
{
	const struct upk_search *out = s->out;
	size_t best = 0;

	for (size_t i = 1; i < out->count; i++)
		if (upk_trial_better(&out->trials[i], &out->trials[best],
			    upk_metric_lower_is_better(s->request->objective.metric)))
			best = i;
	return out->count > 0 && out->trials[best].failed ? out->count : best;
}

bool upk_search(
	const struct upk_search_request *request, struct upk_search *out, struct upk_error *err)
{
	struct search s = { .request = request, .out = out };
	bool ok = true, more = true;

	*out = (struct upk_search){ 0 };
	out->trials = calloc(request->trials ? request->trials : 1, sizeof *out->trials);
	if (!out->trials)
		return upk_fail(err, UPK_NOMEM, "no memory for %zu trials", request->trials);
	s.keeps = request->method->shares && !request->setup.from;
	while (ok && more && out->count < request->trials && has_time(&s))
		ok = try_next(&s, &more, err);
	for (size_t i = 0; i < UPK_SEARCH_KEPT; i++)
		drop(&s, i);
	out->best = best_of(&s);
	if (!ok)
		upk_search_finish(out);
	return ok;
}

void upk_search_finish(struct upk_search *s)
{
	for (size_t i = 0; i < s->count; i++)
		upk_trial_finish(&s->trials[i]);
	free(s->trials);
	*s = (struct upk_search){ 0 };
}
