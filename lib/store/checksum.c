#include "store/checksum.h"

#include <endian.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include <xxhash.h>

enum {
	HEADER_SIZE = 100,
	RESERVED_AT = 20, /* in the header: free bytes at the end of each page */
	PAGE_LEAST = 512,
	PAGE_MOST = 65536,
	CONTROL_EXPECT = 0x75706b01, /* "upk": not one of SQLite's own */
};

/* The database file; the real VFS's own structure follows. */
struct checked {
	sqlite3_file base;
	bool sealed; /* its pages have room for a checksum */
};

static sqlite3_file *real(sqlite3_file *file)
{
	return (sqlite3_file *)(void *)((struct checked *)(void *)file + 1);
}

/* Never 0, which stands for no checksum. */
static uint64_t checksum(const unsigned char *page, int size, sqlite3_int64 at)
{
	uint64_t sum = XXH3_64bits_withSeed(page, (size_t)size - sizeof sum, (uint64_t)at);
	return sum != 0 ? sum : 1;
}

static bool is_page(const struct checked *file, int size, sqlite3_int64 at)
{
	return file->sealed && size >= PAGE_LEAST && size <= PAGE_MOST &&
		(size & (size - 1)) == 0 && at % size == 0;
}

static void note_header(struct checked *file, const unsigned char *data, int size, sqlite3_int64 at)
{
	if (at == 0 && size >= HEADER_SIZE && memcmp(data, "SQLite format 3", 16) == 0)
		file->sealed = data[RESERVED_AT] == UPK_CHECKSUM_BYTES;
}

static int checked_read(sqlite3_file *file, void *data, int size, sqlite3_int64 at)
{
	struct checked *f = (struct checked *)(void *)file;
	int result = real(file)->pMethods->xRead(real(file), data, size, at);
	if (result != SQLITE_OK)
		return result;
	note_header(f, data, size, at);
	if (!is_page(f, size, at))
		return SQLITE_OK;

	uint64_t stored;
	unsigned char *end = (unsigned char *)data + size - sizeof stored;
	memcpy(&stored, end, sizeof stored);
	memset(end, 0, sizeof stored);
	return stored == 0 || le64toh(stored) == checksum(data, size, at) ? SQLITE_OK
									  : SQLITE_IOERR_DATA;
}

static int checked_write(sqlite3_file *file, const void *data, int size, sqlite3_int64 at)
{
	struct checked *f = (struct checked *)(void *)file;
	unsigned char page[PAGE_MOST];
	note_header(f, data, size, at);
	if (!is_page(f, size, at))
		return real(file)->pMethods->xWrite(real(file), data, size, at);

	uint64_t sum = htole64(checksum(data, size, at));
	memcpy(page, data, (size_t)size - sizeof sum);
	memcpy(page + (size_t)size - sizeof sum, &sum, sizeof sum);
	return real(file)->pMethods->xWrite(real(file), page, size, at);
}

/* ---- everything else passes ---- */

static int close_file(sqlite3_file *file)
{
	return real(file)->pMethods->xClose(real(file));
}

static int truncate_file(sqlite3_file *file, sqlite3_int64 size)
{
	return real(file)->pMethods->xTruncate(real(file), size);
}

static int sync_file(sqlite3_file *file, int flags)
{
	return real(file)->pMethods->xSync(real(file), flags);
}

static int file_size(sqlite3_file *file, sqlite3_int64 *size)
{
	return real(file)->pMethods->xFileSize(real(file), size);
}

static int lock_file(sqlite3_file *file, int level)
{
	return real(file)->pMethods->xLock(real(file), level);
}

static int unlock_file(sqlite3_file *file, int level)
{
	return real(file)->pMethods->xUnlock(real(file), level);
}

static int check_reserved_lock(sqlite3_file *file, int *held)
{
	return real(file)->pMethods->xCheckReservedLock(real(file), held);
}

