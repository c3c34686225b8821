#include "windows/scores.h"

#include <math.h>
#include <stdlib.h>

struct collection {
	const struct upk_schema *schema;
	int64_t after;
	size_t classes, n, capacity;
	uint16_t *actual; /* (capacity) */
	double *scores;   /* (capacity, classes) */
	bool failed;
};

struct upk_scores_range upk_scores_range(
	const struct upk_window *window, int64_t model, int64_t last_place)
{
	struct upk_scores_range range = { .model = model };
	if (upk_window_pairs(window) == 0)
		return range;
	range.first_place = upk_window_first_place(window);
	range.last_place = last_place;
	range.after = upk_window_reach(window);
	return range;
}

static bool make_room(struct collection *c)
{
	if (c->n < c->capacity)
		return true;
	size_t capacity = c->capacity ? c->capacity * 2 : 256;
	uint16_t *actual = realloc(c->actual, capacity * sizeof *actual);
	if (!actual)
		return false;
	c->actual = actual;
	double *scores = realloc(c->scores, capacity * c->classes * sizeof *scores);
	if (!scores)
		return false;
	c->scores = scores;
	c->capacity = capacity;
	return true;
}

size_t upk_scores_columns(const struct upk_schema *schema)
{
	return schema->classes_count > 2 ? schema->classes_count : 2;
}

bool upk_scores_usable(const struct upk_schema *schema, const struct upk_known_row *row)
{
	return row->scores || (row->scored && schema->classes_count <= 2);
}

/* Classes that came after the row had no probability then. */
void upk_scores_spread(
	const struct upk_schema *schema, const struct upk_known_row *row, double *out)
{
	size_t classes = upk_scores_columns(schema);
	size_t known = row->scores_count < classes ? row->scores_count : classes;
	for (size_t k = 0; k < classes; k++)
		out[k] = k < known ? row->scores[k] : 0;
	if (row->scores)
		return;
	size_t positive = schema->positive == 0 ? 0 : 1;
	out[positive] = row->score;
	out[1 - positive] = 1 - row->score;
}

static bool collect(void *context, const struct upk_known_row *row)
{
	struct collection *c = context;
	if (row->place.time <= c->after || !upk_scores_usable(c->schema, row))
		return true;
	if (!make_room(c)) {
		c->failed = true;
		return false;
	}
	int actual = upk_schema_class(c->schema, row->actual);
	c->actual[c->n] = actual < 0 ? UINT16_MAX : (uint16_t)actual;
	upk_scores_spread(c->schema, row, &c->scores[c->n * c->classes]);
	c->n++;
	return true;
}

static bool scan(struct upk_store *store, const struct upk_scores_range *range,
	struct collection *c, struct upk_error *err)
{
	const struct upk_scan pairs = {
		.model = range->model,
		.from = range->first_place,
		.to = range->last_place + 1,
		.as_of = INT64_MAX,
		.what = UPK_SCAN_SCORES,
		.pairs_only = true,
	};
	return upk_place_scan(store, &pairs, collect, c, err);
}

static struct upk_scored scored_of(const struct collection *c)
{
	return (struct upk_scored){
		.n = c->n,
		.classes = c->classes,
		.actual = c->actual,
		.scores = c->scores,
		.positive = c->schema->positive,
	};
}

static bool gather(struct collection *c, struct upk_store *store,
	const struct upk_scores_range *range, struct upk_error *err)
{
	c->after = range->after;
	c->classes = upk_scores_columns(c->schema);
	if (range->last_place != 0 && !scan(store, range, c, err))
		return false;
	return !c->failed ||
		upk_fail(err, UPK_NOMEM, "no memory for the scores of %zu pairs", c->n);
}

static void finish(struct collection *c)
{
	free(c->actual);
	free(c->scores);
}

bool upk_scores_read(struct upk_store *store, const struct upk_schema *schema,
	const struct upk_scores_range *range, struct upk_score_metrics *out, size_t *scored,
	struct upk_error *err)
{
	struct collection c = { .schema = schema };
	bool done = gather(&c, store, range, err);
	const struct upk_scored all = scored_of(&c);
	done = done && upk_score_metrics(&all, out, err);
	if (done)
		*scored = c.n;
	finish(&c);
	return done;
}
