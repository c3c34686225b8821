#include "learn/checks.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/number.h"
#include "learn/lead.h"
#include "metrics/confusion.h"
#include "metrics/interval.h"

/* All slices of a run together are refused by chance so often, at most. */
static const double slices_chance = 0.05;

/* What the alarm wants besides: errors that the best so far would have made on the holdout (of 10
 * expected, chance leaves at most one in 2,000 times), and a challenger that is all but perfect. */
static const double leak_expected = 10, leak_errors = 0.02;

/* Where the gate goes by accuracy for want of rows of the rarer class, the metric that is asked for
 * must be better by so many of its own standard errors. */
static const double few_z = 1.645;

const struct upk_checks upk_checks_default = {
	.at_least = NAN,
	.flips = NAN,
	.leak = 0.1,
	.slice_margin = 0.05,
	.slice_pairs = 50,
};

/* Checks under way. */
struct judging {
	const struct upk_checks *wanted;
	const struct upk_checks_input *in;
	struct upk_checked *out;
	double asked_champion, asked_challenger, asked_limit; /* by the metric that is asked for */
};

/* ---- few rows of the rarer class ---- */

/* Both of them by the metric that is asked for. */
static bool score_asked(struct judging *j, struct upk_error *err)
{
	struct upk_answers a = upk_panel_labels(j->in->panel);
	double *v = calloc(2 * a.n, sizeof *v);
	bool ok;

	if (!v)
		return upk_fail(err, UPK_NOMEM, "no memory to compare %zu pairs", a.n);
	a.predicted = j->in->champion->predicted;
	ok = upk_gate_score_asked(j->in->panel->measure, &a, &j->asked_champion, v, err);
	a.predicted = j->in->challenger->predicted;
	ok = ok &&
		upk_gate_score_asked(j->in->panel->measure, &a, &j->asked_challenger, v + a.n, err);
	j->asked_limit = few_z * upk_gate_sd(v, v + a.n, a.n);
	free(v);
	return ok;
}

/* With few rows of the rarer class the gate goes by accuracy: who never names it may be ahead. */
static bool keeps_metric(const struct judging *j, char words[UPK_CHECKS_WORDS])
{
	struct upk_answers labels = upk_panel_labels(j->in->panel);
	struct upk_measure measure = j->in->panel->measure;
	bool asked = strcmp(upk_metric_name(measure.metric), "accuracy") == 0;

	const struct upk_lead lead = { j->asked_challenger, j->asked_champion, j->asked_limit };
	struct upk_lead_shown shown;

	if (asked || !upk_gate_by_accuracy(measure, &labels) || upk_lead_holds(&lead))
		return true;
	upk_lead_show(&lead, &shown);
	snprintf(words, UPK_CHECKS_WORDS,
		"by the gate's own metric it has %s against %s, on few rows of the rarer "
		"class: %s",
		shown.score, shown.other, shown.words);
	return false;
}

/* ---- at least ---- */

static bool reaches_bound(const struct judging *j, char words[UPK_CHECKS_WORDS])
{
	double score = j->in->challenger->score, least = j->wanted->at_least;
	int digits = upk_number_digits_apart(score, least, 3);

	if (!(score < least))
		return true;
	snprintf(words, UPK_CHECKS_WORDS, "at least %g is asked for, and it has %.*f", least,
		digits, score);
	return false;
}

/* ---- flips ---- */

static bool keeps_answers(const struct judging *j, char words[UPK_CHECKS_WORDS])
{
	double flips = 100 * j->out->flips, most = 100 * j->wanted->flips;
	int digits = upk_number_digits_apart(flips, most, 1);

	if (!(j->out->flips > j->wanted->flips))
		return true;
	snprintf(words, UPK_CHECKS_WORDS,
		"it answers %.*f %% of the pairs differently: at most %g %% may change", digits,
		flips, most);
	return false;
}

static double count_flips(const struct judging *j)
{
	size_t flips = 0;

	for (size_t i = 0; i < j->in->panel->n; i++)
		flips += j->in->champion->predicted[i] != j->in->challenger->predicted[i];
	return (double)flips / (double)j->in->panel->n;
}

/* ---- leak ---- */

static double share_wrong(const struct judging *j, const struct upk_panel_answer *a)
{
	size_t errors = 0;

	for (size_t i = 0; i < j->in->panel->n; i++)
		errors += a->predicted[i] != j->in->panel->actual[i];
	return (double)errors / (double)j->in->panel->n;
}

/* Of answering the most frequent class to all of them. */
static double share_rarer(const struct upk_panel *p)
{
	size_t counts[UPK_CLASSES_MAX] = { 0 }, most = 0;

	for (size_t i = 0; i < p->n; i++)
		counts[p->actual[i]]++;
	for (size_t k = 0; k < p->data->classes; k++)
		most = counts[k] > most ? counts[k] : most;
	return 1 - (double)most / (double)p->n;
}

