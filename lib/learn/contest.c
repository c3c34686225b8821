#include "learn/contest.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "learn/candidate.h"
#include "learn/lead.h"
#include "learn/panel.h"
#include "learn/selection.h"
#include "learn/verdict.h"

enum { PAIRS_MIN = 50, VALIDATED_MOST = 10000 };

/* Growth takes the picked window's start for c when it beats the window since c by so many sd. */
static const double change_z = 1.6;

/* Another learner is picked when it beats what was by so many sd. */
static const double other_z = 1;

/* A contest under way. answers[i] is candidates[i]'s; rows[i] those of a fitted one. */
struct contest {
	const struct upk_contest_request *request;
	struct upk_contest_outcome *out;
	struct upk_panel panel;
	struct upk_panel_answer champion;
	struct upk_panel_answer answers[UPK_CONTEST_CANDIDATES];
	struct upk_candidate_window rows[UPK_CANDIDATE_WINDOWS];
	struct upk_predictor *fitted[UPK_CANDIDATE_WINDOWS]; /* references */
	size_t fit_to;  /* rows below it were known when those held out were predicted */
	size_t windows; /* candidates 0 .. windows - 1 are of the run's learner, then come olds */
	size_t window;  /* that was picked; where an old one was, the best */
	struct upk_predictor *others[UPK_CONTEST_OTHERS]; /* references; fitted on that window */
	const struct upk_contest_other *entered[UPK_CONTEST_OTHERS]; /* whose they are */
	size_t first_other;                            /* index of the first of them */
	struct upk_tuned tuned[UPK_CONTEST_TUNED];     /* of the last candidates */
	const struct upk_predictor_setup *tuned_setup; /* of the learner that was picked */
	size_t first_tuned;                            /* index of the first of them */
	size_t steps, done; /* of progress: candidates, trials, and a refit */
	double seconds;     /* that the longest fit of a window took */
	struct upk_threshold thresholds[UPK_CONTEST_CANDIDATES]; /* that were looked for */
};

static void finish(struct contest *c)
{
	upk_panel_finish(&c->panel);
	upk_panel_answer_finish(&c->champion);
	for (size_t i = 0; i < UPK_CONTEST_CANDIDATES; i++)
		upk_panel_answer_finish(&c->answers[i]);
	for (size_t i = 0; i < UPK_CANDIDATE_WINDOWS; i++)
		upk_predictor_unref(c->fitted[i]);
	for (size_t i = 0; i < UPK_CONTEST_OTHERS; i++)
		upk_predictor_unref(c->others[i]);
	for (size_t i = 0; i < UPK_CONTEST_TUNED; i++)
		upk_tuned_finish(&c->tuned[i]);
}

static void tell(struct contest *c, size_t done)
{
	c->done = done;
	if (c->request->progress)
		c->request->progress(c->request->context, done, c->steps);
}

/* The place after a row. */
static int64_t end_place(const struct upk_dataset *d, size_t row)
{
	return d->place[row] + 1;
}

static bool check_rows(const struct upk_contest_request *r, struct upk_error *err)
{
	const struct upk_dataset *d = r->data;

	if (d->table.columns->count == 0)
		return upk_fail(err, UPK_INVALID, "no features to train on");
	if (d->rows == 0)
		return upk_fail(err, UPK_INVALID, "no rows to train on");
	for (size_t i = 1; i < d->rows; i++)
		if (d->y[i] != d->y[0])
			return true;
	const struct upk_text *only = &r->setup.classes[d->y[0]];
	return upk_fail(err, UPK_INVALID, "all %zu rows are of one class: %.*s", d->rows,
		(int)only->size, only->data);
}

/* A model that names a threshold of its own decides by that one. */
static bool asks_threshold(const struct contest *c)
{
	const struct upk_contest_request *r = c->request;
	struct upk_answers labels = upk_panel_labels(&c->panel);

	return r->threshold && r->data->classes == 2 && r->decision.positive >= 0 &&
		r->decision.threshold == UPK_DECISION_THRESHOLD &&
		r->measure.average == UPK_AVERAGE_CLASS &&
		r->measure.class == r->decision.positive &&
		!upk_gate_by_accuracy(r->measure, &labels);
}

