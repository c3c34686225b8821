#include "learn/forest.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

enum { FEATURES = 2, ROWS = 19 };

/* x[0] < 1.5, missing ones so too: 1 or 2, as x[1] is below 0 or not, missing ones not; else 4. */
static const struct upk_forest_node first[] = {
	{ .feature = 0, .left = 1, .right = 2, .threshold = 1.5F, .missing_left = true },
	{ .feature = 1, .left = 3, .right = 4, .threshold = 0 },
	{ .left = -1, .right = -1, .threshold = 4 },
	{ .left = -1, .right = -1, .threshold = 1 },
	{ .left = -1, .right = -1, .threshold = 2 },
};

/* x[1] below the least number that trees know: never, so that 16 stands for all; missing ones 8. */
static const struct upk_forest_node second[] = {
	{ .feature = 1,
		.left = 1,
		.right = 2,
		.threshold = -UPK_FOREST_MOST,
		.missing_left = true },
	{ .left = -1, .right = -1, .threshold = 8 },
	{ .left = -1, .right = -1, .threshold = 16 },
};

/* The same for every row. */
static const struct upk_forest_node third[] = {
	{ .left = -1, .right = -1, .threshold = 0.25F },
};

/* Read off the trees by hand: what the first two say. Between 1.5 and the next float below it a
 * number is taken for the nearer. */
static const struct {
	double x[FEATURES];
	float first, second;
} rows[ROWS] = {
	{ { 0, -1 }, 1, 16 },
	{ { 0, 1 }, 2, 16 },
	{ { 2, -1 }, 4, 16 },
	{ { 1.5, -1 }, 4, 16 },
	{ { 1.4999, 0 }, 2, 16 },
	{ { 1.4999999999, -1 }, 4, 16 },
	{ { NAN, -1 }, 1, 16 },
	{ { NAN, 1 }, 2, 16 },
	{ { NAN, NAN }, 2, 8 },
	{ { 0, NAN }, 2, 8 },
	{ { 2, NAN }, 4, 8 },
	{ { INFINITY, 1 }, 4, 16 },
	{ { -INFINITY, 1 }, 2, 16 },
	{ { 1e300, -1e300 }, 4, 16 },
	{ { 0, -INFINITY }, 1, 16 },
	{ { -1e300, 1e300 }, 2, 16 },
	{ { 0, -0.0 }, 2, 16 },
	{ { 7, NAN }, 4, 8 },
	{ { NAN, -INFINITY }, 1, 16 },
};

static void plant(
	struct upk_forest *f, const struct upk_forest_node *nodes, size_t count, uint16_t output)
{
	f->trees[f->trees_count++] = (struct upk_forest_tree){ f->nodes_count, count, output };
	for (size_t i = 0; i < count; i++)
		f->nodes[f->nodes_count++] = nodes[i];
}

/* With three classes the trees add to the classes 0, 1 and 0. */
static struct upk_forest *forest_of(size_t classes)
{
	struct upk_forest *f = upk_forest_create(FEATURES, classes, 3, 9, NULL);

	assert_non_null(f);
	f->base = 0.5F;
	plant(f, first, 5, 0);
	plant(f, second, 3, classes == 2 ? 0 : 1);
	plant(f, third, 1, 0);
	return f;
}

static void take_rows(double x[ROWS * FEATURES])
{
	for (size_t i = 0; i < ROWS; i++)
		for (size_t j = 0; j < FEATURES; j++)
			x[i * FEATURES + j] = rows[i].x[j];
}

/* All numbers are sums of few powers of two, and so exact. */
static void each_row_comes_to_the_sum_of_its_leaves_however_many_go_together(void **state)
{
	struct upk_forest *f = forest_of(2);
	double x[ROWS * FEATURES];

	(void)state;
	take_rows(x);
	for (size_t from = 0; from < ROWS; from++)
		for (size_t n = 1; n <= ROWS - from; n++) {
			float scores[ROWS + 1];
			scores[n] = -1;
			upk_forest_scores(f, x + from * FEATURES, n, 32, scores);
			for (size_t i = 0; i < n; i++)
				assert_true(scores[i] ==
					32 + rows[from + i].first + rows[from + i].second + 0.25F);
			assert_true(scores[n] == -1);
		}
	upk_forest_destroy(f);
}

static void a_tree_adds_to_the_class_that_it_is_of(void **state)
{
	struct upk_forest *f = forest_of(3);
	double x[ROWS * FEATURES];
	float scores[ROWS * 3];

	(void)state;
	take_rows(x);
	upk_forest_scores(f, x, ROWS, 32, scores);
	for (size_t i = 0; i < ROWS; i++) {
		assert_true(scores[3 * i] == 32 + rows[i].first + 0.25F);
		assert_true(scores[3 * i + 1] == 32 + rows[i].second);
		assert_true(scores[3 * i + 2] == 32);
	}
	upk_forest_destroy(f);
}

static void assert_near(double a, double b)
{
	assert_true(fabs(a - b) < 1e-15);
}

static void probabilities_are_logistic_or_softmax_of_the_scores_from_the_base_on(void **state)
{
	struct upk_forest *two = forest_of(2), *three = forest_of(3);
	double x[ROWS * FEATURES], p[ROWS * 3];

	(void)state;
	take_rows(x);
	upk_forest_scale(two, 0.0625F);
	upk_forest_predict(two, x, ROWS, p);
	for (size_t i = 0; i < ROWS; i++) {
		double score = 0.0625 * (0.75 + (double)rows[i].first + (double)rows[i].second);
		assert_near(p[2 * i + 1], 1 / (1 + exp(-score)));
		assert_near(p[2 * i] + p[2 * i + 1], 1);
	}
	upk_forest_scale(three, 0.0625F);
	upk_forest_predict(three, x, ROWS, p);
	for (size_t i = 0; i < ROWS; i++) {
		double a = exp(0.0625 * (0.75 + (double)rows[i].first));
		double b = exp(0.0625 * (0.5 + (double)rows[i].second)), c = exp(0.0625 * 0.5);
		assert_near(p[3 * i], a / (a + b + c));
		assert_near(p[3 * i + 1], b / (a + b + c));
		assert_near(p[3 * i + 2], c / (a + b + c));
	}
	upk_forest_destroy(two);
	upk_forest_destroy(three);
}

static void a_head_and_a_joint_forest_walk_their_own_trees(void **state)
{
	struct upk_forest *f = forest_of(2);
	struct upk_forest *head = upk_forest_head(f, 1, NULL);
	struct upk_forest *both = upk_forest_join(head, f, NULL);
	double x[ROWS * FEATURES];
	float scores[ROWS];

	(void)state;
	assert_non_null(both);
	take_rows(x);
	upk_forest_scores(head, x, ROWS, 0, scores);
	for (size_t i = 0; i < ROWS; i++)
		assert_true(scores[i] == rows[i].first);
	upk_forest_scores(both, x, ROWS, 0, scores);
	for (size_t i = 0; i < ROWS; i++)
		assert_true(scores[i] == 2 * rows[i].first + rows[i].second + 0.25F);
	upk_forest_destroy(both);
	upk_forest_destroy(head);
	upk_forest_destroy(f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_row_comes_to_the_sum_of_its_leaves_however_many_go_together),
		cmocka_unit_test(a_tree_adds_to_the_class_that_it_is_of),
		cmocka_unit_test(
			probabilities_are_logistic_or_softmax_of_the_scores_from_the_base_on),
		cmocka_unit_test(a_head_and_a_joint_forest_walk_their_own_trees),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
