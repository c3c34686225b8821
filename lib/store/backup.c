#include "store/backup.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <sqlite3.h>

#include "store/checksum.h"
#include "store/folder.h"
#include "store/migration.h"
#include "store/statement.h"

enum { STEP_PAGES = 256, BUSY_MS = 5000, PATH_SIZE = 4096 };

/* A path made of two parts; false: too long. */
static bool join(const char *a, const char *b, char path[PATH_SIZE], struct upk_error *err)
{
	int length = snprintf(path, PATH_SIZE, "%s%s", a, b);
	return (length >= 0 && length < PATH_SIZE) ||
		upk_fail(err, UPK_INVALID, "the path is too long: %s%s", a, b);
}

static bool fail_errno(const char *what, const char *path, struct upk_error *err)
{
	int cause = errno;
	return upk_fail(err, cause == ENOSPC || cause == EDQUOT ? UPK_FULL : UPK_IO, "%s %s: %s",
		what, path, strerror(cause));
}

/* Absent, or a folder with nothing in it. */
static bool check_free(const char *to, struct upk_error *err)
{
	DIR *dir = opendir(to);
	if (!dir && errno == ENOENT)
		return true;
	if (!dir)
		return upk_fail(err, UPK_CONFLICT, "%s is there already: %s", to, strerror(errno));
	bool empty = true;
	for (const struct dirent *entry; empty && (entry = readdir(dir));)
		empty = strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0;
	closedir(dir);
	return empty ||
		upk_fail(err, UPK_CONFLICT, "%s is there already and not empty: name a new folder",
			to);
}

static bool sync_path(const char *path, int flags, struct upk_error *err)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | flags);
	if (fd < 0)
		return fail_errno("can't open", path, err);
	bool done = fsync(fd) == 0 || fail_errno("can't sync", path, err);
	close(fd);
	return done;
}

static bool sync_parent(const char *path, struct upk_error *err)
{
	char parent[PATH_SIZE];
	if (!join(path, "", parent, err))
		return false;
	char *slash = strrchr(parent, '/');
	if (slash == parent)
		slash[1] = '\0';
	else if (slash)
		*slash = '\0';
	return sync_path(slash ? parent : ".", O_DIRECTORY, err);
}

/* What a backup leaves when it ends before its time. */
static void clear(const char *partial)
{
	static const char *const names[] = { "/upkeepd.db", "/upkeepd.db-journal", "/committed",
		"/lock" };
	for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
		char path[PATH_SIZE];
		if (join(partial, names[i], path, NULL))
			(void)unlink(path);
	}
	(void)rmdir(partial);
}

static bool open_file(const char *folder, int flags, sqlite3 **db, struct upk_error *err)
{
	char path[PATH_SIZE];
	const char *vfs = upk_checksum_vfs(err);
	if (!vfs || !join(folder, "/upkeepd.db", path, err))
		return false;
	int result =
		sqlite3_open_v2(path, db, flags | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE, vfs);
	if (result == SQLITE_OK)
		result = sqlite3_busy_timeout(*db, BUSY_MS);
	/* The last one out would copy the WAL back: the folder is not ours to change. */
	if (result == SQLITE_OK)
		result = sqlite3_db_config(*db, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, NULL);
	return result == SQLITE_OK || upk_store_fail(*db, result, path, err);
}

static bool run(sqlite3 *db, const char *sql, struct upk_error *err)
{
	int result = sqlite3_exec(db, sql, NULL, NULL, NULL);
	return result == SQLITE_OK || upk_store_fail(db, result, sql, err);
}

/* The read transaction that is open keeps the source as it is between steps, so that commits of the
 * writer do not start the copy anew. */
static bool copy_pages(
	sqlite3 *from, sqlite3 *to, const struct upk_backup_watch *watch, struct upk_error *err)
{
	sqlite3_backup *copy = sqlite3_backup_init(to, "main", from, "main");
	if (!copy)
		return upk_store_fail(to, sqlite3_extended_errcode(to), "backup", err);
	bool stopped = false;
	int result;
	do {
		result = sqlite3_backup_step(copy, STEP_PAGES);
		int64_t pages = sqlite3_backup_pagecount(copy);
		stopped = watch &&
			!watch->go_on(
				watch->context, pages - sqlite3_backup_remaining(copy), pages);
	} while (result == SQLITE_OK && !stopped);
	int finished = sqlite3_backup_finish(copy);
	if (stopped && result == SQLITE_OK)
		return upk_fail(err, UPK_CANCELLED, "stopped");
	if (result != SQLITE_DONE)
		return upk_store_fail(to, result, "backup", err);
	return finished == SQLITE_OK || upk_store_fail(to, finished, "backup", err);
}

