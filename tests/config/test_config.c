#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/json.h"
#include "config/config.h"

static const char full[] =
	"{\"classes\":[\"ham\",\"spam\"],\"positive\":\"spam\",\"threshold\":0.4,"
	"\"features\":[\"len\",\"caps\",{\"name\":\"lang\",\"type\":\"category\"},"
	"{\"name\":\"body\",\"type\":\"text\"},"
	"{\"name\":\"embedding\",\"type\":\"vector\",\"size\":384}],"
	"\"slices\":[\"country\"],"
	"\"windows\":[{\"name\":\"last-500\",\"count\":500},{\"name\":\"last-5000\",\"count\":5000}"
	","
	"{\"name\":\"1d\",\"duration\":\"1d\"}],"
	"\"rules\":[{\"name\":\"f1-low\",\"metric\":\"f1\",\"window\":\"last-5000\",\"below\":0.85,"
	"\"min_pairs\":200,\"for\":\"0s\",\"clear\":0.87,\"cooldown\":{\"pairs\":500},"
	"\"confidence\":0.99,\"actions\":[\"alert\",\"retrain\"]},"
	"{\"name\":\"f1-drop\",\"metric\":\"f1\",\"window\":\"last-500\",\"drop\":0.02,"
	"\"actions\":[\"alert\"]},"
	"{\"name\":\"fell\",\"change\":\"down\",\"actions\":[\"alert\",\"retrain\"]}],"
	"\"retrain\":{\"learner\":\"auto\",\"train\":\"auto\",\"holdout\":\"auto\",\"trials\":20,"
	"\"budget\":\"5m\",\"memory\":\"2GiB\",\"categories\":100,\"live\":true,\"renew\":\"auto\","
	"\"every\":null,\"seed\":1,"
	"\"promote\":\"auto\",\"gate\":{\"metric\":{\"name\":\"f1\",\"average\":\"macro\"},"
	"\"margin\":0.002,\"confidence\":\"auto\",\"at_least\":null,"
	"\"slices\":{\"margin\":0.05,\"min_pairs\":50},\"flips\":null,\"leak\":0.1}},"
	"\"retention\":\"90d\",\"keep\":{\"versions\":7,\"alerts\":5}}";

static struct upk_config *parse(const char *json)
{
	struct upk_error err = { 0 };
	struct upk_config *c = upk_config_parse(upk_text_of(json), &err);
	if (!c)
		print_error("%s\n", err.message);
	assert_non_null(c);
	return c;
}

static cJSON *effective(const struct upk_config *c)
{
	struct upk_buffer out = { 0 };
	struct upk_json_writer w = upk_json_writer_on(&out);
	struct upk_text classes[UPK_NAME_MAX];
	for (size_t i = 0; i < c->classes_count; i++)
		classes[i] = upk_text_of(c->classes[i]);
	upk_config_write_effective(
		c, classes, c->classes_count, upk_text_of(c->positive), c->features, &w, NULL);
	cJSON *json = upk_json_parse(upk_buffer_text(&out), NULL);
	assert_non_null(json);
	upk_buffer_finish(&out);
	return json;
}

static void the_example_is_read_whole(void **state)
{
	(void)state;
	struct upk_config *c = parse(full);
	assert_int_equal(c->classes_count, 2);
	assert_string_equal(c->classes[1], "spam");
	assert_string_equal(c->positive, "spam");
	assert_true(c->threshold == 0.4);
	assert_int_equal(upk_features_count(c->features), 5);
	assert_string_equal(c->slices[0], "country");
	assert_int_equal(c->windows_count, 3);
	assert_int_equal(c->windows[2].duration, 86400000);
	assert_int_equal(c->rules_count, 3);
	assert_int_equal(c->rules[0].window, 1);
	assert_int_equal(c->rules[0].cooldown_pairs, 500);
	assert_true(c->rules[0].clear == 0.87);
	assert_int_equal(c->rules[0].actions, UPK_ACTION_ALERT | UPK_ACTION_RETRAIN);
	assert_int_equal(c->rules[1].kind, UPK_RULE_DROP);
	assert_int_equal(c->rules[1].min_pairs, 200);
	assert_true(isnan(c->rules[1].clear));
	assert_int_equal(c->rules[2].kind, UPK_RULE_CHANGE);
	assert_int_equal(c->retrain.budget_ms, 300000);
	assert_true(c->retrain.memory == 2147483648.0);
	assert_int_equal(c->retention_ms, INT64_C(90) * 86400000);
	upk_config_unref(c);
}

