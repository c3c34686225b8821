/* The fit of a network to rows: Adam (Kingma and Ba 2015) on minibatches, dropout, early stopping.
 */
#ifndef UPK_LEARN_DESCENT_H
#define UPK_LEARN_DESCENT_H

#include <stdbool.h>
#include <stddef.h>

#include "base/error.h"
#include "base/random.h"
#include "learn/learner.h"
#include "learn/network.h"

struct upk_descent {
	double rate;  /* of learning */
	size_t batch; /* rows */
	int epochs;   /* passes over the rows, at most */
	int patience; /* epochs without a better loss on rows that are kept to stop by; 0: none are
		       */
	double dropout; /* the share of hidden values that are left out */
	double l2;
	double balance; /* classes weigh (rows of it)^-balance */
};

/* Fits n, from the weights that it has, to at most UINT32_MAX rows of `in`, whose `from` plays no
 * part. The same random, rows and settings give the same bits, whatever the crew. Thread: the
 * caller's and its crew's.
 * false: UPK_CANCELLED, UPK_INVALID (does not converge) or UPK_NOMEM; n is then of no use. */
bool upk_descend(struct upk_network *n, const struct upk_fit_input *in,
	const struct upk_descent *settings, struct upk_random *random, struct upk_error *err);

#endif
