#include "learn/calibrate.h"

#include <math.h>

enum { ROWS_LEAST = 100, STEPS_MOST = 60 };

static const double greatest = 8;
static const double chance = 3.841458820694124; /* chi-squared, one degree of freedom, 0.95 */

struct rows {
	const double *p;
	const uint16_t *y;
	size_t rows, classes;
};

/* Of all rows' log loss, with b = 1 / temperature: its sum, and slope and curvature in b. */
struct loss {
	double sum, slope, curvature;
};

/* A row's scores are the logarithms of its probabilities: log p(y) = b s(y) - log sum exp(b s). */
static void add_row(const double *p, size_t classes, uint16_t y, double b, struct loss *loss)
{
	double greatest_score = -INFINITY, sum = 0, first = 0, second = 0;

	for (size_t k = 0; k < classes; k++)
		greatest_score = fmax(greatest_score, log(p[k]));
	for (size_t k = 0; k < classes; k++) {
		if (p[k] <= 0)
			continue;
		double score = log(p[k]) - greatest_score, share = exp(b * score);
		sum += share;
		first += share * score;
		second += share * score * score;
	}
	double mean = first / sum, own = log(p[y]) - greatest_score;
	loss->sum += log(sum) - b * own;
	loss->slope += mean - own;
	loss->curvature += second / sum - mean * mean;
}

static struct loss loss_at(const struct rows *r, double b)
{
	struct loss loss = { 0 };

	for (size_t i = 0; i < r->rows; i++) {
		const double *p = r->p + i * r->classes;
		if (p[r->y[i]] > 0)
			add_row(p, r->classes, r->y[i], b, &loss);
	}
	return loss;
}

/* The loss is convex in b: Newton's steps, halving the bracket where one leaves it. */
static double minimise(const struct rows *r)
{
	double low = 1 / greatest, high = greatest, b = 1;

	for (int step = 0; step < STEPS_MOST && high - low > 1e-12 * b; step++) {
		struct loss loss = loss_at(r, b);
		if (loss.slope > 0)
			high = b;
		else
			low = b;
		double next = b - loss.slope / loss.curvature;
		if (fabs(next - b) <= 1e-12 * b)
			break;
		b = next > low && next < high ? next : (low + high) / 2;
	}
	return b;
}

struct upk_calibration upk_calibrate(
	const double *p, const uint16_t *y, size_t rows, size_t classes)
{
	const struct rows r = { p, y, rows, classes };
	struct upk_calibration c = { .temperature = 1 };
	double before = loss_at(&r, 1).sum, b, after;

	for (size_t i = 0; i < rows; i++)
		c.rows += p[i * classes + y[i]] > 0;
	c.before = c.after = before / (double)c.rows;
	if (c.rows < ROWS_LEAST)
		return c;
	b = minimise(&r);
	after = loss_at(&r, b).sum;
	if (2 * (before - after) > chance) {
		c.temperature = 1 / b;
		c.after = after / (double)c.rows;
	}
	return c;
}
