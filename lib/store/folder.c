#include "store/folder.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <xxhash.h>

#include "base/number.h"
#include "base/text.h"

struct upk_folder {
	int folder; /* itself */
	int lock;
	int committed;
	int file; /* upkeepd.db; -1 until it is asked for */
};

/* The mark and its hash, a line each. Zeros in front keep the file's size, so that writing it
 * again needs no new block. */
enum { COMMITTED_DIGITS = 20, COMMITTED_SIZE = COMMITTED_DIGITS + 1 + 16 + 1 };
enum { RESERVE = 8 << 20 };

/* Who may not is half of why. */
static bool fail_access(const char *act, const char *path, struct upk_error *err)
{
	int reason = errno;
	if (reason == EACCES)
		return upk_fail(err, UPK_IO, "can't %s %s as user %ld: %s", act, path,
			(long)geteuid(), strerror(reason));
	return upk_fail(err, reason == ENOSPC ? UPK_FULL : UPK_IO, "can't %s %s: %s", act, path,
		strerror(reason));
}

static int open_file(const char *folder, const char *name, struct upk_error *err)
{
	char path[4096];
	int length = snprintf(path, sizeof path, "%s/%s", folder, name);
	if (length < 0 || (size_t)length >= sizeof path) {
		upk_fail(err, UPK_INVALID, "the data folder's path is too long: %s", folder);
		return -1;
	}
	int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	if (fd < 0)
		fail_access("open", path, err);
	return fd;
}

static bool fail_locked(int fd, const char *folder, struct upk_error *err)
{
	char pid[32];
	ssize_t size = pread(fd, pid, sizeof pid - 1, 0);
	pid[size > 0 ? size : 0] = '\0';
	pid[strcspn(pid, "\n")] = '\0';
	return upk_fail(err, UPK_CONFLICT,
		"data folder %s is in use by process %s: stop it, or use another --data", folder,
		pid[0] ? pid : "(unknown)");
}

static bool take_lock(int fd, const char *folder, struct upk_error *err)
{
	if (flock(fd, LOCK_EX | LOCK_NB) != 0) {
		if (errno == EWOULDBLOCK)
			return fail_locked(fd, folder, err);
		return upk_fail(
			err, UPK_IO, "can't lock data folder %s: %s", folder, strerror(errno));
	}

	char pid[32];
	int size = snprintf(pid, sizeof pid, "%ld\n", (long)getpid());
	/* In this order it needs no new block on a full disk. */
	if (pwrite(fd, pid, (size_t)size, 0) != size || ftruncate(fd, size) != 0)
		return upk_fail(err, errno == ENOSPC ? UPK_FULL : UPK_IO, "can't write %s/lock: %s",
			folder, strerror(errno));
	return true;
}

struct upk_folder *upk_folder_open(const char *path, struct upk_error *err)
{
	if (mkdir(path, 0700) != 0 && errno != EEXIST) {
		if (errno == ENOENT)
			upk_fail(err, UPK_IO,
				"can't create data folder %s: the folder that it stands in is not "
				"there: make that first",
				path);
		else
			fail_access("create data folder", path, err);
		return NULL;
	}

	struct upk_folder *f = malloc(sizeof *f);
	if (!f) {
		upk_fail(err, UPK_NOMEM, "no memory for data folder %s", path);
		return NULL;
	}
	*f = (struct upk_folder){ .folder = -1, .lock = -1, .committed = -1, .file = -1 };

	f->folder = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (f->folder < 0) {
		fail_access("open data folder", path, err);
		goto close_folder;
	}
	f->lock = open_file(path, "lock", err);
	if (f->lock < 0 || !take_lock(f->lock, path, err))
		goto close_folder;
	f->committed = open_file(path, "committed", err);
	if (f->committed < 0)
		goto close_folder;
	return f;

close_folder:
	upk_folder_close(f);
	return NULL;
}

void upk_folder_close(struct upk_folder *f)
{
	if (!f)
		return;
	/* Closing it drops the process's locks on it: SQLite has closed its own by now. */
	if (f->file >= 0)
		(void)close(f->file);
	if (f->folder >= 0)
		(void)close(f->folder);
	if (f->committed >= 0)
		(void)close(f->committed);
	if (f->lock >= 0)
		(void)close(f->lock);
	free(f);
}

/* What the file holds for a mark; text has room for one byte more. */
static void write_committed(int64_t mark, char *text)
{
	int size = snprintf(text, COMMITTED_SIZE + 1, "%0*" PRId64 "\n", COMMITTED_DIGITS, mark);
	snprintf(text + size, (size_t)(COMMITTED_SIZE + 1 - size), "%016" PRIx64 "\n",
		(uint64_t)XXH3_64bits(text, (size_t)size));
}

