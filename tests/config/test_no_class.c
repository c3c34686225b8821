#include "config/no_class.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static void of_no_classes_it_says_none_yet(void **state)
{
	const struct upk_no_class n = upk_no_class_begin("spam");
	struct upk_error err = { 0 };
	(void)state;
	assert_false(upk_no_class_fail(&n, &err));
	assert_int_equal(err.code, UPK_INVALID);
	assert_string_equal(
		err.message, "\"spam\": the model has no such class: it has none yet");
}

/* A name that would still fit does not follow one that did not. */
static void a_list_that_is_full_takes_no_other(void **state)
{
	struct upk_no_class n = upk_no_class_begin("zzzz");
	struct upk_error err = { 0 };
	char names[3][100];
	(void)state;
	for (int i = 0; i < 3; i++) {
		memset(names[i], 'a' + i, sizeof names[i]);
		upk_no_class_add(&n, (struct upk_text){ names[i], sizeof names[i] }, false);
	}
	upk_no_class_add(&n, upk_text_of("d"), false);
	assert_true(n.full);
	assert_false(upk_no_class_fail(&n, &err));
	assert_non_null(strstr(err.message, "it has aaa"));
	assert_string_equal(err.message + strlen(err.message) - 6, "b, ...");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(of_no_classes_it_says_none_yet),
		cmocka_unit_test(a_list_that_is_full_takes_no_other),
	};
	return cmocka_run_group_tests_name("config/no_class", tests, NULL, NULL);
}
