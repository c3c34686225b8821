/* One model in memory: its configuration, schema, tail and counters. */
#ifndef UPK_CORE_MODEL_H
#define UPK_CORE_MODEL_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "config/config.h"
#include "core/repair.h"
#include "items/schema.h"
#include "store/store.h"
#include "tail/orders.h"
#include "tail/tail.h"
#include "versions/serving.h"
#include "windows/totals.h"

struct upk_engine;
struct upk_post;

struct upk_feature_list {
	int64_t number;
	struct upk_features *features;
};

/* Counted references. Thread: the writer changes it, under the lock where `locked` stands; readers
 * take the lock for as long as they look. */
struct upk_model {
	char *name;
	int64_t number;    /* in the store */
	int64_t created;   /* ms */
	atomic_int refs;
	pthread_mutex_t lock;

	struct upk_schema *schema; /* locked */
	struct upk_tail *tail;     /* locked */
	struct upk_totals totals;  /* locked */
	struct upk_used used;      /* locked: classes that stored rows name */
	bool automatic, read_only, deleted; /* locked */
	struct upk_building *building; /* locked: writer/building.h; NULL: none */
	bool behind;          /* locked: made anew, it lacks what came after its state */
	pthread_cond_t built; /* with the lock: it has no building any more, or is not behind */

	/* the writer's alone */
	struct upk_engine *engine; /* borrowed: whose store the scores of rules are read from */
	int64_t last_event;   /* number of the last prediction stored */
	int64_t last_place;   /* given out */
	int64_t stored_place; /* place of the state in the store */
	int64_t retention;    /* as writer/retention.h has seen it, ms */
	size_t points_left;   /* points of history until a look at how many there are */
	bool stale;           /* the tail is behind the store: rebuild it */
	struct upk_repair repair;
	struct upk_schema *old_schema; /* while behind: what was replaced */
	struct upk_tail *old_tail;
	int64_t first_unsaved; /* writer/unsaved.h's alone, and the three below; 0: its state has all */
	struct upk_model *next_unsaved;
	bool saving, saving_orders;
	struct upk_orders orders; /* of the feed that goes on; between feeds points of history, which wait
	                             for the next transaction */
	struct upk_feature_list *lists;
	size_t lists_count;
	struct upk_post *settling; /* answered when no run is open */
	struct upk_ingest *ingest; /* of the group being written; NULL: none */
};

/* One reference is the caller's; tail and schema are set by upk_rebuild_model. NULL: UPK_NOMEM. */
struct upk_model *upk_model_create(const char *name, int64_t number, struct upk_error *err);
struct upk_model *upk_model_ref(struct upk_model *m);
void upk_model_unref(struct upk_model *m); /* NULL is fine */

/* Holds the lock, with a tail behind it that has caught up, until upk_model_end_read. Any thread but
 * the writer, for whose work it may wait. false: UPK_BUSY, its windows are still being built; nothing
 * is held. */
bool upk_model_begin_read(struct upk_model *m, struct upk_error *err);
void upk_model_end_read(struct upk_model *m);

/* A reference to the schema as it is now. Any thread. */
struct upk_schema *upk_model_schema(struct upk_model *m);

/* A feature list by its number, from memory or the store. Borrowed, as long as m.
 * Thread: the writer. */
bool upk_model_list(struct upk_model *m, struct upk_store *store, int64_t number,
	const struct upk_features **list, struct upk_error *err);

/* Forgets lists beyond the first `known`, which a transaction that was undone had stored: their
 * numbers will be given to others. Thread: the writer. */
void upk_model_forget_lists(struct upk_model *m, size_t known);

/* A feature list as the store has it: a reference. Any thread with its own store. */
bool upk_read_feature_list(struct upk_store *store, int64_t model, int64_t number,
	struct upk_features **list, struct upk_error *err);

#endif