static int64_t read_committed(int fd)
{
	char text[COMMITTED_SIZE + 1] = "", again[COMMITTED_SIZE + 1];
	if (pread(fd, text, COMMITTED_SIZE, 0) != COMMITTED_SIZE)
		return 0;

	int64_t mark = 0;
	size_t zeros = 0;
	while (zeros < COMMITTED_DIGITS - 1 && text[zeros] == '0')
		zeros++;
	struct upk_text number = { text + zeros, COMMITTED_DIGITS - zeros };
	if (!upk_number_parse_int(number, &mark) || mark < 0)
		return 0;
	write_committed(mark, again);
	return memcmp(text, again, COMMITTED_SIZE) == 0 ? mark : 0;
}

int64_t upk_folder_committed(const struct upk_folder *f)
{
	return read_committed(f->committed);
}

int64_t upk_folder_peek(const char *path)
{
	char name[4096];
	int length = snprintf(name, sizeof name, "%s/committed", path);
	int fd =
		length < 0 || (size_t)length >= sizeof name ? -1 : open(name, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return 0;
	int64_t mark = read_committed(fd);
	(void)close(fd);
	return mark;
}

bool upk_folder_set_committed(struct upk_folder *f, int64_t mark, struct upk_error *err)
{
	char text[COMMITTED_SIZE + 1];
	write_committed(mark, text);
	ssize_t written = pwrite(f->committed, text, COMMITTED_SIZE, 0);
	if (written != COMMITTED_SIZE)
		return upk_fail(err, written >= 0 || errno == ENOSPC ? UPK_FULL : UPK_IO,
			"can't write the data folder's file \"committed\": %s",
			written >= 0 ? "short write" : strerror(errno));
	return true;
}

static const char reserve[] = "reserve";

/* 0: there is no room for it. */
static off_t reserve_size(const struct upk_folder *f)
{
	struct statvfs disk;
	if (fstatvfs(f->folder, &disk) != 0)
		return 0;
	double all = (double)disk.f_blocks * (double)disk.f_frsize;
	double left = (double)disk.f_bavail * (double)disk.f_frsize;
	double size = all / 64 < RESERVE ? all / 64 : RESERVE;
	return left >= 3 * size ? (off_t)size : 0;
}

bool upk_folder_take_reserve(struct upk_folder *f)
{
	struct stat status;
	if (fstatat(f->folder, reserve, &status, 0) == 0 && status.st_blocks > 0)
		return true;
	off_t size = reserve_size(f);
	int fd = size > 0 ? openat(f->folder, reserve, O_RDWR | O_CREAT | O_CLOEXEC, 0600) : -1;
	if (fd < 0)
		return false;
	bool taken = posix_fallocate(fd, 0, size) == 0;
	(void)close(fd);
	if (!taken)
		upk_folder_give_reserve(f);
	return taken;
}

void upk_folder_give_reserve(struct upk_folder *f)
{
	(void)unlinkat(f->folder, reserve, 0);
}

bool upk_folder_space(const struct upk_folder *f, struct upk_folder_space *space)
{
	struct statvfs disk;
	struct stat wal;
	if (fstatvfs(f->folder, &disk) != 0)
		return false;
	bool there = fstatat(f->folder, "upkeepd.db-wal", &wal, 0) == 0;
	*space = (struct upk_folder_space){
		.disk = (int64_t)disk.f_blocks * (int64_t)disk.f_frsize,
		.left = (int64_t)disk.f_bavail * (int64_t)disk.f_frsize,
		.wal = there ? (int64_t)wal.st_blocks * 512 : 0,
	};
	return true;
}

static bool allocate(int fd, int64_t from, int64_t to)
{
	return to <= from ||
		fallocate(fd, FALLOC_FL_KEEP_SIZE, (off_t)from, (off_t)(to - from)) == 0;
}

/* A copy that is complete gives back what lies beyond the end: the blocks are asked for each time.
 */
int64_t upk_folder_allocate(struct upk_folder *f, int64_t bytes, int64_t more)
{
	struct stat status;
	if (f->file < 0)
		f->file = openat(f->folder, "upkeepd.db", O_RDWR | O_CLOEXEC);
	if (f->file < 0 || fstat(f->file, &status) != 0)
		return bytes;
	int64_t size = (int64_t)status.st_size, there = (int64_t)status.st_blocks * 512;
	if (there >= bytes + more / 2 || allocate(f->file, size, bytes + more) || there >= bytes ||
		allocate(f->file, size, bytes))
		return 0;
	return bytes - (there > size ? there : size);
}
