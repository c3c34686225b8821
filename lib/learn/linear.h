/* A linear model of classes: weights, what it predicts, its part of model.json and of a graph. */
#ifndef UPK_LEARN_LINEAR_H
#define UPK_LEARN_LINEAR_H

#include <stdbool.h>
#include <stddef.h>

#include <cjson/cJSON.h>

#include "base/error.h"
#include "base/json_writer.h"
#include "learn/learner.h"
#include "learn/onnx.h"
#include "learn/sparse.h"

/* One output is the score of class 1 of two; more are one a class. Owned by who made it; any thread
 * may read it while nobody changes it. */
struct upk_linear {
	struct upk_width width;
	size_t classes;
	size_t outputs;    /* 1 for two classes, else classes */
	double *weights;   /* (outputs, dense), of the dense inputs; begins the block of all */
	double *sparse;    /* (sparse, outputs), of the sparse ones */
	double *intercept; /* (outputs), the block's end */
	double *folded;    /* (outputs, dense), behind it: weights by scale */
	const double *slopes; /* what predict takes: weights, or folded */
};

size_t upk_linear_outputs(size_t classes);

/* All weights are 0. NULL: UPK_NOMEM. */
struct upk_linear *upk_linear_create(struct upk_width width, size_t classes, struct upk_error *err);
void upk_linear_destroy(struct upk_linear *l); /* NULL is fine */

size_t upk_linear_count(const struct upk_linear *l); /* doubles in the block */
void upk_linear_scale(struct upk_linear *l, double factor);

/* Divides the weights as they are now by the scales (dense) of their inputs, 0 giving 0, for
 * predict alone: it then wants inputs that are centred and not divided. false: a scale is so small
 * or large that this could not be undone, and nothing was changed. */
bool upk_linear_fold(struct upk_linear *l, const double *scale);

/* probabilities (rows, classes): the softmax of the scores, of two classes the logistic function of
 * one. A row's answer does not depend on the rows beside it. */
void upk_linear_predict(
	const struct upk_linear *l, const struct upk_inputs *in, double *probabilities);

/* The same, folded and without sparse inputs, of rows of floats (base/floats.h) from which nothing
 * is to be done but to take the means (dense). The bits are those of the centred rows. */
void upk_linear_predict_floats(const struct upk_linear *l, const double *mean, const char *floats,
	size_t rows, double *probabilities);

/* Members "coefficients", rows of one output each, dense inputs first, and "intercepts" of an open
 * object, and back. read: NULL is UPK_CORRUPT or UPK_NOMEM. */
void upk_linear_write(const struct upk_linear *l, struct upk_json_writer *w);
struct upk_linear *upk_linear_read(
	const cJSON *json, struct upk_width width, size_t classes, struct upk_error *err);

/* Adds what predict does to a graph, in doubles; input is (rows, dense and sparse side by side). */
const char *upk_linear_onnx(const struct upk_linear *l, struct upk_onnx *g, const char *input);

#endif
