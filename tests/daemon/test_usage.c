#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "base/spelling.h"
#include "cmd/command.h"
#include "usage.h"

static const char *const names[] = { "serve", "demo", "replay", NULL };

static void a_typo_finds_the_word_that_was_meant(void **state)
{
	(void)state;
	assert_string_equal(upk_spelling_nearest("sevre", names), "serve");
	assert_string_equal(upk_spelling_nearest("repla", names), "replay");
	assert_string_equal(upk_spelling_nearest("demo", names), "demo");
}

static void a_strange_word_is_not_guessed(void **state)
{
	(void)state;
	assert_null(upk_spelling_nearest("backup", names));
	assert_null(upk_spelling_nearest("", names));
	assert_null(
		upk_spelling_nearest("a-word-that-is-longer-than-any-command-could-ever-be", names));
}

static void a_usage_error_has_exit_status_2(void **state)
{
	(void)state;
	assert_int_equal(upk_usage_fail("serve", "what is %s?", "this"), UPK_EXIT_USAGE);
}

static void a_long_option_is_spelt_out(void **state)
{
	static const struct option known[] = { { "data", required_argument, NULL, 'd' },
		{ "insecure", no_argument, NULL, 'i' }, { NULL, 0, NULL, 0 } };
	static const struct {
		const char *words[2];
		int what;
	} cases[] = {
		{ { "--data", "x" }, 'd' },
		{ { "--data=x", NULL }, 'd' },
		{ { "--insecure", NULL }, 'i' },
		{ { "-i", NULL }, 'i' },
		{ { "--dat", "x" }, '?' },
		{ { "--dat=x", NULL }, '?' },
		{ { "--insec", NULL }, '?' },
	};
	(void)state;
	opterr = 0;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		char *argv[] = { (char *)"serve", (char *)cases[i].words[0],
			(char *)cases[i].words[1], NULL };
		optind = 0;
		assert_int_equal(
			upk_usage_option(argv[2] ? 3 : 2, argv, ":i", known), cases[i].what);
		if (cases[i].what == '?')
			assert_ptr_equal(argv[optind - 1], cases[i].words[0]);
	}
}

static void a_list_that_is_too_long_ends_in_dots(void **state)
{
	const char *many[40] = { NULL };
	char out[UPK_SPELLING_SIZE];
	(void)state;
	assert_string_equal(upk_spelling_list(names, out), "serve, demo, replay");
	for (size_t i = 0; i < 39; i++)
		many[i] = "a-long-name";
	upk_spelling_list(many, out);
	assert_true(strlen(out) < sizeof out);
	assert_string_equal(out + strlen(out) - 16, "a-long-name, ...");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_typo_finds_the_word_that_was_meant),
		cmocka_unit_test(a_strange_word_is_not_guessed),
		cmocka_unit_test(a_usage_error_has_exit_status_2),
		cmocka_unit_test(a_long_option_is_spelt_out),
		cmocka_unit_test(a_list_that_is_too_long_ends_in_dots),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
