#include "engine/scorer.h"

#include <math.h>

#include "engine/scores.h"

static double score(
	void *context, const struct upk_tail *t, size_t window, struct upk_measure measure)
{
	struct upk_model *m = context;
	struct upk_error err = { 0 };
	struct upk_score_metrics metrics;
	size_t scored;
	const struct upk_made_by made_by = { .number = upk_tag_version(t->in_use.tag),
		.name = upk_text_of(upk_tags_name(&t->tags, t->in_use.tag)) };
	const struct upk_scores_range range =
		upk_scores_range(t->windows.at[window], m->number, t->place);
	/* Nobody else changes the tail: readers need not wait for the rows. */
	pthread_mutex_unlock(&m->lock);
	bool read = upk_scores_read(
		m->engine->store, t->schema, &range, &made_by, &metrics, &scored, &err);
	pthread_mutex_lock(&m->lock);
	if (read)
		return upk_scores_value(&metrics, upk_metric_name(measure.metric));
	upk_engine_log(m->engine, UPK_LOG_WARNING, "model %s: a rule's %s can't be computed: %s",
		m->name, upk_metric_name(measure.metric), err.message);
	return NAN;
}

struct upk_scorer upk_scorer_of(struct upk_engine *e, struct upk_model *m)
{
	m->engine = e;
	return (struct upk_scorer){ score, m };
}
