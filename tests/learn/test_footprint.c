#include "learn/footprint.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

static const struct upk_footprint large = { .rows = 1000000, .classes = 2, .numbers = 50 };

static double bytes(struct upk_footprint f, const struct upk_learner *learner, const char *settings)
{
	cJSON *json = cJSON_Parse(settings);
	double found = upk_footprint_bytes(&f, learner, json);

	cJSON_Delete(json);
	return found;
}

/* At least the rows twice, as they are read and as they are taken; at most what bench train has
 * seen XGBoost take beside that, with a quarter more. */
static void every_learner_needs_its_rows_twice_and_some(void **state)
{
	const struct upk_learner *learner;

	(void)state;
	for (size_t i = 0; (learner = upk_learner_at(i)); i++) {
		double values = 1e6 * 50;
		double found = upk_footprint_bytes(&large, learner, NULL);
		assert_true(found > 16 * values);
		assert_true(found < 45 * values);
	}
}

static void whatever_grows_takes_more(void **state)
{
	static const char *const more[][2] = { { "mlp", "{\"neurons\": 4096}" },
		{ "mlp", "{\"layers\": 3}" }, { "trees", "{\"leaves\": 4096}" },
		{ "trees", "{\"bins\": 1024}" } };
	const struct upk_learner *learner;

	(void)state;
	for (size_t i = 0; (learner = upk_learner_at(i)); i++) {
		const struct upk_footprint others[] = {
			{ .rows = 1000001, .classes = 2, .numbers = 50 },
			{ .rows = 1000000, .classes = 20, .numbers = 50 },
			{ .rows = 1000000, .classes = 2, .numbers = 51 },
			{ .rows = 1000000, .classes = 2, .numbers = 50, .categories = 1 },
			{ .rows = 1000000, .classes = 2, .numbers = 50, .texts = 1 },
			{ .rows = 1000000, .classes = 2, .numbers = 50, .floats = 1 },
		};
		for (size_t k = 0; k < sizeof others / sizeof *others; k++)
			assert_true(upk_footprint_bytes(&others[k], learner, NULL) >
				upk_footprint_bytes(&large, learner, NULL));
	}
	for (size_t i = 0; i < sizeof more / sizeof *more; i++)
		assert_true(bytes(large, upk_learner_find(more[i][0]), more[i][1]) >
			bytes(large, upk_learner_find(more[i][0]), "{}"));
}

static void too_much_is_refused_with_the_numbers(void **state)
{
	struct upk_error err = { 0 };
	double wanted = upk_footprint_bytes(&large, &upk_trees, NULL);

	(void)state;
	assert_true(upk_footprint_check(&large, &upk_trees, NULL, wanted, &err));
	assert_false(upk_footprint_check(&large, &upk_trees, NULL, 0x1p30, &err));
	assert_int_equal(err.code, UPK_INVALID);
	assert_non_null(strstr(err.message, "trees on 1000000 rows of 50 features"));
	assert_non_null(strstr(err.message, "retrain.memory is 1024.0 MiB"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_learner_needs_its_rows_twice_and_some),
		cmocka_unit_test(whatever_grows_takes_more),
		cmocka_unit_test(too_much_is_refused_with_the_numbers),
	};

	return cmocka_run_group_tests_name("learn/footprint", tests, NULL, NULL);
}
