#include "learn/candidate.h"

#include <stdbool.h>

#include "metrics/confusion.h"

enum {
	HOLDOUT_MIN = 50,
	HOLDOUT_STEP = 250,
	HOLDOUT_MAX_TWO = 10000, /* for two classes */
	HOLDOUT_MAX_MORE = 1000,
	RAREST_WANTED = 30, /* rows of the rarest class in the holdout */
	TRAIN_MIN = 100,    /* rows to train on beside the holdout */
};

static const size_t lengths[] = { 500, 1000, 2000, 5000, 20000 };

static size_t min(size_t a, size_t b)
{
	return a < b ? a : b;
}

/* Rows of one class in from .. to - 1. */
static size_t count_class(const struct upk_dataset *d, size_t class, size_t from, size_t to)
{
	size_t count = 0;

	for (size_t i = from; i < to; i++)
		count += d->y[i] == class;
	return count;
}

/* The class with the fewest rows, of those that have some; 0 when there are no rows. */
static size_t rarest_class(const struct upk_dataset *d)
{
	size_t counts[UPK_CLASSES_MAX], rarest = 0;

	upk_dataset_count(d, 0, d->rows, counts);
	for (size_t k = 1; k < d->classes; k++)
		if (counts[k] && (!counts[rarest] || counts[k] < counts[rarest]))
			rarest = k;
	return rarest;
}

/* A full holdout grows on long pasts until it can tell something of the rarest class. */
static size_t grow(const struct upk_dataset *d, size_t since)
{
	size_t most = d->classes == 2 ? HOLDOUT_MAX_TWO : HOLDOUT_MAX_MORE;
	size_t rarest = rarest_class(d), holdout = HOLDOUT_STEP, known;

	known = count_class(d, rarest, d->rows - holdout, d->rows);
	while (holdout < most && 3 * holdout < since && known < RAREST_WANTED) {
		size_t from = d->rows - holdout;
		known += count_class(d, rarest, from - HOLDOUT_STEP, from);
		holdout += HOLDOUT_STEP;
	}
	return holdout;
}

size_t upk_candidate_holdout(const struct upk_dataset *d, size_t change)
{
	size_t since = d->rows - min(change, d->rows);

	if (since / 2 >= HOLDOUT_STEP)
		return grow(d, since);
	return min(since / 2 > HOLDOUT_MIN ? since / 2 : HOLDOUT_MIN, d->rows);
}

static bool has_two_classes(const struct upk_dataset *d, size_t from, size_t to)
{
	for (size_t i = from + 1; i < to; i++)
		if (d->y[i] != d->y[from])
			return true;
	return false;
}

static bool is_near(size_t length, size_t taken)
{
	size_t apart = length > taken ? length - taken : taken - length;

	return 5 * apart <= taken;
}

size_t upk_candidate_lag(const struct upk_dataset *d, size_t holdout)
{
	size_t first = d->rows - holdout;

	return min(upk_dataset_lag(d, first, d->rows), first / 2);
}

/* What windows were taken so far; a length counts the holdout too. */
struct windows {
	const struct upk_dataset *data;
	size_t holdout, lag;
	size_t count;
	struct upk_candidate_window *taken;
};

static void consider(struct windows *w, size_t length, size_t earlier)
{
	size_t rows = w->data->rows, to = rows - w->holdout - w->lag;

	if (length > rows || length < w->holdout + TRAIN_MIN)
		return;
	for (size_t i = 0; i < w->count; i++)
		if (is_near(length, rows - w->taken[i].from))
			return;
	size_t from = rows - length, judged_from = from - min(earlier, from);
	if (judged_from + TRAIN_MIN <= to && has_two_classes(w->data, judged_from, to))
		w->taken[w->count++] = (struct upk_candidate_window){ from, judged_from };
}

size_t upk_candidate_windows(const struct upk_dataset *d, size_t change, size_t holdout, size_t lag,
	struct upk_candidate_window windows[UPK_CANDIDATE_WINDOWS])
{
	struct windows w = { .data = d, .holdout = holdout, .lag = lag, .taken = windows };

	consider(&w, d->rows - min(change, d->rows), 0);
	for (size_t i = 0; i < sizeof lengths / sizeof *lengths; i++)
		consider(&w, lengths[i], lag);
	consider(&w, d->rows, 0);
	return w.count;
}
