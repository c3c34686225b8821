#include "config/config.h"

#include <inttypes.h>
#include <math.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/hash.h"
#include "base/json.h"
#include "config/config_read.h"
#include "config/value.h"
#include "learn/predictor.h"
#include "metrics/confusion.h"

enum { CONFIG_MAX = 1024 * 1024, SOURCES_MAX = 16 };

static void strings_finish(char **strings, size_t count)
{
	for (size_t i = 0; strings && i < count; i++)
		free(strings[i]);
	free(strings);
}

static bool read_classes(void *into, const cJSON *value, struct upk_error *err)
{
	struct upk_config *c = into;
	return upk_config_strings(
		value, 2, UPK_CLASSES_MAX, upk_config_class, &c->classes, &c->classes_count, err);
}

static bool read_positive(void *into, const cJSON *value, struct upk_error *err)
{
	struct upk_config *c = into;
	return upk_config_class(value, &c->positive, err) &&
		(upk_config_has_class(c, c->positive, err) || upk_fail_in(err, "positive: "));
}

static bool read_threshold(void *into, const cJSON *value, struct upk_error *err)
{
	struct upk_config *c = into;
	return upk_config_number(value, 0, 1, &c->threshold, err);
}

static bool read_features(void *into, const cJSON *value, struct upk_error *err)
{
	struct upk_config *c = into;
	c->features = upk_features_parse(value, err);
	return c->features;
}

static bool read_slices(void *into, const cJSON *value, struct upk_error *err)
{
	struct upk_config *c = into;
	return upk_config_strings(
		value, 0, UPK_SLICES_MAX, upk_config_string, &c->slices, &c->slices_count, err);
}

static bool read_windows(void *into, const cJSON *value, struct upk_error *err)
{
	return upk_config_read_windows(into, value, err);
}

static bool read_rules(void *into, const cJSON *value, struct upk_error *err)
{
	struct upk_config *c = into;
	if (!c->windows && !upk_config_default_windows(c, err))
		return false;
	return upk_config_read_rules(c, value, err);
}

static bool read_retrain(void *into, const cJSON *value, struct upk_error *err)
{
	return upk_config_read_retrain(into, value, err);
}

static bool retention_age(void *into, const cJSON *value, struct upk_error *err)
{
	struct upk_config *c = into;
	c->retention_ms = 0;
	return cJSON_IsNull(value) || upk_config_duration(value, 1, &c->retention_ms, err);
}

static bool retention_keep(void *into, const cJSON *value, struct upk_error *err)
{
	(void)into;
	int64_t keep;
	return upk_config_integer(value, 0, INT64_C(1000000000), &keep, err);
}

static bool read_retention(void *into, const cJSON *value, struct upk_error *err)
{
	static const struct upk_config_member members[] = {
		{ "age", retention_age },
		{ "keep_per_class", retention_keep },
	};
	if (!cJSON_IsObject(value))
		return retention_age(into, value, err);
	return upk_config_members(value, members, 2, into, err) || upk_fail_in(err, "retention.");
}

static bool keep_versions(void *into, const cJSON *value, struct upk_error *err)
{
	struct upk_keep_config *keep = into;
	return upk_config_integer(value, 1, 10000, &keep->versions, err);
}

static bool keep_runs(void *into, const cJSON *value, struct upk_error *err)
{
	struct upk_keep_config *keep = into;
	return upk_config_integer(value, 1, 1000000, &keep->runs, err);
}

static bool keep_trials(void *into, const cJSON *value, struct upk_error *err)
{
	struct upk_keep_config *keep = into;
	return upk_config_integer(value, 1, 1000000, &keep->trials, err);
}

static bool keep_alerts(void *into, const cJSON *value, struct upk_error *err)
{
	struct upk_keep_config *keep = into;
	return upk_config_integer(value, 1, 1000000, &keep->alerts, err);
}

static bool read_keep(void *into, const cJSON *value, struct upk_error *err)
{
	static const struct upk_config_member members[] = {
		{ "versions", keep_versions },
		{ "runs", keep_runs },
		{ "trials", keep_trials },
		{ "alerts", keep_alerts },
	};
	struct upk_config *c = into;
	if (!cJSON_IsObject(value))
		return upk_config_wrong(value, err, "an object");
	return upk_config_members(value, members, 4, &c->keep, err) || upk_fail_in(err, "keep.");
}

static bool timeout_after(void *into, const cJSON *value, struct upk_error *err)
{
	int64_t *after = into;
	return upk_config_duration(value, 1, after, err);
}

static bool timeout_class(void *into, const cJSON *value, struct upk_error *err)
{
	(void)into;
	char *class = NULL;
	bool ok = upk_config_class(value, &class, err);
	free(class);
	return ok;
}

