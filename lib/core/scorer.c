#include "core/scorer.h"

#include <inttypes.h>
#include <math.h>

#include "windows/score_copy.h"
#include "windows/score_ring.h"
#include "windows/score_task.h"
#include "windows/scores.h"

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

/* What the rule looks at: the pairs of its window that what is in use predicted. */
static bool copy(struct upk_model *m, const struct upk_tail *t, size_t window,
	struct upk_score_copy *out, struct upk_error *err)
{
	const struct upk_scores_range range =
		upk_scores_range(t->windows.at[window], m->number, t->place);
	const struct upk_made_by made_by = { .number = upk_tag_version(t->in_use.tag),
		.name = upk_text_of(upk_tags_name(&t->tags, t->in_use.tag)) };
	const struct upk_score_ring_want want = { t->schema,
		oldest_place(t->config, t->schema, &t->windows) };
	if (!t->scorer.ring)
		return upk_fail(err, UPK_NOMEM, "no memory for scores");
	if (!fits(&t->windows, t->schema, window))
		return upk_fail(err, UPK_TOO_LARGE,
			"window \"%s\" has %" PRIu64 " pairs, more than are kept for it",
			t->config->windows[window].name, upk_window_pairs(t->windows.at[window]));
	return upk_score_ring_copy(
		t->scorer.ring, m->engine->store, &want, &range, &made_by, out, err);
}

/* Of the same pairs as the value at hand; takes them. Without memory for it the next value is a first
 * one again. */
static void begin_beside(struct upk_model *m, struct upk_rule *rule, const char *metric,
	struct upk_score_copy *pairs)
{
	rule->task = upk_score_task_create(m->engine->scoring);
	if (!rule->task)
		return;
	*upk_score_task_copy(rule->task) = *pairs;
	*pairs = (struct upk_score_copy){ 0 };
	upk_score_task_begin(rule->task, metric);
}

static bool score_now(struct upk_model *m, const struct upk_tail *t, struct upk_rule *rule,
	const char *metric, bool large, struct upk_scorer_value *out, struct upk_error *err)
{
	struct upk_score_copy pairs = { 0 };
	upk_score_task_destroy(rule->task);
	rule->task = NULL;
	bool done = copy(m, t, rule->config->window, &pairs, err) &&
		upk_score_copy_metric(&pairs, metric, &out->score, err);
	out->pairs = pairs.n;
	if (done && large)
		begin_beside(m, rule, metric, &pairs);
	upk_score_copy_finish(&pairs);
	return done;
}

/* The value that is ready now is of the pairs when the last one was due. */
static bool score_beside(struct upk_model *m, const struct upk_tail *t, struct upk_rule *rule,
	const char *metric, struct upk_scorer_value *out, struct upk_error *err)
{
	if (!upk_score_task_end(rule->task, &out->score, err))
		return false;
	struct upk_score_copy *pairs = upk_score_task_copy(rule->task);
	out->pairs = pairs->n;
	if (!copy(m, t, rule->config->window, pairs, err))
		return false;
	upk_score_task_begin(rule->task, metric);
	return true;
}

static bool take_score(struct upk_model *m, const struct upk_tail *t, struct upk_rule *rule,
	const char *metric, struct upk_scorer_value *out, struct upk_error *err)
{
	bool large = upk_window_pairs(t->windows.at[rule->config->window]) > UPK_SCORER_AT_ONCE;
	if (large && rule->task && upk_score_task_pending(rule->task))
		return score_beside(m, t, rule, metric, out, err);
	return score_now(m, t, rule, metric, large, out, err);
}

static struct upk_scorer_value score(
	void *context, const struct upk_tail *t, struct upk_rule *rule, struct upk_measure measure)
{
	struct upk_model *m = context;
	struct upk_error err = { 0 };
	const char *metric = upk_metric_name(measure.metric);
	const struct upk_scorer_value none = { NAN, 0 };
	struct upk_scorer_value value = none;
	bool had = !rule->scored || !isnan(rule->score);
	/* Nobody else changes the tail: readers need not wait for the rows. */
	pthread_mutex_unlock(&m->lock);
	bool done = take_score(m, t, rule, metric, &value, &err);
	pthread_mutex_lock(&m->lock);
	if (done)
		return value;
	if (had)
		upk_engine_log(m->engine, UPK_LOG_WARNING,
			"model %s: rule %s: %s can't be computed: %s", m->name, rule->config->name,
			metric, err.message);
	return none;
}

struct upk_scorer upk_scorer_of(struct upk_engine *e, struct upk_model *m)
{
	m->engine = e;
	return (struct upk_scorer){ score, m, upk_score_ring_create() };
}

/* A rule on a score metric; i: which one. */
static bool check_rule(const struct upk_config *config, const struct upk_rule_config *rule,
	size_t i, struct upk_error *err)
{
	const struct upk_window_config *window = &config->windows[rule->window];
	if (rule->kind == UPK_RULE_DROP)
		return upk_fail(err, UPK_INVALID,
			"rules[%zu].drop: want below or above for a rule on %s: the record, which a "
			"drop is measured against, has no scores",
			i, rule->measure.name);
	if (rule->confidence_given)
		return upk_fail(err, UPK_INVALID,
			"rules[%zu].confidence: %g: want null, or it left out, for a rule on %s: "
			"its value alone decides, since its bound is not known",
			i, rule->confidence, rule->measure.name);
	if (window->count > UPK_SCORER_PAIRS)
		return upk_fail(err, UPK_INVALID,
			"rules[%zu].window: \"%s\" has %" PRId64
			" pairs: want at most %d for a rule on %s",
			i, window->name, window->count, UPK_SCORER_PAIRS, rule->measure.name);
	return true;
}

bool upk_scorer_check(const struct upk_config *config, struct upk_error *err)
{
	for (size_t i = 0; i < config->rules_count; i++) {
		const struct upk_rule_config *rule = &config->rules[i];
		const struct upk_metric *metric =
			rule->kind == UPK_RULE_CHANGE ? NULL : upk_metric_find(rule->measure.name);
		if (metric && upk_metric_needs(metric) == UPK_METRIC_SCORES &&
			!check_rule(config, rule, i, err))
			return false;
	}
	return true;
}
