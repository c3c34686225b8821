/* The id index: which event and label rows have an id. */
#ifndef UPK_IDS_IDS_H
#define UPK_IDS_IDS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "base/text.h"
#include "store/store.h"

/* A multimap from keys, keyed hashes of (model, id), to the sequence numbers of the rows with that
 * id. What it finds are candidates: the caller reads the row and compares its model and id; a
 * candidate without a row, or with another's, is skipped. Rows that were deleted therefore need no
 * removal from here.
 *
 * The newest million entries are in memory, older ones in the file as sorted runs with a filter
 * each in memory. A restart reads the filters and the last 200,000 rows at most.
 *
 * Memory: 28 MB, and 2 bytes a stored entry (one with an id: an event, or a label that did not
 * come with its event; a pending event is not different). On disk: 18 bytes an entry, twice that
 * while runs are merged.
 *
 * Thread: the writer's, which owns it, but for what says otherwise. */
struct upk_ids;

enum upk_id_kind { UPK_ID_EVENT, UPK_ID_LABEL };

struct upk_id_hit {
	int64_t seq;
	enum upk_id_kind kind;
};

struct upk_ids_sizes {
	size_t newest;  /* entries in memory, a power of two */
	size_t spilled; /* that many make a run; at most a quarter of newest */
};

/* store: the writer's connection, outside a transaction; it must outlive the index. sizes NULL:
 * those that the figures above are of. NULL: UPK_NOMEM or the store's error. */
struct upk_ids *upk_ids_open(
	struct upk_store *store, const struct upk_ids_sizes *sizes, struct upk_error *err);
void upk_ids_close(struct upk_ids *ids); /* NULL is fine */

/* The key of an id; the same for as long as the data folder lives. Any thread. */
uint64_t upk_ids_key(const struct upk_ids *ids, int64_t model, struct upk_text id);

/* Looks into the filters of the older runs, so that the writer's searches need not: absent[i] says
 * that no run has keys[i] up to the mark that is given back, which stays true whatever is added,
 * merged or deleted. 0: nothing is known. Any thread. */
uint64_t upk_ids_ask(struct upk_ids *ids, const uint64_t *keys, size_t count, bool *absent);

/* Loads what a search for the key touches first, and a while later what it touches then: call them
 * for some items ahead. absent: the mark up to which no run has the key; 0: none. Cannot fail. */
void upk_ids_prefetch(struct upk_ids *ids, uint64_t key, uint64_t absent);
void upk_ids_prefetch_newest(const struct upk_ids *ids, uint64_t key);
/* The sequence number of the first candidate, if it is in memory, else 0: to load its row ahead. */
int64_t upk_ids_newest(const struct upk_ids *ids, uint64_t key);

enum { UPK_IDS_AT_ONCE = 4 };

/* A search yields candidates one at a time, newest first. Ask no further than needed; only that an
 * id is new takes asking to the end. It holds nothing and may be dropped at any time. Rows may be
 * read and entries added in between, but it does not outlive the transaction. */
struct upk_id_search {
	struct upk_ids *ids;
	struct upk_store *reader; /* NULL: the writer searches */
	uint64_t key;
	uint64_t absent;   /* the mark up to which no run has the key */
	uint64_t below;    /* the last one that was yielded */
	uint64_t position; /* in the newest entries */
	bool in_runs;      /* past the newest entries */
	size_t next_run;   /* the writer's */
	uint64_t last_run; /* a reader's: all from this value on are done */
	int64_t run;       /* where values are from; 0: none yet */
	size_t count, at;  /* of values */
	uint64_t values[UPK_IDS_AT_ONCE];
};

/* absent: as of upk_ids_prefetch. */
void upk_ids_search(struct upk_id_search *s, struct upk_ids *ids, uint64_t key, uint64_t absent);
/* Any thread with a connection of its own: in a read transaction that has read nothing yet. Sees
 * all that was committed before, and may see what is not committed yet. */
void upk_ids_look(
	struct upk_id_search *s, struct upk_ids *ids, struct upk_store *reader, uint64_t key);
bool upk_ids_next(
	struct upk_id_search *s, bool *found, struct upk_id_hit *hit, struct upk_error *err);

/* A row with the id, inside the writer's transaction: searches see it at once, and a rollback takes
 * it out again. Sequence numbers never fall from one call to the next. UPK_NOMEM: nothing added. */
bool upk_ids_add(struct upk_ids *ids, uint64_t key, int64_t seq, enum upk_id_kind kind,
	struct upk_error *err);

/* Moves entries from memory to the file and merges runs: once in each transaction of the writer,
 * before its commit. Takes a time in proportion to what was added since, 0.2 to 0.4 us an
 * entry, in steps of 1,000 entries. */
bool upk_ids_spill(struct upk_ids *ids, struct upk_error *err);

/* Right after the store's transaction was committed (seq: the greatest sequence number that is
 * stored, with or without an id), or rolled back, or its commit failed. */
void upk_ids_commit(struct upk_ids *ids, int64_t seq);
void upk_ids_rollback(struct upk_ids *ids);

/* Rows below seq are gone, of all models: their entries go away as runs are merged, and runs
 * without any other at once. To be said again after a restart. */
void upk_ids_forget_before(struct upk_ids *ids, int64_t seq);

/* All models that there are, when one was deleted: the entries of others go away as runs are
 * merged. Models that get entries later are kept, too. */
void upk_ids_keep_models(struct upk_ids *ids, const int64_t *models, size_t count);

#endif
