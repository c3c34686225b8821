/* Whether there is room for more: the store's cap, and the disk. */
#ifndef UPK_CORE_ROOM_H
#define UPK_CORE_ROOM_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"

struct upk_engine;

enum upk_room_state {
	UPK_ROOM_OK,
	UPK_ROOM_LITTLE, /* nine tenths of the cap are filled, or the disk has little left */
	UPK_ROOM_NONE,   /* the cap is reached, or the disk has no more than deletions need */
};

/* Starts as { 0 }. Any thread reads; the writer alone changes it, but for `most`. */
struct upk_room {
	atomic_llong used; /* bytes of the store, as last measured */
	atomic_llong most; /* its cap; 0: none */
	atomic_int state;
	int disk;          /* the writer's: enum upk_room_state of the disk alone */
	int64_t disk_left; /* the writer's: free bytes of the disk, as last seen */
	int seen_pages;    /* the writer's: in the WAL, as last seen */
};

/* All but the last are the writer's. */

/* Measures, says in the log what has changed, and takes the reserve (again). Now and then. */
void upk_room_look(struct upk_engine *e);

/* Outside transactions, after each of the writer's rounds: gets the space on the disk that copying
 * the WAL back needs, and where little is left, empties the WAL. A few system calls, and none while
 * there is room and the WAL has hardly grown. */
void upk_room_follow(struct upk_engine *e);

/* Before items are stored; false: UPK_FULL with what to do. */
bool upk_room_check(struct upk_engine *e, struct upk_error *err);

/* A transaction has failed with UPK_FULL and is undone: when it is the disk, what the WAL took is
 * freed and, for what deletes, the reserve. */
void upk_room_failed(struct upk_engine *e, bool deleting);

/* What deletes, or a start, has failed so: whether it is to be tried once more, since room has been
 * made as above. false: it failed for another reason. */
bool upk_room_made(struct upk_engine *e, const struct upk_error *err);

/* Any thread. 0: no cap. */
void upk_room_limit(struct upk_engine *e, int64_t most);

const char *upk_room_state_name(enum upk_room_state state);

#endif
