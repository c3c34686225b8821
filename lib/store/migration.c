#include "store/migration.h"

#include "store/statement.h"

enum { APPLICATION_ID = 1970301796 }; /* as in 0001_first.sql */
enum { MARKS = 8 };                   /* the schema before which `commits` was the mark */

static int64_t newest_schema(void)
{
	int64_t count = 0;
	while (upk_migrations[count].name)
		count++;
	return count;
}

static bool read_int(sqlite3 *db, const char *sql, int64_t *value, struct upk_error *err)
{
	sqlite3_stmt *statement = NULL;
	int result = sqlite3_prepare_v2(db, sql, -1, &statement, NULL);
	if (result == SQLITE_OK)
		result = sqlite3_step(statement);
	if (result != SQLITE_ROW) {
		upk_store_fail(db, result == SQLITE_DONE ? SQLITE_CORRUPT : result, "schema", err);
		(void)sqlite3_finalize(statement);
		return false;
	}
	*value = sqlite3_column_int64(statement, 0);
	(void)sqlite3_finalize(statement);
	return true;
}

bool upk_migration_read(sqlite3 *db, struct upk_migration *schema, struct upk_error *err)
{
	int64_t id, version, commits = 0, last = 0, tables;
	if (!read_int(db, "PRAGMA application_id", &id, err) ||
		!read_int(db, "PRAGMA user_version", &version, err) ||
		!read_int(db, "SELECT count(*) FROM sqlite_schema", &tables, err))
		return false;

	if (id != APPLICATION_ID && (id != 0 || version != 0 || tables > 0))
		return upk_fail(err, UPK_CORRUPT,
			"upkeepd.db was not made by upkeepd: move it away or restore a backup");
	if (version > newest_schema())
		return upk_fail(err, UPK_CORRUPT,
			"upkeepd.db has schema %lld and this upkeepd knows up to %lld: run a newer "
			"upkeepd",
			(long long)version, (long long)newest_schema());
	if (version > 0 && !read_int(db, "SELECT commits FROM sequence", &commits, err))
		return false;
	if (version >= MARKS && !read_int(db, UPK_STORE_LAST_SEQ, &last, err))
		return false;

	*schema = (struct upk_migration){ version, commits, .mark = commits + last };
	return true;
}

bool upk_migration_is_current(const struct upk_migration *schema)
{
	return schema->version == newest_schema();
}

static bool apply(
	sqlite3 *db, int64_t version, const struct upk_embedded *file, struct upk_error *err)
{
	int result = sqlite3_exec(db, "BEGIN IMMEDIATE", NULL, NULL, NULL);
	if (result == SQLITE_OK)
		result = sqlite3_exec(db, (const char *)file->data, NULL, NULL, NULL);
	if (result != SQLITE_OK)
		goto undo;

	int64_t reached;
	if (!read_int(db, "PRAGMA user_version", &reached, err))
		goto rollback;
	if (reached != version) {
		upk_fail(err, UPK_CORRUPT, "%s leads to schema %lld, not %lld", file->name,
			(long long)reached, (long long)version);
		goto rollback;
	}
	result = sqlite3_exec(db, "COMMIT", NULL, NULL, NULL);
	if (result == SQLITE_OK)
		return true;

undo:
	upk_store_fail(db, result, file->name, err);
rollback:
	if (!sqlite3_get_autocommit(db))
		(void)sqlite3_exec(db, "ROLLBACK", NULL, NULL, NULL);
	return false;
}

bool upk_migration_apply(sqlite3 *db, const struct upk_migration *from, struct upk_error *err)
{
	for (int64_t version = from->version; upk_migrations[version].name; version++) {
		if (!apply(db, version + 1, &upk_migrations[version], err))
			return false;
	}
	return true;
}
