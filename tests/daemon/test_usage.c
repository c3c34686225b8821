#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "cmd/command.h"
#include "usage.h"

static void a_usage_error_has_exit_status_2(void **state)
{
	(void)state;
	assert_int_equal(upk_usage_fail("serve", "what is %s?", "this"), UPK_EXIT_USAGE);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_usage_error_has_exit_status_2),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