static int control_file(sqlite3_file *file, int what, void *argument)
{
	if (what == CONTROL_EXPECT) {
		((struct checked *)(void *)file)->sealed = true;
		return SQLITE_OK;
	}
	return real(file)->pMethods->xFileControl(real(file), what, argument);
}

static int sector_size(sqlite3_file *file)
{
	return real(file)->pMethods->xSectorSize(real(file));
}

static int characteristics(sqlite3_file *file)
{
	return real(file)->pMethods->xDeviceCharacteristics(real(file));
}

static int map_shared(sqlite3_file *file, int region, int size, int extend, void volatile **memory)
{
	return real(file)->pMethods->xShmMap(real(file), region, size, extend, memory);
}

static int lock_shared(sqlite3_file *file, int offset, int count, int flags)
{
	return real(file)->pMethods->xShmLock(real(file), offset, count, flags);
}

static void order_shared(sqlite3_file *file)
{
	real(file)->pMethods->xShmBarrier(real(file));
}

static int unmap_shared(sqlite3_file *file, int remove)
{
	return real(file)->pMethods->xShmUnmap(real(file), remove);
}

/* Version 2: nothing is mapped into memory, so that every page passes checked_read. */
static const sqlite3_io_methods methods = {
	.iVersion = 2,
	.xClose = close_file,
	.xRead = checked_read,
	.xWrite = checked_write,
	.xTruncate = truncate_file,
	.xSync = sync_file,
	.xFileSize = file_size,
	.xLock = lock_file,
	.xUnlock = unlock_file,
	.xCheckReservedLock = check_reserved_lock,
	.xFileControl = control_file,
	.xSectorSize = sector_size,
	.xDeviceCharacteristics = characteristics,
	.xShmMap = map_shared,
	.xShmLock = lock_shared,
	.xShmBarrier = order_shared,
	.xShmUnmap = unmap_shared,
};

static int open_file(
	sqlite3_vfs *vfs, sqlite3_filename name, sqlite3_file *file, int flags, int *out)
{
	sqlite3_vfs *below = vfs->pAppData;
	if (!(flags & SQLITE_OPEN_MAIN_DB))
		return below->xOpen(below, name, file, flags, out);

	struct checked *f = (struct checked *)(void *)file;
	*f = (struct checked){ .base.pMethods = NULL };
	int result = below->xOpen(below, name, real(file), flags, out);
	/* SQLite closes what has methods, even after a failure. */
	if (real(file)->pMethods)
		f->base.pMethods = &methods;
	return result;
}

const char *upk_checksum_vfs(struct upk_error *err)
{
	static const char name[] = "upkeepd";
	static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
	static sqlite3_vfs vfs; /* SQLite keeps it for the life of the process */

	pthread_mutex_lock(&lock);
	int result = sqlite3_initialize();
	sqlite3_vfs *below = result == SQLITE_OK ? sqlite3_vfs_find(NULL) : NULL;
	if (below && !vfs.zName) {
		vfs = *below;
		vfs.zName = name;
		vfs.pAppData = below;
		vfs.szOsFile = below->szOsFile + (int)sizeof(struct checked);
		vfs.xOpen = open_file;
		result = sqlite3_vfs_register(&vfs, 0);
		if (result != SQLITE_OK)
			vfs.zName = NULL;
	}
	pthread_mutex_unlock(&lock);
	if (below && result == SQLITE_OK)
		return name;
	upk_fail(err, UPK_NOMEM, "SQLite can't be set up: %s", sqlite3_errstr(result));
	return NULL;
}

void upk_checksum_expect(sqlite3 *to, sqlite3 *from)
{
	int reserved = -1; /* asks */
	if (sqlite3_file_control(from, "main", SQLITE_FCNTL_RESERVE_BYTES, &reserved) ==
			SQLITE_OK &&
		reserved == UPK_CHECKSUM_BYTES)
		(void)sqlite3_file_control(to, "main", CONTROL_EXPECT, NULL);
}
