#include "engine/replacement.h"

#include <stdio.h>
#include <string.h>

#include "learn/predictor.h"

static bool same_feature(const struct upk_feature *a, const struct upk_feature *b)
{
	return a->type == b->type && a->size == b->size;
}

static bool fail_type(
	const struct upk_feature *had, const struct upk_feature *wanted, struct upk_error *err)
{
	char size[32] = "";
	if (had->type == UPK_FEATURE_VECTOR)
		snprintf(size, sizeof size, " of size %u", (unsigned)had->size);
	return upk_fail(err, UPK_CONFLICT,
		"features: \"%s\" has the type %s%s, which can't be changed once the model has had "
		"it: declare a feature of another name with the type %s and send that from the "
		"next event on, or DELETE the model and declare this one before its first event",
		had->name, upk_feature_type_name(had->type), size,
		upk_feature_type_name(wanted->type));
}

static bool check_list(
	const struct upk_features *had, const struct upk_features *wanted, struct upk_error *err)
{
	for (size_t i = 0; i < upk_features_count(wanted); i++) {
		const struct upk_feature *f = upk_features_at(wanted, i);
		int at = upk_features_find(had, upk_text_of(f->name));
		if (at >= 0 && !same_feature(f, upk_features_at(had, (size_t)at)))
			return fail_type(upk_features_at(had, (size_t)at), f, err);
	}
	return true;
}

/* Against every list that the model has had: stored rows follow them. */
static bool check_features(struct upk_engine *e, struct upk_model *m,
	const struct upk_config *config, struct upk_error *err)
{
	const struct upk_features *had;
	for (int64_t list = 1; config->features; list++) {
		struct upk_error reason = { 0 };
		if (!upk_model_list(m, e->store, list, &had, &reason))
			return reason.code == UPK_NOT_FOUND ||
				upk_fail(err, reason.code, "%s", reason.message);
		if (!check_list(had, config->features, err))
			return false;
	}
	return true;
}

static bool declares(const struct upk_config *config, struct upk_text class)
{
	for (size_t i = 0; i < config->classes_count; i++)
		if (upk_text_is(class, config->classes[i]))
			return true;
	return config->classes_count == 0;
}

static bool predicts(const struct upk_bench *bench, struct upk_text class)
{
	for (size_t i = 0; i < upk_bench_count(bench); i++) {
		const struct upk_predictor *p = upk_serving_predictor(upk_bench_at(bench, i));
		for (size_t j = 0; j < upk_predictor_classes(p); j++)
			if (upk_text_equal(upk_predictor_class(p, j), class))
				return true;
	}
	return false;
}

/* Stored scores and points of history go by a class's number: one that goes must be the last. */
static bool check_order(
	const struct upk_model *m, const struct upk_config *config, struct upk_error *err)
{
	const struct upk_schema *s = m->schema;
	for (size_t i = 1; m->last_event + m->last_place > 0 && i < s->classes_count; i++)
		if (!declares(config, s->classes[i - 1]) && declares(config, s->classes[i]))
			return upk_fail(err, UPK_CONFLICT,
				"classes: \"%.*s\" can't be taken away: the model has events, and "
				"classes "
				"that it learnt later",
				(int)s->classes[i - 1].size, s->classes[i - 1].data);
	return true;
}

static bool check_classes(
	const struct upk_model *m, const struct upk_config *config, struct upk_error *err)
{
	for (size_t i = 0; i < m->schema->classes_count; i++) {
		struct upk_text class = m->schema->classes[i];
		if (declares(config, class))
			continue;
		if (m->used.class[i] || predicts(m->tail->bench, class))
			return upk_fail(err, UPK_CONFLICT,
				"classes: \"%.*s\" is used by stored events or versions and can't "
				"be "
				"taken away",
				(int)class.size, class.data);
	}
	return check_order(m, config, err);
}

static bool check_match(const struct upk_model *m, const char *if_match, struct upk_error *err)
{
	if (!if_match || strcmp(if_match, "*") == 0)
		return true;
	const char *etag = m->tail->config->etag;
	const char *at = strstr(if_match, etag);
	if (at && at > if_match && at[-1] == '"' && at[strlen(etag)] == '"')
		return true;
	return upk_fail(err, UPK_PRECONDITION,
		"If-Match: %s does not match the configuration's \"%s\"", if_match, etag);
}

bool upk_replacement_check(struct upk_engine *e, struct upk_model *m,
	const struct upk_config *config, const char *if_match, struct upk_error *err)
{
	return check_match(m, if_match, err) && check_features(e, m, config, err) &&
		check_classes(m, config, err);
}
