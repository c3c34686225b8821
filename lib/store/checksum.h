/* Inside lib/store: a checksum in each page of the database file, so that flipped bits are found.
 */
#ifndef UPK_STORE_CHECKSUM_H
#define UPK_STORE_CHECKSUM_H

#include <sqlite3.h>

#include "base/error.h"

/* Bytes that a database made by us keeps free at the end of each page. */
enum { UPK_CHECKSUM_BYTES = 8 };

/* Name of a VFS over the default one, registered by the first call; any thread. In a database with
 * UPK_CHECKSUM_BYTES reserved bytes a page, what is written to the file gets a checksum of the page
 * and its place, and what is read from it is held to that: SQLITE_IOERR_DATA when it differs. The
 * WAL has SQLite's own. Zeros stand for no checksum and are taken: SQLite sees zeros there, so that
 * is what the WAL holds, and what another program leaves that copies the WAL back (the sqlite3
 * shell after a crash); the page gets its checksum when we write it next. Other databases pass
 * unchanged. NULL: UPK_NOMEM. */
const char *upk_checksum_vfs(struct upk_error *err);

/* `to`, an empty database, will get the pages of `from`, maybe its first page last: both of that
 * VFS. */
void upk_checksum_expect(sqlite3 *to, sqlite3 *from);

#endif
