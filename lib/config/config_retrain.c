/* "retrain" of a configuration. */
#include <math.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "base/number.h"
#include "config/config_read.h"
#include "config/config_write.h"
#include "config/value.h"
#include "learn/learner.h"
#include "learn/predictor.h"

/* Constants of the loop: members of "policy", their defaults and ranges. */
static const struct constant {
	const char *name;
	size_t offset;
	double otherwise, low, high;
} constants[] = {
	{ "alert_places", offsetof(struct upk_policy, alert_places), 250, 0, 1e7 },
	{ "rest", offsetof(struct upk_policy, rest), 500, 0, 1e7 },
	{ "rest_most", offsetof(struct upk_policy, rest_most), 8000, 0, 1e7 },
	{ "token_places", offsetof(struct upk_policy, token_places), 1200, 1, 1e7 },
	{ "tokens_most", offsetof(struct upk_policy, tokens_most), 6, 1, 1e6 },
	{ "growth_least", offsetof(struct upk_policy, growth_least), 400, 1, 1e7 },
	{ "growth_passed", offsetof(struct upk_policy, growth_passed), 2, 1, 1e6 },
	{ "growth_failed", offsetof(struct upk_policy, growth_failed), 4, 1, 1e6 },
	{ "growth_tokens", offsetof(struct upk_policy, growth_tokens), 2, 0, 1e6 },
	{ "bench_versions", offsetof(struct upk_policy, bench_versions), 8, 0, 31 },
	{ "bench_window", offsetof(struct upk_policy, bench_window), 500, 1, 1e4 },
	{ "bench_least", offsetof(struct upk_policy, bench_least), 50, 1, 1e5 },
	{ "bench_lead", offsetof(struct upk_policy, bench_lead), 5, 0, 1e5 },
	{ "bench_z", offsetof(struct upk_policy, bench_z), 3.5, 0, 100 },
	{ "live_window", offsetof(struct upk_policy, live_window), 500, 1, 1e4 },
	{ "live_least", offsetof(struct upk_policy, live_least), 50, 1, 1e5 },
	{ "live_lead", offsetof(struct upk_policy, live_lead), 5, 0, 1e5 },
	{ "live_z", offsetof(struct upk_policy, live_z), 2.5, 0, 100 },
	{ "live_change_z", offsetof(struct upk_policy, live_change_z), 4, 0, 100 },
	{ "first_rows", offsetof(struct upk_policy, first_rows), 500, 2, 1e7 },
};
enum { CONSTANTS = sizeof constants / sizeof *constants };

static const char *const autos[] = { "auto", NULL };

static double *constant_in(struct upk_policy *policy, size_t i)
{
	return (double *)(void *)((char *)policy + constants[i].offset);
}

static bool constant_read(void *into, const cJSON *value, struct upk_error *err)
{
	size_t i = 0;
	while (strcmp(constants[i].name, value->string) != 0)
		i++;
	return upk_config_number(
		value, constants[i].low, constants[i].high, constant_in(into, i), err);
}

static bool retrain_policy(void *into, const cJSON *value, struct upk_error *err)
{
	struct upk_retrain_config *r = into;
	struct upk_config_member members[CONSTANTS];
	for (size_t i = 0; i < CONSTANTS; i++)
		members[i] = (struct upk_config_member){ constants[i].name, constant_read };
	if (!cJSON_IsObject(value))
		return upk_config_wrong(value, err, "an object");
	return upk_config_members(value, members, CONSTANTS, &r->policy, err) ||
		upk_fail_in(err, "policy.");
}

/* The learner that others call so; NULL: none. */
static const char *known_elsewhere(const cJSON *value)
{
	static const struct {
		const char *there, *here;
	} names[] = {
		{ "xgboost", "trees" },
		{ "gradient_boosting", "trees" },
		{ "neural_network", "mlp" },
		{ "logistic_regression", "logistic" },
	};
	for (size_t i = 0; cJSON_IsString(value) && i < sizeof names / sizeof *names; i++)
		if (strcmp(value->valuestring, names[i].there) == 0)
			return names[i].here;
	return NULL;
}

