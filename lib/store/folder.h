/* Inside lib/store: the data folder's lock, and the mark of commits beside the database. */
#ifndef UPK_STORE_FOLDER_H
#define UPK_STORE_FOLDER_H

#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"

/* The writer's hold on the folder. Thread: the store's owner. */
struct upk_folder;

/* Creates the folder (0700) when absent and takes folder/lock until close. NULL: UPK_CONFLICT names
 * the process that has it; UPK_IO; UPK_NOMEM. */
struct upk_folder *upk_folder_open(const char *path, struct upk_error *err);
void upk_folder_close(struct upk_folder *f); /* NULL is fine */

/* folder/committed holds a mark that each commit raises, the count of transactions that did more than
 * append rows plus the greatest sequence number given out, so that a database that has lost some (its
 * -wal deleted, an old copy put in its place) is noticed. It is written after each commit and never
 * synced: after a power loss it may be behind the database or unreadable, never ahead. */
int64_t upk_folder_committed(const struct upk_folder *f); /* 0: not known, or damaged */
int64_t upk_folder_peek(const char *path); /* the same of a folder that somebody else holds */
bool upk_folder_set_committed(struct upk_folder *f, int64_t mark, struct upk_error *err);

/* folder/reserve, 8 MiB long or a 64th of the disk, made unless there is less than three times as
 * much left on the disk. Whether it is there. */
bool upk_folder_take_reserve(struct upk_folder *f);
void upk_folder_give_reserve(struct upk_folder *f);

struct upk_folder_space {
	int64_t disk, left; /* bytes of the file system, and free ones */
	int64_t wal;        /* that upkeepd.db-wal takes up */
};

/* false: not known. */
bool upk_folder_space(const struct upk_folder *f, struct upk_folder_space *space);

/* Blocks for the first `bytes` of upkeepd.db and, where they are to be had, `more`; its length
 * stays as it is. Copying the WAL back then needs none. How many bytes of the first it could not
 * get. */
int64_t upk_folder_allocate(struct upk_folder *f, int64_t bytes, int64_t more);

#endif