static bool open_panel(struct contest *c, size_t holdout, bool pairs, struct upk_error *err)
{
	const struct upk_contest_request *r = c->request;
	const struct upk_dataset *d = r->data;

	c->panel.decision = r->decision;
	c->panel.measure = r->measure;
	c->panel.champion = r->champion.predictor;
	c->panel.champion_from = r->champion.trained_to;
	if (!upk_panel_init(&c->panel, d, holdout, pairs, err))
		return false;
	c->fit_to = c->panel.first;
	c->out->holdout = holdout;
	c->out->compared = c->panel.n;
	c->out->holdout_from = d->place[c->panel.first];
	c->out->holdout_to = end_place(d, d->rows - 1);
	c->out->threshold_asked = asks_threshold(c);
	return true;
}

static void name_metric(struct contest *c)
{
	struct upk_answers labels = upk_panel_labels(&c->panel);
	struct upk_measure measure = c->request->measure;
	char *name = c->out->metric;

	if (upk_gate_by_accuracy(measure, &labels)) {
		snprintf(name, UPK_CONTEST_METRIC, "accuracy");
	} else if (measure.average == UPK_AVERAGE_MACRO) {
		snprintf(name, UPK_CONTEST_METRIC, "macro f1");
	} else {
		const struct upk_text *class = &c->request->setup.classes[measure.class];
		snprintf(name, UPK_CONTEST_METRIC, "f1 of %.*s", (int)class->size, class->data);
	}
}

/* A candidate that was fitted here. */
struct made {
	struct upk_predictor *predictor;
	const struct upk_predictor_setup *setup;
	const struct upk_tuned *tuned; /* NULL: a window */
	size_t start;                  /* the first row that it was fitted on */
	size_t from;                   /* and that what is promoted is fitted on */
};

static struct made made_by(const struct contest *c, struct upk_predictor *predictor,
	const struct upk_predictor_setup *setup, size_t window)
{
	return (struct made){ predictor, setup, NULL, c->rows[window].judged_from,
		c->rows[window].from };
}

static struct made made_at(const struct contest *c, size_t i)
{
	const struct upk_contest_request *r = c->request;

	if (i < c->windows)
		return made_by(c, c->fitted[i], &r->setup, i);
	if (i < c->first_tuned)
		return made_by(c, c->others[i - c->first_other],
			&c->entered[i - c->first_other]->setup, c->window);
	const struct upk_tuned *tuned = &c->tuned[i - c->first_tuned];
	return (struct made){ tuned->predictor, c->tuned_setup, tuned, tuned->from, tuned->from };
}

/* Looks for the i-th's threshold by a fit like it on the older rows, which answers the newest
 * fifth. One that fails, on rows of a single class, finds none. */
static bool look(struct contest *c, size_t i, struct upk_error *err)
{
	const struct upk_contest_request *r = c->request;
	const struct made made = made_at(c, i);
	struct upk_error cause = { 0 };
	size_t fifth = (c->fit_to - made.start) / 5;
	size_t cut = c->fit_to - (fifth < VALIDATED_MOST ? fifth : VALIDATED_MOST);
	struct upk_predictor *twin = made.tuned
		? upk_tuning_refit(made.tuned, made.setup, r->data, cut, &cause)
		: upk_predictor_fit(made.setup, r->data, made.start, cut, &cause);

	c->thresholds[i] = (struct upk_threshold){ .tried = NAN };
	if (!twin && cause.code == UPK_INVALID)
		return true;
	if (!twin)
		return upk_fail(err, cause.code, "%s", cause.message);
	const struct upk_tune_rows rows = { r->data, made.start, cut, c->fit_to };
	bool ok = upk_predictor_tune(made.predictor, twin, (uint16_t)r->decision.positive, &rows,
		&c->thresholds[i], err);
	upk_predictor_unref(twin);
	return ok;
}

/* The next candidate, with what it answers; what is fitted here may answer by a threshold. */
static bool enter(struct contest *c, const struct upk_contest_candidate *candidate,
	const struct upk_predictor *predictor, struct upk_error *err)
{
	struct upk_contest_outcome *out = c->out;

	if (!upk_panel_ask(&c->panel, predictor, &c->answers[out->count], err))
		return false;
	out->candidates[out->count] = *candidate;
	out->candidates[out->count].score = c->answers[out->count].score;
	out->count++;
	tell(c, c->done + 1);
	return true;
}

