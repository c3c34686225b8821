#include "metrics/score.h"

#include <float.h>
#include <math.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "metrics/order.h"

enum { ECE_BINS = 15 };

/* The probability given to a class: with one column, class 0 has the rest. */
static double score_of(const struct upk_scored *s, size_t row, size_t class)
{
	if (s->classes == 1)
		return class == 1 ? s->scores[row] : 1 - s->scores[row];
	return s->scores[row * s->classes + class];
}

/* Classes that have a probability, the implied one of a single column included. */
static size_t class_count(const struct upk_scored *s)
{
	return s->classes == 1 ? 2 : s->classes;
}

static size_t positive_class(const struct upk_scored *s)
{
	return s->classes == 2 && s->positive == 0 ? 0 : 1;
}

/* Scores as keys (metrics/order.h): those of the class from the start on, of the others from the
 * end back. */
struct ranks {
	uint64_t *keys, *other; /* (n) */
	size_t n, positives;
};

static void rank(const struct upk_scored *s, size_t class, struct ranks *r)
{
	size_t negatives = 0;
	r->positives = 0;
	for (size_t i = 0; i < s->n; i++) {
		uint64_t key = upk_order_key(score_of(s, i, class));
		if (s->actual[i] == class)
			r->keys[r->positives++] = key;
		else
			r->keys[s->n - ++negatives] = key;
	}
	upk_order_sort(r->keys, r->other, r->positives);
	upk_order_sort(r->keys + r->positives, r->other, negatives);
}

struct ranking {
	double roc_auc, average_precision;
};

/* How many of the greatest are not less than the key; the greatest are the last of n. */
static size_t take_from(const uint64_t *keys, size_t *n, uint64_t key)
{
	size_t before = *n;
	while (*n > 0 && keys[*n - 1] >= key)
		--*n;
	return before - *n;
}

static uint64_t greatest(const struct ranks *r, size_t positives, size_t negatives)
{
	const uint64_t *others = r->keys + r->positives;
	uint64_t positive = positives > 0 ? r->keys[positives - 1] : 0;
	uint64_t negative = negatives > 0 ? others[negatives - 1] : 0;
	return positive > negative ? positive : negative;
}

/* One step for each different score. Counts are integers, so the area is exact but for its last
 * division: twice the pairs (positive, negative) in the right order, ties counted once. */
static struct ranking ranking_of(const struct ranks *r)
{
	uint64_t twice_area = 0;
	double precision = 0;
	size_t positives = r->positives, negatives = r->n - r->positives, found = 0, next = 0;
	while (positives + negatives > 0) {
		uint64_t key = greatest(r, positives, negatives);
		size_t gained = take_from(r->keys, &positives, key);
		size_t wrong = take_from(r->keys + r->positives, &negatives, key);
		twice_area += (uint64_t)wrong * (2 * found + gained);
		found += gained;
		next += gained + wrong;
		precision += (double)gained * (double)found / (double)next;
	}

	double all = (double)r->positives, others = (double)(r->n - r->positives);
	return (struct ranking){
		others > 0 ? (double)twice_area / 2 / (all * others) : NAN,
		precision / all,
	};
}

static bool ranks(const struct upk_scored *s, struct ranking *out, struct upk_error *err)
{
	struct ranks r = { .keys = calloc(s->n, 2 * sizeof *r.keys), .n = s->n };
	if (!r.keys)
		return upk_fail(err, UPK_NOMEM, "no memory to rank %zu scores", s->n);
	r.other = r.keys + s->n;

	bool one_class = class_count(s) == 2 && (s->classes == 1 || s->positive >= 0);
	size_t with_positives = 0, with_both = 0;
	struct ranking sum = { 0 };
	for (size_t k = 0; k < class_count(s); k++) {
		if (one_class && k != positive_class(s))
			continue;
		rank(s, k, &r);
		if (r.positives == 0)
			continue;
		struct ranking one = ranking_of(&r);
		sum.average_precision += one.average_precision;
		with_positives++;
		if (r.positives == s->n)
			continue;
		sum.roc_auc += one.roc_auc;
		with_both++;
	}
	free(r.keys);
	*out = (struct ranking){
		with_both ? sum.roc_auc / (double)with_both : NAN,
		with_positives ? sum.average_precision / (double)with_positives : NAN,
	};
	return true;
}

static double clip(double p)
{
	return fmin(fmax(p, DBL_EPSILON), 1 - DBL_EPSILON);
}

