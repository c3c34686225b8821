#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "cmd/command.h"
#include "usage.h"

static const char *const names[] = { "serve", "demo", "replay", NULL };

static void a_typo_finds_the_word_that_was_meant(void **state)
{
	(void)state;
	assert_string_equal(upk_usage_nearest("sevre", names), "serve");
	assert_string_equal(upk_usage_nearest("repla", names), "replay");
	assert_string_equal(upk_usage_nearest("demo", names), "demo");
}

static void a_strange_word_is_not_guessed(void **state)
{
	(void)state;
	assert_null(upk_usage_nearest("backup", names));
	assert_null(upk_usage_nearest("", names));
	assert_null(
		upk_usage_nearest("a-word-that-is-longer-than-any-command-could-ever-be", names));
}

static void a_usage_error_has_exit_status_2(void **state)
{
	(void)state;
	assert_int_equal(upk_usage_fail("serve", "what is %s?", "this"), UPK_EXIT_USAGE);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_typo_finds_the_word_that_was_meant),
		cmocka_unit_test(a_strange_word_is_not_guessed),
		cmocka_unit_test(a_usage_error_has_exit_status_2),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
