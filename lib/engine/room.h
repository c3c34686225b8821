/* Whether there is room for more: the store's cap, and the disk. */
#ifndef UPK_ENGINE_ROOM_H
#define UPK_ENGINE_ROOM_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"

struct upk_engine;

enum upk_room_state {
	UPK_ROOM_OK,
	UPK_ROOM_LITTLE, /* nine tenths of the cap are filled */
	UPK_ROOM_NONE,   /* the cap is reached, or the disk is full */
};

/* Starts as { 0 }. Any thread reads; the writer alone changes it, but for `most`. */
struct upk_room {
	atomic_llong used; /* bytes of the store, as last measured */
	atomic_llong most; /* its cap; 0: none */
	atomic_int state;
	bool disk_full; /* the writer's: the reserve was given up, and nothing is taken until it is
			   back */
};

/* All but the last are the writer's. */

/* Measures, says in the log what has changed, and takes the reserve (again). Now and then. */
void upk_room_look(struct upk_engine *e);

/* Before items are stored; false: UPK_FULL with what to do. */
bool upk_room_check(struct upk_engine *e, struct upk_error *err);

/* A transaction has failed with UPK_FULL: when it is the disk, deletions get the reserve. */
void upk_room_failed(struct upk_engine *e);

/* Any thread. 0: no cap. */
void upk_room_limit(struct upk_engine *e, int64_t most);

const char *upk_room_state_name(enum upk_room_state state);

#endif
