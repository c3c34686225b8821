#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <sys/socket.h>
#include <unistd.h>

#include "http/reaper.h"

/* false: the other side was shut down. */
static bool is_open(int fd)
{
	char byte;

	return recv(fd, &byte, 1, MSG_DONTWAIT) < 0;
}

static void only_overdue_connections_are_cut(void **state)
{
	(void)state;
	enum { PAIRS = 3 };
	struct upk_reaper r = { 0 };
	struct upk_reaped *entries[PAIRS];
	int fds[PAIRS][2];

	assert_true(upk_reaper_init(&r));
	for (int i = 0; i < PAIRS; i++) {
		assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, fds[i]), 0);
		entries[i] = upk_reaper_add(&r, fds[i][0], 100 * (i + 1));
		assert_non_null(entries[i]);
	}
	upk_reaper_set(entries[1], 0);
	upk_reaper_set_pressed(entries[1], 1500);
	upk_reaper_pass(&r, 99, true);
	assert_true(is_open(fds[0][1]));
	upk_reaper_pass(&r, 250, false);
	assert_false(is_open(fds[0][1]));
	assert_true(is_open(fds[1][1]));
	assert_true(is_open(fds[2][1]));

	upk_reaper_pass(&r, 1499, true);
	upk_reaper_pass(&r, 2000, false);
	assert_true(is_open(fds[1][1]));
	upk_reaper_pass(&r, 1500, true);
	assert_false(is_open(fds[1][1]));

	upk_reaper_remove(&r, entries[1]);
	assert_false(is_open(fds[2][1]));
	upk_reaper_remove(&r, entries[0]);
	upk_reaper_remove(&r, entries[2]);
	upk_reaper_remove(&r, NULL);
	assert_null(r.first);
	upk_reaper_finish(&r);
	for (int i = 0; i < PAIRS; i++) {
		close(fds[i][0]);
		close(fds[i][1]);
	}
}

static void room_is_made_by_the_oldest_that_is_not_busy(void **state)
{
	(void)state;
	enum { PAIRS = 3 };
	struct upk_reaper r = { 0 };
	struct upk_reaped *entries[PAIRS];
	int fds[PAIRS][2];

	assert_true(upk_reaper_init(&r));
	for (int i = 0; i < PAIRS; i++) {
		assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, fds[i]), 0);
		entries[i] = upk_reaper_add(&r, fds[i][0], 0);
	}
	upk_reaper_set_busy(entries[0], true);
	assert_true(upk_reaper_make_room(&r));
	assert_true(is_open(fds[0][1]));
	assert_false(is_open(fds[1][1]));
	assert_true(is_open(fds[2][1]));
	assert_true(upk_reaper_make_room(&r));
	assert_false(is_open(fds[2][1]));
	assert_false(upk_reaper_make_room(&r));
	upk_reaper_set_busy(entries[0], false);
	assert_true(upk_reaper_make_room(&r));
	assert_false(is_open(fds[0][1]));
	for (int i = 0; i < PAIRS; i++) {
		upk_reaper_remove(&r, entries[i]);
		close(fds[i][0]);
		close(fds[i][1]);
	}
	assert_true(!r.first && !r.last);
	upk_reaper_finish(&r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(only_overdue_connections_are_cut),
		cmocka_unit_test(room_is_made_by_the_oldest_that_is_not_busy),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