static bool retrain_learner(void *into, const cJSON *value, struct upk_error *err)
{
	struct upk_retrain_config *r = into;
	const char *words[16] = { "auto" };
	size_t n = 1, i;
	for (; n < 15 && upk_learner_at(n - 1); n++)
		words[n] = upk_learner_at(n - 1)->name;
	for (i = 0; i < n; i++)
		if (cJSON_IsString(value) && strcmp(value->valuestring, words[i]) == 0)
			return upk_config_string(value, &r->learner, err);
	return upk_config_wrong_word(value, known_elsewhere(value), words, err);
}

/* With `auto` each learner may have its own: {"mlp": {...}}. */
static bool settings_of_all(const cJSON *value, struct upk_error *err)
{
	for (const cJSON *m = value->child; m; m = m->next) {
		const struct upk_learner *learner = upk_learner_find(m->string);
		if (!learner)
			return upk_fail(err, UPK_INVALID,
				"settings.%s: want settings by learner, as {\"trees\": {...}}, "
				"where the learner is auto",
				m->string);
		if (!learner->check(m, err))
			return upk_fail_in(err, "settings.%s: ", m->string);
	}
	return true;
}

static bool retrain_settings(void *into, const cJSON *value, struct upk_error *err)
{
	struct upk_retrain_config *r = into;
	const struct upk_learner *learner = upk_learner_find(r->learner);
	if (!cJSON_IsObject(value))
		return upk_config_wrong(value, err, "an object");
	if (strcmp(r->learner, "auto") == 0 ? !settings_of_all(value, err)
					    : !learner->check(value, err))
		return false;
	r->settings = value;
	return true;
}

static bool retrain_auto(void *into, const cJSON *value, struct upk_error *err)
{
	(void)into;
	size_t i;
	return upk_config_word(value, autos, &i, err);
}

static bool retrain_trials(void *into, const cJSON *value, struct upk_error *err)
{
	struct upk_retrain_config *r = into;
	return upk_config_integer(value, 0, 10000, &r->trials, err);
}

static bool retrain_categories(void *into, const cJSON *value, struct upk_error *err)
{
	struct upk_retrain_config *r = into;
	return upk_config_integer(value, 1, 10000, &r->categories, err);
}

static bool retrain_budget(void *into, const cJSON *value, struct upk_error *err)
{
	struct upk_retrain_config *r = into;
	r->budget_ms = 0;
	return cJSON_IsNull(value) || upk_config_duration(value, 1, &r->budget_ms, err);
}

static bool retrain_memory(void *into, const cJSON *value, struct upk_error *err)
{
	struct upk_retrain_config *r = into;
	const char *text = cJSON_GetStringValue(value);
	double bytes = cJSON_IsNumber(value) ? value->valuedouble : 0;
	if (text && !upk_number_parse_bytes(upk_text_of(text), &bytes))
		bytes = 0;
	if (!(bytes >= 1e6 && bytes <= 1e15))
		return upk_config_wrong(
			value, err, "at least 1000000 bytes, or a text like \"2GiB\" or \"512MB\"");
	r->memory = bytes;
	return true;
}

static bool retrain_live(void *into, const cJSON *value, struct upk_error *err)
{
	struct upk_retrain_config *r = into;
	return upk_config_flag(value, &r->live, err);
}

static bool retrain_calibrate(void *into, const cJSON *value, struct upk_error *err)
{
	struct upk_retrain_config *r = into;
	return upk_config_flag(value, &r->calibrate, err);
}

static bool retrain_threshold(void *into, const cJSON *value, struct upk_error *err)
{
	static const char *const words[] = { "auto", "off", NULL };
	struct upk_retrain_config *r = into;
	size_t i;
	if (!upk_config_word(value, words, &i, err))
		return false;
	r->threshold = i == 0;
	return true;
}

static bool retrain_renew(void *into, const cJSON *value, struct upk_error *err)
{
	struct upk_retrain_config *r = into;
	size_t i;
	r->renew = 0;
	if (cJSON_IsString(value))
		return upk_config_word(value, autos, &i, err);
	return upk_config_integer(value, 1, 10000000, &r->renew, err);
}

static bool retrain_every(void *into, const cJSON *value, struct upk_error *err)
{
	struct upk_retrain_config *r = into;
	r->every_ms = 0;
	return cJSON_IsNull(value) || upk_config_duration(value, 1, &r->every_ms, err);
}

static bool retrain_seed(void *into, const cJSON *value, struct upk_error *err)
{
	struct upk_retrain_config *r = into;
	int64_t seed;
	if (!upk_config_integer(value, 0, INT64_C(1) << 53, &seed, err))
		return false;
	r->seed = (uint64_t)seed;
	return true;
}

