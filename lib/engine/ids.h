/* The id index: which event and label rows have an id. */
#ifndef UPK_ENGINE_IDS_H
#define UPK_ENGINE_IDS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"
#include "base/text.h"
#include "store/store.h"

/* A multimap from keys, keyed hashes of (model, id), to the sequence numbers of the rows with that
 * id. What it finds are candidates: the caller reads the row and compares its model and id; a
 * candidate without a row, or with another's, is skipped. Rows that were deleted therefore need no
 * removal from here.
 *
 * Thread: the writer's, which owns it, but for what says otherwise. */
struct upk_ids;

enum upk_id_kind { UPK_ID_EVENT, UPK_ID_LABEL };

struct upk_id_hit {
	int64_t seq;
	enum upk_id_kind kind;
};

/* store: the writer's connection, outside a transaction; it must outlive the index. NULL: UPK_NOMEM
 * or the store's error. */
struct upk_ids *upk_ids_open(struct upk_store *store, struct upk_error *err);
void upk_ids_close(struct upk_ids *ids); /* NULL is fine */

/* The key of an id; the same for as long as the data folder lives. Any thread. */
uint64_t upk_ids_key(const struct upk_ids *ids, int64_t model, struct upk_text id);

/* Loads what a search for the key touches first: call it for some items ahead. Cannot fail. */
void upk_ids_prefetch(const struct upk_ids *ids, uint64_t key);

/* A search that yields candidates one at a time, newest first; ask no further than needed, a new id
 * alone has to be asked to the end. It holds nothing: drop it at any time. Rows may be read and
 * entries added in between. */
struct upk_id_search {
	struct upk_ids *ids;
	uint64_t key;
	uint64_t position; /* in the newest entries */
};

struct upk_id_search upk_ids_search(struct upk_ids *ids, uint64_t key);
bool upk_ids_next(
	struct upk_id_search *s, bool *found, struct upk_id_hit *hit, struct upk_error *err);

/* A row with the id, inside the writer's transaction: searches see it at once, and a rollback takes
 * it out again. Sequence numbers grow from call to call. UPK_NOMEM: nothing was added. */
bool upk_ids_add(struct upk_ids *ids, uint64_t key, int64_t seq, enum upk_id_kind kind,
	struct upk_error *err);

/* Right after the store's transaction was committed, or rolled back, or its commit failed. */
void upk_ids_commit(struct upk_ids *ids);
void upk_ids_rollback(struct upk_ids *ids);

#endif
