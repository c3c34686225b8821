/* A feed-forward network: ReLU layers, softmax or logistic output, its loss, gradient and answers.
 */
#ifndef UPK_LEARN_NETWORK_H
#define UPK_LEARN_NETWORK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "base/random.h"
#include "learn/sparse.h"

enum { UPK_NETWORK_HIDDEN = 4 };

/* sizes[0] inputs, then the hidden layers, then the outputs: 1 for two classes (the score of class
 * 1, logistic), else one a class (softmax). Layer l has weights (sizes[l], sizes[l + 1]),
 * row-major, followed by its biases; params holds all of them in order. */
struct upk_network {
	size_t classes;
	size_t layers; /* of weights: hidden layers + 1 */
	size_t sizes[UPK_NETWORK_HIDDEN + 2];
	size_t count; /* of params */
	float *params;
};

/* hidden (count) neurons each; params are 0. false: UPK_NOMEM. */
bool upk_network_init(struct upk_network *n, size_t features, size_t classes, const size_t *hidden,
	size_t count, struct upk_error *err);
void upk_network_finish(struct upk_network *n);

float *upk_network_weights(const struct upk_network *n, size_t layer);
float *upk_network_biases(const struct upk_network *n, size_t layer);

/* Uniform in +-sqrt(f / (inputs + outputs)) of each layer, weights and biases, in order; f = 6, and
 * 2 where the output is logistic (Glorot and Bengio 2010, as scikit-learn's MLPClassifier). */
void upk_network_draw(struct upk_network *n, struct upk_random *random);

/* A batch under way: what forward and backward leave behind. The first `dense` inputs are values,
 * the rest those of rows of `sparse`, which are multiplied as they are: nought is never touched. */
struct upk_network_batch {
	size_t room;                     /* rows that it has room for */
	size_t dense;                    /* sizes[0], without the columns of sparse */
	const struct upk_sparse *sparse; /* NULL: none */
	uint32_t *
		row; /* (room) which of sparse each is, the caller's to fill; NULL without sparse */
	/* (room, sizes[l]); values[0] is (room, dense), and the caller's to fill */
	float *values[UPK_NETWORK_HIDDEN + 2];
	float *slopes[UPK_NETWORK_HIDDEN + 1]; /* (room, sizes[l + 1]) in layer l's sums */
	float *block;
};

/* sparse (NULL: none) stays the caller's, and outlives the batch. false: UPK_NOMEM. */
bool upk_network_batch_init(struct upk_network_batch *b, const struct upk_network *n, size_t room,
	const struct upk_sparse *sparse, struct upk_error *err);
void upk_network_batch_finish(struct upk_network_batch *b);

/* Some rows of a batch. What is done to them neither reads nor writes those of other rows, so
 * several threads may each take a slice of one batch. */
struct upk_network_slice {
	size_t first, count;
};

/* Fills the values up to the output, which becomes probabilities. dropout is the share of hidden
 * values that are left out, the others growing by 1 / (1 - dropout); with 0 random may be NULL. */
void upk_network_forward(const struct upk_network *n, struct upk_network_batch *b,
	struct upk_network_slice slice, double dropout, struct upk_random *random);

/* After forward: the sum of the rows' log losses, each times its class's weight (NULL: 1). y is
 * (room). */
double upk_network_loss(const struct upk_network *n, const struct upk_network_batch *b,
	struct upk_network_slice slice, const uint16_t *y, const double *weights);

/* After forward with the same dropout: the slopes of that sum divided by `rows`, those of the whole
 * batch. */
void upk_network_backward(const struct upk_network *n, struct upk_network_batch *b,
	struct upk_network_slice slice, size_t rows, const uint16_t *y, const double *weights,
	double dropout);

/* A part of the params, first .. first + count - 1: the weights of inputs from .. to - 1 of a
 * layer, with the last ones its biases. Parts depend on the network alone. */
struct upk_network_part {
	size_t layer, from, to;
	size_t first, count;
};
enum { UPK_NETWORK_PARTS = 4 * (UPK_NETWORK_HIDDEN + 1) };
size_t upk_network_parts(
	const struct upk_network *n, struct upk_network_part parts[UPK_NETWORK_PARTS]);

/* After backward of all the batch's rows: the part of the gradient of their loss + l2 / 2 |w|^2 /
 * rows, into its place of gradient (count of params); returns its share of the penalty. Parts may
 * go to several threads. */
double upk_network_gradient(const struct upk_network *n, const struct upk_network_batch *b,
	size_t rows, const struct upk_network_part *part, double l2, float *gradient);

/* Multiplies the scores that become probabilities: the last layer's weights and biases. */
void upk_network_scale(struct upk_network *n, float factor);

/* probabilities (rows, classes) of x (rows, dense inputs) and as many rows of sparse (NULL: none);
 * scratch holds upk_network_scratch floats. A row's answer does not depend on the other rows. */
size_t upk_network_scratch(const struct upk_network *n);
void upk_network_predict(const struct upk_network *n, const double *x,
	const struct upk_sparse *sparse, size_t rows, float *scratch, double *probabilities);

#endif
