#include "learn/minimise.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

enum { COUNT = 12 };

/* What is minimised, and what was asked of it. */
struct asked {
	int evaluations, looks, looks_most; /* looks_most: the look that stops; 0: none */
	double last;
};

static bool look(void *context, double value, struct upk_error *err)
{
	struct asked *a = context;

	assert_true(!(value > a->last + 1e-11)); /* by no more than doubles can tell */
	a->last = value;
	if (++a->looks == a->looks_most)
		return upk_fail(err, UPK_CANCELLED, "seen enough");
	return true;
}

/* sum of c_i (x_i - i)^2 / 2 + 3 with c_i from 1 to 1e4: least where x_i = i, and 3 there. */
static double scale_of(size_t i)
{
	return pow(10, 4.0 * (double)i / (COUNT - 1));
}

static double bowl(void *context, const double *x, double *g)
{
	double sum = 3;

	((struct asked *)context)->evaluations++;
	for (size_t i = 0; i < COUNT; i++) {
		g[i] = scale_of(i) * (x[i] - (double)i);
		sum += g[i] * (x[i] - (double)i) / 2;
	}
	return sum;
}

static void divide(void *context, double *v)
{
	(void)context;
	for (size_t i = 0; i < COUNT; i++)
		v[i] /= scale_of(i);
}

static struct upk_minimise request(struct asked *a)
{
	*a = (struct asked){ .last = INFINITY };
	return (struct upk_minimise){ .count = COUNT,
		.context = a,
		.evaluate = bowl,
		.look = look,
		.tolerance = 1e-9,
		.iterations = 1000 };
}

static double furthest(const double *x)
{
	double most = 0;

	for (size_t i = 0; i < COUNT; i++)
		most = fmax(most, fabs(x[i] - (double)i));
	return most;
}

static void a_narrow_bowl_is_followed_to_its_bottom(void **state)
{
	struct asked a;
	struct upk_minimise m = request(&a);
	double x[COUNT] = { 0 };

	(void)state;
	assert_true(upk_minimise(&m, x, NULL));
	assert_true(furthest(x) < 1e-7);
	assert_true(fabs(a.last - 3) < 1e-12);
	assert_true(a.looks < 500);
}

/* With the inverse Hessian itself the first step leads there. */
static void a_known_inverse_hessian_needs_one_step(void **state)
{
	struct asked a;
	struct upk_minimise m = request(&a);
	double x[COUNT] = { 0 };

	(void)state;
	m.precondition = divide;
	assert_true(upk_minimise(&m, x, NULL));
	assert_true(furthest(x) < 1e-12);
	assert_int_equal(a.looks, 1);
	assert_int_equal(a.evaluations, 2);
}

/* The greatest step is of 11: as long as that is small enough, its end is not evaluated. */
static void a_small_step_is_taken_unseen(void **state)
{
	(void)state;
	for (int settles = 0; settles < 2; settles++) {
		struct asked a;
		struct upk_minimise m = request(&a);
		double x[COUNT] = { 0 };
		m.precondition = divide;
		m.settled = settles ? 11.5 : 10.5;
		assert_true(upk_minimise(&m, x, NULL));
		assert_true(furthest(x) < 1e-12);
		assert_int_equal(a.evaluations, settles ? 1 : 2);
	}
}

static void at_the_bottom_nothing_moves(void **state)
{
	struct asked a;
	struct upk_minimise m = request(&a);
	double x[COUNT];

	(void)state;
	for (size_t i = 0; i < COUNT; i++)
		x[i] = (double)i;
	assert_true(upk_minimise(&m, x, NULL));
	assert_true(furthest(x) == 0);
	assert_int_equal(a.evaluations, 1);
	assert_int_equal(a.looks, 0);
}

static void it_ends_after_so_many_iterations(void **state)
{
	(void)state;
	for (int most = 0; most < 5; most++) {
		struct asked a;
		struct upk_minimise m = request(&a);
		double x[COUNT] = { 0 };
		m.iterations = most;
		assert_true(upk_minimise(&m, x, NULL));
		assert_int_equal(a.looks, most);
	}
}

static void who_looks_can_stop_it(void **state)
{
	struct asked a;
	struct upk_minimise m = request(&a);
	struct upk_error err = { 0 };
	double x[COUNT] = { 0 };

	(void)state;
	a.looks_most = 3;
	assert_false(upk_minimise(&m, x, &err));
	assert_int_equal(err.code, UPK_CANCELLED);
	assert_string_equal(err.message, "seen enough");
	assert_int_equal(a.looks, 3);
}

/* Slopes that point uphill: no step is lower, and the beginning is kept. */
static double misleading(void *context, const double *x, double *g)
{
	double value = bowl(context, x, g);

	for (size_t i = 0; i < COUNT; i++)
		g[i] = -g[i];
	return value;
}

static void where_no_step_is_lower_it_stays(void **state)
{
	struct asked a;
	struct upk_minimise m = request(&a);
	double x[COUNT];

	(void)state;
	for (size_t i = 0; i < COUNT; i++)
		x[i] = (double)i + 1;
	m.evaluate = misleading;
	assert_true(upk_minimise(&m, x, NULL));
	for (size_t i = 0; i < COUNT; i++)
		assert_true(x[i] == (double)i + 1);
	assert_int_equal(a.looks, 0);
}

/* sum over j of log(1 + exp(j x0 - x1 + x2 / j)) + |x|^2 / 2, j from 1 to 5. The least by
 * SciPy 1.10: minimize(f, zeros(3), jac=True, method="trust-exact", hess=h, options={"gtol":
 * 1e-14}). */
static double curved(void *context, const double *x, double *g)
{
	double sum = (x[0] * x[0] + x[1] * x[1] + x[2] * x[2]) / 2;

	((struct asked *)context)->evaluations++;
	memcpy(g, x, 3 * sizeof *g);
	for (int j = 1; j <= 5; j++) {
		double z = j * x[0] - x[1] + x[2] / j, p = 1 / (1 + exp(-z));
		sum += log1p(exp(z));
		g[0] += j * p;
		g[1] -= p;
		g[2] += p / j;
	}
	return sum;
}

static void a_sum_of_logistic_losses_is_least_where_scipy_says(void **state)
{
	static const double least[] = { -0.76717364297709656, 0.40177716457846357,
		-0.27561283216785837 };
	struct asked a;
	struct upk_minimise m = request(&a);
	double x[] = { 0, 0, 0 };

	(void)state;
	m.count = 3;
	m.evaluate = curved;
	assert_true(upk_minimise(&m, x, NULL));
	for (size_t i = 0; i < 3; i++)
		assert_true(fabs(x[i] - least[i]) < 1e-8);
	assert_true(fabs(a.last - 0.84462927137820398) < 1e-12);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_narrow_bowl_is_followed_to_its_bottom),
		cmocka_unit_test(a_known_inverse_hessian_needs_one_step),
		cmocka_unit_test(a_small_step_is_taken_unseen),
		cmocka_unit_test(at_the_bottom_nothing_moves),
		cmocka_unit_test(it_ends_after_so_many_iterations),
		cmocka_unit_test(who_looks_can_stop_it),
		cmocka_unit_test(where_no_step_is_lower_it_stays),
		cmocka_unit_test(a_sum_of_logistic_losses_is_least_where_scipy_says),
	};

	return cmocka_run_group_tests_name("learn/minimise", tests, NULL, NULL);
}
