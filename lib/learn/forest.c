#include "learn/forest.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "metrics/confusion.h"

struct upk_forest *upk_forest_create(
	size_t features, size_t classes, size_t trees, size_t nodes, struct upk_error *err)
{
	struct upk_forest *f = calloc(1, sizeof *f);

	if (!f)
		goto fail;
	f->features = features;
	f->classes = classes;
	f->trees = calloc(trees + 1, sizeof *f->trees);
	f->nodes = calloc(nodes + 1, sizeof *f->nodes);
	if (f->trees && f->nodes)
		return f;
	upk_forest_destroy(f);

fail:
	upk_fail(err, UPK_NOMEM, "no memory for %zu trees of %zu nodes", trees, nodes);
	return NULL;
}

void upk_forest_destroy(struct upk_forest *f)
{
	if (!f)
		return;
	free(f->trees);
	free(f->nodes);
	free(f);
}

float upk_forest_value(double x)
{
	x = x > (double)UPK_FOREST_MOST ? (double)UPK_FOREST_MOST : x;
	return (float)(x < -(double)UPK_FOREST_MOST ? -(double)UPK_FOREST_MOST : x);
}

static float leaf_of(const struct upk_forest_node *nodes, const double *x)
{
	const struct upk_forest_node *node = nodes;

	while (node->left >= 0) {
		float value = upk_forest_value(x[node->feature]);
		bool left = isnan(value) ? node->missing_left : value < node->threshold;
		node = &nodes[left ? node->left : node->right];
	}
	return node->threshold;
}

static void softmax(double *scores, size_t k)
{
	double greatest = scores[0], sum = 0;

	for (size_t i = 1; i < k; i++)
		greatest = fmax(greatest, scores[i]);
	for (size_t i = 0; i < k; i++) {
		scores[i] = exp(scores[i] - greatest);
		sum += scores[i];
	}
	for (size_t i = 0; i < k; i++)
		scores[i] /= sum;
}

static size_t outputs_of(const struct upk_forest *f)
{
	return f->classes == 2 ? 1 : f->classes;
}

/* Rows that go down a tree abreast: what one waits for, and where it goes, holds up no other. */
enum { ABREAST = 8 };

/* The node that follows, without a branch that nobody could foresee; a leaf follows itself. */
static inline int32_t follow(
	const struct upk_forest_node *node, int32_t at, const double *x, bool *inner)
{
	float value = upk_forest_value(x[node->feature]);
	bool left = (value < node->threshold) | (isnan(value) & node->missing_left);
	int32_t next = node->right ^ ((node->left ^ node->right) & -(int32_t)left);

	*inner = node->left >= 0;
	return *inner ? next : at;
}

static void leaves_of(
	const struct upk_forest_node *nodes, const double *x, size_t width, float *leaves)
{
	int32_t at[ABREAST] = { 0 };
	bool more = true;

	while (more) {
		more = false;
		for (size_t k = 0; k < ABREAST; k++) {
			bool inner;
			at[k] = follow(&nodes[at[k]], at[k], x + k * width, &inner);
			more |= inner;
		}
	}
	for (size_t k = 0; k < ABREAST; k++)
		leaves[k] = nodes[at[k]].threshold;
}

/* At most ABREAST rows. */
static void score_rows(
	const struct upk_forest *f, const double *x, size_t rows, float start, float *scores)
{
	size_t outputs = outputs_of(f);
	float leaves[ABREAST];

	for (size_t i = 0; i < rows * outputs; i++)
		scores[i] = start;
	for (size_t t = 0; t < f->trees_count; t++) {
		const struct upk_forest_node *nodes = f->nodes + f->trees[t].first;
		if (rows == ABREAST)
			leaves_of(nodes, x, f->features, leaves);
		else
			for (size_t k = 0; k < rows; k++)
				leaves[k] = leaf_of(nodes, x + k * f->features);
		for (size_t k = 0; k < rows; k++)
			scores[k * outputs + f->trees[t].output] += leaves[k];
	}
}

static size_t abreast(size_t rows)
{
	return rows < ABREAST ? rows : ABREAST;
}

void upk_forest_scores(
	const struct upk_forest *f, const double *x, size_t rows, float start, float *scores)
{
	size_t outputs = outputs_of(f);

	for (size_t i = 0; i < rows; i += ABREAST)
		score_rows(f, x + i * f->features, abreast(rows - i), start, scores + i * outputs);
}

/* Nodes of the first so many trees, which stand in order. */
static size_t nodes_before(const struct upk_forest *f, size_t trees)
{
	return trees < f->trees_count ? f->trees[trees].first : f->nodes_count;
}