static bool copy_file(sqlite3 *from, const char *partial, const struct upk_backup_watch *watch,
	struct upk_error *err)
{
	sqlite3 *to = NULL;
	bool done = open_file(partial, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE, &to, err) &&
		run(to, "PRAGMA journal_mode = OFF; PRAGMA synchronous = FULL", err);
	if (done)
		upk_checksum_expect(to, from);
	done = done && copy_pages(from, to, watch, err);
	int result = sqlite3_close(to);
	return done && (result == SQLITE_OK || upk_store_fail(NULL, result, partial, err));
}

/* `known` was read before the transaction began: a commit raises the file's mark after it is in
 * the database, so a sound database is never behind it. */
static bool check_mark(const char *folder, int64_t known, int64_t mark, struct upk_error *err)
{
	return mark >= known ||
		upk_fail(err, UPK_CORRUPT,
			"%s/upkeepd.db has lost commits: it is at %lld, and was at %lld before "
			"(was "
			"upkeepd.db-wal deleted?)",
			folder, (long long)mark, (long long)known);
}

static bool copy_folder(const char *folder, const char *partial, struct upk_folder *made,
	const struct upk_backup_watch *watch, int64_t *mark, struct upk_error *err)
{
	struct upk_migration schema = { 0 };
	sqlite3 *from = NULL;
	int64_t known = upk_folder_peek(folder);
	bool done = open_file(folder, SQLITE_OPEN_READONLY, &from, err) &&
		run(from, "BEGIN", err) && upk_migration_read(from, &schema, err) &&
		check_mark(folder, known, schema.mark, err) &&
		copy_file(from, partial, watch, err) &&
		upk_folder_set_committed(made, schema.mark, err);
	if (done)
		*mark = schema.mark;
	(void)sqlite3_close(from);
	return done;
}

/* Gives what is on the disk its name. */
static bool publish(const char *partial, const char *to, int64_t *bytes, struct upk_error *err)
{
	char path[PATH_SIZE];
	struct stat status;
	if (!join(partial, "/upkeepd.db", path, err))
		return false;
	if (stat(path, &status) != 0)
		return fail_errno("can't look at", path, err);
	*bytes = status.st_size;
	if (!join(partial, "/committed", path, err) || !sync_path(path, 0, err) ||
		!join(partial, "/lock", path, err))
		return false;
	if (unlink(path) != 0)
		return fail_errno("can't remove", path, err);
	if (!sync_path(partial, O_DIRECTORY, err))
		return false;
	if (rename(partial, to) != 0)
		return fail_errno("can't rename the finished copy to", to, err);
	return sync_parent(to, err);
}

static bool back_up(const char *folder, const char *to, const char *partial,
	const struct upk_backup_watch *watch, struct upk_backup *backup, struct upk_error *err)
{
	struct upk_folder *made = upk_folder_open(partial, err);
	if (!made)
		return false;
	/* Nobody else writes it: what is there was left by one that did not end. */
	char path[PATH_SIZE];
	struct upk_backup got = { 0 };
	bool done = join(partial, "/upkeepd.db", path, err) &&
		(unlink(path) == 0 || errno == ENOENT || fail_errno("can't remove", path, err)) &&
		copy_folder(folder, partial, made, watch, &got.mark, err) &&
		publish(partial, to, &got.bytes, err);
	if (!done)
		clear(partial);
	upk_folder_close(made);
	if (done)
		*backup = got;
	return done;
}

/* A data folder holds nothing but its own. What can't be resolved is met as an error later. */
static bool check_outside(const char *folder, const char *to, struct upk_error *err)
{
	char parent[PATH_SIZE];
	if (!join(to, "", parent, err))
		return false;
	char *slash = strrchr(parent, '/');
	if (slash)
		slash[slash == parent] = '\0';
	char *data = realpath(folder, NULL), *where = realpath(slash ? parent : ".", NULL);
	size_t size = data ? strlen(data) : 0;
	bool inside = data && where && strncmp(where, data, size) == 0 &&
		(where[size] == '/' || where[size] == '\0');
	free(data);
	free(where);
	return !inside ||
		upk_fail(err, UPK_CONFLICT, "%s is inside the data folder %s", to, folder);
}

bool upk_store_backup(const char *folder, const char *to, const struct upk_backup_watch *watch,
	struct upk_backup *backup, struct upk_error *err)
{
	char name[PATH_SIZE], partial[PATH_SIZE];
	if (!join(to, "", name, err))
		return false;
	for (size_t length = strlen(name); length > 1 && name[length - 1] == '/';)
		name[--length] = '\0';
	return check_outside(folder, name, err) && check_free(name, err) &&
		join(name, ".partial", partial, err) &&
		back_up(folder, name, partial, watch, backup, err);
}