static void an_empty_object_gives_the_defaults(void **state)
{
	(void)state;
	struct upk_config *c = parse("{}");
	assert_null(c->classes);
	assert_null(c->features);
	assert_true(c->threshold == 0.5);
	assert_int_equal(c->windows_count, 3);
	assert_string_equal(c->windows[0].name, "last-500");
	assert_int_equal(c->windows[0].count, 500);
	assert_int_equal(c->windows[1].count, 5000);
	assert_string_equal(c->windows[2].name, "1d");
	assert_false(c->rules_given);
	assert_string_equal(c->retrain.learner, "auto");
	assert_string_equal(c->retrain.measure.name, "f1");
	assert_string_equal(c->retrain.measure.average, "macro");
	assert_true(c->retrain.margin == 0.002);
	assert_int_equal(c->keep.versions, 50);
	assert_int_equal(c->keep.runs, 1000);
	assert_int_equal(c->keep.trials, 5000);
	assert_int_equal(c->keep.alerts, 1000);
	assert_true(c->retrain.policy.token_places == 1200);
	assert_true(c->retrain.policy.bench_z == 3.5);
	assert_int_equal(strlen(c->etag), 16);
	assert_string_equal(c->text, "{}");
	upk_config_unref(c);
}

/* What "effective" says is a configuration with the same effect. */
static void effective_reads_back_to_itself(void **state)
{
	(void)state;
	struct upk_config *c = parse(full);
	cJSON *shown = effective(c);
	char *text = upk_json_print(shown);
	struct upk_config *again = parse(text);
	cJSON *shown_again = effective(again);
	assert_true(upk_json_equal(shown, shown_again));
	assert_int_equal(again->windows_count, 3);
	cJSON_Delete(shown);
	cJSON_Delete(shown_again);
	free(text);
	upk_config_unref(again);
	upk_config_unref(c);
}

static void fell_is_there_with_features_and_no_rules(void **state)
{
	(void)state;
	static const struct {
		const char *json;
		int rules;
	} rows[] = {
		{ "{}", 0 },
		{ "{\"features\":[\"a\"]}", 1 },
		{ "{\"features\":[\"a\"],\"rules\":[]}", 0 },
	};
	for (size_t i = 0; i < 3; i++) {
		struct upk_config *c = parse(rows[i].json);
		cJSON *shown = effective(c);
		const cJSON *rules = cJSON_GetObjectItemCaseSensitive(shown, "rules");
		assert_int_equal(cJSON_GetArraySize(rules), rows[i].rules);
		cJSON_Delete(shown);
		upk_config_unref(c);
	}
}

static void classes_may_be_integers_and_booleans(void **state)
{
	(void)state;
	struct upk_config *c = parse("{\"classes\":[0,-1,true,\"x\"],\"positive\":true,"
				     "\"rules\":[{\"name\":\"r\",\"window\":\"1d\",\"above\":0.1,"
				     "\"metric\":{\"name\":\"recall\",\"class\":-1}}]}");
	assert_string_equal(c->classes[0], "0");
	assert_string_equal(c->classes[1], "-1");
	assert_string_equal(c->positive, "true");
	assert_string_equal(c->rules[0].measure.class, "-1");
	assert_int_equal(c->rules[0].kind, UPK_RULE_ABOVE);
	upk_config_unref(c);
}