static bool retrain_promote(void *into, const cJSON *value, struct upk_error *err)
{
	static const char *const words[] = { "auto", "manual", NULL };
	struct upk_retrain_config *r = into;
	size_t i;
	if (!upk_config_word(value, words, &i, err))
		return false;
	r->manual = i == 1;
	return true;
}

bool upk_config_default_retrain(struct upk_retrain_config *r, struct upk_error *err)
{
	*r = (struct upk_retrain_config){
		.learner = upk_text_copy(upk_text_of("auto")),
		.seed = 1,
		.trials = 20,
		.budget_ms = INT64_C(5) * 60 * 1000,
		.memory = 0x1p31,
		.categories = UPK_PREDICTOR_VALUES,
		.live = true,
		.calibrate = true,
		.threshold = true,
		.measure = { .name = upk_text_copy(upk_text_of("f1")),
			.average = upk_text_copy(upk_text_of("macro")) },
		.margin = 0.002,
		.checks = upk_checks_default,
	};
	upk_config_default_search(r);
	for (size_t i = 0; i < CONSTANTS; i++)
		*constant_in(&r->policy, i) = constants[i].otherwise;
	if (!r->learner || !r->measure.name || !r->measure.average)
		return upk_fail(err, UPK_NOMEM, "no memory for the configuration");
	return true;
}

bool upk_config_read_retrain(struct upk_config *c, const cJSON *value, struct upk_error *err)
{
	static const struct upk_config_member members[] = {
		{ "learner", retrain_learner }, /* before its settings */
		{ "settings", retrain_settings },
		{ "train", retrain_auto },
		{ "holdout", retrain_auto },
		{ "trials", retrain_trials },
		{ "budget", retrain_budget },
		{ "memory", retrain_memory },
		{ "categories", retrain_categories },
		{ "search", upk_config_read_search },
		{ "live", retrain_live },
		{ "calibrate", retrain_calibrate },
		{ "threshold", retrain_threshold },
		{ "renew", retrain_renew },
		{ "every", retrain_every },
		{ "seed", retrain_seed },
		{ "promote", retrain_promote },
		{ "gate", upk_config_read_gate },
		{ "policy", retrain_policy },
	};
	if (!cJSON_IsObject(value))
		return upk_config_wrong(value, err, "an object");
	return (upk_config_members(
			value, members, sizeof members / sizeof *members, &c->retrain, err) ||
		       upk_fail_in(err, "retrain.")) &&
		(upk_config_check_class(c, &c->retrain.measure, err) ||
			upk_fail_in(err, "retrain.gate.")) &&
		(!c->retrain.search.objective.name ||
			upk_config_check_class(c, &c->retrain.search.objective, err) ||
			upk_fail_in(err, "retrain.search."));
}

void upk_config_write_retrain(const struct upk_retrain_config *r, const cJSON *sent,
	struct upk_json_writer *w, const char *key)
{
	struct upk_policy policy = r->policy;
	upk_json_object(w, key);
	upk_json_string(w, "learner", r->learner);
	upk_config_write_sent(sent, "settings", "{}", w);
	upk_json_string(w, "train", "auto");
	upk_json_string(w, "holdout", "auto");
	upk_json_int(w, "trials", r->trials);
	upk_config_write_duration(r->budget_ms, true, w, "budget");
	upk_config_write_sent(sent, "memory", "\"2GiB\"", w);
	upk_json_int(w, "categories", r->categories);
	upk_config_write_search(r, w, "search");
	upk_json_bool(w, "live", r->live);
	upk_json_bool(w, "calibrate", r->calibrate);
	upk_json_string(w, "threshold", r->threshold ? "auto" : "off");
	upk_config_write_sent(sent, "renew", "\"auto\"", w);
	upk_config_write_duration(r->every_ms, true, w, "every");
	upk_json_int(w, "seed", (int64_t)r->seed);
	upk_json_string(w, "promote", r->manual ? "manual" : "auto");
	upk_config_write_gate(r, w, "gate");
	upk_json_object(w, "policy");
	for (size_t i = 0; i < CONSTANTS; i++)
		upk_json_double(w, constants[i].name, *constant_in(&policy, i));
	upk_json_object_end(w);
	upk_json_object_end(w);
}
