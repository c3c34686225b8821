#include "client/child.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/buffer.h"

enum { POLL_MS = 10, START_MS = 60 * 1000, STOP_MS = 10 * 1000, LOG_READ = 4096 };

static const char listening[] = "listening on ";

static void sleep_a_little(void)
{
	struct timespec pause = { .tv_nsec = POLL_MS * 1000000L };
	nanosleep(&pause, NULL);
}

/* After fork: async-signal-safe calls alone, since other threads may have held locks. */
_Noreturn static void become_daemon(const char *folder, int log, pid_t parent)
{
	static char self[] = "/proc/self/exe";
	char *const argv[] = { (char[]){ "upkeepd" }, (char[]){ "serve" }, (char[]){ "--data" },
		(char *)folder, (char[]){ "--listen" }, (char[]){ "127.0.0.1:0" }, NULL };
	sigset_t none;
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	setpgid(0, 0);
	prctl(PR_SET_PDEATHSIG, SIGTERM);
	if (getppid() == parent && dup2(log, STDERR_FILENO) >= 0)
		execv(self, argv);
	_exit(127);
}

/* Up to LOG_READ bytes from the log's start or end, ended by a NUL. */
static bool read_log(const struct upk_child *c, int whence, char text[LOG_READ + 1])
{
	int fd = open(c->log, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return false;
	if (whence == SEEK_END && lseek(fd, -LOG_READ, SEEK_END) < 0)
		lseek(fd, 0, SEEK_SET);
	ssize_t got = read(fd, text, LOG_READ);
	close(fd);
	text[got > 0 ? got : 0] = '\0';
	return got > 0;
}

static bool find_url(struct upk_child *c)
{
	char text[LOG_READ + 1];
	if (!read_log(c, SEEK_SET, text))
		return false;
	char *url = strstr(text, listening);
	char *end = url ? strchr(url, '\n') : NULL;
	if (!end)
		return false;
	url += sizeof listening - 1;
	size_t size = (size_t)(end - url);
	if (size >= sizeof c->url)
		return false;
	memcpy(c->url, url, size);
	c->url[size] = '\0';
	return true;
}

bool upk_child_has_ended(struct upk_child *c)
{
	if (waitpid(c->pid, NULL, WNOHANG) != c->pid)
		return false;
	c->pid = 0;
	return true;
}

static bool wait_for_url(struct upk_child *c, struct upk_error *err)
{
	char text[LOG_READ + 1] = "";
	for (int ms = 0; ms < START_MS; ms += POLL_MS) {
		if (find_url(c))
			return true;
		if (upk_child_has_ended(c)) {
			read_log(c, SEEK_END, text);
			return upk_fail(err, UPK_IO, "the daemon did not start: %s", text);
		}
		sleep_a_little();
	}
	return upk_fail(err, UPK_IO, "the daemon did not listen within %d s", START_MS / 1000);
}

static bool set_log(struct upk_child *c, const char *folder, struct upk_error *err)
{
	struct upk_buffer path = { 0 };
	upk_buffer_printf(&path, "%s/serve.log", folder);
	upk_buffer_putc(&path, '\0');
	c->log = path.failed ? NULL : strdup(path.data);
	upk_buffer_finish(&path);
	return c->log ? true : upk_fail(err, UPK_NOMEM, "no memory for a path");
}

bool upk_child_start(struct upk_child *c, const char *folder, struct upk_error *err)
{
	if (!set_log(c, folder, err))
		return false;
	int log = open(c->log, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
	if (log < 0)
		return upk_fail(err, UPK_IO, "%s: %s", c->log, strerror(errno));
	pid_t parent = getpid(), pid = fork();
	if (pid == 0)
		become_daemon(folder, log, parent);
	close(log);
	if (pid < 0)
		return upk_fail(err, UPK_IO, "no process could be started: %s", strerror(errno));
	c->pid = pid;
	return wait_for_url(c, err);
}

void upk_child_stop(struct upk_child *c)
{
	if (c->pid > 0)
		kill(c->pid, SIGTERM);
	for (int ms = 0; c->pid > 0 && !upk_child_has_ended(c) && ms < STOP_MS; ms += POLL_MS)
		sleep_a_little();
	if (c->pid > 0) {
		kill(c->pid, SIGKILL);
		waitpid(c->pid, NULL, 0);
		c->pid = 0;
	}
	free(c->log);
	c->log = NULL;
}
