#include "engine/scorer.h"

#include <math.h>

#include "engine/score_ring.h"
#include "engine/scores.h"

static bool fits(const struct upk_windows *ws, const struct upk_schema *schema, size_t window)
{
	return upk_score_ring_fits(schema, upk_window_pairs(ws->at[window]));
}

static bool asks_for_scores(const struct upk_rule_config *rule, const struct upk_schema *schema)
{
	struct upk_measure measure;
	return rule->kind != UPK_RULE_CHANGE &&
		upk_measure_resolve(&rule->measure, schema, &measure) &&
		upk_metric_needs(measure.metric) == UPK_METRIC_SCORES;
}

/* The first place of all windows whose scores are kept for rules; 0: there are none. */
static int64_t oldest_place(const struct upk_config *config, const struct upk_schema *schema,
	const struct upk_windows *ws)
{
	int64_t oldest = 0;
	for (size_t i = 0; i < config->rules_count; i++) {
		const struct upk_rule_config *rule = &config->rules[i];
		if (!asks_for_scores(rule, schema) || !fits(ws, schema, rule->window))
			continue;
		int64_t first = upk_window_first_place(ws->at[rule->window]);
		if (first > 0 && (oldest == 0 || first < oldest))
			oldest = first;
	}
	return oldest;
}

bool upk_scorer_fill(struct upk_score_ring *ring, struct upk_store *store, int64_t model,
	const struct upk_config *config, const struct upk_schema *schema,
	const struct upk_windows *ws, int64_t place, struct upk_error *err)
{
	const struct upk_score_ring_want want = { schema, oldest_place(config, schema, ws) };
	const struct upk_scores_range range = {
		.model = model, .first_place = want.oldest, .last_place = place
	};
	return want.oldest == 0 || upk_score_ring_fill(ring, store, &want, &range, err);
}

static double score(
	void *context, const struct upk_tail *t, size_t window, struct upk_measure measure)
{
	struct upk_model *m = context;
	struct upk_error err = { 0 };
	const char *name = upk_metric_name(measure.metric);
	double value = NAN;
	const struct upk_scores_range range =
		upk_scores_range(t->windows.at[window], m->number, t->place);
	const struct upk_made_by made_by = { .number = upk_tag_version(t->in_use.tag),
		.name = upk_text_of(upk_tags_name(&t->tags, t->in_use.tag)) };
	const struct upk_score_ring_want want = { t->schema,
		oldest_place(t->config, t->schema, &t->windows) };
	bool kept = t->scorer.ring && fits(&t->windows, t->schema, window);
	struct upk_store *store = m->engine->store;
	/* Nobody else changes the tail: readers need not wait for the rows. */
	pthread_mutex_unlock(&m->lock);
	bool read = (kept &&
			    upk_score_ring_read(t->scorer.ring, store, &want, &range, &made_by,
				    name, &value, NULL)) ||
		upk_scores_read_one(store, t->schema, &range, &made_by, name, &value, &err);
	pthread_mutex_lock(&m->lock);
	if (read)
		return value;
	upk_engine_log(m->engine, UPK_LOG_WARNING, "model %s: a rule's %s can't be computed: %s",
		m->name, name, err.message);
	return NAN;
}

struct upk_scorer upk_scorer_of(struct upk_engine *e, struct upk_model *m)
{
	m->engine = e;
	return (struct upk_scorer){ score, m, upk_score_ring_create() };
}
