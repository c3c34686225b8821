#include "core/background.h"

#include "base/clock.h"

enum {
	ROWS_LEAST = 64,
	ROWS_MOST = 65536,
	LEAST_MOST = 4 * ROWS_MOST, /* a group of posts has hardly more than half of that */
	STEP_NS = 5 * 1000 * 1000,
	BEHIND_NS = 40 * 1000 * 1000,
	BETWEEN_NS = 20 * 1000 * 1000, /* between the steps while others wait */
};

bool upk_background_due(const struct upk_background *b, bool busy)
{
	return !busy || b->behind || upk_clock_monotonic_ns() - b->stepped >= BETWEEN_NS;
}

static int64_t most_of(const struct upk_background *b)
{
	return b->behind ? BEHIND_NS : STEP_NS;
}

static int64_t least_of(const struct upk_background *b)
{
	return b->behind ? b->least : 0;
}

static int64_t timely_rows(const struct upk_background *b)
{
	return b->rows > ROWS_LEAST ? b->rows : ROWS_LEAST;
}

void upk_background_came(struct upk_background *b, int64_t rows)
{
	b->least = rows < LEAST_MOST / 2 ? 2 * rows : LEAST_MOST;
}

bool upk_background_over(const struct upk_background *b, int64_t started, int64_t rows)
{
	return rows >= least_of(b) && upk_clock_monotonic_ns() - started > 2 * most_of(b);
}

int64_t upk_background_rows(const struct upk_background *b)
{
	int64_t rows = timely_rows(b);
	return rows > least_of(b) ? rows : least_of(b);
}

void upk_background_stepped(struct upk_background *b, int64_t took)
{
	int64_t rows = timely_rows(b);
	if (took > most_of(b))
		rows /= 2;
	else if (took > 0 && took < most_of(b) / 4 && rows < ROWS_MOST)
		rows *= 2;
	b->rows = rows;
	b->stepped = upk_clock_monotonic_ns();
}
