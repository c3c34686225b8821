#include "learn/sample.h"

#include <math.h>
#include <stdlib.h>

static uint32_t next(uint32_t *state)
{
	*state = (*state * UINT32_C(1103515245) + 12345) & 0x7fffffff;
	return *state >> 8;
}

static double unit(uint32_t *state)
{
	return (double)next(state) / 8388608;
}

static uint16_t label(const double *x, size_t features, size_t classes, uint32_t *state)
{
	double best = -INFINITY;
	uint16_t label = 0;

	for (size_t k = 0; k < classes; k++) {
		double score = 4 * unit(state);
		for (size_t j = 0; j < features; j++)
			score += ((double)((k * 7 + j * 3) % 5) - 2) * x[j];
		if (score > best) {
			best = score;
			label = (uint16_t)k;
		}
	}
	return label;
}

void sample_rows(struct upk_dataset *d, size_t rows, size_t features, size_t classes, uint32_t gaps)
{
	uint32_t state = 42;
	double *x = calloc(features, sizeof *x);

	upk_dataset_init(d, features, classes);
	for (size_t i = 0; x && i < rows; i++) {
		for (size_t j = 0; j < features; j++) {
			x[j] = unit(&state);
			x[j] += unit(&state);
			x[j] += unit(&state);
			x[j] = (x[j] - 1.5) * (double)(j + 1);
		}
		uint16_t y = label(x, features, classes, &state);
		for (size_t j = 0; gaps && j < features; j++)
			x[j] = next(&state) % gaps == 0 ? NAN : x[j];
		if (!upk_dataset_add(d, x, y, -1, (int64_t)i + 1, NULL))
			abort();
	}
	free(x);
}

static uint16_t skewed(size_t classes, uint32_t *state)
{
	uint32_t a = next(state) % (uint32_t)classes, b = next(state) % (uint32_t)classes;

	return (uint16_t)(a < b ? a : b);
}

void sample_answers(uint16_t *actual, uint16_t *predicted, size_t n, size_t classes, uint32_t seed)
{
	uint32_t state = seed;

	for (size_t i = 0; i < n; i++) {
		uint16_t other;
		actual[i] = skewed(classes, &state);
		other = skewed(classes, &state);
		predicted[i] = next(&state) % 4 ? actual[i] : other;
	}
}
