#include "learn/gate.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "metrics/interval.h"

/* Rows of the rarer of two labels below which a figure, or a kind's own z, is not to be trusted; of
 * one that is under a tenth of the rows z wants more. */
enum { RARE_FOR_F1 = 10, RARE_FOR_Z = 30, RARE_FOR_Z_OF_TENTH = 60 };

static const double z_by_accuracy = 2.326;

static const double z_of_kind[] = {
	[UPK_GATE_ALERT] = 0,
	[UPK_GATE_GROWTH] = 1,
	[UPK_GATE_MANUAL] = 1.645,
};

/* Two classes, and fewer than `wanted` rows of the rarer label. */
static bool is_rare(const struct upk_answers *a, size_t wanted)
{
	size_t ones = 0;

	if (a->classes != 2)
		return false;
	for (size_t i = 0; i < a->n; i++)
		ones += a->actual[i] == 1;
	return ones < wanted || a->n - ones < wanted;
}

static double score_accuracy(const struct upk_answers *a, double *v)
{
	size_t hits = 0;

	for (size_t i = 0; i < a->n; i++) {
		bool hit = a->actual[i] == a->predicted[i];
		hits += hit;
		v[i] = hit / (double)a->n;
	}
	return (double)hits / (double)a->n;
}

/* Of each class: hits, and d = rows labelled so + rows predicted so; f1 = 2 hits / d, 0 for 0/0. */
struct tally {
	double hits, d, f1;
};

static struct tally *count(const struct upk_answers *a, struct upk_error *err)
{
	struct tally *t = calloc(a->classes, sizeof *t);

	if (!t) {
		upk_fail(err, UPK_NOMEM, "no memory to count %zu classes", a->classes);
		return NULL;
	}
	for (size_t i = 0; i < a->n; i++) {
		t[a->actual[i]].d++;
		t[a->predicted[i]].d++;
		if (a->actual[i] == a->predicted[i])
			t[a->actual[i]].hits++;
	}
	for (size_t k = 0; k < a->classes; k++)
		t[k].f1 = t[k].d > 0 ? 2 * t[k].hits / t[k].d : 0;
	return t;
}

static double score_macro(const struct upk_answers *a, const struct tally *t, double *v)
{
	double sum = 0, seen = 0;

	for (size_t k = 0; k < a->classes; k++) {
		sum += t[k].f1;
		seen += t[k].d > 0;
	}
	for (size_t i = 0; i < a->n; i++) {
		const struct tally *y = &t[a->actual[i]], *p = &t[a->predicted[i]];
		v[i] = ((y == p ? 2 / y->d : 0) - y->f1 / y->d - p->f1 / p->d) / seen;
	}
	return sum / seen;
}

static double score_class(
	const struct upk_answers *a, const struct tally *t, uint16_t class, double *v)
{
	for (size_t i = 0; i < a->n; i++) {
		int labelled = a->actual[i] == class, predicted = a->predicted[i] == class;
		v[i] = 0;
		if (labelled || predicted)
			v[i] = (2 * (labelled && predicted) -
				       t[class].f1 * (labelled + predicted)) /
				t[class].d;
	}
	return t[class].f1;
}

static bool is_accuracy(struct upk_measure measure)
{
	return strcmp(upk_metric_name(measure.metric), "accuracy") == 0;
}

bool upk_gate_by_accuracy(struct upk_measure measure, const struct upk_answers *a)
{
	return is_accuracy(measure) || is_rare(a, RARE_FOR_F1);
}

/* A class that the measure looks at occurs, in fewer rows than F1 wants. */
static bool has_rare(
	const struct upk_measure *m, size_t classes, const size_t *rows, const bool *occurs)
{
	for (size_t k = 0; k < classes; k++)
		if (occurs[k] && rows[k] < RARE_FOR_F1 &&
			(m->average != UPK_AVERAGE_CLASS || m->class == k))
			return true;
	return false;
}

bool upk_gate_measure_part(const struct upk_answers *first, const struct upk_answers *second,
	struct upk_measure *measure, struct upk_error *err)
{
	size_t classes = first->classes, *rows;
	bool *occurs;

	if (classes <= 2)
		return true;
	rows = calloc(classes, sizeof *rows);
	occurs = calloc(classes, sizeof *occurs);
	if (rows && occurs) {
		for (size_t i = 0; i < first->n; i++) {
			rows[first->actual[i]]++;
			occurs[first->actual[i]] = true;
			occurs[first->predicted[i]] = occurs[second->predicted[i]] = true;
		}
		if (has_rare(measure, classes, rows, occurs))
			*measure = (struct upk_measure){ upk_metric_find("accuracy"),
				UPK_AVERAGE_NONE, 0 };
	}
	bool ok = rows && occurs;
	free(rows);
	free(occurs);
	return ok || upk_fail(err, UPK_NOMEM, "no memory to count %zu classes", classes);
}

/* A metric that the gate has. */
static bool check(struct upk_measure measure, const struct upk_answers *a, struct upk_error *err)
{
	const char *name = upk_metric_name(measure.metric);
	bool macro = measure.average == UPK_AVERAGE_MACRO;
	bool class = measure.average == UPK_AVERAGE_CLASS && measure.class < a->classes;

	if (strcmp(name, "accuracy") == 0 || (strcmp(name, "f1") == 0 && (macro || class)))
		return true;
	return upk_fail(err, UPK_INVALID,
		"the gate compares by accuracy, macro f1 or the f1 of a class, not by this %s",
		name);
}

bool upk_gate_score(struct upk_measure measure, const struct upk_answers *a, double *score,
	double *v, struct upk_error *err)
{
	if (check(measure, a, err) && a->n > 0 && upk_gate_by_accuracy(measure, a)) {
		*score = score_accuracy(a, v);
		return true;
	}
	return upk_gate_score_asked(measure, a, score, v, err);
}

bool upk_gate_score_asked(struct upk_measure measure, const struct upk_answers *a, double *score,
	double *v, struct upk_error *err)
{
	struct tally *t;

	if (!check(measure, a, err))
		return false;
	if (a->n == 0)
		return upk_fail(err, UPK_INVALID, "no rows to compare on");
	if (is_accuracy(measure)) {
		*score = score_accuracy(a, v);
		return true;
	}

	t = count(a, err);
	if (!t)
		return false;
	*score = measure.average == UPK_AVERAGE_MACRO ? score_macro(a, t, v)
						      : score_class(a, t, measure.class, v);
	free(t);
	return true;
}

double upk_gate_sd(const double *a, const double *b, size_t n)
{
	double sum = 0;

	for (size_t i = 0; i < n; i++)
		sum += (a[i] - b[i]) * (a[i] - b[i]);
	return sqrt(sum);
}

double upk_gate_z(enum upk_gate_kind kind, double confidence, const struct upk_answers *a)
{
	if (confidence >= 1)
		return INFINITY;
	if (confidence > 0)
		return upk_normal_quantile(confidence);
	if (is_rare(a, RARE_FOR_F1))
		return z_by_accuracy;
	if (is_rare(a, RARE_FOR_Z) ||
		(is_rare(a, RARE_FOR_Z_OF_TENTH) && is_rare(a, (a->n + 9) / 10)))
		return z_of_kind[UPK_GATE_MANUAL];
	return z_of_kind[kind];
}
