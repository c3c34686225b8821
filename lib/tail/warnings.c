#include "tail/warnings.h"

#include <stdio.h>

#include "base/spelling.h"
#include "learn/predictor.h"

/* class: NULL is none. */
static bool is_unknown(const struct upk_tail *t, const char *class)
{
	return class && upk_schema_class(t->schema, upk_text_of(class)) < 0;
}

static void write_unknown(const struct upk_tail *t, const char *class, char out[UPK_WARNING_SIZE])
{
	char known[UPK_SPELLING_SIZE];
	snprintf(out, UPK_WARNING_SIZE,
		"no event or label has had the class \"%s\" so far: known are %s", class,
		t->schema->classes_count > 0 ? upk_schema_list_classes(t->schema, known) : "none");
}

bool upk_warnings_of_rule(const struct upk_tail *t, const struct upk_used *used,
	const struct upk_rule_config *rule, char out[UPK_WARNING_SIZE])
{
	struct upk_measure measure;
	if (rule->kind == UPK_RULE_CHANGE)
		return false;
	const char *class = upk_measure_class(&rule->measure, t->schema);
	if (is_unknown(t, class)) {
		write_unknown(t, class, out);
		return true;
	}
	if (!upk_measure_resolve(&rule->measure, t->schema, &measure) ||
		!upk_metric_per_class(measure.metric) || measure.average != UPK_AVERAGE_CLASS ||
		used->class[measure.class])
		return false;
	snprintf(out, UPK_WARNING_SIZE, "no event or label has had the class \"%.*s\" so far",
		(int)t->schema->classes[measure.class].size,
		t->schema->classes[measure.class].data);
	return true;
}

static bool has(const struct upk_schema *schema, struct upk_text name)
{
	return schema->features && upk_features_find(schema->features, name) >= 0;
}

/* "": it has all of them. */
static void list_dropped(const struct upk_schema *schema, const struct upk_columns *columns,
	char out[UPK_SPELLING_SIZE])
{
	bool fits = true;
	out[0] = '\0';
	for (size_t i = 0; fits && i < columns->count; i++)
		if (!has(schema, columns->items[i].name))
			fits = upk_spelling_add(out, columns->items[i].name);
}

static void say_dropped(const struct upk_tail *t,
	void (*say)(void *context, const char *warning), void *context)
{
	const struct upk_serving *champion = upk_tail_champion(t);
	char dropped[UPK_SPELLING_SIZE], words[UPK_WARNING_SIZE];
	if (!champion)
		return;
	list_dropped(t->schema, upk_predictor_columns(upk_serving_predictor(champion)), dropped);
	if (dropped[0] == '\0')
		return;
	snprintf(words, sizeof words,
		"features: version %lld was fitted with %s, which the model no longer has: it "
		"answers as if missing",
		(long long)t->champion, dropped);
	say(context, words);
}

static void say_unknown(const struct upk_tail *t, const char *path, const char *class,
	void (*say)(void *context, const char *warning), void *context)
{
	char words[UPK_WARNING_SIZE], whole[UPK_WARNING_SIZE + 128];
	if (!is_unknown(t, class))
		return;
	write_unknown(t, class, words);
	snprintf(whole, sizeof whole, "%.126s: %s", path, words);
	say(context, whole);
}

void upk_warnings_each(const struct upk_tail *t, void (*say)(void *context, const char *warning),
	void *context)
{
	const struct upk_retrain_config *retrain = &t->config->retrain;
	say_dropped(t, say, context);
	say_unknown(t, "positive", t->config->positive, say, context);
	for (size_t i = 0; i < t->rules_count; i++) {
		const struct upk_rule_config *rule = t->rules[i].config;
		char path[128];
		snprintf(path, sizeof path, "rule %.120s", rule->name);
		if (rule->kind != UPK_RULE_CHANGE)
			say_unknown(t, path, rule->measure.class, say, context);
	}
	say_unknown(t, "retrain.gate.metric", retrain->measure.class, say, context);
	say_unknown(t, "retrain.search.objective", retrain->search.objective.class, say, context);
}