static void fields_without_effect_are_taken_and_shown(void **state)
{
	(void)state;
	struct upk_config *c =
		parse("{\"label_timeout\":{\"after\":\"30m\",\"class\":\"no-click\"},"
		      "\"label_sources\":[\"review\",\"user\"],\"echo\":[\"auto\"],\"resolve\":"
		      "\"majority\","
		      "\"retention\":{\"age\":\"90d\",\"keep_per_class\":2000},"
		      "\"retrain\":{\"renew\":64,\"live\":false,\"trials\":5,\"budget\":null,"
		      "\"memory\":\"1.5MB\"}}");
	cJSON *shown = effective(c);
	static const char *const names[] = { "label_timeout", "label_sources", "echo", "resolve",
		"retention" };
	for (size_t i = 0; i < 5; i++)
		assert_true(upk_json_equal(cJSON_GetObjectItemCaseSensitive(c->sent, names[i]),
			cJSON_GetObjectItemCaseSensitive(shown, names[i])));
	assert_int_equal(c->retention_ms, INT64_C(90) * 86400000);
	assert_int_equal(c->retrain.budget_ms, 0);
	assert_true(c->retrain.memory == 1.5e6);
	cJSON_Delete(shown);
	upk_config_unref(c);
}

static void the_gate_s_checks_are_set_and_taken_away(void **state)
{
	(void)state;
	struct upk_config *c =
		parse("{\"retrain\":{\"gate\":{\"at_least\":0.8,\"flips\":0.1,\"leak\":null,"
		      "\"slices\":{\"min_pairs\":20}}}}");
	assert_true(c->retrain.checks.at_least == 0.8);
	assert_true(c->retrain.checks.flips == 0.1);
	assert_true(isnan(c->retrain.checks.leak));
	assert_true(c->retrain.checks.slice_margin == 0.05);
	assert_int_equal(c->retrain.checks.slice_pairs, 20);
	upk_config_unref(c);
	c = parse("{\"retrain\":{\"gate\":{\"at_least\":null,\"slices\":null}}}");
	assert_true(isnan(c->retrain.checks.at_least) && isnan(c->retrain.checks.flips));
	assert_true(isnan(c->retrain.checks.slice_margin));
	assert_true(c->retrain.checks.leak == 0.1);
	cJSON *shown = effective(c);
	const cJSON *gate = cJSON_GetObjectItemCaseSensitive(
		cJSON_GetObjectItemCaseSensitive(shown, "retrain"), "gate");
	assert_true(cJSON_IsNull(cJSON_GetObjectItemCaseSensitive(gate, "slices")));
	assert_true(cJSON_IsNull(cJSON_GetObjectItemCaseSensitive(gate, "at_least")));
	cJSON_Delete(shown);
	upk_config_unref(c);
}

static void policy_sets_its_constants(void **state)
{
	(void)state;
	struct upk_config *c = parse(
		"{\"retrain\":{\"policy\":{\"rest\":100,\"bench_z\":2.5,\"first_rows\":50}}}");
	assert_true(c->retrain.policy.rest == 100);
	assert_true(c->retrain.policy.bench_z == 2.5);
	assert_true(c->retrain.policy.first_rows == 50);
	assert_true(c->retrain.policy.alert_places == 250);
	upk_config_unref(c);
}

static void a_rule_asks_no_more_pairs_than_its_window_holds(void **state)
{
	(void)state;
	struct upk_config *c =
		parse("{\"windows\":[{\"name\":\"w\",\"count\":100}],\"rules\":[{"
		      "\"name\":\"r\",\"metric\":\"f1\",\"window\":\"w\",\"below\":1}]}");
	assert_int_equal(c->rules[0].min_pairs, 100);
	upk_config_unref(c);
}

#define RULE(members) "{\"rules\":[{\"name\":\"r\"," members "}]}"
#define F1 "\"metric\":\"f1\",\"window\":\"1d\","

struct fault {
	const char *config, *error;
};

/* Path and value of what is wrong. */
static void expect_faults(const struct fault *rows, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		struct upk_error err = { 0 };
		struct upk_config *c = upk_config_parse(upk_text_of(rows[i].config), &err);
		assert_null(c);
		assert_string_equal(err.message, rows[i].error);
		assert_int_equal(err.code, UPK_INVALID);
	}
}

