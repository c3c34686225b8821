#include "learn/panel.h"

#include <stdlib.h>

static bool is_compared(const struct upk_panel *p, size_t row)
{
	int32_t served = p->data->served[row];

	return served >= 0 ||
		(served < UPK_DATASET_EXAMPLE && p->champion &&
			p->data->place[row] >= p->champion_from);
}

bool upk_panel_init(struct upk_panel *p, const struct upk_dataset *data, size_t holdout, bool pairs,
	struct upk_error *err)
{
	p->data = data;
	p->first = data->rows - holdout;
	p->rows = calloc(holdout ? holdout : 1, sizeof *p->rows);
	p->actual = calloc(holdout ? holdout : 1, sizeof *p->actual);
	p->probabilities = calloc(holdout ? holdout : 1, data->classes * sizeof *p->probabilities);
	if (!p->rows || !p->actual || !p->probabilities)
		return upk_fail(err, UPK_NOMEM, "no memory to hold out %zu rows", holdout);

	for (size_t i = p->first; i < data->rows; i++) {
		if (pairs && !is_compared(p, i))
			continue;
		p->rows[p->n] = i;
		p->actual[p->n++] = data->y[i];
	}
	return true;
}

void upk_panel_finish(struct upk_panel *p)
{
	free(p->rows);
	free(p->actual);
	free(p->probabilities);
	*p = (struct upk_panel){ 0 };
}

struct upk_answers upk_panel_labels(const struct upk_panel *p)
{
	return (struct upk_answers){
		.n = p->n,
		.classes = p->data->classes,
		.actual = p->actual,
	};
}

static bool allocate(const struct upk_panel *p, struct upk_panel_answer *a, struct upk_error *err)
{
	a->predicted = calloc(p->n ? p->n : 1, sizeof *a->predicted);
	a->v = calloc(p->n ? p->n : 1, sizeof *a->v);
	return (a->predicted && a->v) ||
		upk_fail(err, UPK_NOMEM, "no memory for answers on %zu rows", p->n);
}

static bool score(const struct upk_panel *p, struct upk_panel_answer *a, struct upk_error *err)
{
	struct upk_answers answers = upk_panel_labels(p);

	answers.predicted = a->predicted;
	return upk_gate_score(p->measure, &answers, &a->score, a->v, err);
}

/* A version made when there were fewer classes has them in the same order. */
static bool predict(struct upk_panel *p, const struct upk_predictor *predictor,
	struct upk_panel_answer *a, struct upk_error *err)
{
	const struct upk_dataset *d = p->data;
	size_t classes = upk_predictor_classes(predictor);

	if (classes > d->classes)
		return upk_fail(err, UPK_INVALID, "a version has other classes");
	struct upk_decision decision = upk_predictor_decision(predictor, p->decision);
	if (!upk_predictor_predict(
		    predictor, &d->table, p->first, d->rows - p->first, p->probabilities, err))
		return false;
	for (size_t i = 0; i < p->n; i++)
		a->predicted[i] = upk_decide(
			decision, p->probabilities + (p->rows[i] - p->first) * classes, classes);
	return true;
}

bool upk_panel_ask(struct upk_panel *p, const struct upk_predictor *predictor,
	struct upk_panel_answer *a, struct upk_error *err)
{
	return allocate(p, a, err) && predict(p, predictor, a, err) && score(p, a, err);
}

/* What it answered when the event came, else what it says now. */
bool upk_panel_ask_champion(struct upk_panel *p, struct upk_panel_answer *a, struct upk_error *err)
{
	size_t own = 0;

	for (size_t i = 0; i < p->n; i++)
		own += p->data->served[p->rows[i]] >= 0;
	if (!allocate(p, a, err) || (own < p->n && !predict(p, p->champion, a, err)))
		return false;
	for (size_t i = 0; i < p->n; i++)
		if (p->data->served[p->rows[i]] >= 0)
			a->predicted[i] = (uint16_t)p->data->served[p->rows[i]];
	return score(p, a, err);
}

bool upk_panel_ask_constant(
	struct upk_panel *p, uint16_t class, struct upk_panel_answer *a, struct upk_error *err)
{
	if (!allocate(p, a, err))
		return false;
	for (size_t i = 0; i < p->n; i++)
		a->predicted[i] = class;
	return score(p, a, err);
}

void upk_panel_answer_finish(struct upk_panel_answer *a)
{
	free(a->predicted);
	free(a->v);
	*a = (struct upk_panel_answer){ 0 };
}

double upk_panel_sd(const struct upk_panel *p, const struct upk_panel_answer *a,
	const struct upk_panel_answer *b)
{
	return upk_gate_sd(a->v, b->v, p->n);
}

struct upk_confusion *upk_panel_confusion(
	const struct upk_panel *p, const struct upk_panel_answer *a, struct upk_error *err)
{
	struct upk_confusion *c = upk_confusion_create(p->data->classes, err);

	for (size_t i = 0; c && i < p->n; i++)
		upk_confusion_add(c,
			(struct upk_pair){ .actual = p->actual[i], .predicted = a->predicted[i] });
	return c;
}
