#include "items/resolve.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "learn/predictor.h"
#include "metrics/confusion.h"

/* The schema that an item may make grow. */
struct growing {
	struct upk_schema **schema;
	const struct upk_schema *before;
	bool ask; /* for the class that may have been meant */
};

/* A grown schema replaces *schema; the one that the item began with stays its owner's. */
static bool grow(const struct growing *g, struct upk_text name, struct upk_error *err)
{
	const struct upk_schema *s = *g->schema;
	size_t n = s->classes_count;
	struct upk_text *classes = malloc((n + 1) * sizeof *classes);
	if (!classes)
		return upk_fail(err, UPK_NOMEM, "no memory for another class");
	if (n > 0)
		memcpy(classes, s->classes, n * sizeof *classes);
	classes[n] = name;
	struct upk_schema *grown = upk_schema_create(
		s->config, classes, n + 1, s->features, s->feature_list, s->generation + 1, err);
	free(classes);
	if (!grown)
		return false;
	if (s != g->before)
		upk_schema_unref(*g->schema);
	*g->schema = grown;
	return true;
}

static bool class_of(const struct growing *g, const char *field, struct upk_text name, int *class,
	struct upk_error *err)
{
	*class = upk_schema_class(*g->schema, name);
	if (*class >= 0)
		return true;
	if ((*g->schema)->classes_declared)
		return upk_schema_no_class(*g->schema, field, name, g->ask, err);
	if ((*g->schema)->classes_count == UPK_CLASSES_MAX)
		return upk_fail(err, UPK_INVALID, "%s: \"%.*s\" would be class %d: at most %d",
			field, (int)name.size, name.data, UPK_CLASSES_MAX + 1, UPK_CLASSES_MAX);
	if (!grow(g, name, err))
		return false;
	*class = (int)(*g->schema)->classes_count - 1;
	return true;
}

/* What decoding found it to be, if it did. */
static bool found_or(const struct growing *g, const char *field, struct upk_text name,
	uint16_t found, int *class, struct upk_error *err)
{
	*class = found - 1;
	return found > 0 || class_of(g, field, name, class, err);
}

static bool place_scores(
	const struct upk_item *item, const struct growing *g, double *scores, struct upk_error *err)
{
	size_t most = (*g->schema)->classes_count + item->scores_count;
	memset(scores, 0, (most < UPK_CLASSES_MAX ? most : UPK_CLASSES_MAX) * sizeof *scores);
	for (size_t i = 0; i < item->scores_count; i++) {
		struct upk_text name = item->scores[i].class;
		int class;
		if (!name.data)
			name = upk_text_of((*g->schema)->config->classes[i]);
		if (!class_of(g, "scores", name, &class, err))
			return false;
		scores[class] = item->scores[i].probability;
	}
	return true;
}

/* The other of two classes. */
static int negative(const struct upk_schema *s)
{
	return s->classes_count == 2 ? 1 - s->positive : -1;
}

/* Where positive was guessed as 1 or true, its opposite may not have been seen yet. */
static bool guess_negative(const struct growing *g, int *class, struct upk_error *err)
{
	const struct upk_schema *s = *g->schema;
	if (s->classes_declared || s->classes_count != 1)
		return true;
	if (upk_text_is(s->classes[0], "1"))
		return class_of(g, "score", upk_text_of("0"), class, err);
	if (upk_text_is(s->classes[0], "true"))
		return class_of(g, "score", upk_text_of("false"), class, err);
	return true;
}

/* A configured positive class is known before an item names it. */
static bool learn_positive(const struct growing *g, struct upk_error *err)
{
	const char *positive = (*g->schema)->config->positive;
	int class;
	return (*g->schema)->positive >= 0 || !positive ||
		class_of(g, "score", upk_text_of(positive), &class, err);
}

static bool by_score(const struct upk_item *item, const struct growing *g, struct upk_resolved *out,
	struct upk_error *err)
{
	if (!learn_positive(g, err))
		return false;
	const struct upk_schema *s = *g->schema;
	if (s->positive < 0)
		return upk_fail(err, UPK_INVALID,
			"score: %g without a positive class: declare \"positive\", or send "
			"\"scores\"",
			item->score);
	if (s->classes_count > 2)
		return upk_fail(err, UPK_INVALID,
			"score: %g is the probability of one of two classes, the model has %zu: "
			"send "
			"\"scores\"",
			item->score, s->classes_count);
	if (out->predicted >= 0)
		return true;
	if (item->score >= s->threshold) {
		out->predicted = s->positive;
		return true;
	}
	out->predicted = negative(s);
	if (out->predicted < 0 && !guess_negative(g, &out->predicted, err))
		return false;
	return out->predicted >= 0 ||
		upk_fail(err, UPK_INVALID,
			"score: %g means the class that is not \"%.*s\", which is not known yet: "
			"send "
			"\"predicted\" or declare \"classes\"",
			item->score, (int)s->classes[s->positive].size,
			s->classes[s->positive].data);
}

static void by_scores(const struct upk_schema *s, const double *scores, struct upk_resolved *out)
{
	struct upk_decision decision = { s->positive, s->threshold };
	if (out->predicted < 0)
		out->predicted = upk_decide(decision, scores, s->classes_count);
}

bool upk_resolve(const struct upk_item *item, struct upk_schema **schema,
	const struct upk_schema *before, bool ask, struct upk_resolved *out, double *scores,
	struct upk_error *err)
{
	const struct growing g = { schema, before, ask };
	*out = (struct upk_resolved){ .predicted = -1, .label = -1 };
	if (item->predicted.data) {
		if (!found_or(&g, "predicted", item->predicted, item->predicted_found,
			    &out->predicted, err))
			return false;
		out->stated = true;
	}
	if (item->label.data &&
		!found_or(&g, "label", item->label, item->label_found, &out->label, err))
		return false;
	if (item->scores_count > 0) {
		if (!place_scores(item, &g, scores, err))
			return false;
		by_scores(*schema, scores, out);
	}
	return !item->scored || by_score(item, &g, out, err);
}