static void wrong_members_of_a_model_are_named(void **state)
{
	(void)state;
	static const struct fault rows[] = {
		{ "[]", "configuration: want an object" },
		{ "{\"colour\":1}",
			"colour: unknown member: want one of classes, positive, threshold, "
			"features, "
			"slices, windows, rules, retrain, retention, keep, label_timeout, "
			"label_sources, resolve, echo, strict" },
		{ "{\"classes\":[\"a\"]}", "classes: [\"a\"]: want an array of 2 to 1024" },
		{ "{\"classes\":\"a\"}", "classes: \"a\": want an array of 2 to 1024" },
		{ "{\"classes\":[\"a\",1.5]}",
			"classes[1]: 1.5: want a class: a string of 1 to 128 bytes, an integer or "
			"a boolean" },
		{ "{\"classes\":[\"a\",\"\"]}",
			"classes[1]: \"\": want a string of 1 to 128 bytes" },
		{ "{\"classes\":[\"a\",\"b\",\"a\"]}", "classes: \"a\" stands twice" },
		{ "{\"classes\":[1,\"1\"]}", "classes: \"1\" stands twice" },
		{ "{\"classes\":[\"a\",\"b\"],\"positive\":\"c\"}",
			"positive: \"c\": the model has no such class: it has a, b" },
		{ "{\"thresold\":1}",
			"thresold: unknown member; did you mean threshold? want one of classes, "
			"positive, threshold, features, slices, windows, rules, retrain, "
			"retention, keep, label_timeout, label_sources, resolve, echo, strict" },
		{ "{\"keep\":5}", "keep: 5: want an object" },
		{ "{\"keep\":{\"versions\":0}}",
			"keep.versions: 0: want an integer from 1 to 10000" },
		{ "{\"keep\":{\"days\":1}}",
			"keep.days: unknown member: want one of versions, runs, trials, alerts" },
		{ "{\"threshold\":1.5}", "threshold: 1.5: want 0 to 1" },
		{ "{\"threshold\":\"x\"}", "threshold: \"x\": want 0 to 1" },
		{ "{\"threshold\":null}", "threshold: null: want 0 to 1" },
		{ "{\"features\":[]}", "features: none: want 1 to 10000" },
		{ "{\"features\":[\"a\",\"a\"]}", "features: \"a\" stands twice" },
		{ "{\"slices\":[\"a\",\"a\"]}", "slices: \"a\" stands twice" },
		{ "{\"slices\":[1]}", "slices[0]: 1: want a string of 1 to 128 bytes" },
		{ "{\"strict\":1}", "strict: 1: want true or false" },
		{ "{\"retention\":\"x\"}",
			"retention: \"x\": want a duration such as \"90m\" or \"1d\"" },
		{ "{\"retention\":{\"age\":5}}",
			"retention.age: 5: want a duration such as \"90m\" or \"1d\"" },
		{ "{\"label_timeout\":{\"after\":\"1m\"}}", "label_timeout.class: missing" },
		{ "{\"resolve\":\"first\"}",
			"resolve: \"first\": want \"latest\" or \"majority\"" },
	};
	expect_faults(rows, sizeof rows / sizeof *rows);
}

static void wrong_windows_are_named(void **state)
{
	(void)state;
	static const struct fault rows[] = {
		{ "{\"windows\":[]}", "windows: []: want an array of 1 to 16" },
		{ "{\"windows\":[3]}", "windows[0]: 3: want an object" },
		{ "{\"windows\":[{\"count\":3}]}",
			"windows[0].name: missing: want a window's name" },
		{ "{\"windows\":[{\"name\":\"-a\",\"count\":3}]}",
			"windows[0].name: \"-a\": want a name of the form "
			"[A-Za-z0-9][A-Za-z0-9._-]{0,62}" },
		{ "{\"windows\":[{\"name\":\"a\",\"count\":0}]}",
			"windows[0].count: 0: want an integer from 1 to 10000000" },
		{ "{\"windows\":[{\"name\":\"a\",\"count\":10000001}]}",
			"windows[0].count: 10000001: want an integer from 1 to 10000000" },
		{ "{\"windows\":[{\"name\":\"a\",\"count\":1.5}]}",
			"windows[0].count: 1.5: want an integer from 1 to 10000000" },
		{ "{\"windows\":[{\"name\":\"a\",\"duration\":\"0s\"}]}",
			"windows[0].duration: \"0s\": want a duration of 1ms to 36525d" },
		{ "{\"windows\":[{\"name\":\"a\",\"duration\":\"1d\",\"count\":3}]}",
			"windows[0].count: duration is there too: want either count or duration" },
		{ "{\"windows\":[{\"name\":\"a\"}]}",
			"windows[0].count: missing: want either count or duration" },
		{ "{\"windows\":[{\"name\":\"a\",\"count\":3},{\"name\":\"a\",\"count\":4}]}",
			"windows[1].name: \"a\": windows[0] has it too" },
	};
	expect_faults(rows, sizeof rows / sizeof *rows);
}

