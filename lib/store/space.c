#include "store/space.h"

#include "store/folder.h"
#include "store/statement.h"

enum { PAGES, FREE, SIZE };
enum { AHEAD = 4 << 20 }; /* bytes; what a group of posts may add to the file */

static const char *const sql[] = {
	[PAGES] = "PRAGMA page_count",
	[FREE] = "PRAGMA freelist_count",
	[SIZE] = "PRAGMA page_size",
};

const struct upk_sql upk_space_sql = {
	UPK_SQL_SPACE,
	"room",
	sql,
	sizeof sql / sizeof sql[0],
};

static bool read_int(struct upk_store *s, int which, int64_t *value, struct upk_error *err)
{
	struct upk_query q = upk_query(s, &upk_space_sql, which);
	return upk_query_int(&q, value, err);
}

bool upk_store_used(struct upk_store *s, int64_t *bytes, struct upk_error *err)
{
	int64_t pages, unused, size;
	if (!read_int(s, PAGES, &pages, err) || !read_int(s, FREE, &unused, err) ||
		!read_int(s, SIZE, &size, err))
		return false;
	*bytes = (pages - unused) * size;
	return true;
}

bool upk_store_take_reserve(struct upk_store *s)
{
	return upk_folder_take_reserve(s->folder);
}

void upk_store_give_reserve(struct upk_store *s)
{
	upk_folder_give_reserve(s->folder);
}

bool upk_store_space(struct upk_store *s, struct upk_disk_space *space)
{
	int64_t pages, unused, size;
	struct upk_folder_space folder;
	if (!read_int(s, PAGES, &pages, NULL) || !read_int(s, FREE, &unused, NULL) ||
		!read_int(s, SIZE, &size, NULL))
		return false;
	int64_t missing = upk_folder_allocate(s->folder, pages * size, AHEAD);
	if (!upk_folder_space(s->folder, &folder))
		return false;
	*space = (struct upk_disk_space){
		.disk = folder.disk,
		.left = folder.left,
		.missing = missing,
		.wal = folder.wal,
		.used = (pages - unused) * size,
		.unused = unused * size,
	};
	return true;
}

bool upk_store_empty_wal(struct upk_store *s, struct upk_error *err)
{
	upk_store_unpin(s);
	(void)sqlite3_busy_timeout(s->db, 0);
	int result =
		sqlite3_wal_checkpoint_v2(s->db, "main", SQLITE_CHECKPOINT_TRUNCATE, NULL, NULL);
	(void)sqlite3_busy_timeout(s->db, UPK_STORE_BUSY_MS);
	if (result == SQLITE_OK) {
		s->wal_pages = 0;
		return true;
	}
	struct upk_error cause;
	upk_store_fail(s->db, result, "checkpoint", &cause);
	upk_store_note(s, &cause);
	return upk_fail(err, cause.code, "%s", cause.message);
}