static void add_trees(struct upk_forest *f, const struct upk_forest *from, size_t trees)
{
	size_t nodes = nodes_before(from, trees);

	for (size_t t = 0; t < trees; t++) {
		struct upk_forest_tree *tree = &f->trees[f->trees_count++];
		*tree = from->trees[t];
		tree->first += f->nodes_count;
	}
	memcpy(f->nodes + f->nodes_count, from->nodes, nodes * sizeof *f->nodes);
	f->nodes_count += nodes;
}

struct upk_forest *upk_forest_head(const struct upk_forest *f, size_t trees, struct upk_error *err)
{
	struct upk_forest *head =
		upk_forest_create(f->features, f->classes, trees, nodes_before(f, trees), err);

	if (!head)
		return NULL;
	head->base = f->base;
	add_trees(head, f, trees);
	return head;
}

struct upk_forest *upk_forest_join(
	const struct upk_forest *a, const struct upk_forest *b, struct upk_error *err)
{
	struct upk_forest *f = upk_forest_create(a->features, a->classes,
		a->trees_count + b->trees_count, a->nodes_count + b->nodes_count, err);

	if (!f)
		return NULL;
	f->base = a->base;
	add_trees(f, a, a->trees_count);
	add_trees(f, b, b->trees_count);
	return f;
}

static void settle(const struct upk_forest *f, const float *scores, double *out)
{
	size_t outputs = outputs_of(f);

	for (size_t k = 0; k < outputs; k++)
		out[k] = scores[k];
	if (outputs > 1) {
		softmax(out, outputs);
		return;
	}
	out[1] = 1 / (1 + exp(-out[0]));
	out[0] = 1 - out[1];
}

void upk_forest_predict(
	const struct upk_forest *f, const double *x, size_t rows, double *probabilities)
{
	float scores[ABREAST * UPK_CLASSES_MAX];

	for (size_t i = 0; i < rows; i += ABREAST) {
		size_t n = abreast(rows - i);
		score_rows(f, x + i * f->features, n, f->base, scores);
		for (size_t k = 0; k < n; k++)
			settle(f, scores + k * outputs_of(f), probabilities + (i + k) * f->classes);
	}
}

/* ---- as JSON ---- */

enum column { FEATURE, THRESHOLD, LEFT, RIGHT, MISSING_LEFT, COLUMNS };

static const char *const columns[COLUMNS] = {
	"feature",
	"threshold",
	"left",
	"right",
	"missing_left",
};

static double value_of(const struct upk_forest_node *node, enum column column)
{
	switch (column) {
	case FEATURE:
		return node->feature;
	case THRESHOLD:
		return (double)node->threshold;
	case LEFT:
		return node->left;
	case RIGHT:
		return node->right;
	default:
		return node->missing_left;
	}
}

static void write_tree(
	const struct upk_forest *f, const struct upk_forest_tree *tree, struct upk_json_writer *w)
{
	upk_json_object(w, NULL);
	upk_json_int(w, "output", tree->output);
	for (enum column c = 0; c < COLUMNS; c++) {
		upk_json_array(w, columns[c]);
		for (size_t i = 0; i < tree->count; i++)
			upk_json_double(w, NULL, value_of(&f->nodes[tree->first + i], c));
		upk_json_array_end(w);
	}
	upk_json_object_end(w);
}

void upk_forest_scale(struct upk_forest *f, float factor)
{
	f->base *= factor;
	for (size_t i = 0; i < f->nodes_count; i++)
		if (f->nodes[i].left < 0)
			f->nodes[i].threshold *= factor;
}

void upk_forest_write(const struct upk_forest *f, struct upk_json_writer *w)
{
	upk_json_double(w, "base", (double)f->base);
	upk_json_array(w, "trees");
	for (size_t t = 0; t < f->trees_count; t++)
		write_tree(f, &f->trees[t], w);
	upk_json_array_end(w);
}

static size_t nodes_of(const cJSON *trees)
{
	size_t count = 0;

	for (const cJSON *t = trees->child; t; t = t->next)
		count += (size_t)cJSON_GetArraySize(
			cJSON_GetObjectItemCaseSensitive(t, columns[FEATURE]));
	return count;
}

static bool is_whole(double x, double low, double high)
{
	return x >= low && x < high && x == floor(x);
}

/* Where a child may stand; -1: there is none. */
static bool set_child(const struct upk_forest_tree *tree, size_t i, double x, int32_t *child)
{
	if (x != -1 && !is_whole(x, (double)i + 1, (double)tree->count))
		return false;
	*child = (int32_t)x;
	return true;
}