/* The next candidate: a fit on the window, a reference to which comes to *p. */
static bool enter_fit(struct contest *c, const struct upk_predictor_setup *setup,
	const struct upk_candidate_window *window, struct upk_predictor **p, struct upk_error *err)
{
	const struct upk_dataset *d = c->request->data;
	size_t start = window->judged_from;
	struct upk_contest_candidate candidate = {
		.learner = setup->learner,
		.from = d->place[start],
		.to = end_place(d, c->fit_to - 1),
		.rows = c->fit_to - start,
	};

	int64_t started = upk_clock_monotonic_ns();
	*p = upk_predictor_fit(setup, d, start, c->fit_to, err);
	if (!*p || (c->out->threshold_asked && !look(c, c->out->count, err)))
		return false;
	c->seconds = fmax(c->seconds, 1e-9 * (double)(upk_clock_monotonic_ns() - started));
	return enter(c, &candidate, *p, err);
}

/* An old one stays out that was fitted on a row which was not known when those held out were
 * predicted. */
static bool old_enters(const struct contest *c, size_t i)
{
	return c->request->old[i].trained_to <= c->request->data->place[c->fit_to];
}

static size_t olds_most(const struct contest *c)
{
	return c->request->olds < UPK_CONTEST_OLD ? c->request->olds : UPK_CONTEST_OLD;
}

static bool enter_all(struct contest *c, struct upk_error *err)
{
	const struct upk_contest_request *r = c->request;

	tell(c, 0);
	for (size_t i = 0; i < c->windows; i++)
		if (!enter_fit(c, &r->setup, &c->rows[i], &c->fitted[i], err))
			return false;
	for (size_t i = 0; i < olds_most(c); i++) {
		struct upk_contest_candidate candidate = { .version = r->old[i].version };
		if (old_enters(c, i) && !enter(c, &candidate, r->old[i].predictor, err))
			return false;
	}
	return true;
}

/* After a change, what was known before it tells nothing. */
size_t upk_contest_lag(const struct upk_contest_request *request, size_t holdout)
{
	return request->kind == UPK_GATE_GROWTH ? upk_candidate_lag(request->data, holdout) : 0;
}

static bool hold_out(struct contest *c, size_t change, struct upk_error *err)
{
	size_t holdout = upk_candidate_holdout(c->request->data, change);
	int64_t champion = c->request->champion.version;

	if (!open_panel(c, holdout, true, err))
		return false;
	if (c->panel.n < PAIRS_MIN && champion)
		return upk_fail(err, UPK_INVALID,
			"of the newest %zu rows %zu are pairs that the champion, version %lld, "
			"answered, or would have without having been fitted on them: at least "
			"%d are needed to compare",
			holdout, c->panel.n, (long long)champion, PAIRS_MIN);
	if (c->panel.n < PAIRS_MIN)
		return upk_fail(err, UPK_INVALID,
			"of the newest %zu rows %zu are pairs: at least %d are needed to compare",
			holdout, c->panel.n, PAIRS_MIN);
	c->fit_to -= upk_contest_lag(c->request, holdout);
	return true;
}

/* All that takes no fit. */
static bool prepare(struct contest *c, size_t change, struct upk_error *err)
{
	const struct upk_contest_request *r = c->request;
	size_t entering = 0;

	if (!check_rows(r, err) || !hold_out(c, change, err))
		return false;
	c->windows = upk_candidate_windows(
		r->data, change, c->out->holdout, c->panel.first - c->fit_to, c->rows);
	c->steps = c->windows + olds_most(c) + 1;
	c->steps += r->others_count + (r->tuning ? r->tuning->trials : 0);
	for (size_t i = 0; i < olds_most(c); i++)
		entering += old_enters(c, i);
	return c->windows + entering > 0 ||
		upk_fail(err, UPK_INVALID,
			"of %zu rows %zu are held out, and no 100 of two classes remain to train "
			"on",
			r->data->rows, c->out->holdout);
}

/* ---- other learners ---- */

/* The next candidate is the other learner's; one that can't be fitted on the window is left out.
 * `before` was picked before them. */
static bool enter_other(struct contest *c, const struct upk_contest_other *other, size_t before,
	struct upk_error *err)
{
	struct upk_contest_outcome *out = c->out;
	size_t mine = out->count;
	struct upk_error cause = { 0 };

	c->entered[mine - c->first_other] = other;
	c->first_tuned = mine + 1;
	if (enter_fit(c, &other->setup, &c->rows[c->window], &c->others[mine - c->first_other],
		    &cause)) {
		if (upk_selection_beats(
			    &c->panel, &c->answers[mine], &c->answers[before], other_z) &&
			c->answers[mine].score > c->answers[out->picked].score)
			out->picked = mine;
		return true;
	}
	c->first_tuned = mine;
	return cause.code == UPK_INVALID || upk_fail(err, cause.code, "%s", cause.message);
}

