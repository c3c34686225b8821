/* "windows" and "rules" of a configuration. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "config/config_read.h"
#include "config/value.h"
#include "metrics/metric.h"

static const int64_t pairs_most = 10000000; /* of a count window */
static const int64_t min_pairs_default = 200;
static const double confidence_least = 0.5, confidence_most = 0.999999;
static const double confidence_default = 0.99;

static bool window_name(void *into, const cJSON *value, struct upk_error *err)
{
	struct upk_window_config *w = into;
	return upk_config_name(value, &w->name, err);
}

static bool window_count(void *into, const cJSON *value, struct upk_error *err)
{
	struct upk_window_config *w = into;
	return upk_config_integer(value, 1, pairs_most, &w->count, err);
}

static bool window_duration(void *into, const cJSON *value, struct upk_error *err)
{
	struct upk_window_config *w = into;
	return upk_config_duration(value, 1, &w->duration, err);
}

static bool read_window(const cJSON *value, struct upk_window_config *w, struct upk_error *err)
{
	static const struct upk_config_member members[] = {
		{ "name", window_name },
		{ "count", window_count },
		{ "duration", window_duration },
	};
	if (!upk_config_members(value, members, 3, w, err))
		return false;
	if (!w->name)
		return upk_fail(err, UPK_INVALID, "name: missing: want a window's name");
	if (!w->count == !w->duration)
		return upk_fail(err, UPK_INVALID, "count: %s: want either count or duration",
			w->count ? "duration is there too" : "missing");
	return true;
}

/* An array of low..high objects. */
static bool check_array(const cJSON *value, int low, int high, struct upk_error *err)
{
	int size = cJSON_GetArraySize(value);
	if (!cJSON_IsArray(value) || size < low || size > high)
		return upk_config_wrong(value, err, "an array of %d to %d", low, high);
	size_t i = 0;
	const cJSON *each;
	cJSON_ArrayForEach(each, value)
	{
		if (!cJSON_IsObject(each)) {
			upk_config_wrong(each, err, "an object");
			return upk_fail_in(err, "%s[%zu]", value->string, i);
		}
		i++;
	}
	return true;
}

static bool new_name(const struct upk_config *c, size_t i, struct upk_error *err)
{
	for (size_t k = 0; k < i; k++)
		if (!strcmp(c->windows[k].name, c->windows[i].name))
			return upk_fail(err, UPK_INVALID, "name: \"%s\": windows[%zu] has it too",
				c->windows[i].name, k);
	return true;
}

bool upk_config_read_windows(struct upk_config *c, const cJSON *value, struct upk_error *err)
{
	if (!check_array(value, 1, UPK_WINDOWS_MAX, err))
		return false;
	c->windows = calloc((size_t)cJSON_GetArraySize(value), sizeof *c->windows);
	if (!c->windows)
		return upk_fail(err, UPK_NOMEM, "no memory for the windows");
	const cJSON *each;
	cJSON_ArrayForEach(each, value)
	{
		size_t i = c->windows_count++;
		if (!read_window(each, &c->windows[i], err) || !new_name(c, i, err))
			return upk_fail_in(err, "windows[%zu].", i);
	}
	return true;
}

bool upk_config_default_windows(struct upk_config *c, struct upk_error *err)
{
	static const struct {
		const char *name;
		int64_t count, duration;
	} defaults[] = {
		{ "last-500", 500, 0 },
		{ "last-5000", 5000, 0 },
		{ "1d", 0, INT64_C(24) * 3600 * 1000 },
	};
	enum { DEFAULTS = sizeof defaults / sizeof *defaults };
	c->windows = calloc(DEFAULTS, sizeof *c->windows);
	if (!c->windows)
		return upk_fail(err, UPK_NOMEM, "no memory for the windows");
	for (size_t i = 0; i < DEFAULTS; i++) {
		char *name = upk_text_copy(upk_text_of(defaults[i].name));
		if (!name)
			return upk_fail(err, UPK_NOMEM, "no memory for the windows");
		c->windows[c->windows_count++] =
			(struct upk_window_config){ name, defaults[i].count, defaults[i].duration };
	}
	return true;
}

/* A rule while it is read. */
struct draft {
	const struct upk_config *c;
	struct upk_rule_config *rule;
	const cJSON *kind; /* the member that makes its kind */
	const cJSON *window, *metric, *clear, *min_pairs, *confidence;
};

static bool rule_name(void *into, const cJSON *value, struct upk_error *err)
{
	struct draft *d = into;
	return upk_config_name(value, &d->rule->name, err);
}

static bool set_kind(
	struct draft *d, enum upk_rule_kind kind, const cJSON *value, struct upk_error *err)
{
	if (d->kind)
		return upk_fail(err, UPK_INVALID,
			"%s: %s is there too: want exactly one of below, above, drop, change",
			value->string, d->kind->string);
	d->kind = value;
	d->rule->kind = kind;
	return true;
}