static void wrong_rules_are_named(void **state)
{
	(void)state;
	static const struct fault rows[] = {
		{ "{\"rules\":[{\"below\":0.5}]}", "rules[0].name: missing: want a rule's name" },
		{ RULE(F1 "\"below\":1.5"), "rules[0].below: 1.5: want 0 to 1" },
		{ RULE("\"metric\":\"mcc\",\"window\":\"1d\",\"below\":-1.5"),
			"rules[0].below: -1.5: want -1 to 1" },
		{ RULE(F1 "\"below\":0.5,\"above\":0.7"),
			"rules[0].above: below is there too: want exactly one of below, above, "
			"drop, change" },
		{ RULE(F1 "\"min_pairs\":5"),
			"rules[0].below: missing: want exactly one of below, above, drop, change" },
		{ RULE("\"metric\":\"f1\",\"window\":\"none\",\"below\":0.5"),
			"rules[0].window: \"none\": want one of the windows: last-500, last-5000, "
			"1d" },
		{ RULE("\"metric\":\"f1\",\"below\":0.5"),
			"rules[0].window: missing: want a window's name" },
		{ RULE("\"change\":\"up\""), "rules[0].change: \"up\": want \"down\"" },
		{ RULE("\"change\":\"down\",\"window\":\"1d\""),
			"rules[0].window: \"1d\": want it left out: a change rule judges the hit "
			"rate against its record" },
		{ RULE(F1 "\"below\":0.8,\"clear\":0.7"), "rules[0].clear: 0.7: want 0.8 to 1" },
		{ RULE(F1 "\"drop\":0.02,\"clear\":0.03"), "rules[0].clear: 0.03: want 0 to 0.02" },
		{ RULE(F1 "\"below\":0.8,\"confidence\":1"),
			"rules[0].confidence: 1: want 0.5 to 0.999999" },
		{ RULE(F1 "\"below\":0.8,\"for\":\"soon\""),
			"rules[0].for: \"soon\": want a duration such as \"90m\" or \"1d\"" },
		{ RULE(F1 "\"below\":0.8,\"cooldown\":5"),
			"rules[0].cooldown: 5: want a duration, {\"pairs\": N} or null" },
		{ RULE(F1 "\"below\":0.8,\"cooldown\":{\"pairs\":-1}"),
			"rules[0].cooldown.pairs: -1: want an integer from 0 to 10000000" },
		{ RULE(F1 "\"below\":0.8,\"actions\":[\"page\"]"),
			"rules[0].actions[0]: \"page\": want \"alert\" or \"retrain\"" },
		{ RULE(F1 "\"below\":0.8,\"actions\":[\"alert\",\"alert\"]"),
			"rules[0].actions: \"alert\" stands twice" },
		{ "{\"windows\":[{\"name\":\"w\",\"count\":100}],\"rules\":[{\"name\":\"r\","
		  "\"metric\":\"f1\",\"window\":\"w\",\"below\":1,\"min_pairs\":101}]}",
			"rules[0].min_pairs: 101: want at most the window's 100" },
		{ "{\"rules\":[{\"name\":\"r\",\"change\":\"down\"},"
		  "{\"name\":\"r\",\"change\":\"down\"}]}",
			"rules[1].name: \"r\": rules[0] has it too" },
	};
	expect_faults(rows, sizeof rows / sizeof *rows);
}

