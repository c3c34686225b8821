#include "tail/rule.h"

#include <math.h>
#include <string.h>

static enum upk_average average_of(const char *name)
{
	if (strcmp(name, "micro") == 0)
		return UPK_AVERAGE_MICRO;
	if (strcmp(name, "weighted") == 0)
		return UPK_AVERAGE_WEIGHTED;
	return UPK_AVERAGE_MACRO;
}

const char *upk_measure_class(
	const struct upk_measure_config *config, const struct upk_schema *schema)
{
	const struct upk_metric *metric = upk_metric_find(config->name);
	if (!metric || !upk_metric_per_class(metric) || config->average)
		return NULL;
	return config->class ? config->class : schema->config->positive;
}

bool upk_measure_resolve(const struct upk_measure_config *config, const struct upk_schema *schema,
	struct upk_measure *measure)
{
	*measure = (struct upk_measure){ .metric = upk_metric_find(config->name) };
	if (!measure->metric)
		return false;
	if (!upk_metric_per_class(measure->metric))
		return true;

	if (config->average) {
		measure->average = average_of(config->average);
		return true;
	}
	const char *named = upk_measure_class(config, schema);
	int class = named ? upk_schema_class(schema, upk_text_of(named)) : schema->positive;
	measure->average = named || class >= 0 ? UPK_AVERAGE_CLASS : UPK_AVERAGE_MACRO;
	measure->class = (uint16_t)(class < 0 ? 0 : class);
	return class >= 0 || !named;
}

/* A threshold rule on a value whose interval is known: the bound on the far side must be wrong. */
static void judge_threshold(const struct upk_rule_config *config, struct upk_measure measure,
	const struct upk_confusion *used, struct upk_judgement *out)
{
	bool below = config->kind == UPK_RULE_BELOW;
	bool counts = upk_metric_needs(measure.metric) == UPK_METRIC_COUNTS;
	double clear = isnan(config->clear) ? config->threshold : config->clear;
	double confidence = upk_config_confidence(config);
	out->bound = counts && isnan(confidence) ? out->value : NAN;
	out->clear = below ? out->value >= clear : out->value <= clear;
	if (below ? out->value >= config->threshold : out->value <= config->threshold)
		return;

	if (!isnan(confidence)) {
		struct upk_interval interval =
			upk_measure_interval(measure, used, 2 * confidence - 1);
		out->bound = below ? interval.high : interval.low;
	}
	double end = counts ? out->bound : out->value;
	out->wrong = below ? end < config->threshold : end > config->threshold;
}

static bool judge_drop(struct upk_rule *rule, struct upk_measure measure,
	const struct upk_window *window, const struct upk_record *record, struct upk_judgement *out,
	struct upk_error *err)
{
	const struct upk_rule_config *config = rule->config;
	const struct upk_confusion *used = upk_window_used(window);
	if (!record)
		return true;
	if (!upk_reference_update(&rule->reference, record, upk_window_start(window),
		    upk_confusion_classes(used), err))
		return false;

	struct upk_drop drop = upk_drop_test(
		measure, rule->reference.counts, used, config->threshold, config->confidence);
	double clear = isnan(config->clear) ? config->threshold : config->clear;
	bool lower = upk_metric_lower_is_better(measure.metric);
	double fall = lower ? drop.value - drop.reference : drop.reference - drop.value;
	out->value = drop.value;
	out->bound = drop.bound;
	out->wrong = drop.fires;
	out->clear = fall <= clear;
	return true;
}

bool upk_rule_judge(struct upk_rule *rule, const struct upk_schema *schema,
	const struct upk_window *window, const struct upk_record *record, struct upk_judgement *out,
	struct upk_error *err)
{
	const struct upk_confusion *used = upk_window_used(window);
	struct upk_measure measure;
	*out = (struct upk_judgement){
		.value = NAN, .bound = NAN, .threshold = rule->config->threshold
	};
	if (!upk_measure_resolve(&rule->config->measure, schema, &measure))
		return true;

	bool counts = upk_metric_needs(measure.metric) == UPK_METRIC_COUNTS;
	out->pairs = counts ? upk_measure_pairs(measure, used) : rule->score_pairs;
	out->value = counts ? upk_measure_value(measure, used) : rule->score;
	if (isnan(out->value) || out->pairs < (uint64_t)rule->config->min_pairs)
		return true;
	if (rule->config->kind == UPK_RULE_DROP)
		return judge_drop(rule, measure, window, record, out, err);
	judge_threshold(rule->config, measure, used, out);
	return true;
}

static void say_change(const struct upk_change *change, struct upk_judgement *out)
{
	out->value = (double)change->k / (double)change->n;
	out->bound = change->l;
	out->threshold = change->limit;
	out->pairs = change->suffix;
	out->change = *change;
}

void upk_rule_judge_change(
	const struct upk_rule *rule, const struct upk_record *record, struct upk_judgement *out)
{
	struct upk_change change;
	*out = (struct upk_judgement){ .value = NAN, .bound = NAN, .threshold = NAN };
	if (rule->state != UPK_RULE_FIRING) {
		out->wrong = upk_record_change(record, &change);
		if (out->wrong)
			say_change(&change, out);
		return;
	}
	out->clear = true;
	if (upk_record_strongest(record, rule->stream, &change)) {
		say_change(&change, out);
		out->clear = change.l < change.limit / 2;
	}
}
