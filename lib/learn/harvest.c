#include "learn/harvest.h"

#include <stdlib.h>

/* One tree's columns, each an item a node in the booster's numbering, unpacked from its lists. */
struct columns {
	size_t count;
	double *left, *right, *feature, *threshold, *missing_left; /* left owns the block */
};

static bool unpack_column(const cJSON *tree, const char *name, double *out, size_t count)
{
	const cJSON *array = cJSON_GetObjectItemCaseSensitive(tree, name);
	size_t i = 0;

	for (const cJSON *m = cJSON_IsArray(array) ? array->child : NULL; m; m = m->next, i++)
		if (i < count)
			out[i] = cJSON_IsBool(m) ? cJSON_IsTrue(m) : m->valuedouble;
	return i == count;
}

static bool unpack(const cJSON *tree, struct columns *c, struct upk_error *err)
{
	size_t n =
		(size_t)cJSON_GetArraySize(cJSON_GetObjectItemCaseSensitive(tree, "left_children"));
	double *block = calloc(n + 1, 5 * sizeof *block);

	if (!block)
		return upk_fail(err, UPK_NOMEM, "no memory for a tree of %zu nodes", n);
	*c = (struct columns){ n, block, block + n, block + 2 * n, block + 3 * n, block + 4 * n };
	if (n > 0 && unpack_column(tree, "left_children", c->left, n) &&
		unpack_column(tree, "right_children", c->right, n) &&
		unpack_column(tree, "split_indices", c->feature, n) &&
		unpack_column(tree, "split_conditions", c->threshold, n) &&
		unpack_column(tree, "default_left", c->missing_left, n))
		return true;
	free(block);
	return upk_fail(err, UPK_CORRUPT, "XGBoost's model has a tree of another form");
}

/* Nodes that pruning took out are not reached; those that are get numbers in the order of a walk,
 * so that children stand after their parent. from[i] is what the i-th was numbered before. */
static void add_tree(struct upk_forest *f, const struct columns *c, size_t output, int32_t *from)
{
	struct upk_forest_tree *tree = &f->trees[f->trees_count++];
	struct upk_forest_node *nodes = f->nodes + f->nodes_count;

	*tree = (struct upk_forest_tree){ f->nodes_count, 1, (uint16_t)output };
	from[0] = 0;
	for (size_t i = 0; i < tree->count; i++) {
		int32_t was = from[i];
		bool leaf = c->left[was] < 0;
		nodes[i] = (struct upk_forest_node){ .left = -1,
			.right = -1,
			.feature = leaf ? 0 : (int32_t)c->feature[was],
			.threshold = (float)c->threshold[was],
			.missing_left = !leaf && c->missing_left[was] != 0 };
		if (leaf)
			continue;
		nodes[i].left = (int32_t)tree->count;
		from[tree->count++] = (int32_t)c->left[was];
		nodes[i].right = (int32_t)tree->count;
		from[tree->count++] = (int32_t)c->right[was];
	}
	f->nodes_count += tree->count;
}

static bool take_tree(struct upk_forest *f, const cJSON *tree, size_t output, struct upk_error *err)
{
	struct columns c = { 0 };
	int32_t *from;

	if (!unpack(tree, &c, err))
		return false;
	from = calloc(c.count, sizeof *from);
	if (from)
		add_tree(f, &c, output, from);
	else
		upk_fail(err, UPK_NOMEM, "no memory for a tree of %zu nodes", c.count);
	free(c.left);
	free(from);
	return from != NULL;
}

static size_t nodes_of(const cJSON *trees)
{
	size_t count = 0;

	for (const cJSON *t = trees->child; t; t = t->next)
		count += (size_t)cJSON_GetArraySize(
			cJSON_GetObjectItemCaseSensitive(t, "left_children"));
	return count;
}

static const cJSON *member(const cJSON *json, const char *const *path)
{
	for (; json && *path; path++)
		json = cJSON_GetObjectItemCaseSensitive(json, *path);
	return json;
}

struct upk_forest *upk_harvest(
	const cJSON *json, size_t features, size_t classes, struct upk_error *err)
{
	static const char *const path[] = { "learner", "gradient_booster", "model", NULL };
	const cJSON *model = member(json, path);
	const cJSON *trees = cJSON_GetObjectItemCaseSensitive(model, "trees");
	const cJSON *info = cJSON_GetObjectItemCaseSensitive(model, "tree_info");
	const cJSON *output = cJSON_IsArray(info) ? info->child : NULL;
	struct upk_forest *f;

	if (!cJSON_IsArray(trees)) {
		upk_fail(err, UPK_CORRUPT, "XGBoost's model has no trees");
		return NULL;
	}
	f = upk_forest_create(
		features, classes, (size_t)cJSON_GetArraySize(trees), nodes_of(trees), err);
	if (!f)
		return NULL;
	/* base_score 0.5 is no score for two classes, and the same for all of more. */
	for (const cJSON *t = trees->child; t && output; t = t->next, output = output->next)
		if (!take_tree(f, t, (size_t)output->valuedouble, err)) {
			upk_forest_destroy(f);
			return NULL;
		}
	return f;
}
