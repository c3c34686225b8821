/* The effective configuration: every setting with its default, as JSON. */
#include <math.h>

#include "base/json_writer.h"
#include "config/config_read.h"
#include "config/config_write.h"

static void write_classes(const struct upk_text *classes, size_t count, struct upk_json_writer *w)
{
	if (!count) {
		upk_json_null(w, "classes");
		return;
	}
	upk_json_array(w, "classes");
	for (size_t i = 0; i < count; i++)
		upk_json_text(w, NULL, classes[i]);
	upk_json_array_end(w);
}

static void write_features(const struct upk_features *features, struct upk_json_writer *w)
{
	struct upk_buffer list = { 0 };
	if (!features) {
		upk_json_null(w, "features");
		return;
	}
	upk_features_write(features, &list);
	w->out->failed |= list.failed;
	upk_json_raw(w, "features", upk_buffer_text(&list));
	upk_buffer_finish(&list);
}

static void write_windows(const struct upk_config *c, struct upk_json_writer *w)
{
	upk_json_array(w, "windows");
	for (size_t i = 0; i < c->windows_count; i++) {
		const struct upk_window_config *window = &c->windows[i];
		upk_json_object(w, NULL);
		upk_json_string(w, "name", window->name);
		if (window->count)
			upk_json_int(w, "count", window->count);
		else
			upk_config_write_duration(window->duration, false, w, "duration");
		upk_json_object_end(w);
	}
	upk_json_array_end(w);
}

static void write_cooldown(const struct upk_rule_config *rule, struct upk_json_writer *w)
{
	if (rule->cooldown_pairs < 0) {
		upk_config_write_duration(rule->cooldown_ms, false, w, "cooldown");
		return;
	}
	upk_json_object(w, "cooldown");
	upk_json_int(w, "pairs", rule->cooldown_pairs);
	upk_json_object_end(w);
}

static void write_threshold(
	const struct upk_config *c, const struct upk_rule_config *rule, struct upk_json_writer *w)
{
	static const char *const kinds[] = {
		[UPK_RULE_BELOW] = "below",
		[UPK_RULE_ABOVE] = "above",
		[UPK_RULE_DROP] = "drop",
	};
	if (rule->kind == UPK_RULE_CHANGE) {
		upk_json_string(w, "change", "down");
		return;
	}
	upk_config_write_measure(&rule->measure, w, "metric");
	upk_json_string(w, "window", c->windows[rule->window].name);
	upk_json_double(w, kinds[rule->kind], rule->threshold);
	upk_json_double(w, "clear", isnan(rule->clear) ? rule->threshold : rule->clear);
	upk_json_int(w, "min_pairs", rule->min_pairs);
	upk_json_double(w, "confidence", upk_config_confidence(rule));
}

static void write_rule(
	const struct upk_config *c, const struct upk_rule_config *rule, struct upk_json_writer *w)
{
	upk_json_object(w, NULL);
	upk_json_string(w, "name", rule->name);
	write_threshold(c, rule, w);
	upk_config_write_duration(rule->for_ms, false, w, "for");
	write_cooldown(rule, w);
	upk_json_array(w, "actions");
	if (rule->actions & UPK_ACTION_ALERT)
		upk_json_string(w, NULL, "alert");
	if (rule->actions & UPK_ACTION_RETRAIN)
		upk_json_string(w, NULL, "retrain");
	upk_json_array_end(w);
	upk_json_object_end(w);
}

static void write_rules(const struct upk_config *c, bool has_features, struct upk_json_writer *w)
{
	upk_json_array(w, "rules");
	for (size_t i = 0; i < c->rules_count; i++)
		write_rule(c, &c->rules[i], w);
	if (!c->rules_given && has_features)
		write_rule(c, upk_config_fell(), w);
	upk_json_array_end(w);
}

static void write_keep(const struct upk_keep_config *keep, struct upk_json_writer *w)
{
	upk_json_object(w, "keep");
	upk_json_int(w, "versions", keep->versions);
	upk_json_int(w, "runs", keep->runs);
	upk_json_int(w, "trials", keep->trials);
	upk_json_int(w, "alerts", keep->alerts);
	upk_json_object_end(w);
}

void upk_config_write_effective(const struct upk_config *c, const struct upk_text *classes,
	size_t classes_count, struct upk_text positive, const struct upk_features *features,
	struct upk_json_writer *w, const char *key)
{
	upk_json_object(w, key);
	write_classes(classes, classes_count, w);
	upk_json_text(w, "positive", positive);
	upk_json_double(w, "threshold", c->threshold);
	write_features(features, w);
	upk_json_array(w, "slices");
	for (size_t i = 0; i < c->slices_count; i++)
		upk_json_string(w, NULL, c->slices[i]);
	upk_json_array_end(w);
	write_windows(c, w);
	write_rules(c, features != NULL, w);
	upk_config_write_retrain(
		&c->retrain, cJSON_GetObjectItemCaseSensitive(c->sent, "retrain"), w, "retrain");
	upk_config_write_sent(c->sent, "retention", "null", w);
	write_keep(&c->keep, w);
	upk_config_write_sent(c->sent, "label_timeout", "null", w);
	upk_config_write_sent(c->sent, "label_sources", "[]", w);
	upk_config_write_sent(c->sent, "resolve", "\"latest\"", w);
	upk_config_write_sent(c->sent, "echo", "[]", w);
	upk_json_bool(w, "strict", c->strict);
	upk_json_object_end(w);
}
