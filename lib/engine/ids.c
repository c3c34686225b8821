#include "engine/ids.h"

#include <stdlib.h>

#include "base/hash.h"
#include "engine/id_ring.h"

enum { NEWEST = 1 << 20 };

struct upk_ids {
	struct upk_hash_key hash_key;
	struct upk_id_ring *newest;
	uint64_t committed; /* the first position that a rollback takes out */
};

struct upk_ids *upk_ids_open(struct upk_store *store, struct upk_error *err)
{
	(void)store;
	struct upk_ids *ids = malloc(sizeof *ids);
	if (!ids) {
		upk_fail(err, UPK_NOMEM, "no memory for the id index");
		return NULL;
	}
	*ids = (struct upk_ids){ .hash_key = *upk_hash_process_key(), .committed = 1 };
	ids->newest = upk_id_ring_create(NEWEST, err);
	if (ids->newest)
		return ids;
	free(ids);
	return NULL;
}

void upk_ids_close(struct upk_ids *ids)
{
	if (!ids)
		return;
	upk_id_ring_destroy(ids->newest);
	free(ids);
}

/* The low 16 bits say whose it is, so that merges can leave the entries of deleted models out. */
uint64_t upk_ids_key(const struct upk_ids *ids, int64_t model, struct upk_text id)
{
	uint64_t number = (uint64_t)model;
	uint64_t hash = upk_hash(&ids->hash_key, id.data, id.size);
	return ((hash + number * 0x9e3779b97f4a7c15) & ~UINT64_C(0xffff)) | (number & 0xffff);
}

void upk_ids_prefetch(const struct upk_ids *ids, uint64_t key)
{
	upk_id_ring_prefetch(ids->newest, key);
}

struct upk_id_search upk_ids_search(struct upk_ids *ids, uint64_t key)
{
	return (struct upk_id_search){ .ids = ids, .key = key };
}

bool upk_ids_next(
	struct upk_id_search *s, bool *found, struct upk_id_hit *hit, struct upk_error *err)
{
	(void)err;
	uint64_t value;
	*found = upk_id_ring_walk(s->ids->newest, s->key, &s->position, &value);
	if (*found)
		*hit = (struct upk_id_hit){ (int64_t)(value >> 1),
			value & 1 ? UPK_ID_LABEL : UPK_ID_EVENT };
	return true;
}

bool upk_ids_add(struct upk_ids *ids, uint64_t key, int64_t seq, enum upk_id_kind kind,
	struct upk_error *err)
{
	const struct upk_id_entry entry = { key, (uint64_t)seq << 1 | (kind == UPK_ID_LABEL) };
	return upk_id_ring_add(ids->newest, entry, err);
}

void upk_ids_commit(struct upk_ids *ids)
{
	ids->committed = upk_id_ring_next(ids->newest);
}

void upk_ids_rollback(struct upk_ids *ids)
{
	upk_id_ring_cut(ids->newest, ids->committed);
}