/* The rows before a change say little of which learner is best after it: each other one is fitted
 * on the window that was picked. */
static bool enter_others(struct contest *c, struct upk_error *err)
{
	const struct upk_contest_request *r = c->request;
	size_t picked = c->out->picked;

	c->first_other = c->first_tuned = c->out->count;
	c->window = picked < c->windows ? picked : upk_selection_best(c->answers, c->windows);
	for (size_t i = 0; c->windows > 0 && i < r->others_count; i++)
		if (!enter_other(c, &r->others[i], picked, err))
			return false;
	return true;
}

/* ---- tuning ---- */

static void tell_trial(void *context, const struct upk_trial *trial, bool recalled)
{
	struct contest *c = context;
	const struct upk_search_watch *watch = &c->request->tuning->watch;

	if (watch->finished)
		watch->finished(watch->context, trial, recalled);
	tell(c, c->done + 1);
}

static bool recall(void *context, struct upk_trial *trial)
{
	const struct contest *c = context;
	const struct upk_search_watch *watch = &c->request->tuning->watch;

	return watch->recall && watch->recall(watch->context, trial);
}

/* The learner that was picked, with what a search of it may change. */
static void choose_tuned(struct contest *c, struct upk_tuning *t)
{
	size_t picked = c->out->picked;

	c->tuned_setup = &c->request->setup;
	if (picked < c->first_other)
		return;
	c->tuned_setup = &c->entered[picked - c->first_other]->setup;
	t->space = c->entered[picked - c->first_other]->space;
}

/* Another learner's champion is not gone on from. One that was fitted on a row which was not known
 * by then has no rows since to go on with. */
static struct upk_tuning tuning_of(struct contest *c)
{
	struct upk_tuning t = *c->request->tuning;

	choose_tuned(c, &t);
	t.watch = (struct upk_search_watch){ recall, tell_trial, c };
	if (t.champion &&
		strcmp(upk_predictor_learner(t.champion), c->tuned_setup->learner->name) != 0)
		t.champion = NULL;
	return t;
}

/* One more candidate, which is picked when it beats what was. */
static bool enter_tuned(struct contest *c, const struct upk_tuned *tuned, struct upk_error *err)
{
	const struct upk_dataset *d = c->request->data;
	struct upk_contest_outcome *out = c->out;
	const struct upk_contest_candidate candidate = {
		.learner = c->tuned_setup->learner,
		.trial = tuned->trial,
		.adjusted = tuned->kind == UPK_TRIAL_ADJUST,
		.from = d->place[tuned->from],
		.to = end_place(d, c->fit_to - 1),
		.rows = c->fit_to - tuned->from,
	};

	if (out->threshold_asked && !look(c, out->count, err))
		return false;
	if (!enter(c, &candidate, tuned->predictor, err))
		return false;
	if (c->answers[out->count - 1].score > c->answers[out->picked].score)
		out->picked = out->count - 1;
	return true;
}

/* Trials fit on the window that was picked, or, when an old version was, on the best. The fit
 * for a threshold counts in what they may take. */
static bool tune(struct contest *c, struct upk_error *err)
{
	struct upk_contest_outcome *out = c->out;
	const struct upk_contest_request *r = c->request;
	struct upk_tuning_rows rows = { r->data, 0, c->fit_to };
	double seconds = out->threshold_asked ? c->seconds : 0;

	if (!r->tuning || r->tuning->trials == 0 || c->windows == 0)
		return true;
	struct upk_tuning t = tuning_of(c);
	rows.from = c->rows[c->window].judged_from;
	if (upk_tuning_adjustments(&t, &rows) > 0 &&
		!upk_tuning_adjust(
			&t, c->tuned_setup, r->decision, &rows, &seconds, &c->tuned[0], err))
		return false;
	if (!upk_tuning_optimise(
		    &t, c->tuned_setup, r->decision, &rows, &seconds, &c->tuned[1], err))
		return false;
	if (!c->tuned[0].trial) {
		c->tuned[0] = c->tuned[1];
		c->tuned[1] = (struct upk_tuned){ 0 };
	}
	for (size_t i = 0; i < UPK_CONTEST_TUNED && c->tuned[i].trial; i++)
		if (!enter_tuned(c, &c->tuned[i], err))
			return false;
	return true;
}

