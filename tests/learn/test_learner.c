#include "learn/learner.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#include "learn/network.h"

static double work(
	const struct upk_learner *learner, struct upk_fit_size size, const char *settings)
{
	cJSON *json = cJSON_Parse(settings);

	assert_true(learner->check(json, NULL));
	assert_non_null(learner->work);
	double found = learner->work(&size, json);
	assert_true(found > 0);
	cJSON_Delete(json);
	return found;
}

static bool near(double found, double wanted, double share)
{
	return fabs(found - wanted) < share * wanted;
}

static const struct upk_fit_size embedded = {
	.rows = 10000, .classes = 5, .width = { .dense = 768, .sparse = 1232 }
};

static double mlp(const char *settings)
{
	return work(&upk_mlp, embedded, settings);
}

static double weights_of(const size_t *neurons, size_t layers)
{
	struct upk_network n;

	assert_true(upk_network_init(&n, 2000, 5, neurons, layers, NULL));
	double count = (double)n.count;
	upk_network_finish(&n);
	return count;
}

/* A network that is wide does little but multiply each row by its weights, and back. */
static void the_work_of_a_wide_mlp_is_in_its_weights(void **state)
{
	const size_t one[] = { 512 }, three[] = { 512, 256, 384 };
	double small = mlp("{\"epochs\": 1, \"batch\": 4096, \"neurons\": 512}");
	double large = mlp("{\"epochs\": 1, \"batch\": 4096, \"layers\": 3, \"neurons\": 512, "
			   "\"neurons_2\": 256, \"neurons_3\": 384}");

	(void)state;
	assert_true(near(small, weights_of(one, 1), 0.02));
	assert_true(near(large, weights_of(three, 3), 0.02));
}

static void the_work_of_an_mlp_grows_with_what_makes_it_longer(void **state)
{
	struct upk_fit_size wider = embedded, sparser = embedded, finer = embedded;
	double usual = mlp("{}");

	(void)state;
	assert_true(near(mlp("{\"epochs\": 200}"), 2 * usual, 1e-12));
	assert_true(near(mlp("{\"neurons\": 128}"), 2 * usual, 0.05));
	assert_true(mlp("{\"layers\": 2}") > usual);
	assert_true(mlp("{\"layers\": 2, \"neurons_2\": 65}") > mlp("{\"layers\": 2}"));
	assert_true(mlp("{\"batch\": 32}") > usual);
	assert_true(mlp("{\"dropout\": 0.1}") > usual);
	wider.width.dense++;
	sparser.width.sparse++;
	finer.classes++;
	assert_true(work(&upk_mlp, wider, "{}") > usual);
	assert_true(work(&upk_mlp, sparser, "{}") > usual);
	assert_true(work(&upk_mlp, finer, "{}") > usual);
	assert_true(mlp("{\"l2\": 3, \"learning_rate\": 0.1, \"balance\": 1}") == usual);
}

static double trees(const char *settings)
{
	return work(&upk_trees, embedded, settings);
}

/* A round's leaves each look at the bins once more; the rows are looked at with any number. */
static void the_work_of_trees_is_rounds_of_leaves(void **state)
{
	double usual = trees("{}");
	double few = trees("{\"leaves\": 4}") / trees("{\"leaves\": 2}");
	double many = trees("{\"leaves\": 4096}") / trees("{\"leaves\": 2048}");

	(void)state;
	assert_true(near(trees("{\"rounds\": 200}"), 2 * trees("{\"rounds\": 100}"), 1e-12));
	assert_true(few > 1 && few < 1.5);
	assert_true(near(many, 2, 0.01));
	assert_true(trees("{\"l2\": 3, \"learning_rate\": 0.3}") == usual);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_work_of_a_wide_mlp_is_in_its_weights),
		cmocka_unit_test(the_work_of_an_mlp_grows_with_what_makes_it_longer),
		cmocka_unit_test(the_work_of_trees_is_rounds_of_leaves),
	};

	return cmocka_run_group_tests_name("learn/learner", tests, NULL, NULL);
}
