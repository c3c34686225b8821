#include "learn/choice.h"

#include <math.h>
#include <stdlib.h>

enum { BLOCKS = 4, SCORED_MOST = 2000, FITTED_MOST = 2000, ROWS_MIN = 100 };

struct choice {
	const struct upk_choice_request *request;
	size_t first, n;       /* rows that are scored: first .. first + n - 1 */
	uint16_t *predicted;   /* (n) */
	double *v;             /* (n) */
	double *probabilities; /* (n, classes) */
};

/* Rows from .. to - 1 by a fit on those that were known before them. */
static bool answer_block(struct choice *c, const struct upk_predictor_setup *setup, size_t from,
	size_t to, struct upk_error *err)
{
	const struct upk_dataset *d = c->request->data;
	size_t known = from - (c->request->lag < from / 2 ? c->request->lag : from / 2);
	size_t begin = known > FITTED_MOST ? known - FITTED_MOST : 0;
	struct upk_predictor *p = upk_predictor_fit(setup, d, begin, known, err);
	size_t classes = d->classes;
	bool ok = p && upk_predictor_predict(p, &d->table, from, to - from, c->probabilities, err);

	for (size_t i = from; ok && i < to; i++)
		c->predicted[i - c->first] = upk_decide(
			c->request->decision, c->probabilities + (i - from) * classes, classes);
	upk_predictor_unref(p);
	return ok;
}

static void tell(const struct choice *c, size_t done)
{
	const struct upk_choice_request *r = c->request;

	if (r->progress)
		r->progress(r->context, done, upk_choice_fits(r));
}

/* Of the i-th. NAN when its fits fail. */
static bool score(struct choice *c, size_t i, double *out, struct upk_error *err)
{
	const struct upk_predictor_setup *setup = &c->request->setups[i];
	const struct upk_answers answers = { .n = c->n,
		.classes = c->request->data->classes,
		.actual = c->request->data->y + c->first,
		.predicted = c->predicted };
	struct upk_error cause = { 0 };

	for (size_t b = 0; b < BLOCKS && cause.code == UPK_OK; b++) {
		if (answer_block(c, setup, c->first + c->n * b / BLOCKS,
			    c->first + c->n * (b + 1) / BLOCKS, &cause))
			tell(c, i * BLOCKS + b + 1);
	}
	if (cause.code == UPK_INVALID) {
		tell(c, (i + 1) * BLOCKS);
		*out = NAN;
		return true;
	}
	if (cause.code != UPK_OK)
		return upk_fail(err, cause.code, "%s", cause.message);
	return upk_gate_score(c->request->measure, &answers, out, c->v, err);
}

static bool choose(struct choice *c, size_t *chosen, double *scores, struct upk_error *err)
{
	double best = -INFINITY;

	for (size_t i = 0; i < c->request->count; i++) {
		if (!score(c, i, &scores[i], err))
			return false;
		if (scores[i] > best) {
			best = scores[i];
			*chosen = i;
		}
	}
	return true;
}

size_t upk_choice_fits(const struct upk_choice_request *request)
{
	return request->to < ROWS_MIN || request->count < 2 ? 0 : request->count * BLOCKS;
}

bool upk_choice(const struct upk_choice_request *request, size_t *chosen,
	double scores[UPK_CHOICE_LEARNERS], struct upk_error *err)
{
	size_t n = request->to / 2 < SCORED_MOST ? request->to / 2 : SCORED_MOST;
	struct choice c = { .request = request, .first = request->to - n, .n = n };
	bool ok;

	*chosen = 0;
	for (size_t i = 0; i < request->count; i++)
		scores[i] = NAN;
	if (upk_choice_fits(request) == 0)
		return true;
	c.predicted = calloc(n, sizeof *c.predicted);
	c.v = calloc(n, sizeof *c.v);
	c.probabilities = calloc(n, request->data->classes * sizeof *c.probabilities);
	if (c.predicted && c.v && c.probabilities)
		ok = choose(&c, chosen, scores, err);
	else
		ok = upk_fail(err, UPK_NOMEM, "no memory to choose a learner on %zu rows", n);
	free(c.predicted);
	free(c.v);
	free(c.probabilities);
	return ok;
}
