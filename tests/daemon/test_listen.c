#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "listen.h"

static void an_address_says_whether_it_is_loopback(void **state)
{
	(void)state;
	static const struct {
		const char *given;
		bool loopback, any;
	} rows[] = {
		{ "127.0.0.1:7850", true, false },
		{ "127.1.2.3:0", true, false },
		{ "[::1]:7850", true, false },
		{ "0.0.0.0:7850", false, true },
		{ "[::]:7850", false, true },
		{ "192.0.2.1:7850", false, false },
		{ "unix:/run/upkeepd.sock", true, false },
	};

	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct upk_listen l;
		assert_true(upk_listen_parse(rows[i].given, &l, NULL));
		assert_true(l.loopback == rows[i].loopback);
		assert_true(l.any == rows[i].any);
	}
}

static void what_is_no_address_is_refused(void **state)
{
	(void)state;
	static const char *const rows[] = { "", "nowhere", "127.0.0.1", ":7850",
		"127.0.0.1:", "127.0.0.1:65536", "127.0.0.1:-1", "127.0.0.1:http", "::1:7850",
		"[]:7850", "unix:" };

	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct upk_error err = { 0 };
		struct upk_listen l;
		assert_false(upk_listen_parse(rows[i], &l, &err));
		assert_int_equal(err.code, UPK_INVALID);
	}
}

static void a_port_out_of_range_is_told_the_range(void **state)
{
	(void)state;
	struct upk_error err = { 0 };
	struct upk_listen l;

	assert_false(upk_listen_parse("127.0.0.1:99999", &l, &err));
	assert_string_equal(err.message, "'127.0.0.1:99999': want a port from 0 to 65535");
}

static void port_0_is_described_by_the_port_that_it_got(void **state)
{
	(void)state;
	struct upk_buffer where = { 0 };
	struct upk_listen l;

	assert_true(upk_listen_parse("127.0.0.1:0", &l, NULL));
	int fd = upk_listen_open(&l, NULL);
	assert_true(fd >= 0);
	upk_listen_describe(&l, fd, &where);
	upk_buffer_putc(&where, '\0');
	assert_int_equal(strncmp(where.data, "http://127.0.0.1:", 17), 0);
	assert_true(atoi(where.data + 17) > 0);
	upk_buffer_finish(&where);
	close(fd);
}

static void a_stale_unix_socket_is_replaced_and_a_live_one_is_not(void **state)
{
	(void)state;
	char folder[] = "/tmp/upkeepd-listen-XXXXXX", given[64];
	struct upk_error err = { 0 };
	struct upk_listen l;
	struct stat at;

	assert_non_null(mkdtemp(folder));
	strcpy(given, "unix:");
	strcat(given, folder);
	strcat(given, "/sock");
	assert_true(upk_listen_parse(given, &l, NULL));
	int first = upk_listen_open(&l, NULL);
	assert_true(first >= 0);
	assert_int_equal(upk_listen_open(&l, &err), -1);
	assert_int_equal(err.code, UPK_IO);
	close(first);
	int second = upk_listen_open(&l, NULL);
	assert_true(second >= 0);
	assert_int_equal(stat(l.path, &at), 0);
	assert_int_equal(at.st_mode & 07777, 0660);
	close(second);
	upk_listen_remove(&l);
	assert_int_equal(rmdir(folder), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_address_says_whether_it_is_loopback),
		cmocka_unit_test(what_is_no_address_is_refused),
		cmocka_unit_test(a_port_out_of_range_is_told_the_range),
		cmocka_unit_test(port_0_is_described_by_the_port_that_it_got),
		cmocka_unit_test(a_stale_unix_socket_is_replaced_and_a_live_one_is_not),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
