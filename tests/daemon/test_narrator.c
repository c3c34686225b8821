#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "client/narrator.h"
#include "fake_daemon.h"

#define UNUSED __attribute__((unused))

enum { TEXT_SIZE = 4096 };

/* What a look says on stderr. */
static void look(struct upk_narrator *n, struct upk_remote *r, char text[TEXT_SIZE])
{
	FILE *file = tmpfile();
	assert_non_null(file);
	int kept = dup(STDERR_FILENO);
	dup2(fileno(file), STDERR_FILENO);
	bool ok = upk_narrator_look(n, r, NULL);
	dup2(kept, STDERR_FILENO);
	close(kept);
	assert_true(ok);
	rewind(file);
	text[fread(text, 1, TEXT_SIZE - 1, file)] = '\0';
	fclose(file);
}

/* The story of fake_daemon.py: an alert; another and a run; how far it is, twice; its
 * end, and what follows. */
static void what_is_new_is_told_once(void **state UNUSED)
{
	struct fake_daemon d;
	struct upk_remote remote;
	struct upk_progress progress = { .coloured = false };
	struct upk_narrator n = { .progress = &progress };
	char text[TEXT_SIZE];
	fake_daemon_start(&d, "story");
	struct upk_client *client = upk_client_create(d.url, NULL);
	assert_non_null(client);
	assert_true(upk_remote_init(&remote, client, NULL, "m", NULL));

	look(&n, &remote, text);
	assert_string_equal(text,
		"place 5,432: fired: rule fell: hit rate 0.610 on the last 120 pairs, L 12.2 over "
		"9.0; it changed at place 5312; its run is due at place 5,562\n");
	look(&n, &remote, text);
	assert_string_equal(text,
		"place 5,440: fired: rule f1-low: f1 is 0.5\n"
		"  run 2 (alert): rule fell fired\n");
	look(&n, &remote, text);
	assert_string_equal(text, "  run 2: 12 of 40 steps\n");
	look(&n, &remote, text);
	assert_string_equal(text, "  run 2: 16 of 40 steps\n");
	look(&n, &remote, text);
	assert_string_equal(text,
		"  rule fell resolved: replaced\n"
		"  promoted version 3: better by far\n"
		"place 12,345: version 1 takes over (bench): hits\n");

	upk_narrator_finish(&n);
	upk_remote_finish(&remote);
	upk_client_destroy(client);
	fake_daemon_stop(&d);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_new_is_told_once),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
