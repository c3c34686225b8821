/* The temperature that makes probabilities mean what they say. */
#ifndef UPK_LEARN_CALIBRATE_H
#define UPK_LEARN_CALIBRATE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Guo et al., On Calibration of Modern Neural Networks, ICML 2017: scores are divided by one
 * temperature, so that the order of the classes stays as it was. */
struct upk_calibration {
	size_t rows;          /* that had a probability above 0 for their label */
	double temperature;   /* 1: none is called for */
	double before, after; /* mean log loss of those rows */
};

/* The temperature, from 1/8 to 8, of least log loss on rows that the fit has not seen; 1 where
 * there are under 100, or where its likelihood ratio against 1 is within chance (5 %, one degree of
 * freedom). p (rows, classes) are probabilities, y (rows) labels. */
struct upk_calibration upk_calibrate(
	const double *p, const uint16_t *y, size_t rows, size_t classes);

#endif
