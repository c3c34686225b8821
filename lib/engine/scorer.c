#include "engine/scorer.h"

#include <math.h>

#include "engine/score_ring.h"
#include "engine/scores.h"

static bool keeps(const struct upk_tail *t, size_t window)
{
	return t->scorer.ring &&
		upk_score_ring_fits(t->schema, upk_window_pairs(t->windows.at[window]));
}

/* The first place of all windows whose scores are kept for rules; `first` is that of one of them.
 */
static int64_t oldest_place(const struct upk_tail *t, int64_t first)
{
	for (size_t i = 0; i < t->rules_count; i++) {
		const struct upk_rule *rule = &t->rules[i];
		if (!rule->scored || rule->config->kind == UPK_RULE_CHANGE ||
			!keeps(t, rule->config->window))
			continue;
		int64_t other = upk_window_first_place(t->windows.at[rule->config->window]);
		if (other > 0 && other < first)
			first = other;
	}
	return first;
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
	const struct upk_score_ring_want want = {
		.schema = t->schema,
		.made_by = { .number = upk_tag_version(t->in_use.tag),
			.name = upk_text_of(upk_tags_name(&t->tags, t->in_use.tag)) },
		.tag = t->in_use.tag,
		.oldest = oldest_place(t, range.first_place),
	};
	bool kept = keeps(t, window);
	struct upk_store *store = m->engine->store;
	/* Nobody else changes the tail: readers need not wait for the rows. */
	pthread_mutex_unlock(&m->lock);
	bool read = (kept &&
			    upk_score_ring_read(
				    t->scorer.ring, store, &want, &range, name, &value, NULL)) ||
		upk_scores_read_one(store, t->schema, &range, &want.made_by, name, &value, &err);
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