/* The fewest errors so far: in n pairs that were served, the holdout's and those before it in
 * blocks of n, by version 1 on its own holdout, and by the most frequent class. Blocks, as the best
 * of all n in a row is by luck so good that leaks are missed: of 100 at a fifth wrong, most of
 * them. */
static double find_least_errors(const struct judging *j)
{
	const struct upk_dataset *d = j->in->panel->data;
	size_t n = j->in->panel->n, pairs = 0, errors = 0;
	double least = fmin(share_wrong(j, j->in->champion), share_rarer(j->in->panel));

	least = fmin(least, j->in->first_errors);

	for (size_t i = j->in->panel->first; i-- > 0;) {
		int32_t served = upk_dataset_answer(d->served[i]);
		if (served < 0)
			continue;
		errors += served != d->y[i];
		if (++pairs < n)
			continue;
		least = fmin(least, (double)errors / (double)n);
		pairs = errors = 0;
	}
	return least;
}

/* Whether somebody wrong on this share of the pairs is better than can be believed. */
static bool is_too_good(const struct judging *j, double errors)
{
	double least = j->out->least_errors;

	return (double)j->in->panel->n * least >= leak_expected && errors <= leak_errors &&
		errors <= j->wanted->leak * least;
}

/* Whether it is the only one of several candidates that is: a leak shows in others too, unless it
 * has come so lately that only one of them has learnt it. */
static bool is_alone(const struct judging *j)
{
	size_t as_good = 0;

	for (size_t i = 0; i < j->in->candidates_count; i++)
		as_good += is_too_good(j, share_wrong(j, &j->in->candidates[i]));
	return j->in->candidates_count > 1 && as_good == 1;
}

static void say_too_good(const struct judging *j, const char *then, char words[UPK_CHECKS_WORDS])
{
	double n = (double)j->in->panel->n;

	snprintf(words, UPK_CHECKS_WORDS,
		"that is too good to be true: it is wrong on %.0f of the %zu pairs, where the best "
		"so far would be wrong on %.0f; %s",
		n * j->out->errors, j->in->panel->n, n * j->out->least_errors, then);
}

static bool is_no_chance(const struct judging *j, char words[UPK_CHECKS_WORDS])
{
	if (!is_too_good(j, j->out->errors) || !is_alone(j))
		return true;
	say_too_good(j,
		"no other candidate is, so it may be chance, or a feature that has lately begun to "
		"give the label away: another run will tell",
		words);
	return false;
}

static bool is_plausible(const struct judging *j, char words[UPK_CHECKS_WORDS])
{
	if (!is_too_good(j, j->out->errors))
		return true;
	say_too_good(j, "a feature may give the label away, so a person decides", words);
	return false;
}

/* ---- slices ---- */

/* Memory for one slice's rows: answers of both, their influences. */
struct sheet {
	uint16_t *actual, *champion, *challenger;
	double *v_champion, *v_challenger;
};

static void sheet_finish(struct sheet *s)
{
	free(s->actual);
	free(s->v_champion);
}

static bool sheet_init(struct sheet *s, size_t n, struct upk_error *err)
{
	*s = (struct sheet){
		.actual = calloc(n, 3 * sizeof *s->actual),
		.v_champion = calloc(n, 2 * sizeof *s->v_champion),
	};
	if (!s->actual || !s->v_champion) {
		sheet_finish(s);
		return upk_fail(err, UPK_NOMEM, "no memory for slices of %zu rows", n);
	}
	s->champion = s->actual + n;
	s->challenger = s->champion + n;
	s->v_challenger = s->v_champion + n;
	return true;
}

/* Where a row stands among those compared; n when it is not one of them. */
static size_t panel_at(const struct upk_panel *p, size_t row)
{
	size_t low = 0, high = p->n;

	while (low < high) {
		size_t middle = low + (high - low) / 2;
		if (p->rows[middle] < row)
			low = middle + 1;
		else
			high = middle;
	}
	return low < p->n && p->rows[low] == row ? low : p->n;
}

/* The compared rows of the slice from .. end - 1, onto the sheet. */
static size_t lay_out(const struct judging *j, size_t from, size_t end, struct sheet *s)
{
	size_t n = 0;

	for (size_t i = from; i < end; i++) {
		size_t at = panel_at(j->in->panel, j->in->slices->entries[i].row);
		if (at == j->in->panel->n)
			continue;
		s->actual[n] = j->in->panel->actual[at];
		s->champion[n] = j->in->champion->predicted[at];
		s->challenger[n++] = j->in->challenger->predicted[at];
	}
	return n;
}

static bool compare_slice(const struct judging *j, const struct sheet *s,
	struct upk_slice_figures *f, struct upk_error *err)
{
	size_t classes = j->in->panel->data->classes;
	struct upk_answers champion = { f->pairs, classes, s->actual, s->champion };
	struct upk_answers challenger = { f->pairs, classes, s->actual, s->challenger };
	struct upk_measure measure = j->in->panel->measure;

