#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "http/accept.h"

static void the_most_specific_range_counts(void **state)
{
	(void)state;
	assert_true(upk_accept_quality(NULL, "text/plain") == 1);
	assert_true(upk_accept_quality("*/*", "text/plain") == 1);
	assert_true(upk_accept_quality("text/*;q=0.5, */*;q=0.1", "text/plain") == 0.5);
	assert_true(upk_accept_quality("*/*, text/plain; q=0.3", "text/plain") == 0.3);
	assert_true(upk_accept_quality("text/plain;version=0.0.4;q=0.3", "text/plain") == 0.3);
	assert_true(upk_accept_quality("Text/Plain", "text/plain") == 1);
	assert_true(upk_accept_quality("text/html", "text/plain") == 0);
	assert_true(upk_accept_quality("", "text/plain") == 0);
	assert_true(upk_accept_quality("text/plain;q=7", "text/plain") == 0);
	assert_true(upk_accept_quality(",,text/plain;;,", "text/plain") == 1);
}

static void openmetrics_is_for_those_who_name_it(void **state)
{
	(void)state;
	/* What Prometheus 2.42 and 3 send. */
	assert_true(upk_accept_openmetrics("application/openmetrics-text;version=1.0.0,"
					   "application/openmetrics-text;version=0.0.1;q=0.75,"
					   "text/plain;version=0.0.4;q=0.5,*/*;q=0.1"));
	assert_true(upk_accept_openmetrics("application/openmetrics-text"));
	assert_false(upk_accept_openmetrics("application/openmetrics-text;q=0.2,text/plain"));
	assert_false(upk_accept_openmetrics("application/openmetrics-text;q=0"));
	assert_false(upk_accept_openmetrics("text/plain"));
	assert_false(upk_accept_openmetrics("*/*"));
	assert_false(upk_accept_openmetrics(NULL));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_most_specific_range_counts),
		cmocka_unit_test(openmetrics_is_for_those_who_name_it),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
