/* Boosted decision trees as arrays of nodes: predicting, writing and reading them. */
#ifndef UPK_LEARN_FOREST_H
#define UPK_LEARN_FOREST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <cjson/cJSON.h>

#include "base/error.h"
#include "base/json_writer.h"
#include "learn/onnx.h"

/* Numbers beyond it are taken for it, in training and in answers: a fourth of the greatest float, so
 * that XGBoost can double it. */
#define UPK_FOREST_MOST 0x1p126F

/* The number as trees take it; NAN stays. */
float upk_forest_value(double x);

/* An inner node sends a row to `left` when its value there, as a float, is < threshold, to `right`
 * otherwise, and where `missing_left` says when the value is NAN. A leaf has left = -1 and its
 * value in threshold. Children stand after their parent, within the tree's nodes. */
struct upk_forest_node {
	int32_t feature, left, right;
	float threshold;
	bool missing_left;
};

struct upk_forest_tree {
	size_t first, count; /* of the forest's nodes */
	uint16_t output;     /* the class whose score it adds to; 0 for two classes */
};

/* At most UPK_CLASSES_MAX classes; 20 bytes a node, 24 a tree. Not changed once made: any thread
 * may predict. */
struct upk_forest {
	size_t features, classes;
	float base; /* every score starts here */
	struct upk_forest_tree *trees;
	size_t trees_count;
	struct upk_forest_node *nodes;
	size_t nodes_count;
};

/* No trees yet, room for so many trees and nodes. NULL: UPK_NOMEM. */
struct upk_forest *upk_forest_create(
	size_t features, size_t classes, size_t trees, size_t nodes, struct upk_error *err);
void upk_forest_destroy(struct upk_forest *f); /* NULL is fine */

/* x (rows, features) with NAN for missing; probabilities (rows, classes): logistic of the score for
 * two classes, else softmax. Scores are sums of floats in the order of the trees, as XGBoost's. */
void upk_forest_predict(
	const struct upk_forest *f, const double *x, size_t rows, double *probabilities);

/* Scores (rows, outputs; outputs is 1 for two classes, else classes) that start at `start`, as
 * floats in the order of the trees. */
void upk_forest_scores(
	const struct upk_forest *f, const double *x, size_t rows, float start, float *scores);

/* The trees of a, then those of b, of the same features and classes; base is a's. NULL: UPK_NOMEM.
 */
struct upk_forest *upk_forest_join(
	const struct upk_forest *a, const struct upk_forest *b, struct upk_error *err);

/* The first so many trees, at most all. NULL: UPK_NOMEM. */
struct upk_forest *upk_forest_head(const struct upk_forest *f, size_t trees, struct upk_error *err);

/* Multiplies every score, but for rounding: of a forest that nobody predicts with yet. */
void upk_forest_scale(struct upk_forest *f, float factor);

/* Members "base" and "trees" of an open object, and back. read: NULL is UPK_CORRUPT or UPK_NOMEM.
 */
void upk_forest_write(const struct upk_forest *f, struct upk_json_writer *w);
struct upk_forest *upk_forest_read(
	const cJSON *json, size_t features, size_t classes, struct upk_error *err);

/* Adds a TreeEnsembleClassifier; returns its probabilities, floats. Source: its definition in
 * ai.onnx.ml 3; a node's "missing" bit is XGBoost's default_left. */
const char *upk_forest_onnx(const struct upk_forest *f, struct upk_onnx *g, const char *input);

#endif
