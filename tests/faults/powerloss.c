/* Loaded before the C library: a log of what the daemon writes and syncs in its data folder, from
 * which powerloss.py makes what a disk may hold after the power was lost.
 *
 * POWERLOSS_FOLDER: files in it are logged (never -shm). POWERLOSS_LOG: the log, records of
 * struct record and `size` bytes. POWERLOSS_UNSYNCED: syncs of files that end so are left out, as
 * synchronous=NORMAL leaves out those of the WAL. */
#include <dlfcn.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/types.h>
#include <unistd.h>

enum { FILES = 4096, NAME_MOST = 64 };
enum op { OP_OPEN = 1, OP_WRITE, OP_TRUNCATE, OP_SYNC, OP_UNLINK, OP_RENAME };

struct record {
	uint32_t op, size;
	uint64_t file; /* hash of its name, which OP_OPEN has as data */
	uint64_t at;   /* offset; the new size; the new name's hash */
};

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static int log_file = -1;
static char names[FILES][NAME_MOST]; /* by descriptor; "": not one of ours */

static void *real(const char *name)
{
	void *found = dlsym(RTLD_NEXT, name);
	if (!found)
		abort();
	return found;
}

static uint64_t hash(const char *name)
{
	uint64_t h = 14695981039346656037U;
	for (; *name; name++)
		h = (h ^ (unsigned char)*name) * 1099511628211U;
	return h;
}

/* The file's name within the folder; NULL: elsewhere. */
static const char *name_of(const char *path)
{
	const char *folder = getenv("POWERLOSS_FOLDER");
	size_t length = folder ? strlen(folder) : 0;
	if (length == 0 || strncmp(path, folder, length) != 0 || path[length] != '/')
		return NULL;
	const char *name = path + length + 1;
	size_t size = strlen(name);
	if (size >= NAME_MOST || strchr(name, '/') ||
		(size > 4 && !strcmp(name + size - 4, "-shm")))
		return NULL;
	return name;
}

static const char *name_of_fd(int fd)
{
	return fd >= 0 && fd < FILES && names[fd][0] ? names[fd] : NULL;
}

/* With the lock held, so that the log has the order in which it happened. */
static void note(enum op op, const char *name, uint64_t at, const void *data, size_t size)
{
	struct record r = { op, (uint32_t)size, hash(name), at };
	ssize_t (*put)(int, const void *, size_t) = real("write");
	if (log_file < 0) {
		int (*open_it)(const char *, int, ...) = real("open");
		log_file = open_it(
			getenv("POWERLOSS_LOG"), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
	}
	if (put(log_file, &r, sizeof r) != sizeof r ||
		(size > 0 && put(log_file, data, size) != (ssize_t)size))
		abort();
}

static int opened(int fd, const char *path)
{
	const char *name = name_of(path);
	if (fd < 0 || fd >= FILES)
		return fd;
	pthread_mutex_lock(&lock);
	names[fd][0] = '\0';
	if (name) {
		strcpy(names[fd], name);
		note(OP_OPEN, name, 0, name, strlen(name));
	}
	pthread_mutex_unlock(&lock);
	return fd;
}

#define OPEN(symbol) \
	int symbol(const char *path, int flags, ...) \
	{ \
		int (*real_open)(const char *, int, ...) = real(#symbol); \
		va_list args; \
		va_start(args, flags); \
		mode_t mode = flags & O_CREAT ? va_arg(args, mode_t) : 0; \
		va_end(args); \
		return opened(real_open(path, flags, mode), path); \
	}
OPEN(open)
OPEN(open64)

int close(int fd)
{
	int (*real_close)(int) = real("close");
	pthread_mutex_lock(&lock);
	if (fd >= 0 && fd < FILES)
		names[fd][0] = '\0';
	pthread_mutex_unlock(&lock);
	return real_close(fd);
}

static ssize_t written(const char *symbol, int fd, const void *data, size_t size, off_t at)
{
	ssize_t (*real_write)(int, const void *, size_t, off_t) = real(symbol);
	const char *name = name_of_fd(fd);
	if (!name)
		return real_write(fd, data, size, at);
	pthread_mutex_lock(&lock);
	ssize_t done = real_write(fd, data, size, at);
	if (done > 0)
		note(OP_WRITE, name, (uint64_t)at, data, (size_t)done);
	pthread_mutex_unlock(&lock);
	return done;
}

ssize_t pwrite(int fd, const void *data, size_t size, off_t at)
{
	return written("pwrite", fd, data, size, at);
}

ssize_t pwrite64(int fd, const void *data, size_t size, off64_t at)
{
	return written("pwrite64", fd, data, size, at);
}

ssize_t write(int fd, const void *data, size_t size)
{
	ssize_t (*real_write)(int, const void *, size_t) = real("write");
	if (name_of_fd(fd))
		abort(); /* nothing in the folder is written so: it would miss in the log */
	return real_write(fd, data, size);
}

static int truncated(const char *symbol, int fd, off_t size)
{
	int (*real_truncate)(int, off_t) = real(symbol);
	const char *name = name_of_fd(fd);
	if (!name)
		return real_truncate(fd, size);
	pthread_mutex_lock(&lock);
	int result = real_truncate(fd, size);
	if (result == 0)
		note(OP_TRUNCATE, name, (uint64_t)size, NULL, 0);
	pthread_mutex_unlock(&lock);
	return result;
}

int ftruncate(int fd, off_t size)
{
	return truncated("ftruncate", fd, size);
}

int ftruncate64(int fd, off64_t size)
{
	return truncated("ftruncate64", fd, size);
}

static int synced(const char *symbol, int fd)
{
	int (*real_sync)(int) = real(symbol);
	const char *name = name_of_fd(fd);
	const char *unsynced = getenv("POWERLOSS_UNSYNCED");
	size_t size = name ? strlen(name) : 0, end = unsynced ? strlen(unsynced) : 0;
	if (!name || (end > 0 && size >= end && !strcmp(name + size - end, unsynced)))
		return real_sync(fd);
	pthread_mutex_lock(&lock);
	int result = real_sync(fd);
	if (result == 0)
		note(OP_SYNC, name, 0, NULL, 0);
	pthread_mutex_unlock(&lock);
	return result;
}

int fsync(int fd)
{
	return synced("fsync", fd);
}

int fdatasync(int fd)
{
	return synced("fdatasync", fd);
}

int unlink(const char *path)
{
	int (*real_unlink)(const char *) = real("unlink");
	const char *name = name_of(path);
	if (!name)
		return real_unlink(path);
	pthread_mutex_lock(&lock);
	int result = real_unlink(path);
	if (result == 0)
		note(OP_UNLINK, name, 0, NULL, 0);
	pthread_mutex_unlock(&lock);
	return result;
}

int rename(const char *from, const char *to)
{
	int (*real_rename)(const char *, const char *) = real("rename");
	const char *name = name_of(from), *target = name_of(to);
	if (!name || !target)
		return real_rename(from, to);
	pthread_mutex_lock(&lock);
	int result = real_rename(from, to);
	if (result == 0) {
		note(OP_OPEN, target, 0, target, strlen(target));
		note(OP_RENAME, name, hash(target), NULL, 0);
	}
	pthread_mutex_unlock(&lock);
	return result;
}