	if (!upk_gate_measure_part(&champion, &challenger, &measure, err) ||
		!upk_gate_score(measure, &champion, &f->champion, s->v_champion, err) ||
		!upk_gate_score(measure, &challenger, &f->challenger, s->v_challenger, err))
		return false;
	f->by_accuracy = upk_gate_by_accuracy(measure, &champion);
	f->difference = f->challenger - f->champion;
	f->sd = upk_gate_sd(s->v_challenger, s->v_champion, f->pairs);
	return true;
}

/* In its order among the worst; the last of too many is left out. */
static void show(struct upk_checked *out, const struct upk_slice_figures *f)
{
	double depth = f->difference + (isnan(f->limit) ? 0 : f->limit);
	size_t at = out->shown;

	for (; at > 0; at--) {
		const struct upk_slice_figures *before = &out->slices[at - 1];
		if (before->difference + (isnan(before->limit) ? 0 : before->limit) <= depth)
			break;
		if (at < UPK_CHECKS_SLICES)
			out->slices[at] = *before;
	}
	if (at == UPK_CHECKS_SLICES)
		return;
	out->slices[at] = *f;
	out->shown += out->shown < UPK_CHECKS_SLICES;
}

static size_t count_judged(const struct judging *j, struct sheet *s)
{
	struct upk_text name;
	size_t judged = 0, end;

	for (size_t from = 0; from < j->in->slices->count; from = end) {
		end = upk_slices_end(j->in->slices, from, &name);
		judged += lay_out(j, from, end, s) >= j->wanted->slice_pairs;
	}
	return judged;
}

static bool judge_slices(struct judging *j, struct sheet *s, struct upk_error *err)
{
	size_t end;
	double z;

	j->out->judged = count_judged(j, s);
	if (j->out->judged == 0)
		return true;
	z = upk_normal_quantile(1 - slices_chance / (double)j->out->judged);
	for (size_t from = 0; from < j->in->slices->count; from = end) {
		struct upk_slice_figures f;
		struct upk_text name;
		end = upk_slices_end(j->in->slices, from, &name);
		f.pairs = lay_out(j, from, end, s);
		if (f.pairs < j->wanted->slice_pairs)
			continue;
		if (!compare_slice(j, s, &f, err))
			return false;
		f.limit = isnan(j->wanted->slice_margin) ? NAN
							 : fmax(j->wanted->slice_margin, z * f.sd);
		snprintf(f.name, sizeof f.name, "%.*s", (int)name.size, name.data);
		show(j->out, &f);
	}
	return true;
}

static bool slices_hold(const struct judging *j, char words[UPK_CHECKS_WORDS])
{
	const struct upk_slice_figures *worst = &j->out->slices[0];
	const struct upk_lead fall = { worst->champion, worst->challenger, worst->limit };
	struct upk_lead_shown shown;

	if (j->out->shown == 0 || !upk_lead_holds(&fall))
		return true;
	upk_lead_show(&fall, &shown);
	snprintf(words, UPK_CHECKS_WORDS,
		"%s falls by %s, from %s to %s on %zu pairs, where at most %s is allowed",
		worst->name, shown.by, shown.score, shown.other, worst->pairs, shown.limit);
	return false;
}

/* ---- all ---- */

/* What refuses comes before what holds: the first that does not pass has the word. */
static const struct check {
	bool (*passes)(const struct judging *j, char words[UPK_CHECKS_WORDS]);
	enum upk_check_end otherwise;
} checks[] = {
	{ keeps_metric, UPK_CHECK_REFUSED },
	{ reaches_bound, UPK_CHECK_REFUSED },
	{ slices_hold, UPK_CHECK_REFUSED },
	{ keeps_answers, UPK_CHECK_REFUSED },
	{ is_no_chance, UPK_CHECK_REFUSED },
	{ is_plausible, UPK_CHECK_HELD },
};

static bool measure_slices(struct judging *j, struct upk_error *err)
{
	struct sheet sheet;
	bool ok;

	if (!j->in->slices)
		return true;
	if (!sheet_init(&sheet, j->in->panel->n, err))
		return false;
	ok = judge_slices(j, &sheet, err);
	sheet_finish(&sheet);
	return ok;
}

bool upk_checks_run(const struct upk_checks *wanted, const struct upk_checks_input *in,
	struct upk_checked *out, struct upk_error *err)
{
	struct judging j = { .wanted = wanted, .in = in, .out = out };

	*out = (struct upk_checked){ .end = UPK_CHECK_PASSED };
	out->flips = count_flips(&j);
	out->errors = share_wrong(&j, in->challenger);
	out->least_errors = find_least_errors(&j);
	if (!score_asked(&j, err) || !measure_slices(&j, err))
		return false;
	for (size_t i = 0; i < sizeof checks / sizeof *checks; i++)
		if (!checks[i].passes(&j, out->words)) {
			out->end = checks[i].otherwise;
			break;
		}
	return true;
}
