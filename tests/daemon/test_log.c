#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "log.h"

struct fixture {
	int ends[2];
	struct upk_log *log;
	char read[8192];
};

static int set_up(void **state)
{
	struct fixture *f = calloc(1, sizeof *f);
	assert_non_null(f);
	assert_int_equal(pipe2(f->ends, O_NONBLOCK | O_CLOEXEC), 0);
	f->log = upk_log_create(f->ends[1], true);
	assert_non_null(f->log);
	*state = f;
	return 0;
}

static int tear_down(void **state)
{
	struct fixture *f = *state;

	upk_log_destroy(f->log);
	close(f->ends[0]);
	close(f->ends[1]);
	free(f);
	return 0;
}

static const char *written(struct fixture *f)
{
	ssize_t size = read(f->ends[0], f->read, sizeof f->read - 1);
	f->read[size > 0 ? size : 0] = '\0';
	return f->read;
}

static void a_line_for_the_journal_begins_with_its_level(void **state)
{
	struct fixture *f = *state;

	upk_log_say(f->log, UPK_LOG_WARNING, "%d of %s", 3, "them");
	assert_string_equal(written(f), "<4>3 of them\n");
}

static void names_from_strangers_cannot_draw_on_a_terminal(void **state)
{
	struct fixture *f = *state;

	upk_log_line(f->log, UPK_LOG_INFO, "model \x1b[31m\r\n\xc2\x9b\xff\x7f \xe2\x82\xac");
	assert_string_equal(
		written(f), "<6>model \\x1b[31m\\x0d\\x0a\\xc2\\x9b\\xff\\x7f \xe2\x82\xac\n");
}

static void a_line_that_comes_again_is_written_once(void **state)
{
	struct fixture *f = *state;

	for (int i = 0; i < 1000; i++)
		upk_log_line(f->log, UPK_LOG_ERROR, i % 2 ? "odd" : "even");
	assert_string_equal(written(f), "<3>even\n<3>odd\n");
	upk_log_line(f->log, UPK_LOG_ERROR, "other");
	assert_string_equal(written(f), "<3>other\n");
}

static void a_log_outside_the_journal_says_time_and_level(void **state)
{
	struct fixture *f = *state;
	struct upk_log *plain = upk_log_create(f->ends[1], false);

	upk_log_line(plain, UPK_LOG_NOTICE, "listening");
	assert_non_null(strstr(written(f), "Z notice listening\n"));
	assert_int_equal(f->read[0], '2');
	upk_log_destroy(plain);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(
			a_line_for_the_journal_begins_with_its_level, set_up, tear_down),
		cmocka_unit_test_setup_teardown(
			names_from_strangers_cannot_draw_on_a_terminal, set_up, tear_down),
		cmocka_unit_test_setup_teardown(
			a_line_that_comes_again_is_written_once, set_up, tear_down),
		cmocka_unit_test_setup_teardown(
			a_log_outside_the_journal_says_time_and_level, set_up, tear_down),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