static bool read_timeout(void *into, const cJSON *value, struct upk_error *err)
{
	static const struct upk_config_member members[] = {
		{ "after", timeout_after },
		{ "class", timeout_class },
	};
	(void)into;
	int64_t after = 0;
	if (cJSON_IsNull(value))
		return true;
	if (!cJSON_IsObject(value))
		return upk_config_wrong(value, err, "an object with after and class, or null");
	if (!upk_config_members(value, members, 2, &after, err))
		return upk_fail_in(err, "label_timeout.");
	if (!after || !cJSON_GetObjectItemCaseSensitive(value, "class"))
		return upk_fail(
			err, UPK_INVALID, "label_timeout.%s: missing", after ? "class" : "after");
	return true;
}

static bool read_sources(void *into, const cJSON *value, struct upk_error *err)
{
	(void)into;
	char **sources = NULL;
	size_t count = 0;
	bool ok =
		upk_config_strings(value, 0, SOURCES_MAX, upk_config_string, &sources, &count, err);
	strings_finish(sources, count);
	return ok;
}

static bool read_resolve(void *into, const cJSON *value, struct upk_error *err)
{
	static const char *const words[] = { "latest", "majority", NULL };
	(void)into;
	size_t i;
	return upk_config_word(value, words, &i, err);
}

static bool read_strict(void *into, const cJSON *value, struct upk_error *err)
{
	struct upk_config *c = into;
	return upk_config_flag(value, &c->strict, err);
}

/* What a member is checked against comes before it. */
static const struct upk_config_member members[] = {
	{ "classes", read_classes },
	{ "positive", read_positive },
	{ "threshold", read_threshold },
	{ "features", read_features },
	{ "slices", read_slices },
	{ "windows", read_windows },
	{ "rules", read_rules },
	{ "retrain", read_retrain },
	{ "retention", read_retention },
	{ "keep", read_keep },
	{ "label_timeout", read_timeout },
	{ "label_sources", read_sources },
	{ "resolve", read_resolve },
	{ "echo", read_sources },
	{ "strict", read_strict },
};

static void set_etag(struct upk_config *c)
{
	static const struct upk_hash_key key = { 0 }; /* the same in every process */
	snprintf(c->etag, sizeof c->etag, "%016" PRIx64, upk_hash(&key, c->text, strlen(c->text)));
}

static bool fill(struct upk_config *c, struct upk_error *err)
{
	c->text = upk_json_print(c->sent);
	if (!c->text)
		return upk_fail(err, UPK_NOMEM, "no memory for the configuration");
	set_etag(c);
	if (!cJSON_IsObject(c->sent))
		return upk_fail(err, UPK_INVALID, "configuration: want an object");
	if (!upk_config_default_retrain(&c->retrain, err) ||
		!upk_config_members(c->sent, members, sizeof members / sizeof *members, c, err))
		return false;
	return c->windows || upk_config_default_windows(c, err);
}

struct upk_config *upk_config_parse(struct upk_text json, struct upk_error *err)
{
	if (json.size > CONFIG_MAX) {
		upk_fail(err, UPK_TOO_LARGE, "configuration of %zu bytes: want at most 1 MiB",
			json.size);
		return NULL;
	}
	struct upk_config *c = calloc(1, sizeof *c);
	atomic_int *refs = malloc(sizeof *refs);
	if (!c || !refs) {
		free(c);
		free(refs);
		upk_fail(err, UPK_NOMEM, "no memory for the configuration");
		return NULL;
	}
	atomic_init(refs, 1);
	c->refs = refs;
	c->threshold = UPK_DECISION_THRESHOLD;
	c->keep = (struct upk_keep_config){ .versions = 50, .runs = 1000, .trials = 5000, .alerts = 1000 };
	c->sent = upk_json_parse(json, err);
	if (!c->sent || !fill(c, err)) {
		upk_config_unref(c);
		return NULL;
	}
	return c;
}

struct upk_config *upk_config_ref(struct upk_config *c)
{
	if (c)
		atomic_fetch_add((atomic_int *)c->refs, 1);
	return c;
}

void upk_config_unref(struct upk_config *c)
{
	if (!c || atomic_fetch_sub((atomic_int *)c->refs, 1) > 1)
		return;
	for (size_t i = 0; i < c->rules_count; i++) {
		free(c->rules[i].name);
		upk_config_measure_finish(&c->rules[i].measure);
	}
	for (size_t i = 0; i < c->windows_count; i++)
		free(c->windows[i].name);
	free(c->rules);
	free(c->windows);
	strings_finish(c->classes, c->classes_count);
	strings_finish(c->slices, c->slices_count);
	free(c->positive);
	upk_features_unref(c->features);
	free(c->retrain.learner);
	upk_config_measure_finish(&c->retrain.measure);
	free(c->retrain.search.method);
	upk_config_measure_finish(&c->retrain.search.objective);
	cJSON_Delete(c->sent);
	free(c->text);
	free(c->refs);
	free(c);
}
