#include "learn/balance.h"

#include <math.h>
#include <stdlib.h>

bool upk_balance_weigh(const uint16_t *y, size_t rows, size_t classes, double balance,
	double **weights, struct upk_error *err)
{
	double *w, sum = 0;

	*weights = NULL;
	if (balance == 0)
		return true;
	w = calloc(classes, sizeof *w);
	if (!w)
		return upk_fail(
			err, UPK_NOMEM, "no memory for the weights of %zu classes", classes);
	for (size_t i = 0; i < rows; i++)
		w[y[i]]++;
	for (size_t k = 0; k < classes; k++) {
		double count = w[k];
		w[k] = count > 0 ? pow(count, -balance) : 0;
		sum += count * w[k];
	}
	for (size_t k = 0; k < classes; k++)
		w[k] *= (double)rows / sum;
	*weights = w;
	return true;
}
