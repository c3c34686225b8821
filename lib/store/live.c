#include "store/live.h"

#include <stdlib.h>
#include <string.h>

#include "store/statement.h"

enum { STORE, FETCH, INSERT, REMOVE_OLD, BEFORE, BYTES };

static const char *const sql[] = {
	[STORE] = "INSERT INTO live (model, bytes) VALUES (?1, ?2) "
		  "ON CONFLICT (model) DO UPDATE SET bytes = excluded.bytes",
	[FETCH] = "SELECT bytes FROM live WHERE model = ?1",
	[INSERT] = "INSERT INTO version_revision (model, version, revision, created, place, bytes) "
		   "VALUES (?1, ?2, ?3, ?4, ?5, ?6) ON CONFLICT DO NOTHING",
	[REMOVE_OLD] = "DELETE FROM version_revision WHERE rowid IN (SELECT rowid FROM "
		       "(SELECT rowid, created FROM version_revision WHERE model = ?1 "
		       "ORDER BY version, revision LIMIT 4) WHERE created < ?2)",
	[BEFORE] = "SELECT revision, created, place, length(bytes) FROM version_revision "
		   "WHERE model = ?1 AND version = ?2 AND revision < ?3 ORDER BY revision DESC",
	[BYTES] = "SELECT bytes FROM version_revision WHERE model = ?1 AND version = ?2 "
		  "AND (?3 = 0 OR revision = ?3) ORDER BY revision DESC LIMIT 1",
};

const struct upk_sql upk_live_sql = {
	UPK_SQL_LIVE,
	"live",
	sql,
	sizeof sql / sizeof sql[0],
};

bool upk_live_store(
	struct upk_store *s, int64_t model, struct upk_text bytes, struct upk_error *err)
{
	struct upk_query q = upk_query(s, &upk_live_sql, STORE);
	upk_put_int(&q, model);
	upk_put_blob(&q, bytes.data, bytes.size);
	return upk_query_run(&q, err);
}

bool upk_live_fetch(
	struct upk_store *s, int64_t model, struct upk_text *bytes, struct upk_error *err)
{
	bool found;
	struct upk_query q = upk_query(s, &upk_live_sql, FETCH);
	upk_put_int(&q, model);
	if (!upk_query_one(&q, &found, err))
		return false;
	*bytes = found ? upk_get_text(&q, 0) : (struct upk_text){ NULL, 0 };
	return true;
}

bool upk_copy_insert(struct upk_store *s, const struct upk_copy_row *row, struct upk_text bytes,
	struct upk_error *err)
{
	struct upk_query q = upk_query(s, &upk_live_sql, INSERT);
	upk_put_int(&q, row->model);
	upk_put_int(&q, row->version);
	upk_put_int(&q, row->revision);
	upk_put_int(&q, row->created);
	upk_put_int(&q, row->place);
	upk_put_blob(&q, bytes.data, bytes.size);
	return upk_query_run(&q, err);
}

bool upk_copy_remove_old(struct upk_store *s, int64_t model, int64_t created, struct upk_error *err)
{
	struct upk_query q = upk_query(s, &upk_live_sql, REMOVE_OLD);
	upk_put_int(&q, model);
	upk_put_int(&q, created);
	return upk_query_run(&q, err);
}

bool upk_copy_each(struct upk_store *s, int64_t model, int64_t version, int64_t before,
	bool (*take)(void *context, const struct upk_copy_row *row), void *context,
	struct upk_error *err)
{
	struct upk_query q = upk_query(s, &upk_live_sql, BEFORE);
	upk_put_int(&q, model);
	upk_put_int(&q, version);
	upk_put_int(&q, before != 0 ? before : INT64_MAX);
	for (;;) {
		bool found;
		if (!upk_query_next(&q, &found, err))
			return false;
		if (!found)
			return true;
		const struct upk_copy_row row = { .model = model,
			.version = version,
			.revision = upk_get_int(&q, 0),
			.created = upk_get_int(&q, 1),
			.place = upk_get_int(&q, 2),
			.size = upk_get_int(&q, 3) };
		if (!take(context, &row)) {
			upk_query_end(&q);
			return true;
		}
	}
}

bool upk_copy_bytes(struct upk_store *s, int64_t model, int64_t version, int64_t revision,
	bool *found, char **bytes, size_t *size, struct upk_error *err)
{
	struct upk_query q = upk_query(s, &upk_live_sql, BYTES);
	upk_put_int(&q, model);
	upk_put_int(&q, version);
	upk_put_int(&q, revision);
	if (!upk_query_one(&q, found, err))
		return false;
	if (!*found)
		return true;
	struct upk_text stored = upk_get_text(&q, 0);
	char *copy = malloc(stored.size > 0 ? stored.size : 1);
	if (!copy)
		return upk_fail(
			err, UPK_NOMEM, "no memory for a copy of version %lld", (long long)version);
	memcpy(copy, stored.data, stored.size);
	*bytes = copy;
	*size = stored.size;
	return true;
}