static void wrong_metrics_of_rules_are_named(void **state)
{
	(void)state;
	static const struct fault rows[] = {
		{ RULE("\"window\":\"1d\",\"below\":0.5"),
			"rules[0].metric: missing: want a metric" },
		{ RULE("\"metric\":{\"name\":\"f1\",\"average\":\"mean\"},\"below\":0.5"),
			"rules[0].metric.average: \"mean\": want \"macro\" or \"micro\" or "
			"\"weighted\"" },
		{ RULE("\"metric\":{\"name\":\"accuracy\",\"class\":\"a\"},\"below\":0.5"),
			"rules[0].metric.name: \"accuracy\": has no class" },
		{ RULE("\"metric\":{\"name\":\"f1\",\"class\":\"a\",\"average\":\"macro\"}"),
			"rules[0].metric.average: \"macro\": want a class or an average, not "
			"both" },
		{ "{\"classes\":[\"a\",\"b\"],\"rules\":[{\"name\":\"r\",\"metric\":"
		  "{\"name\":\"f1\",\"class\":\"c\"},\"window\":\"1d\",\"below\":0.5}]}",
			"rules[0].metric.class: \"c\": the model has no such class: it has a, b" },
	};
	expect_faults(rows, sizeof rows / sizeof *rows);
}

static void wrong_members_of_retrain_are_named(void **state)
{
	(void)state;
	static const struct fault rows[] = {
		{ "{\"retrain\":{\"memory\":\"2\"}}",
			"retrain.memory: \"2\": want at least 1000000 bytes, or a text like "
			"\"2GiB\" or \"512MB\"" },
		{ "{\"retrain\":{\"memory\":1000}}",
			"retrain.memory: 1000: want at least 1000000 bytes, or a text like "
			"\"2GiB\" or \"512MB\"" },
		{ "{\"retrain\":{\"categories\":0}}",
			"retrain.categories: 0: want an integer from 1 to 10000" },
		{ "{\"retrain\":{\"search\":{\"space\":{\"tree\":{}}}}}",
			"retrain.search.space.tree: no learner of this model has that name: want "
			"one of logistic, trees, mlp" },
		{ "{\"retrain\":{\"live\":1}}", "retrain.live: 1: want true or false" },
		{ "{\"retrain\":{\"seed\":-1}}",
			"retrain.seed: -1: want an integer from 0 to 9007199254740992" },
		{ "{\"retrain\":{\"train\":\"all\"}}", "retrain.train: \"all\": want \"auto\"" },
		{ "{\"retrain\":{\"promote\":true}}",
			"retrain.promote: true: want \"auto\" or \"manual\"" },
		{ "{\"retrain\":{\"every\":5}}",
			"retrain.every: 5: want a duration such as \"90m\" or \"1d\"" },
		{ "{\"retrain\":{\"policy\":{\"rest\":-1}}}",
			"retrain.policy.rest: -1: want 0 to 1e+07" },
		{ "{\"retrain\":{\"policy\":3}}", "retrain.policy: 3: want an object" },
		{ "{\"retrain\":3}", "retrain: 3: want an object" },
	};
	expect_faults(rows, sizeof rows / sizeof *rows);
}

static void wrong_members_of_the_gate_are_named(void **state)
{
	(void)state;
	static const struct fault rows[] = {
		{ "{\"retrain\":{\"gate\":{\"metric\":\"f2\"}}}",
			"retrain.gate.metric: \"f2\": want f1, macro or of a class, or accuracy" },
		{ "{\"retrain\":{\"gate\":{\"metric\":{\"name\":\"mcc\"}}}}",
			"retrain.gate.metric: {\"name\":\"mcc\"}: want f1, macro or of a class, or "
			"accuracy" },
		{ "{\"retrain\":{\"gate\":{\"margin\":2}}}",
			"retrain.gate.margin: 2: want 0 to 1" },
		{ "{\"retrain\":{\"gate\":{\"at_least\":2}}}",
			"retrain.gate.at_least: 2: want 0 to 1" },
		{ "{\"retrain\":{\"gate\":{\"leak\":true}}}",
			"retrain.gate.leak: true: want 0 to 1" },
		{ "{\"retrain\":{\"gate\":{\"slices\":0.1}}}",
			"retrain.gate.slices: 0.1: want an object, or null" },
		{ "{\"retrain\":{\"gate\":{\"slices\":{\"min_pairs\":0}}}}",
			"retrain.gate.slices.min_pairs: 0: want an integer from 1 to 10000" },
		{ "{\"retrain\":{\"gate\":{\"metric\":\"mcc\"}}}",
			"retrain.gate.metric: \"mcc\": want f1, macro or of a class, or "
			"accuracy" },
	};
	expect_faults(rows, sizeof rows / sizeof *rows);
}

