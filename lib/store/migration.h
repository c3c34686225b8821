/* Inside lib/store: brings a database to the schema that this program knows. */
#ifndef UPK_STORE_MIGRATION_H
#define UPK_STORE_MIGRATION_H

#include <stdbool.h>
#include <stdint.h>

#include <sqlite3.h>

#include "base/embedded.h"
#include "base/error.h"

/* migrations/, compiled in. The n-th file brings a database to schema n (PRAGMA user_version). */
extern const struct upk_embedded upk_migrations[];

/* How far a database is. */
struct upk_migration {
	int64_t version; /* 0: an empty file */
	int64_t commits; /* as in the table sequence */
	int64_t mark;    /* what folder/committed must not be ahead of: each commit raises it */
};

/* Reads without changing a byte. UPK_CORRUPT: not upkeepd's, or of a newer one. */
bool upk_migration_read(sqlite3 *db, struct upk_migration *schema, struct upk_error *err);

/* Whether it is the newest schema. */
bool upk_migration_is_current(const struct upk_migration *schema);

/* Applies what is missing, each file in one transaction. */
bool upk_migration_apply(sqlite3 *db, const struct upk_migration *from, struct upk_error *err);

#endif