static bool rule_below(void *into, const cJSON *value, struct upk_error *err)
{
	return set_kind(into, UPK_RULE_BELOW, value, err);
}

static bool rule_above(void *into, const cJSON *value, struct upk_error *err)
{
	return set_kind(into, UPK_RULE_ABOVE, value, err);
}

static bool rule_drop(void *into, const cJSON *value, struct upk_error *err)
{
	return set_kind(into, UPK_RULE_DROP, value, err);
}

static bool rule_change(void *into, const cJSON *value, struct upk_error *err)
{
	static const char *const words[] = { "down", NULL };
	size_t i;
	return upk_config_word(value, words, &i, err) &&
		set_kind(into, UPK_RULE_CHANGE, value, err);
}

static bool rule_metric(void *into, const cJSON *value, struct upk_error *err)
{
	struct draft *d = into;
	d->metric = value;
	return upk_config_measure(value, &d->rule->measure, err) &&
		upk_config_check_class(d->c, &d->rule->measure, err);
}

static bool rule_window(void *into, const cJSON *value, struct upk_error *err)
{
	struct draft *d = into;
	d->window = value;
	for (size_t i = 0; cJSON_IsString(value) && i < d->c->windows_count; i++)
		if (!strcmp(d->c->windows[i].name, value->valuestring)) {
			d->rule->window = i;
			return true;
		}
	char known[UPK_SPELLING_SIZE];
	return upk_config_wrong(
		value, err, "one of the windows: %s", upk_config_window_names(d->c, known));
}

static bool rule_min_pairs(void *into, const cJSON *value, struct upk_error *err)
{
	struct draft *d = into;
	d->min_pairs = value;
	return upk_config_integer(value, 0, pairs_most, &d->rule->min_pairs, err);
}

static bool rule_for(void *into, const cJSON *value, struct upk_error *err)
{
	struct draft *d = into;
	return upk_config_duration(value, 0, &d->rule->for_ms, err);
}

static bool rule_clear(void *into, const cJSON *value, struct upk_error *err)
{
	struct draft *d = into;
	d->clear = value;
	return upk_config_number(value, -INFINITY, INFINITY, &d->rule->clear, err);
}

static bool cooldown_pairs(void *into, const cJSON *value, struct upk_error *err)
{
	struct upk_rule_config *rule = into;
	return upk_config_integer(value, 0, pairs_most, &rule->cooldown_pairs, err);
}

static bool rule_cooldown(void *into, const cJSON *value, struct upk_error *err)
{
	static const struct upk_config_member members[] = { { "pairs", cooldown_pairs } };
	struct draft *d = into;
	if (cJSON_IsNull(value))
		return true;
	if (cJSON_IsString(value))
		return upk_config_duration(value, 0, &d->rule->cooldown_ms, err);
	if (!cJSON_IsObject(value) || !value->child)
		return upk_config_wrong(value, err, "a duration, {\"pairs\": N} or null");
	return upk_config_members(value, members, 1, d->rule, err) || upk_fail_in(err, "cooldown.");
}

static bool rule_confidence(void *into, const cJSON *value, struct upk_error *err)
{
	struct draft *d = into;
	d->confidence = value;
	d->rule->confidence = NAN;
	d->rule->confidence_given = !cJSON_IsNull(value);
	return cJSON_IsNull(value) ||
		upk_config_number(
			value, confidence_least, confidence_most, &d->rule->confidence, err);
}

static bool rule_actions(void *into, const cJSON *value, struct upk_error *err)
{
	static const char *const words[] = { "alert", "retrain", NULL };
	struct draft *d = into;
	size_t n = 0;
	d->rule->actions = 0;
	if (!cJSON_IsArray(value) || !value->child)
		return upk_config_wrong(value, err, "an array of \"alert\", \"retrain\"");
	const cJSON *each;
	cJSON_ArrayForEach(each, value)
	{
		size_t i;
		if (!upk_config_word(each, words, &i, err))
			return upk_fail_in(err, "actions[%zu]", n);
		if (d->rule->actions & 1U << i)
			return upk_fail(err, UPK_INVALID, "actions: \"%s\" stands twice", words[i]);
		d->rule->actions |= 1U << i;
		n++;
	}
	return true;
}

/* A change rule looks at the record of hits alone. */
static bool check_change(struct draft *d, struct upk_error *err)
{
	const cJSON *others[] = { d->metric, d->window, d->min_pairs, d->clear, d->confidence };
	for (size_t i = 0; i < sizeof others / sizeof *others; i++)
		if (others[i])
			return upk_config_wrong(others[i], err,
				"it left out: a change rule judges the hit rate against its "
				"record");
	d->rule->min_pairs = 0;
	d->rule->confidence = NAN;
	return true;
}

