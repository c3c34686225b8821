#include "learn/calibrate.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "learn/oracle_calibrate.h"

enum { ROWS = 2000, CLASSES = 7 };

struct generator {
	uint32_t state;
};

static double unit(struct generator *g)
{
	g->state = (g->state * 1103515245u + 12345u) & 0x7FFFFFFF;
	return (double)(g->state >> 8) / 8388608.0;
}

/* out (classes) = softmax of z times sharp. */
static void softmax(const double *z, size_t classes, double sharp, double *out)
{
	double most = -INFINITY, sum = 0;

	for (size_t k = 0; k < classes; k++)
		most = fmax(most, z[k]);
	for (size_t k = 0; k < classes; k++)
		sum += out[k] = exp(sharp * (z[k] - most));
	for (size_t k = 0; k < classes; k++)
		out[k] /= sum;
}

static void sample(size_t rows, size_t classes, double sharp, unsigned seed, double *p, uint16_t *y)
{
	struct generator g = { seed };

	for (size_t i = 0; i < rows; i++, p += classes) {
		double z[CLASSES], truth[CLASSES], below = 0;
		for (size_t k = 0; k < classes; k++)
			z[k] = 4 * unit(&g) - 2;
		softmax(z, classes, 1, truth);
		double draw = unit(&g);
		size_t label = 0;
		for (; label + 1 < classes && draw >= below + truth[label]; label++)
			below += truth[label];
		y[i] = (uint16_t)label;
		softmax(z, classes, sharp, p);
	}
}

static void equals_scipy(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof oracle / sizeof *oracle; i++) {
		static double p[ROWS * CLASSES];
		static uint16_t y[ROWS];
		sample(oracle[i].rows, oracle[i].classes, oracle[i].sharp, oracle[i].seed, p, y);
		struct upk_calibration c = upk_calibrate(p, y, oracle[i].rows, oracle[i].classes);
		assert_int_equal(c.rows, oracle[i].rows);
		assert_true(fabs(c.temperature - oracle[i].temperature) < 1e-6);
		assert_true(fabs(c.before - oracle[i].before) < 1e-12);
		assert_true(fabs(c.after - oracle[i].after) < 1e-12);
	}
}

static void what_chance_explains_is_left_alone(void **state)
{
	static double p[ROWS * CLASSES];
	static uint16_t y[ROWS];
	int changed = 0;

	(void)state;
	for (unsigned seed = 1; seed <= 200; seed++) {
		sample(300, 3, 1, seed, p, y);
		struct upk_calibration c = upk_calibrate(p, y, 300, 3);
		changed += c.temperature != 1;
		if (c.temperature == 1)
			assert_true(c.after == c.before);
	}
	assert_in_range(changed, 1, 20); /* 5 % of 200, and three standard errors */
}

static void few_rows_are_left_alone(void **state)
{
	double p[99 * 2];
	uint16_t y[99];

	(void)state;
	sample(99, 2, 8, 1, p, y);
	assert_true(upk_calibrate(p, y, 99, 2).temperature == 1);
}

static void it_stays_within_its_bounds_whatever_the_labels(void **state)
{
	static double p[ROWS * 2];
	static uint16_t y[ROWS];

	(void)state;
	sample(ROWS, 2, 1, 1, p, y);
	for (size_t i = 0; i < ROWS; i++)
		y[i] = p[2 * i + 1] > 0.5;
	assert_true(fabs(upk_calibrate(p, y, ROWS, 2).temperature - 0.125) < 1e-9);
	for (size_t i = 0; i < ROWS; i++)
		y[i] = p[2 * i + 1] <= 0.5;
	assert_true(fabs(upk_calibrate(p, y, ROWS, 2).temperature - 8) < 1e-9);
	for (size_t i = 0; i < ROWS; i++) {
		p[2 * i] = 1;
		p[2 * i + 1] = 0;
		y[i] = i % 2;
	}
	struct upk_calibration c = upk_calibrate(p, y, ROWS, 2);
	assert_int_equal(c.rows, ROWS / 2);
	assert_true(c.temperature == 1 && c.before == 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(equals_scipy),
		cmocka_unit_test(what_chance_explains_is_left_alone),
		cmocka_unit_test(few_rows_are_left_alone),
		cmocka_unit_test(it_stays_within_its_bounds_whatever_the_labels),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
