/* Loaded before the C library: calls on files of the data folder fail, and the clock is moved, as
 * the first bytes of the file FAILING_CONTROL say, which may change at any time: byte 0: s syncs
 * fail (EIO), w writes fail (EIO), f writes find no space (ENOSPC); anything else: none. bytes 8 to
 * 15: milliseconds that CLOCK_REALTIME is ahead (an int64). */
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/types.h>
#include <time.h>
#include <unistd.h>

enum { CONTROL_SIZE = 16, PATH_MOST = 4096 };

static void *real(const char *name)
{
	void *found = dlsym(RTLD_NEXT, name);
	if (!found)
		abort();
	return found;
}

static const volatile unsigned char *control(void)
{
	static const volatile unsigned char *mapped;
	if (mapped)
		return mapped;
	int fd = open(getenv("FAILING_CONTROL"), O_RDONLY | O_CLOEXEC);
	void *memory = mmap(NULL, CONTROL_SIZE, PROT_READ, MAP_SHARED, fd, 0);
	if (fd < 0 || memory == MAP_FAILED)
		abort();
	close(fd);
	mapped = memory;
	return mapped;
}

static int is_ours(int fd)
{
	char link[64], path[PATH_MOST];
	const char *folder = getenv("FAILING_FOLDER");
	snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
	ssize_t size = readlink(link, path, sizeof path - 1);
	path[size > 0 ? size : 0] = '\0';
	return folder && strncmp(path, folder, strlen(folder)) == 0;
}

/* errno, or 0 when the call may go on. */
static int fault(int fd, int sync)
{
	unsigned char wanted = control()[0];
	if (sync ? wanted != 's' : wanted != 'w' && wanted != 'f')
		return 0;
	if (!is_ours(fd))
		return 0;
	return wanted == 'f' ? ENOSPC : EIO;
}

#define FAIL_IF(cause) \
	do { \
		int c = (cause); \
		if (c) { \
			errno = c; \
			return -1; \
		} \
	} while (0)

ssize_t pwrite(int fd, const void *data, size_t size, off_t at)
{
	ssize_t (*real_write)(int, const void *, size_t, off_t) = real("pwrite");
	FAIL_IF(fault(fd, 0));
	return real_write(fd, data, size, at);
}

ssize_t pwrite64(int fd, const void *data, size_t size, off64_t at)
{
	ssize_t (*real_write)(int, const void *, size_t, off64_t) = real("pwrite64");
	FAIL_IF(fault(fd, 0));
	return real_write(fd, data, size, at);
}

int fsync(int fd)
{
	int (*real_sync)(int) = real("fsync");
	FAIL_IF(fault(fd, 1));
	return real_sync(fd);
}

int fdatasync(int fd)
{
	int (*real_sync)(int) = real("fdatasync");
	FAIL_IF(fault(fd, 1));
	return real_sync(fd);
}

int clock_gettime(clockid_t id, struct timespec *now)
{
	int (*real_clock)(clockid_t, struct timespec *) = real("clock_gettime");
	int64_t ahead;
	int result = real_clock(id, now);
	if (result != 0 || id != CLOCK_REALTIME)
		return result;
	memcpy(&ahead, (const void *)(control() + 8), sizeof ahead);
	now->tv_sec += ahead / 1000;
	return 0;
}
