#include "store/room.h"

#include "store/folder.h"
#include "store/statement.h"

enum { PAGES, FREE, SIZE };

static const char *const sql[] = {
	[PAGES] = "PRAGMA page_count",
	[FREE] = "PRAGMA freelist_count",
	[SIZE] = "PRAGMA page_size",
};

const struct upk_sql upk_room_sql = {
	UPK_SQL_ROOM,
	"room",
	sql,
	sizeof sql / sizeof sql[0],
};

static bool read_int(struct upk_store *s, int which, int64_t *value, struct upk_error *err)
{
	struct upk_query q = upk_query(s, &upk_room_sql, which);
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
