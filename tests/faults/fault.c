#include "faults/fault.h"

#include <errno.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cjson/cJSON.h>
#include <cmocka.h>
#include <sqlite3.h>

void *__real_malloc(size_t size);
void *__real_calloc(size_t n, size_t size);
void *__real_realloc(void *p, size_t size);
char *__real_strdup(const char *s);
void *__wrap_malloc(size_t size);
void *__wrap_calloc(size_t n, size_t size);
void *__wrap_realloc(void *p, size_t size);
char *__wrap_strdup(const char *s);

enum { IO_METHODS = 4 };

static struct {
	atomic_int left; /* calls until the one that fails; < 0: none does */
	atomic_bool struck;
	enum fault_kind kind;
	bool forever, full;

	sqlite3_mem_methods memory;
	sqlite3_vfs vfs;
	pthread_mutex_t lock; /* over io */
	struct {
		const sqlite3_io_methods *real;
		sqlite3_io_methods wrapped;
	} io[IO_METHODS]; /* the database's and the WAL's differ */
} fault = { .left = -1, .lock = PTHREAD_MUTEX_INITIALIZER };

static bool strikes(enum fault_kind kind)
{
	if (fault.kind != kind || atomic_load(&fault.left) < 0)
		return false;
	int left = atomic_fetch_sub(&fault.left, 1);
	if (left > 0)
		return false;
	if (left < 0 && !fault.forever)
		return false;
	atomic_store(&fault.struck, true);
	atomic_store(&fault.left, fault.forever ? 0 : -1);
	errno = fault.full ? ENOSPC : EIO;
	return true;
}

void fault_arm(enum fault_kind kind, int nth, bool forever, bool full)
{
	atomic_store(&fault.left, -1);
	fault.kind = kind;
	fault.forever = forever;
	fault.full = full;
	atomic_store(&fault.struck, false);
	atomic_store(&fault.left, nth);
}

bool fault_stop(void)
{
	atomic_store(&fault.left, -1);
	return atomic_load(&fault.struck);
}

bool fault_struck(void)
{
	return atomic_load(&fault.struck);
}

int fault_stride(int usual)
{
	const char *wanted = getenv("UPK_FAULTS");
	int stride = wanted ? atoi(wanted) : usual;
	return stride > 0 ? stride : 1;
}

/* ---- memory ---- */

void *__wrap_malloc(size_t size)
{
	return strikes(FAULT_ALLOC) ? NULL : __real_malloc(size);
}

void *__wrap_calloc(size_t n, size_t size)
{
	return strikes(FAULT_ALLOC) ? NULL : __real_calloc(n, size);
}

void *__wrap_realloc(void *p, size_t size)
{
	return strikes(FAULT_ALLOC) ? NULL : __real_realloc(p, size);
}

char *__wrap_strdup(const char *s)
{
	return strikes(FAULT_ALLOC) ? NULL : __real_strdup(s);
}

static void *cjson_malloc(size_t size)
{
	return strikes(FAULT_ALLOC) ? NULL : __real_malloc(size);
}

static void *sqlite_malloc(int size)
{
	return strikes(FAULT_SQLITE_ALLOC) ? NULL : fault.memory.xMalloc(size);
}

static void *sqlite_realloc(void *memory, int size)
{
	return strikes(FAULT_SQLITE_ALLOC) ? NULL : fault.memory.xRealloc(memory, size);
}

/* ---- files ---- */

static int outcome(int broken)
{
	return fault.full ? SQLITE_FULL : broken;
}

static const sqlite3_io_methods *real_io(const sqlite3_file *file)
{
	size_t i = 0;
	while (file->pMethods != &fault.io[i].wrapped)
		i++;
	return fault.io[i].real;
}

static int failing_read(sqlite3_file *file, void *data, int size, sqlite3_int64 at)
{
	return strikes(FAULT_READ) ? SQLITE_IOERR_READ : real_io(file)->xRead(file, data, size, at);
}

/* Half of what is written gets there, as it may. */
static int failing_write(sqlite3_file *file, const void *data, int size, sqlite3_int64 at)
{
	if (!strikes(FAULT_WRITE))
		return real_io(file)->xWrite(file, data, size, at);
	(void)real_io(file)->xWrite(file, data, size / 2, at);
	return outcome(SQLITE_IOERR_WRITE);
}

static int failing_sync(sqlite3_file *file, int flags)
{
	return strikes(FAULT_SYNC) ? SQLITE_IOERR_FSYNC : real_io(file)->xSync(file, flags);
}

static int failing_truncate(sqlite3_file *file, sqlite3_int64 size)
{
	return strikes(FAULT_TRUNCATE) ? SQLITE_IOERR_TRUNCATE
				       : real_io(file)->xTruncate(file, size);
}

static int failing_map(sqlite3_file *file, int region, int size, int extend, void volatile **memory)
{
	if (extend && strikes(FAULT_SHARED))
		return SQLITE_IOERR_SHMSIZE;
	return real_io(file)->xShmMap(file, region, size, extend, memory);
}

static void wrap(sqlite3_file *file)
{
	size_t i = 0;
	pthread_mutex_lock(&fault.lock);
	while (fault.io[i].real && fault.io[i].real != file->pMethods)
		i++;
	assert_true(i < IO_METHODS);
	if (!fault.io[i].real) {
		fault.io[i].wrapped = *file->pMethods;
		fault.io[i].wrapped.xRead = failing_read;
		fault.io[i].wrapped.xWrite = failing_write;
		fault.io[i].wrapped.xSync = failing_sync;
		fault.io[i].wrapped.xTruncate = failing_truncate;
		fault.io[i].wrapped.xShmMap = failing_map;
		fault.io[i].real = file->pMethods;
	}
	file->pMethods = &fault.io[i].wrapped;
	pthread_mutex_unlock(&fault.lock);
}

static int failing_open(
	sqlite3_vfs *vfs, sqlite3_filename name, sqlite3_file *file, int flags, int *out)
{
	sqlite3_vfs *real = vfs->pAppData;
	file->pMethods = NULL;
	if (strikes(FAULT_OPEN))
		return outcome(SQLITE_CANTOPEN);
	int result = real->xOpen(real, name, file, flags, out);
	if (file->pMethods)
		wrap(file);
	return result;
}

void fault_install(void)
{
	cJSON_Hooks hooks = { .malloc_fn = cjson_malloc, .free_fn = free };
	cJSON_InitHooks(&hooks);

	assert_int_equal(sqlite3_config(SQLITE_CONFIG_GETMALLOC, &fault.memory), SQLITE_OK);
	sqlite3_mem_methods memory = fault.memory;
	memory.xMalloc = sqlite_malloc;
	memory.xRealloc = sqlite_realloc;
	assert_int_equal(sqlite3_config(SQLITE_CONFIG_MALLOC, &memory), SQLITE_OK);
	/* Small allocations must come from the allocator, too. */
	assert_int_equal(sqlite3_config(SQLITE_CONFIG_LOOKASIDE, 0, 0), SQLITE_OK);

	sqlite3_vfs *real = sqlite3_vfs_find(NULL);
	assert_non_null(real);
	fault.vfs = *real;
	fault.vfs.zName = "failing";
	fault.vfs.pAppData = real;
	fault.vfs.xOpen = failing_open;
	assert_int_equal(sqlite3_vfs_register(&fault.vfs, 1), SQLITE_OK);
}