static bool judge(struct contest *c, struct upk_error *err)
{
	struct upk_answers labels = upk_panel_labels(&c->panel);
	struct upk_contest_outcome *out = c->out;
	const struct upk_panel_answer *picked = &c->answers[out->picked];

	out->champion = c->champion.score;
	out->challenger = picked->score;
	out->difference = out->challenger - out->champion;
	out->sd = upk_panel_sd(&c->panel, picked, &c->champion);
	out->z = upk_gate_z(c->request->kind, c->request->confidence, &labels);
	out->limit = fmax(c->request->margin, out->z * out->sd);
	const struct upk_checks_input input = { &c->panel, &c->champion, picked, c->request->slices,
		c->request->first_errors, c->answers, out->count };
	if (!upk_checks_run(&c->request->checks, &input, &out->checked, err))
		return false;
	const struct upk_lead lead = { out->challenger, out->champion, out->limit };
	out->passed = upk_lead_holds(&lead);
	out->held = out->passed && out->checked.end == UPK_CHECK_HELD;
	out->passed = out->passed && out->checked.end == UPK_CHECK_PASSED;
	return true;
}

/* c afterwards. After growth it moves to where the picked window starts, when rows from there
 * serve clearly better than rows from c. */
static int64_t change_after(const struct contest *c, size_t change)
{
	size_t picked = c->out->picked;

	if (picked >= c->first_other && picked < c->first_tuned)
		picked = c->window;
	if (c->request->kind != UPK_GATE_GROWTH || picked >= c->windows)
		return c->request->change;
	for (size_t i = 0; i < c->windows; i++) {
		const struct upk_panel_answer *a = &c->answers[picked], *b = &c->answers[i];
		if (c->rows[i].from == change && i != picked &&
			upk_selection_beats(&c->panel, a, b, change_z))
			return c->request->data->place[c->rows[picked].from];
	}
	return c->request->change;
}

/* The same on all rows, held out ones too, calibrated by what was judged. */
static bool refit(struct contest *c, const struct made *made, struct upk_error *err)
{
	const struct upk_dataset *d = c->request->data;
	const struct upk_predictor_setup *setup = made->setup;
	struct upk_contest_outcome *out = c->out;

	out->predictor = made->tuned ? upk_tuning_refit(made->tuned, setup, d, d->rows, err)
				     : upk_predictor_fit(setup, d, made->from, d->rows, err);
	out->from = d->place[made->from];
	out->to = end_place(d, d->rows - 1);
	out->rows = d->rows - made->from;
	if (!out->predictor || !made->predictor)
		return out->predictor != NULL;
	upk_predictor_take_threshold(out->predictor, made->predictor);
	const struct upk_calibrate_rows rows = { d, made->start, c->fit_to, c->panel.first,
		d->rows };
	return !c->request->calibrate ||
		upk_predictor_calibrate(out->predictor, made->predictor, &rows, err);
}

/* What a run leaves behind. A challenger that was refused stays as it was judged. */
static bool take_picked(struct contest *c, struct upk_error *err)
{
	struct upk_contest_outcome *out = c->out;
	const struct upk_contest_candidate *picked = &out->candidates[out->picked];
	bool good = out->passed || out->held;

	if (out->picked >= c->windows && out->picked < c->first_other) {
		out->version = good ? picked->version : 0;
		return true;
	}
	struct made judged = made_at(c, out->picked);
	if (good)
		return refit(c, &judged, err);
	out->predictor = upk_predictor_ref(judged.predictor);
	out->from = picked->from;
	out->to = picked->to;
	out->rows = picked->rows;
	return true;
}

static bool conclude(struct contest *c, size_t change, struct upk_error *err)
{
	struct upk_contest_outcome *out = c->out;

	const struct upk_selection all = { &c->panel, c->answers, out->count, c->rows, c->windows,
		c->champion.score };
	out->picked = upk_selection_pick(&all);
	if (!enter_others(c, err) || !tune(c, err) || !judge(c, err))
		return false;
	upk_verdict_say(out, c->request->others_count > 0, out->verdict);
	out->threshold = c->thresholds[out->picked];
	out->change = change_after(c, change);
	out->figures = upk_panel_confusion(&c->panel, &c->answers[out->picked], err);
	if (!out->figures)
		return false;

	if (!take_picked(c, err))
		return false;
	tell(c, c->steps);
	return true;
}

