/* "retrain.search" of a configuration, and what it means for each learner. */
#include <string.h>

#include "config/config_read.h"
#include "config/config_write.h"
#include "config/run_kind.h"
#include "config/value.h"
#include "learn/learner.h"
#include "learn/search.h"
#include "learn/search_method.h"

enum { KINDS = UPK_RUN_MANUAL + 1, WORDS = 16 };

static bool search_method(void *into, const cJSON *value, struct upk_error *err)
{
	struct upk_retrain_config *r = into;
	const char *words[WORDS] = { "auto" };
	size_t i;
	for (size_t n = 1; n < WORDS - 1 && upk_search_method_at(n - 1); n++)
		words[n] = upk_search_method_at(n - 1)->name;
	return upk_config_word(value, words, &i, err) &&
		upk_config_string(value, &r->search.method, err);
}

bool upk_config_takes(const struct upk_retrain_config *r, const struct upk_learner *learner)
{
	return strcmp(r->learner, "auto") == 0 || strcmp(r->learner, learner->name) == 0;
}

const cJSON *upk_config_settings(
	const struct upk_retrain_config *r, const struct upk_learner *learner)
{
	if (strcmp(r->learner, "auto") != 0)
		return r->settings;
	return cJSON_GetObjectItemCaseSensitive(r->settings, learner->name);
}

bool upk_config_space(const struct upk_retrain_config *r, const struct upk_learner *learner,
	struct upk_space *out, struct upk_error *err)
{
	const cJSON *changed = cJSON_GetObjectItemCaseSensitive(r->search.space, learner->name);
	upk_space_init(out, learner->space);
	upk_space_fix(out, upk_config_settings(r, learner));
	return !changed || upk_space_read(out, changed, learner->check, err) ||
		upk_fail_in(err, "space.%s.", learner->name);
}

static bool no_learner(
	const struct upk_retrain_config *r, const cJSON *space, struct upk_error *err)
{
	const char *names[WORDS] = { NULL };
	char known[UPK_SPELLING_SIZE];
	const struct upk_learner *learner;
	for (size_t i = 0, n = 0; (learner = upk_learner_at(i)) && n < WORDS - 1; i++)
		if (upk_config_takes(r, learner))
			names[n++] = learner->name;
	return upk_fail(err, UPK_INVALID,
		"space.%s: no learner of this model has that name: want one of %s", space->string,
		upk_spelling_list(names, known));
}

static bool search_space(void *into, const cJSON *value, struct upk_error *err)
{
	struct upk_retrain_config *r = into;
	struct upk_space space;
	if (!cJSON_IsObject(value))
		return upk_config_wrong(value, err, "an object of spaces by learner");
	r->search.space = value;
	for (const cJSON *m = value->child; m; m = m->next) {
		const struct upk_learner *learner = upk_learner_find(m->string);
		if (!learner || !upk_config_takes(r, learner))
			return no_learner(r, m, err);
		if (!upk_config_space(r, learner, &space, err))
			return false;
	}
	return true;
}

static bool search_repetitions(void *into, const cJSON *value, struct upk_error *err)
{
	struct upk_retrain_config *r = into;
	return upk_config_integer(value, 1, UPK_SEARCH_REPETITIONS, &r->search.repetitions, err);
}

static bool search_objective(void *into, const cJSON *value, struct upk_error *err)
{
	struct upk_retrain_config *r = into;
	upk_config_measure_finish(&r->search.objective);
	return cJSON_IsNull(value) || upk_config_measure(value, &r->search.objective, err);
}

static bool search_runs(void *into, const cJSON *value, struct upk_error *err)
{
	struct upk_retrain_config *r = into;
	const char *words[KINDS + 1] = { NULL };
	size_t kind;
	for (size_t i = 0; i < KINDS; i++)
		words[i] = upk_run_kind_name((enum upk_run_kind)i);
	if (!cJSON_IsArray(value))
		return upk_config_wrong(value, err, "an array of kinds of runs");
	r->search.runs = 0;
	for (const cJSON *m = value->child; m; m = m->next) {
		if (!upk_config_word(m, words, &kind, err))
			return upk_fail_in(err, "runs[]");
		r->search.runs |= 1U << kind;
	}
	return true;
}

void upk_config_default_search(struct upk_retrain_config *r)
{
	r->search.repetitions = 1;
	r->search.runs = 1U << UPK_RUN_SCHEDULE | 1U << UPK_RUN_MANUAL;
}

bool upk_config_read_search(void *into, const cJSON *value, struct upk_error *err)
{
	static const struct upk_config_member members[] = {
		{ "method", search_method },
		{ "space", search_space },
		{ "repetitions", search_repetitions },
		{ "objective", search_objective },
		{ "runs", search_runs },
	};
	return upk_config_members(value, members, sizeof members / sizeof *members, into, err) ||
		upk_fail_in(err, cJSON_IsObject(value) ? "search." : "");
}

static void write_spaces(const struct upk_retrain_config *r, struct upk_json_writer *w)
{
	struct upk_space space;
	upk_json_object(w, "space");
	for (size_t i = 0; upk_learner_at(i); i++)
		if (upk_config_takes(r, upk_learner_at(i)) &&
			upk_config_space(r, upk_learner_at(i), &space, NULL))
			upk_space_write(&space, w, upk_learner_at(i)->name);
	upk_json_object_end(w);
}

void upk_config_write_search(
	const struct upk_retrain_config *r, struct upk_json_writer *w, const char *key)
{
	const struct upk_measure_config *objective =
		r->search.objective.name ? &r->search.objective : &r->measure;
	upk_json_object(w, key);
	upk_json_string(w, "method", r->search.method ? r->search.method : "auto");
	write_spaces(r, w);
	upk_json_int(w, "repetitions", r->search.repetitions);
	upk_config_write_measure(objective, w, "objective");
	upk_json_array(w, "runs");
	for (size_t i = 0; i < KINDS; i++)
		if (r->search.runs & 1U << i)
			upk_json_string(w, NULL, upk_run_kind_name((enum upk_run_kind)i));
	upk_json_array_end(w);
	upk_json_object_end(w);
}
