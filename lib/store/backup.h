/* A consistent copy of a data folder, made while its writer goes on. */
#ifndef UPK_STORE_BACKUP_H
#define UPK_STORE_BACKUP_H

#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"

/* Told now and then how many of the file's pages are copied; false stops the copy. */
struct upk_backup_watch {
	bool (*go_on)(void *context, int64_t done, int64_t pages);
	void *context;
};

/* What a copy holds. */
struct upk_backup {
	int64_t bytes;
	int64_t mark; /* as in its file "committed" */
};

/* Copies folder/upkeepd.db as it is at one moment into the new folder `to`, with a file "committed"
 * of its own. Everything is on the disk before `to` has its name; until then it is `to`.partial,
 * which the next try clears away. One read transaction for as long as it takes: the writer is not
 * held up, but its WAL grows by what it commits meanwhile. Any thread, any process.
 * false: UPK_CONFLICT (`to` is inside `folder`, is there and not an empty folder, or another backup
 * writes it), UPK_CORRUPT (what is to be copied is damaged, or of a newer upkeepd), UPK_CANCELLED,
 * UPK_FULL, UPK_IO, UPK_NOMEM; `to` is then as it was. */
bool upk_store_backup(const char *folder, const char *to, const struct upk_backup_watch *watch,
	struct upk_backup *backup, struct upk_error *err);

#endif
