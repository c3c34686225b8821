/* How sure a proportion is: Wilson's interval, and what follows from it. */
#ifndef UPK_METRICS_INTERVAL_H
#define UPK_METRICS_INTERVAL_H

#include <stdint.h>

struct upk_interval {
	double low, high; /* both NAN when undefined */
};

/* Quantile of the standard normal, 0 < p < 1. Source: Wichura 1988, AS 241 (PPND16). */
double upk_normal_quantile(double p);

/* Two-sided Wilson interval at `level` (0..1) of k successes in n trials; NAN when n is 0.
 * Source: Wilson 1927. A one-sided bound at c is an end of the interval at level 2c - 1. */
struct upk_interval upk_interval_wilson(uint64_t k, uint64_t n, double level);

/* F1 of one class is 2p / (1 + p) with p = TP / (TP + FP + FN): the Wilson interval of p, mapped. */
struct upk_interval upk_interval_f1(uint64_t tp, uint64_t fp, uint64_t fn, double level);

/* value +- z * se, cut to 0..1. */
struct upk_interval upk_interval_normal(double value, double se, double level);

#endif
