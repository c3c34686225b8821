/* What logistic regression minimises: the weighted sum of log losses + l2/2 |w|^2, its slopes, its Hessian.
 */
#ifndef UPK_LEARN_SOFTMAX_H
#define UPK_LEARN_SOFTMAX_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "learn/crew.h"
#include "learn/sparse.h"

/* The variables w are the weights (outputs, features), those of the sparse inputs (sparse columns,
 * outputs), then the intercepts (outputs), which are not penalised. One output is the score of
 * class 1 of two; more are one a class. */
struct upk_softmax {
	size_t rows, features, outputs;
	const double *x;   /* (rows, features) */
	const struct upk_sparse *sparse; /* inputs beside them; NULL: none */
	const uint16_t *y; /* (rows) */
	const double *weights; /* of a row, by its label: (outputs, 2 for one); NULL: all 1 */
	double l2;
	const atomic_bool *cancel; /* once set, results are undefined, and come soon; NULL: never */
	struct upk_crew *crew;     /* shares the rows, whose sums do not depend on it; NULL: none */
	/* the module's own */
	size_t pieces;
	double *room;
	const double *w;
};

/* After the fields above are set. false: UPK_NOMEM. */
bool upk_softmax_init(struct upk_softmax *s, struct upk_error *err);
void upk_softmax_finish(struct upk_softmax *s);

size_t upk_softmax_count(const struct upk_softmax *s); /* of variables */

/* The value at w, its slopes into g. */
double upk_softmax_value(struct upk_softmax *s, const double *w, double *g);

/* The Hessian at w into h (count, count), both halves; without sparse inputs. It takes time and
 * memory by count^2.
 * false: UPK_NOMEM. */
bool upk_softmax_hessian(struct upk_softmax *s, const double *w, double *h, struct upk_error *err);

/* k scores of one row become probabilities; their greatest is taken out first, so that nothing
 * overflows. Returns the greatest, and the sum of exp(score - greatest): 1 to k. */
double upk_softmax_row(double *scores, size_t k, double *sum);

#endif
