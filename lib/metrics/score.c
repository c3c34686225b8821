#include "metrics/score.h"

#include <float.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { ECE_BINS = 15 };

/* A pair as one class sees it. */
struct ranked {
	double score;
	bool positive;
};

static int by_score_descending(const void *a, const void *b)
{
	double x = ((const struct ranked *)a)->score, y = ((const struct ranked *)b)->score;
	return (x < y) - (x > y);
}

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

static size_t rank(const struct upk_scored *s, size_t class, struct ranked *ranked)
{
	size_t positives = 0;
	for (size_t i = 0; i < s->n; i++) {
		ranked[i] = (struct ranked){ score_of(s, i, class), s->actual[i] == class };
		positives += ranked[i].positive;
	}
	qsort(ranked, s->n, sizeof *ranked, by_score_descending);
	return positives;
}

struct ranking {
	double roc_auc, average_precision;
};

/* One step for each different score. Counts are integers, so the area is exact but for its last
 * division: twice the pairs (positive, negative) in the right order, ties counted once. */
static struct ranking ranking_of(const struct ranked *ranked, size_t n, size_t positives)
{
	uint64_t twice_area = 0;
	double precision = 0;
	size_t found = 0, next = 0;
	while (next < n) {
		double score = ranked[next].score;
		size_t before = found, from = next;
		do
			found += ranked[next++].positive;
		while (next < n && ranked[next].score == score);
		size_t gained = found - before, wrong = next - from - gained;
		twice_area += (uint64_t)wrong * (before + found);
		precision += (double)gained * (double)found / (double)next;
	}

	size_t negatives = n - positives;
	return (struct ranking){
		negatives ? (double)twice_area / 2 / ((double)positives * (double)negatives) : NAN,
		precision / (double)positives,
	};
}

static bool ranks(const struct upk_scored *s, struct ranking *out, struct upk_error *err)
{
	struct ranked *ranked = calloc(s->n, sizeof *ranked);
	if (!ranked)
		return upk_fail(err, UPK_NOMEM, "no memory to rank %zu scores", s->n);

	bool one_class = class_count(s) == 2 && (s->classes == 1 || s->positive >= 0);
	size_t with_positives = 0, with_both = 0;
	struct ranking sum = { 0 };
	for (size_t k = 0; k < class_count(s); k++) {
		if (one_class && k != positive_class(s))
			continue;
		size_t positives = rank(s, k, ranked);
		if (positives == 0)
			continue;
		struct ranking one = ranking_of(ranked, s->n, positives);
		sum.average_precision += one.average_precision;
		with_positives++;
		if (positives == s->n)
			continue;
		sum.roc_auc += one.roc_auc;
		with_both++;
	}
	free(ranked);
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

bool upk_score_metrics(
	const struct upk_scored *scored, struct upk_score_metrics *out, struct upk_error *err)
{
	if (scored->n == 0 || scored->classes == 0) {
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

double upk_score_value(const struct upk_score_metrics *m, const char *name)
{
	const struct {
		const char *name;
		double value;
	} all[] = {
		{ "roc_auc", m->roc_auc },
		{ "average_precision", m->average_precision },
		{ "log_loss", m->log_loss },
		{ "brier", m->brier },
		{ "ece", m->ece },
	};
	for (size_t i = 0; i < sizeof all / sizeof all[0]; i++)
		if (strcmp(all[i].name, name) == 0)
			return all[i].value;
	return NAN;
}