/* What a tree's i-th node may hold; left and right come after the columns that they are checked by.
 */
static bool set_value(const struct upk_forest *f, const struct upk_forest_tree *tree, size_t i,
	enum column column, double x)
{
	struct upk_forest_node *node = &f->nodes[tree->first + i];

	switch (column) {
	case FEATURE:
		if (!is_whole(x, 0, (double)f->features))
			return false;
		node->feature = (int32_t)x;
		return true;
	case THRESHOLD:
		node->threshold = (float)x;
		return isfinite(node->threshold);
	case LEFT:
		return set_child(tree, i, x, &node->left);
	case RIGHT:
		return set_child(tree, i, x, &node->right) && (node->left < 0) == (node->right < 0);
	default:
		node->missing_left = x == 1;
		return x == 0 || x == 1;
	}
}

static bool read_column(struct upk_forest *f, const struct upk_forest_tree *tree, const cJSON *json,
	enum column column, struct upk_error *err)
{
	const cJSON *array = cJSON_GetObjectItemCaseSensitive(json, columns[column]);
	size_t i = 0;

	for (const cJSON *m = cJSON_IsArray(array) ? array->child : NULL; m; m = m->next, i++)
		if (i == tree->count || !cJSON_IsNumber(m) ||
			!set_value(f, tree, i, column, m->valuedouble))
			return upk_fail(err, UPK_CORRUPT, "trees[%zu].%s[%zu] is not a node's",
				f->trees_count, columns[column], i);
	if (i == 0 || i != tree->count)
		return upk_fail(err, UPK_CORRUPT, "trees[%zu].%s has %zu of %zu nodes",
			f->trees_count, columns[column], i, tree->count);
	return true;
}

static bool read_tree(struct upk_forest *f, const cJSON *json, struct upk_error *err)
{
	const cJSON *output = cJSON_GetObjectItemCaseSensitive(json, "output");
	struct upk_forest_tree *tree = &f->trees[f->trees_count];
	size_t outputs = f->classes == 2 ? 1 : f->classes;

	tree->first = f->nodes_count;
	tree->count = (size_t)cJSON_GetArraySize(
		cJSON_GetObjectItemCaseSensitive(json, columns[FEATURE]));
	if (!cJSON_IsNumber(output) || !is_whole(output->valuedouble, 0, (double)outputs))
		return upk_fail(
			err, UPK_CORRUPT, "trees[%zu].output is not a class", f->trees_count);
	tree->output = (uint16_t)output->valuedouble;
	for (enum column c = 0; c < COLUMNS; c++)
		if (!read_column(f, tree, json, c, err))
			return false;
	f->nodes_count += tree->count;
	f->trees_count++;
	return true;
}

struct upk_forest *upk_forest_read(
	const cJSON *json, size_t features, size_t classes, struct upk_error *err)
{
	const cJSON *trees = cJSON_GetObjectItemCaseSensitive(json, "trees");
	const cJSON *base = cJSON_GetObjectItemCaseSensitive(json, "base");
	struct upk_forest *f;

	if (!cJSON_IsArray(trees) || !cJSON_IsNumber(base) || !isfinite((float)base->valuedouble)) {
		upk_fail(err, UPK_CORRUPT, "trees or base is absent");
		return NULL;
	}
	f = upk_forest_create(
		features, classes, (size_t)cJSON_GetArraySize(trees), nodes_of(trees), err);
	if (!f)
		return NULL;
	f->base = (float)base->valuedouble;
	for (const cJSON *t = trees->child; t; t = t->next)
		if (!read_tree(f, t, err)) {
			upk_forest_destroy(f);
			return NULL;
		}
	return f;
}

/* ---- as ONNX ---- */

/* The classifier's attributes: a column each, an item a node or, of the leaf ones, a leaf. */
struct ensemble {
	int64_t *ints; /* the block of all columns of integers */
	int64_t *tree, *node, *feature, *left, *right, *missing_left;
	int64_t *leaf_tree, *leaf_node, *leaf_class;
	float *threshold, *leaf_weight;
	const char **mode;
	size_t nodes, leaves;
};

static bool ensemble_init(struct ensemble *e, size_t nodes)
{
	int64_t *at = calloc(nodes + 1, 9 * sizeof *at);

	*e = (struct ensemble){ .ints = at };
	e->threshold = calloc(nodes + 1, 2 * sizeof *e->threshold);
	e->mode = calloc(nodes + 1, sizeof *e->mode);
	if (!at || !e->threshold || !e->mode)
		return false;
	e->leaf_weight = e->threshold + nodes;
	int64_t **columns_of[] = { &e->tree, &e->node, &e->feature, &e->left, &e->right,
		&e->missing_left, &e->leaf_tree, &e->leaf_node, &e->leaf_class };
	for (size_t i = 0; i < sizeof columns_of / sizeof *columns_of; i++, at += nodes)
		*columns_of[i] = at;
	return true;
}

