#include "fake_daemon.h"

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

static void become(int in, int out, const char *fault)
{
	char script[512];
	const char *slash = strrchr(__FILE__, '/');
	snprintf(script, sizeof script, "%.*s/fake_daemon.py", (int)(slash - __FILE__), __FILE__);
	dup2(in, STDIN_FILENO);
	dup2(out, STDOUT_FILENO);
	unsetenv("LD_PRELOAD");
	execl("/usr/bin/python3", "python3", script, fault, (char *)NULL);
	_exit(127);
}

void fake_daemon_start(struct fake_daemon *d, const char *fault)
{
	int in[2], out[2], port = 0;
	assert_int_equal(pipe2(in, O_CLOEXEC), 0);
	assert_int_equal(pipe2(out, O_CLOEXEC), 0);
	d->pid = fork();
	assert_true(d->pid >= 0);
	if (d->pid == 0)
		become(in[0], out[1], fault);
	close(in[0]);
	close(out[1]);
	d->hold = in[1];

	FILE *said = fdopen(out[0], "r");
	assert_non_null(said);
	assert_int_equal(fscanf(said, "%d", &port), 1);
	fclose(said);
	snprintf(d->url, sizeof d->url, "http://127.0.0.1:%d", port);
}

void fake_daemon_stop(struct fake_daemon *d)
{
	close(d->hold);
	assert_int_equal(waitpid(d->pid, NULL, 0), d->pid);
}
