/* Ids as stored: sorted runs of the entries of the id index, with their filters, in pieces. */
#ifndef UPK_STORE_ID_RUN_H
#define UPK_STORE_ID_RUN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "base/hash.h"
#include "base/text.h"
#include "store/store.h"

/* One row with an id, an event or a label. 16 bytes on disk, little-endian. */
struct upk_id_entry {
	uint64_t key;   /* hash of model and id */
	uint64_t value; /* of its row, grows with the sequence number, below 2^63 */
};

enum {
	UPK_ID_PIECE = 1000,         /* entries in a piece at most: a page of the file */
	UPK_ID_FILTER_PIECE = 16000, /* bytes of a filter in a piece at most */
};

struct upk_id_index {
	struct upk_hash_key hash_key;
	int64_t spilled; /* rows up to this sequence number are in runs */
};

bool upk_id_index_get(struct upk_store *s, struct upk_id_index *index, struct upk_error *err);
bool upk_id_index_set_spilled(struct upk_store *s, int64_t seq, struct upk_error *err);

enum upk_id_run_state {
	UPK_ID_MAKING, /* pieces are being written; after a restart it is as good as gone */
	UPK_ID_WHOLE,
	UPK_ID_GONE, /* pieces are being removed */
};

/* The values of different whole runs don't overlap. */
struct upk_id_run {
	int64_t run; /* 1 .. 2^26 - 1 */
	enum upk_id_run_state state;
	int64_t tier;
	int64_t entries;
	int64_t room;         /* entries that its filter was made for */
	uint64_t first, last; /* least and greatest value */
};

/* A new run gets a number above all others. */
bool upk_id_run_insert(struct upk_store *s, struct upk_id_run *run, struct upk_error *err);
bool upk_id_run_update(struct upk_store *s, const struct upk_id_run *run, struct upk_error *err);
/* All runs in any order; take may not call this store. */
bool upk_id_run_each(struct upk_store *s, bool (*take)(void *context, const struct upk_id_run *run),
	void *context, struct upk_error *err);
/* The whole run with the greatest `last` below. */
bool upk_id_run_below(struct upk_store *s, uint64_t below, bool *found, struct upk_id_run *run,
	struct upk_error *err);

/* Pieces are written in the order of (key, value). *piece: the number of the run's last piece, 0
 * before the first; becomes that of this one. count: 1 .. UPK_ID_PIECE. */
bool upk_id_piece_insert(struct upk_store *s, int64_t run, int64_t *piece,
	const struct upk_id_entry *entries, size_t count, struct upk_error *err);
/* The run's first piece with a number above. *count 0: there is none. */
bool upk_id_piece_after(struct upk_store *s, int64_t run, int64_t *piece,
	struct upk_id_entry entries[UPK_ID_PIECE], size_t *count, struct upk_error *err);

/* Values of the run's entries with this key that are below, greatest first. *count: how many there
 * is room for, and then how many were found; when there was no room for more, ask again below the
 * last one. */
bool upk_id_run_find(struct upk_store *s, int64_t run, uint64_t key, uint64_t below,
	uint64_t *values, size_t *count, struct upk_error *err);

/* n: 0, 1, ... A filter's bytes are its own. */
bool upk_id_filter_insert(struct upk_store *s, int64_t run, size_t n, const void *bytes,
	size_t size, struct upk_error *err);
bool upk_id_filter_each(struct upk_store *s, int64_t run,
	bool (*take)(void *context, struct upk_text bytes), void *context, struct upk_error *err);

/* Removes pieces of a run, and the run itself after the last one. *left: how many may be removed;
 * less those that were, and above 0 when the run is no more. */
bool upk_id_run_remove(struct upk_store *s, int64_t run, int64_t *left, struct upk_error *err);

/* The least sequence number of an event or label; one above the last one ever when there are none.
 */
bool upk_id_first_row(struct upk_store *s, int64_t *seq, struct upk_error *err);

/* Event and label rows with an id in the order of their sequence numbers. take may not call this
 * store; the id lives until it returns. */
struct upk_id_row {
	int64_t seq, model;
	struct upk_text id;
	bool is_label;
};
bool upk_id_rows_after(struct upk_store *s, int64_t seq,
	bool (*take)(void *context, const struct upk_id_row *row), void *context,
	struct upk_error *err);

#endif