/* Clipped first, divided then: scikit-learn's order. */
static double log_loss(const struct upk_scored *s)
{
	double sum = 0;
	for (size_t i = 0; i < s->n; i++) {
		double total = 0;
		for (size_t k = 0; k < class_count(s); k++)
			total += clip(score_of(s, i, k));
		bool known = s->actual[i] < class_count(s);
		sum -= log(clip(known ? score_of(s, i, s->actual[i]) : 0) / total);
	}
	return sum / (double)s->n;
}

static double square(double x)
{
	return x * x;
}

static double brier(const struct upk_scored *s)
{
	bool binary = class_count(s) == 2;
	double sum = 0;
	for (size_t i = 0; i < s->n; i++) {
		if (!binary && s->actual[i] >= class_count(s))
			sum += 1; /* its own class, which got 0 */
		for (size_t k = 0; k < class_count(s); k++)
			if (!binary || k == positive_class(s))
				sum += square(score_of(s, i, k) - (s->actual[i] == k));
	}
	return sum / (double)s->n;
}

static size_t likeliest(const struct upk_scored *s, size_t row)
{
	size_t best = 0;
	for (size_t k = 1; k < class_count(s); k++)
		if (score_of(s, row, k) > score_of(s, row, best))
			best = k;
	return best;
}

/* Bins are open below and closed above, as in Guo et al. */
static size_t bin_of(double confidence)
{
	double bin = ceil(confidence * ECE_BINS) - 1;
	return (size_t)fmin(fmax(bin, 0), ECE_BINS - 1);
}

static double ece(const struct upk_scored *s)
{
	double confidence[ECE_BINS] = { 0 }, hits[ECE_BINS] = { 0 };
	for (size_t i = 0; i < s->n; i++) {
		size_t class = likeliest(s, i);
		double score = score_of(s, i, class);
		confidence[bin_of(score)] += score;
		hits[bin_of(score)] += s->actual[i] == class;
	}

	double sum = 0;
	for (size_t b = 0; b < ECE_BINS; b++)
		sum += fabs(confidence[b] - hits[b]);
	return sum / (double)s->n;
}

static bool is_empty(const struct upk_scored *s)
{
	return s->n == 0 || s->classes == 0;
}

bool upk_score_metrics(
	const struct upk_scored *scored, struct upk_score_metrics *out, struct upk_error *err)
{
	if (is_empty(scored)) {
		*out = (struct upk_score_metrics){ NAN, NAN, NAN, NAN, NAN };
		return true;
	}

	struct ranking ranking = { NAN, NAN }; /* gcc loses track of it under ThreadSanitizer */
	if (!ranks(scored, &ranking, err))
		return false;
	*out = (struct upk_score_metrics){
		.roc_auc = ranking.roc_auc,
		.average_precision = ranking.average_precision,
		.log_loss = log_loss(scored),
		.brier = brier(scored),
		.ece = ece(scored),
	};
	return true;
}

/* alone: its value without the others; NULL: it is one of the ranking. */
static const struct figure {
	const char *name;
	size_t at; /* in struct upk_score_metrics */
	double (*alone)(const struct upk_scored *s);
} figures[] = {
	{ "roc_auc", offsetof(struct upk_score_metrics, roc_auc), NULL },
	{ "average_precision", offsetof(struct upk_score_metrics, average_precision), NULL },
	{ "log_loss", offsetof(struct upk_score_metrics, log_loss), log_loss },
	{ "brier", offsetof(struct upk_score_metrics, brier), brier },
	{ "ece", offsetof(struct upk_score_metrics, ece), ece },
};

static const struct figure *find_figure(const char *name)
{
	for (size_t i = 0; i < sizeof figures / sizeof figures[0]; i++)
		if (strcmp(figures[i].name, name) == 0)
			return &figures[i];
	return NULL;
}

static double value_at(const struct upk_score_metrics *m, const struct figure *figure)
{
	return *(const double *)(const void *)((const char *)m + figure->at);
}

double upk_score_value(const struct upk_score_metrics *m, const char *name)
{
	const struct figure *figure = find_figure(name);
	return figure ? value_at(m, figure) : NAN;
}

bool upk_score_metric(
	const struct upk_scored *scored, const char *name, double *value, struct upk_error *err)
{
	const struct figure *figure = find_figure(name);
	struct ranking ranking = { NAN, NAN };
	if (!figure || is_empty(scored)) {
		*value = NAN;
		return true;
	}
	if (figure->alone) {
		*value = figure->alone(scored);
		return true;
	}
	if (!ranks(scored, &ranking, err))
		return false;
	const struct upk_score_metrics both = { .roc_auc = ranking.roc_auc,
		.average_precision = ranking.average_precision };
	*value = value_at(&both, figure);
	return true;
}
