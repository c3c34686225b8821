#include "learn/threshold.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "learn/gate.h"
#include "learn/lead.h"

enum { ROWS_LEAST = 50, BLOCKS = 5 };

static const double z = 1.645, margin = 0.002, otherwise = 0.5;

struct scored {
	double score;
	bool positive;
};

static int by_falling_score(const void *a, const void *b)
{
	const struct scored *x = a, *y = b;

	return (x->score < y->score) - (x->score > y->score);
}

/* Between a score that is accepted and the next one that is not: 0.5 where that does as well. */
static double part(double accepted, double refused)
{
	double half = refused + (accepted - refused) / 2;

	if (accepted >= otherwise && refused < otherwise)
		return otherwise;
	return half > refused ? half : accepted;
}

/* The best of sorted scores, of which `positives` are of the positive class. */
static double best_of(const struct scored *s, size_t n, size_t positives)
{
	double best = NAN, most = -1;
	size_t hits = 0;

	for (size_t i = 0; i < n; i++) {
		hits += s[i].positive;
		if (i + 1 < n && s[i + 1].score == s[i].score)
			continue;
		double f1 = 2 * (double)hits / (double)(positives + i + 1);
		double threshold = part(s[i].score, i + 1 < n ? s[i + 1].score : 0);
		if (f1 < most ||
			(f1 == most && fabs(threshold - otherwise) >= fabs(best - otherwise)))
			continue;
		most = f1;
		best = threshold;
	}
	return best;
}

/* Of the first n scores, whatever their order; s is sorted. */
static double sort_and_choose(struct scored *s, size_t n)
{
	size_t positives = 0;

	for (size_t i = 0; i < n; i++)
		positives += s[i].positive;
	if (positives == 0 || positives == n)
		return NAN;
	qsort(s, n, sizeof *s, by_falling_score);
	return best_of(s, n, positives);
}

static struct scored *allocate(size_t n, struct upk_error *err)
{
	struct scored *s = calloc(n ? n : 1, sizeof *s);

	if (!s)
		upk_fail(err, UPK_NOMEM, "no memory for a threshold of %zu rows", n);
	return s;
}

bool upk_threshold_best(const double *scores, const bool *positive, size_t n, double *threshold,
	struct upk_error *err)
{
	struct scored *s = allocate(n, err);

	if (!s)
		return false;
	for (size_t i = 0; i < n; i++)
		s[i] = (struct scored){ scores[i], positive[i] };
	*threshold = sort_and_choose(s, n);
	free(s);
	return true;
}

/* The rows under judgement; s and the answers have room for all of them. */
struct choosing {
	const double *p;
	const uint16_t *y;
	size_t rows;
	uint16_t positive;
	struct scored *s;
	uint16_t *plain, *crossed; /* answers at 0.5, and of each block by the others' threshold */
	double *v_plain, *v_crossed;
};

static double score_of(const struct choosing *c, size_t row)
{
	return c->p[2 * row + c->positive];
}

static uint16_t answer(const struct choosing *c, size_t row, double threshold)
{
	return score_of(c, row) >= threshold ? c->positive : (uint16_t)(1 - c->positive);
}

/* The best threshold of all rows but from .. to - 1; 0.5 where those are of one class. */
static double choose_without(const struct choosing *c, size_t from, size_t to)
{
	size_t n = 0;

	for (size_t i = 0; i < c->rows; i++)
		if (i < from || i >= to)
			c->s[n++] = (struct scored){ score_of(c, i), c->y[i] == c->positive };
	double threshold = sort_and_choose(c->s, n);
	return isnan(threshold) ? otherwise : threshold;
}

static struct upk_lead lead_of(const struct upk_threshold *t)
{
	return (struct upk_lead){ t->after, t->before, t->limit };
}

static bool compare(const struct choosing *c, struct upk_threshold *out, struct upk_error *err)
{
	const struct upk_measure f1 = { upk_metric_find("f1"), UPK_AVERAGE_CLASS, c->positive };
	const struct upk_answers plain = { c->rows, 2, c->y, c->plain };
	const struct upk_answers crossed = { c->rows, 2, c->y, c->crossed };

	for (size_t b = 0; b < BLOCKS; b++) {
		size_t from = c->rows * b / BLOCKS, to = c->rows * (b + 1) / BLOCKS;
		double threshold = choose_without(c, from, to);
		for (size_t i = from; i < to; i++) {
			c->plain[i] = answer(c, i, otherwise);
			c->crossed[i] = answer(c, i, threshold);
		}
	}
	if (!upk_gate_score_asked(f1, &plain, &out->before, c->v_plain, err) ||
		!upk_gate_score_asked(f1, &crossed, &out->after, c->v_crossed, err))
		return false;
	out->sd = upk_gate_sd(c->v_crossed, c->v_plain, c->rows);
	out->limit = fmax(margin, z * out->sd);
	out->tried = choose_without(c, 0, 0);
	const struct upk_lead lead = lead_of(out);
	out->kept = out->tried > 0 && out->tried != otherwise && upk_lead_holds(&lead);
	return true;
}

bool upk_threshold_choose(const double *p, const uint16_t *y, size_t rows, uint16_t positive,
	struct upk_threshold *out, struct upk_error *err)
{
	struct choosing c = { .p = p, .y = y, .rows = rows, .positive = positive };

	*out = (struct upk_threshold){ .rows = rows, .tried = NAN };
	for (size_t i = 0; i < rows; i++)
		out->positives += y[i] == positive;
	if (out->positives < ROWS_LEAST || rows - out->positives < ROWS_LEAST)
		return true;
	c.s = allocate(rows, err);
	c.plain = calloc(rows, 2 * sizeof *c.plain);
	c.v_plain = calloc(rows, 2 * sizeof *c.v_plain);
	bool ok = c.s && c.plain && c.v_plain;
	if (ok) {
		c.crossed = c.plain + rows;
		c.v_crossed = c.v_plain + rows;
		ok = compare(&c, out, err);
	} else {
		upk_fail(err, UPK_NOMEM, "no memory for a threshold of %zu rows", rows);
	}
	free(c.s);
	free(c.plain);
	free(c.v_plain);
	return ok;
}

void upk_threshold_say(
	const struct upk_threshold *t, struct upk_text class, char words[UPK_THRESHOLD_WORDS])
{
	const struct upk_lead lead = lead_of(t);
	struct upk_lead_shown shown;

	if (isnan(t->tried)) {
		snprintf(words, UPK_THRESHOLD_WORDS,
			"0.5 stays: of %zu rows that the fit did not see %zu are %.*s, and at "
			"least "
			"%d of either class are needed to look for a better one",
			t->rows, t->positives, (int)class.size, class.data, ROWS_LEAST);
		return;
	}
	bool proven = upk_lead_holds(&lead);
	upk_lead_show(&lead, &shown);
	snprintf(words, UPK_THRESHOLD_WORDS,
		"%s: on %zu rows that the fit did not see f1 of %.*s is %s at 0.5 and %s at "
		"thresholds like %.3f, chosen on other rows: %s%s",
		t->kept ? "kept" : "0.5 stays", t->rows, (int)class.size, class.data, shown.other,
		shown.score, t->tried, shown.words,
		proven && !t->kept ? ", but on all rows 0.5 or 0 is the best" : "");
}