static struct contest begin(
	const struct upk_contest_request *request, struct upk_contest_outcome *out)
{
	struct contest c = { .request = request, .out = out };

	for (size_t i = 0; i < UPK_CONTEST_CANDIDATES; i++)
		c.thresholds[i].tried = NAN;
	*out = (struct upk_contest_outcome){ 0 };
	return c;
}

/* out is empty after a failure. */
static bool end(struct contest *c, bool ok)
{
	finish(c);
	if (!ok)
		upk_contest_finish(c->out);
	return ok;
}

bool upk_contest_check(
	const struct upk_contest_request *request, size_t *steps, struct upk_error *err)
{
	struct upk_contest_outcome none;
	struct contest c = begin(request, &none);
	bool ok = prepare(&c, upk_dataset_at(request->data, request->change), err);

	*steps = c.steps;
	return end(&c, ok);
}

bool upk_contest(const struct upk_contest_request *request, struct upk_contest_outcome *out,
	struct upk_error *err)
{
	struct contest c = begin(request, out);
	size_t change = upk_dataset_at(request->data, request->change);
	bool ok = prepare(&c, change, err);

	if (ok)
		name_metric(&c);
	ok = ok && upk_panel_ask_champion(&c.panel, &c.champion, err);
	return end(&c, ok && enter_all(&c, err) && conclude(&c, change, err));
}

/* Of the rows before the holdout: the class with the most. */
static uint16_t majority(const struct upk_dataset *d, size_t to)
{
	size_t counts[UPK_CLASSES_MAX], most = 0;

	upk_dataset_count(d, 0, to, counts);
	for (size_t k = 1; k < d->classes; k++)
		most = counts[k] > counts[most] ? k : most;
	return (uint16_t)most;
}

/* The figures that a first version shows: a twin's, fitted on the rows before the holdout. */
static bool try_twin(struct contest *c, struct upk_error *err)
{
	struct upk_contest_outcome *out = c->out;

	name_metric(c);
	c->windows = c->first_other = c->first_tuned = 1;
	if (!enter_fit(c, &c->request->setup, &(struct upk_candidate_window){ 0 }, &c->fitted[0],
		    err) ||
		!upk_panel_ask_constant(
			&c->panel, majority(c->panel.data, c->panel.first), &c->champion, err))
		return false;
	out->champion = c->champion.score;
	out->challenger = c->answers[0].score;
	out->threshold = c->thresholds[0];
	out->difference = out->challenger - out->champion;
	out->sd = upk_panel_sd(&c->panel, &c->answers[0], &c->champion);
	out->figures = upk_panel_confusion(&c->panel, &c->answers[0], err);
	return out->figures != NULL;
}

/* Whether there are rows enough to hold some out. */
static bool has_twin(const struct upk_dataset *d, size_t holdout)
{
	struct upk_candidate_window windows[UPK_CANDIDATE_WINDOWS];

	return upk_candidate_windows(d, 0, holdout, 0, windows) > 0 && windows[0].from == 0;
}

bool upk_contest_first_check(
	const struct upk_contest_request *request, size_t *steps, struct upk_error *err)
{
	if (!check_rows(request, err))
		return false;
	*steps = has_twin(request->data, upk_candidate_holdout(request->data, 0)) ? 2 : 1;
	return true;
}

static bool contest_first(struct contest *c, struct upk_error *err)
{
	const struct upk_dataset *d = c->request->data;
	size_t holdout = upk_candidate_holdout(d, 0);

	if (!upk_contest_first_check(c->request, &c->steps, err))
		return false;
	tell(c, 0);
	if (has_twin(d, holdout)) {
		if (!open_panel(c, holdout, false, err) || !try_twin(c, err))
			return false;
	} else {
		c->out->champion = c->out->challenger = c->out->difference = c->out->sd = NAN;
	}
	upk_verdict_say_first(c->out, c->request->others_count ? c->request->setup.learner : NULL,
		d->rows, c->out->verdict);
	c->out->passed = true;
	const struct made twin = { .predictor = c->fitted[0], .setup = &c->request->setup };
	if (!refit(c, &twin, err))
		return false;
	tell(c, c->steps);
	return true;
}

bool upk_contest_first(const struct upk_contest_request *request, struct upk_contest_outcome *out,
	struct upk_error *err)
{
	struct contest c = begin(request, out);

	return end(&c, contest_first(&c, err));
}

void upk_contest_finish(struct upk_contest_outcome *out)
{
	upk_predictor_unref(out->predictor);
	upk_confusion_destroy(out->figures);
	*out = (struct upk_contest_outcome){ 0 };
}
