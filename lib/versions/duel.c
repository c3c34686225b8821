#include "versions/duel.h"

#include <math.h>
#include <stdlib.h>

#include "learn/gate.h"
#include "metrics/metric.h"

static struct upk_duel_pair *pair_at(const struct upk_duel *d, size_t i)
{
	return &d->pairs[(d->at + d->capacity - d->size + i) % d->capacity];
}

bool upk_duel_reserve(struct upk_duel *d, struct upk_error *err)
{
	if (!d->pairs)
		d->pairs = calloc(d->capacity, sizeof *d->pairs);
	return d->pairs ||
		upk_fail(err, UPK_NOMEM, "no memory to compare two versions on %zu pairs",
			d->capacity);
}

/* The pair counts from now on (by = 1), or no more (-1). */
static void count(struct upk_duel *d, const struct upk_duel_pair *p, int by)
{
	int it = p->other == p->pair.actual, champion = p->pair.predicted == p->pair.actual;
	d->lead += by * (it - champion);
	d->differ += by * (it != champion);
}

bool upk_duel_add(struct upk_duel *d, const struct upk_duel_pair *pair, struct upk_error *err)
{
	if (!upk_duel_reserve(d, err))
		return false;
	if (d->size == d->capacity)
		count(d, &d->pairs[d->at], -1);
	d->pairs[d->at] = *pair;
	count(d, pair, 1);
	d->at = (d->at + 1) % d->capacity;
	if (d->size < d->capacity)
		d->size++;
	return true;
}

void upk_duel_begin(struct upk_duel *d)
{
	d->at = d->size = 0;
	d->lead = d->differ = 0;
}

void upk_duel_finish(struct upk_duel *d)
{
	free(d->pairs);
	*d = (struct upk_duel){ .capacity = d->capacity };
}

const struct upk_duel_pair *upk_duel_at(const struct upk_duel *d, size_t i)
{
	return pair_at(d, i);
}

void upk_duel_revise(struct upk_duel *d, int64_t place, uint16_t actual)
{
	for (size_t i = 0; i < d->size; i++) {
		struct upk_duel_pair *p = pair_at(d, i);
		if (p->place != place)
			continue;
		count(d, p, -1);
		p->pair.actual = actual;
		count(d, p, 1);
	}
}

void upk_duel_remove(struct upk_duel *d, int64_t place)
{
	bool found = false;
	for (size_t i = 0; i < d->size; i++) {
		if (found)
			*pair_at(d, i - 1) = *pair_at(d, i);
		else if (pair_at(d, i)->place == place) {
			count(d, pair_at(d, i), -1);
			found = true;
		}
	}
	if (!found)
		return;
	d->at = (d->at + d->capacity - 1) % d->capacity;
	d->size--;
}

void upk_duel_count(const struct upk_duel *d, struct upk_takeover *out)
{
	out->lead = d->lead;
	out->differ = d->differ;
	out->pairs = d->size;
}

static bool macro_f1(
	const struct upk_duel *d, bool other, size_t classes, double *f1, struct upk_error *err)
{
	struct upk_confusion *c = upk_confusion_create(classes, err);
	if (!c)
		return false;
	for (size_t i = 0; i < d->size; i++) {
		struct upk_pair pair = pair_at(d, i)->pair;
		if (other)
			pair.predicted = pair_at(d, i)->other;
		upk_confusion_add(c, pair);
	}
	struct upk_measure macro = { upk_metric_find("f1"), UPK_AVERAGE_MACRO, 0 };
	*f1 = upk_measure_value(macro, c);
	upk_confusion_destroy(c);
	return true;
}

static bool leads(const struct upk_takeover *t, const struct upk_duel_rule *rule)
{
	return (double)t->lead > rule->lead && (double)t->lead > rule->z * sqrt((double)t->differ);
}

/* Whether the F1 of one class is higher by z of the paired sd. */
static bool is_better_at(
	const struct upk_duel *d, uint16_t class, double z, bool *better, struct upk_error *err)
{
	const struct upk_measure f1 = { upk_metric_find("f1"), UPK_AVERAGE_CLASS, class };
	size_t n = d->size;
	uint16_t *labels = calloc(n, 3 * sizeof *labels);
	double *v = calloc(n, 2 * sizeof *v), it, champion;
	const struct upk_answers served = { n, 2, labels, labels + n };
	const struct upk_answers other = { n, 2, labels, labels + 2 * n };
	if (!labels || !v) {
		free(labels);
		free(v);
		return upk_fail(err, UPK_NOMEM, "no memory to compare two versions");
	}
	for (size_t i = 0; i < n; i++) {
		const struct upk_duel_pair *p = pair_at(d, i);
		labels[i] = p->pair.actual;
		labels[n + i] = p->pair.predicted;
		labels[2 * n + i] = p->other;
	}
	bool done = upk_gate_score_asked(f1, &served, &champion, v, err) &&
		upk_gate_score_asked(f1, &other, &it, v + n, err);
	if (done)
		*better = it - champion > z * upk_gate_sd(v, v + n, n);
	free(labels);
	free(v);
	return done;
}

bool upk_duel_judge(const struct upk_duel *d, const struct upk_duel_rule *rule, size_t classes,
	bool *wins, struct upk_takeover *out, struct upk_error *err)
{
	struct upk_takeover t = { 0 };
	*wins = false;
	if ((double)d->size < rule->least)
		return true;
	upk_duel_count(d, &t);
	if (!leads(&t, rule))
		return true;
	if (!macro_f1(d, true, classes, &t.f1, err) ||
		!macro_f1(d, false, classes, &t.champion_f1, err))
		return false;
	*wins = t.f1 > t.champion_f1;
	if (*wins && rule->tuned > 0 &&
		!is_better_at(d, (uint16_t)(rule->tuned - 1), rule->z, wins, err))
		return false;
	if (*wins)
		*out = t;
	return true;
}