static bool check_threshold(struct draft *d, struct upk_error *err)
{
	struct upk_rule_config *rule = d->rule;
	double low, high;
	upk_metric_range(upk_metric_find(rule->measure.name), &low, &high);
	if (rule->kind == UPK_RULE_DROP) {
		high -= low;
		low = 0;
	}
	if (!upk_config_number(d->kind, low, high, &rule->threshold, err))
		return false;
	if (!d->clear)
		return true;
	if (rule->kind == UPK_RULE_BELOW)
		low = rule->threshold;
	else
		high = rule->threshold;
	return upk_config_number(d->clear, low, high, &rule->clear, err);
}

/* A rule that needs more pairs than its window holds would never fire. */
static bool check_min_pairs(struct draft *d, struct upk_error *err)
{
	struct upk_rule_config *rule = d->rule;
	int64_t count = d->c->windows[rule->window].count;
	if (!d->min_pairs)
		rule->min_pairs = min_pairs_default;
	if (!count || rule->min_pairs <= count)
		return true;
	if (d->min_pairs)
		return upk_config_wrong(
			d->min_pairs, err, "at most the window's %lld", (long long)count);
	rule->min_pairs = count;
	return true;
}

static bool check_rule(struct draft *d, struct upk_error *err)
{
	if (!d->rule->name)
		return upk_fail(err, UPK_INVALID, "name: missing: want a rule's name");
	if (!d->kind)
		return upk_fail(err, UPK_INVALID,
			"below: missing: want exactly one of below, above, drop, change");
	if (d->rule->kind == UPK_RULE_CHANGE)
		return check_change(d, err);
	if (!d->metric)
		return upk_fail(err, UPK_INVALID, "metric: missing: want a metric");
	if (!d->window)
		return upk_fail(err, UPK_INVALID, "window: missing: want a window's name");
	return check_threshold(d, err) && check_min_pairs(d, err);
}

static bool read_rule(const struct upk_config *c, const cJSON *value, struct upk_rule_config *rule,
	struct upk_error *err)
{
	static const struct upk_config_member members[] = {
		{ "name", rule_name },
		{ "metric", rule_metric },
		{ "window", rule_window },
		{ "below", rule_below },
		{ "above", rule_above },
		{ "drop", rule_drop },
		{ "change", rule_change },
		{ "min_pairs", rule_min_pairs },
		{ "for", rule_for },
		{ "clear", rule_clear },
		{ "cooldown", rule_cooldown },
		{ "confidence", rule_confidence },
		{ "actions", rule_actions },
	};
	struct draft d = { .c = c, .rule = rule };
	*rule = (struct upk_rule_config){
		.clear = NAN,
		.cooldown_pairs = -1,
		.cooldown_ms = -1,
		.confidence = confidence_default,
		.actions = UPK_ACTION_ALERT,
	};
	return upk_config_members(value, members, sizeof members / sizeof *members, &d, err) &&
		check_rule(&d, err);
}

static bool new_rule_name(const struct upk_config *c, size_t i, struct upk_error *err)
{
	for (size_t k = 0; k < i; k++)
		if (!strcmp(c->rules[k].name, c->rules[i].name))
			return upk_fail(err, UPK_INVALID, "name: \"%s\": rules[%zu] has it too",
				c->rules[i].name, k);
	return true;
}

bool upk_config_read_rules(struct upk_config *c, const cJSON *value, struct upk_error *err)
{
	c->rules_given = true;
	if (!check_array(value, 0, UPK_RULES_MAX, err))
		return false;
	c->rules = calloc((size_t)cJSON_GetArraySize(value) + 1, sizeof *c->rules);
	if (!c->rules)
		return upk_fail(err, UPK_NOMEM, "no memory for the rules");
	const cJSON *each;
	cJSON_ArrayForEach(each, value)
	{
		size_t i = c->rules_count++;
		if (!read_rule(c, each, &c->rules[i], err) || !new_rule_name(c, i, err))
			return upk_fail_in(err, "rules[%zu].", i);
	}
	return true;
}

double upk_config_confidence(const struct upk_rule_config *rule)
{
	const struct upk_metric *metric =
		rule->kind == UPK_RULE_CHANGE ? NULL : upk_metric_find(rule->measure.name);
	return metric && upk_metric_needs(metric) == UPK_METRIC_COUNTS ? rule->confidence : NAN;
}

const struct upk_rule_config *upk_config_fell(void)
{
	static const struct upk_rule_config fell = {
		.name = (char *)"fell",
		.kind = UPK_RULE_CHANGE,
		.clear = NAN,
		.cooldown_pairs = -1,
		.cooldown_ms = -1,
		.confidence = NAN,
		.actions = UPK_ACTION_ALERT | UPK_ACTION_RETRAIN,
	};
	return &fell;
}

const char *upk_config_window_names(const struct upk_config *c, char out[UPK_SPELLING_SIZE])
{
	bool fits = true;
	out[0] = '\0';
	for (size_t i = 0; fits && i < c->windows_count; i++)
		fits = upk_spelling_add(out, upk_text_of(c->windows[i].name));
	return out;
}

bool upk_config_same_window(const struct upk_window_config *a, const struct upk_window_config *b)
{
	return !strcmp(a->name, b->name) && a->count == b->count && a->duration == b->duration;
}
