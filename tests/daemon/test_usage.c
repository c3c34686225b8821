#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "cmd/command.h"
#include "usage.h"

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

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_usage_error_has_exit_status_2),
		cmocka_unit_test(a_long_option_is_spelt_out),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
