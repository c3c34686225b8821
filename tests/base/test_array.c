#include "base/array.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

static void what_is_in_it_stays_when_it_grows_and_when_it_cannot(void **state)
{
	(void)state;
	int64_t *array = NULL;
	assert_true(upk_array_resize(&array, 2, sizeof *array));
	array[0] = 7;
	array[1] = 8;
	assert_true(upk_array_resize(&array, 1000, sizeof *array));
	assert_int_equal(array[0], 7);
	assert_int_equal(array[1], 8);

	int64_t *before = array;
	assert_false(upk_array_resize(&array, SIZE_MAX / 4, sizeof *array));
	assert_ptr_equal(array, before);
	assert_int_equal(array[1], 8);
	free(array);
}

static void an_array_may_have_no_members(void **state)
{
	(void)state;
	char *array = NULL;
	assert_true(upk_array_resize(&array, 0, 1));
	assert_non_null(array);
	free(array);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_in_it_stays_when_it_grows_and_when_it_cannot),
		cmocka_unit_test(an_array_may_have_no_members),
	};
	return cmocka_run_group_tests_name("array", tests, NULL, NULL);
}
