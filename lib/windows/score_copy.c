#include "windows/score_copy.h"

#include <stdlib.h>
#include <string.h>

#include "base/array.h"
#include "metrics/score.h"

void upk_score_copy_finish(struct upk_score_copy *c)
{
	free(c->actual);
	free(c->scores);
	*c = (struct upk_score_copy){ 0 };
}

static bool fits(const struct upk_score_copy *c, size_t most, size_t classes)
{
	return most <= c->capacity && classes <= c->wide;
}

bool upk_score_copy_begin(struct upk_score_copy *c, size_t most, size_t classes, int positive,
	struct upk_error *err)
{
	c->n = 0;
	if (!fits(c, most, classes)) {
		size_t capacity = most + most / 4 + 1;
		c->capacity = c->wide = 0;
		if (!upk_array_resize(&c->actual, capacity, sizeof *c->actual) ||
			!upk_array_resize(&c->scores, capacity, classes * sizeof *c->scores))
			return upk_fail(
				err, UPK_NOMEM, "no memory for the scores of %zu pairs", most);
		c->capacity = capacity;
		c->wide = classes;
	}
	c->classes = classes;
	c->positive = positive;
	return true;
}

void upk_score_copy_add(struct upk_score_copy *c, uint16_t actual, const double *scores)
{
	c->actual[c->n] = actual;
	memcpy(&c->scores[c->n * c->classes], scores, c->classes * sizeof *scores);
	c->n++;
}

bool upk_score_copy_metric(
	const struct upk_score_copy *c, const char *name, double *value, struct upk_error *err)
{
	const struct upk_scored scored = {
		.n = c->n,
		.classes = c->classes,
		.actual = c->actual,
		.scores = c->scores,
		.positive = c->positive,
	};
	return upk_score_metric(&scored, name, value, err);
}