static void ensemble_finish(struct ensemble *e)
{
	free(e->ints);
	free(e->threshold);
	free(e->mode);
}

static void ensemble_add(struct ensemble *e, const struct upk_forest *f, size_t tree, size_t i)
{
	const struct upk_forest_node *node = &f->nodes[f->trees[tree].first + i];
	size_t n = e->nodes++;
	bool leaf = node->left < 0;

	e->tree[n] = (int64_t)tree;
	e->node[n] = (int64_t)i;
	e->mode[n] = leaf ? "LEAF" : "BRANCH_LT";
	if (!leaf) {
		e->feature[n] = node->feature;
		e->left[n] = node->left;
		e->right[n] = node->right;
		e->missing_left[n] = node->missing_left;
		e->threshold[n] = node->threshold;
		return;
	}
	e->leaf_tree[e->leaves] = (int64_t)tree;
	e->leaf_node[e->leaves] = (int64_t)i;
	e->leaf_class[e->leaves] = f->trees[tree].output;
	e->leaf_weight[e->leaves++] = node->threshold;
}

static void set_nodes(struct upk_onnx *g, const struct ensemble *e)
{
	upk_onnx_set_ints(g, "nodes_treeids", e->tree, e->nodes);
	upk_onnx_set_ints(g, "nodes_nodeids", e->node, e->nodes);
	upk_onnx_set_ints(g, "nodes_featureids", e->feature, e->nodes);
	upk_onnx_set_floats(g, "nodes_values", e->threshold, e->nodes);
	upk_onnx_set_strings(g, "nodes_modes", e->mode, e->nodes);
	upk_onnx_set_ints(g, "nodes_truenodeids", e->left, e->nodes);
	upk_onnx_set_ints(g, "nodes_falsenodeids", e->right, e->nodes);
	upk_onnx_set_ints(g, "nodes_missing_value_tracks_true", e->missing_left, e->nodes);
	upk_onnx_set_ints(g, "class_treeids", e->leaf_tree, e->leaves);
	upk_onnx_set_ints(g, "class_nodeids", e->leaf_node, e->leaves);
	upk_onnx_set_ints(g, "class_ids", e->leaf_class, e->leaves);
	upk_onnx_set_floats(g, "class_weights", e->leaf_weight, e->leaves);
}

/* Numbers are bounded as upk_forest_value does, which leaves NAN. */
static const char *bound_onnx(struct upk_onnx *g, const char *input)
{
	static const char *const beyond[] = { "Greater", "Less" };
	static const float most[] = { UPK_FOREST_MOST, -UPK_FOREST_MOST };

	for (size_t i = 0; i < 2; i++) {
		const char *limit = upk_onnx_floats(g, &most[i], 0, 1);
		const char *is = upk_onnx_node(g, beyond[i], input, limit, NULL, NULL);
		input = upk_onnx_node(g, "Where", is, limit, input, NULL);
	}
	return input;
}

const char *upk_forest_onnx(const struct upk_forest *f, struct upk_onnx *g, const char *input)
{
	size_t outputs = f->classes == 2 ? 1 : f->classes;
	const char *probabilities =
		upk_onnx_ml_node(g, "TreeEnsembleClassifier", bound_onnx(g, input), 2);
	int64_t labels[UPK_CLASSES_MAX];
	float base[UPK_CLASSES_MAX];
	struct ensemble e;

	for (size_t k = 0; k < f->classes; k++)
		labels[k] = (int64_t)k;
	for (size_t k = 0; k < outputs; k++)
		base[k] = f->base;
	if (!ensemble_init(&e, f->nodes_count)) {
		upk_onnx_fail(g);
		ensemble_finish(&e);
		return "";
	}
	for (size_t t = 0; t < f->trees_count; t++)
		for (size_t i = 0; i < f->trees[t].count; i++)
			ensemble_add(&e, f, t, i);
	upk_onnx_set_ints(g, "classlabels_int64s", labels, f->classes);
	upk_onnx_set_floats(g, "base_values", base, outputs);
	upk_onnx_set_string(g, "post_transform", f->classes == 2 ? "LOGISTIC" : "SOFTMAX");
	set_nodes(g, &e);
	ensemble_finish(&e);
	return probabilities;
}