static void unknown_metrics_and_learners_are_told_the_known(void **state)
{
	(void)state;
	static const char *const rows[][3] = {
		{ RULE("\"metric\":\"f2\",\"window\":\"1d\",\"below\":0.5"),
			"rules[0].metric: \"f2\"; did you mean f1? want one of ", "precision" },
		{ RULE("\"metric\":\"acuracy\",\"window\":\"1d\",\"below\":0.5"),
			"rules[0].metric: \"acuracy\"; did you mean accuracy? want one of ",
			"precision" },
		{ RULE("\"metric\":\"hits\",\"window\":\"1d\",\"below\":0.5"),
			"rules[0].metric: \"hits\": want one of ", "precision" },
		{ RULE("\"metric\":3,\"window\":\"1d\",\"below\":0.5"),
			"rules[0].metric: 3: want one of ", "precision" },
		{ "{\"retrain\":{\"learner\":\"svm\"}}",
			"retrain.learner: \"svm\": want one of auto, ", "logistic" },
		{ "{\"retrain\":{\"learner\":\"tree\"}}",
			"retrain.learner: \"tree\"; did you mean trees? want one of auto, ",
			"logistic" },
		{ "{\"retrain\":{\"learner\":\"xgboost\"}}",
			"retrain.learner: \"xgboost\"; did you mean trees? want one of auto, ",
			"logistic" },
		{ "{\"retrain\":{\"learner\":\"neural_network\"}}",
			"retrain.learner: \"neural_network\"; did you mean mlp? want one of auto, ",
			"logistic" },
	};
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct upk_error err = { 0 };
		assert_null(upk_config_parse(upk_text_of(rows[i][0]), &err));
		assert_memory_equal(err.message, rows[i][1], strlen(rows[i][1]));
		assert_non_null(strstr(err.message, rows[i][2]));
	}
}

static void over_a_mebibyte_is_too_large(void **state)
{
	(void)state;
	struct upk_error err = { 0 };
	size_t size = 1024 * 1024 + 1;
	char *text = malloc(size);
	memset(text, ' ', size);
	memcpy(text, "{}", 2);
	assert_null(upk_config_parse((struct upk_text){ text, size }, &err));
	assert_int_equal(err.code, UPK_TOO_LARGE);
	struct upk_config *c = upk_config_parse((struct upk_text){ text, size - 1 }, &err);
	assert_non_null(c);
	upk_config_unref(c);
	free(text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_example_is_read_whole),
		cmocka_unit_test(an_empty_object_gives_the_defaults),
		cmocka_unit_test(effective_reads_back_to_itself),
		cmocka_unit_test(fell_is_there_with_features_and_no_rules),
		cmocka_unit_test(classes_may_be_integers_and_booleans),
		cmocka_unit_test(fields_without_effect_are_taken_and_shown),
		cmocka_unit_test(the_gate_s_checks_are_set_and_taken_away),
		cmocka_unit_test(policy_sets_its_constants),
		cmocka_unit_test(a_rule_asks_no_more_pairs_than_its_window_holds),
		cmocka_unit_test(wrong_members_of_a_model_are_named),
		cmocka_unit_test(wrong_windows_are_named),
		cmocka_unit_test(wrong_rules_are_named),
		cmocka_unit_test(wrong_metrics_of_rules_are_named),
		cmocka_unit_test(wrong_members_of_retrain_are_named),
		cmocka_unit_test(wrong_members_of_the_gate_are_named),
		cmocka_unit_test(unknown_metrics_and_learners_are_told_the_known),
		cmocka_unit_test(over_a_mebibyte_is_too_large),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
