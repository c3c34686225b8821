#include "ids/ids.h"

#include <assert.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "base/hash.h"
#include "ids/id_ring.h"
#include "ids/id_runs.h"
#include "ids/id_sieve.h"
#include "ids/id_sort.h"
#include "store/id_run.h"

enum {
	WORK_AN_ENTRY = 6, /* entries written or merged for each one added */
	MODELS = 1 << 16,  /* low half words of keys */
	STEP_AT_START = 1 << 20,
	SOON = 2, /* runs that are the next to be beyond memory */
};

static const struct upk_ids_sizes default_sizes = { .newest = 1 << 20, .spilled = 1 << 16 };

struct upk_ids {
	struct upk_store *store;
	struct upk_ids_sizes sizes;
	struct upk_hash_key hash_key;
	struct upk_id_runs *runs;
	size_t in_memory; /* the newest runs, of which all entries are in memory; or more */
	/* Of what follows: the writer takes it to change, others to read. */
	pthread_mutex_t lock;
	struct upk_id_sieve *sieve; /* of runs beyond memory, or soon so; NULL: none */
	struct upk_id_ring *newest;
	uint64_t committed; /* the first position that a rollback takes out */
	int64_t seq;        /* the greatest one committed */
	int64_t spilled;    /* rows up to this one are in runs */
	struct {
		uint64_t position; /* its entries end before this */
		int64_t seq;       /* and are those of the rows up to this */
		bool written;      /* in this transaction */
	} spill;
	int64_t credit; /* entries that may be worked on */
	struct upk_id_leave_out out;
	uint64_t kept[MODELS / 64];
};

/* ---- keys ---- */

/* The low half word is the model's, so that merges can tell whose an entry is. */
uint64_t upk_ids_key(const struct upk_ids *ids, int64_t model, struct upk_text id)
{
	uint64_t number = (uint64_t)model;
	uint64_t hash = upk_hash(&ids->hash_key, id.data, id.size);
	return ((hash + number * 0x9e3779b97f4a7c15) & ~(uint64_t)(MODELS - 1)) |
		(number & (MODELS - 1));
}

static uint64_t value_of(int64_t seq, enum upk_id_kind kind)
{
	return (uint64_t)seq << 1 | (kind == UPK_ID_LABEL);
}

static struct upk_id_hit hit_of(uint64_t value)
{
	return (struct upk_id_hit){ (int64_t)(value >> 1),
		value & 1 ? UPK_ID_LABEL : UPK_ID_EVENT };
}

static void keep_model(struct upk_ids *ids, size_t model)
{
	ids->kept[model / 64] |= UINT64_C(1) << (model % 64);
}

void upk_ids_keep_models(struct upk_ids *ids, const int64_t *models, size_t count)
{
	memset(ids->kept, 0, sizeof ids->kept);
	for (size_t i = 0; i < count; i++)
		keep_model(ids, (uint64_t)models[i] & (MODELS - 1));
	ids->out.kept = ids->kept;
}

void upk_ids_forget_before(struct upk_ids *ids, int64_t seq)
{
	ids->out.below = value_of(seq, UPK_ID_EVENT);
}

/* ---- searching ---- */

static bool is_in_memory(const struct upk_ids *ids, const struct upk_id_run *run)
{
	return run->first > upk_id_ring_lost(ids->newest);
}

/* What is overwritten in memory only grows, until there are other runs. */
static size_t first_beyond_memory(struct upk_ids *ids)
{
	while (ids->in_memory > 0 &&
		!is_in_memory(ids, &upk_id_runs_at(ids->runs, ids->in_memory - 1)->run))
		ids->in_memory--;
	return ids->in_memory;
}

uint64_t upk_ids_ask(struct upk_ids *ids, const uint64_t *keys, size_t count, bool *absent)
{
	pthread_mutex_lock(&ids->lock);
	struct upk_id_sieve *sieve = ids->sieve ? upk_id_sieve_ref(ids->sieve) : NULL;
	pthread_mutex_unlock(&ids->lock);
	if (!sieve)
		return 0;
	uint64_t last = upk_id_sieve_last(sieve);
	upk_id_sieve_ask(sieve, keys, count, absent);
	upk_id_sieve_unref(sieve);
	return last;
}

void upk_ids_prefetch(struct upk_ids *ids, uint64_t key, uint64_t absent)
{
	upk_id_ring_prefetch(ids->newest, key);
	size_t count = upk_id_runs_count(ids->runs);
	for (size_t i = first_beyond_memory(ids); i < count; i++) {
		const struct upk_id_run_use *use = upk_id_runs_at(ids->runs, i);
		if (use->run.last <= absent)
			break;
		upk_id_filter_prefetch(use->filter, key);
	}
}

void upk_ids_prefetch_newest(const struct upk_ids *ids, uint64_t key)
{
	upk_id_ring_prefetch_newest(ids->newest, key);
}

int64_t upk_ids_newest(const struct upk_ids *ids, uint64_t key)
{
	uint64_t position = 0, value;
	bool found = upk_id_ring_walk(ids->newest, key, &position, &value);
	return found ? hit_of(value).seq : 0;
}

void upk_ids_look(
	struct upk_id_search *s, struct upk_ids *ids, struct upk_store *reader, uint64_t key)
{
	s->ids = ids;
	s->reader = reader;
	s->key = key;
	s->absent = 0;
	s->below = s->last_run = INT64_MAX;
	s->position = 0;
	s->in_runs = false;
	s->next_run = 0;
	s->run = 0;
	s->count = s->at = 0;
}

void upk_ids_search(struct upk_id_search *s, struct upk_ids *ids, uint64_t key, uint64_t absent)
{
	upk_ids_look(s, ids, NULL, key);
	s->absent = absent;
}

static bool walk_newest(struct upk_id_search *s)
{
	if (s->reader)
		pthread_mutex_lock(&s->ids->lock);
	bool found = upk_id_ring_walk(s->ids->newest, s->key, &s->position, &s->below);
	if (s->reader)
		pthread_mutex_unlock(&s->ids->lock);
	return found;
}

/* The next run that may have the key; 0: there is none. */
static int64_t next_of_writer(struct upk_id_search *s)
{
	const struct upk_id_runs *runs = s->ids->runs;
	size_t first = first_beyond_memory(s->ids);
	if (s->next_run < first)
		s->next_run = first;
	while (s->next_run < upk_id_runs_count(runs)) {
		const struct upk_id_run_use *use = upk_id_runs_at(runs, s->next_run++);
		if (use->run.last <= s->absent)
			break;
		if (upk_id_filter_may_have(use->filter, s->key))
			return use->run.run;
	}
	s->next_run = upk_id_runs_count(runs);
	return 0;
}

/* A reader goes by the runs of its own snapshot. Their filters may be gone already. */
static bool next_of_reader(struct upk_id_search *s, int64_t *run, struct upk_error *err)
{
	struct upk_id_run row;
	bool found;
	if (!upk_id_run_below(s->reader, s->last_run, &found, &row, err))
		return false;
	*run = found ? row.run : 0;
	if (found)
		s->last_run = row.last;
	return true;
}

static bool next_run(struct upk_id_search *s, struct upk_error *err)
{
	if (s->reader)
		return next_of_reader(s, &s->run, err);
	s->run = next_of_writer(s);
	return true;
}

/* Fills values; leaves them empty when no run has any more. */
static bool read_runs(struct upk_id_search *s, struct upk_error *err)
{
	struct upk_store *store = s->reader ? s->reader : s->ids->store;
	bool more = s->count == UPK_IDS_AT_ONCE;
	for (;;) {
		if (!more && !next_run(s, err))
			return false;
		s->at = s->count = 0;
		if (s->run == 0)
			return true;
		size_t count = UPK_IDS_AT_ONCE;
		if (!upk_id_run_find(store, s->run, s->key, s->below, s->values, &count, err))
			return false;
		s->count = count;
		if (count > 0)
			return true;
		more = false;
	}
}

bool upk_ids_next(
	struct upk_id_search *s, bool *found, struct upk_id_hit *hit, struct upk_error *err)
{
	if (!s->in_runs && walk_newest(s)) {
		*hit = hit_of(s->below);
		*found = true;
		return true;
	}
	s->in_runs = true;
	if (s->at == s->count && !read_runs(s, err))
		return false;
	*found = s->at < s->count;
	if (!*found)
		return true;
	s->below = s->values[s->at++];
	*hit = hit_of(s->below);
	return true;
}

/* ---- the writer's transaction ---- */

bool upk_ids_add(struct upk_ids *ids, uint64_t key, int64_t seq, enum upk_id_kind kind,
	struct upk_error *err)
{
	pthread_mutex_lock(&ids->lock);
	bool added = upk_id_ring_add(
		ids->newest, (struct upk_id_entry){ key, value_of(seq, kind) }, err);
	pthread_mutex_unlock(&ids->lock);
	if (!added)
		return false;
	keep_model(ids, key & (MODELS - 1));
	ids->credit += WORK_AN_ENTRY;
	return true;
}

static bool spill_entries(struct upk_ids *ids, uint64_t from, size_t count, struct upk_error *err)
{
	struct upk_id_entry *entries = malloc(count * sizeof *entries);
	struct upk_id_entry *other = malloc(count * sizeof *other);
	if (!entries || !other) {
		free(entries);
		free(other);
		return upk_fail(err, UPK_NOMEM, "no memory to store %zu ids", count);
	}
	for (size_t i = 0; i < count; i++)
		entries[i] = upk_id_ring_at(ids->newest, from + i);
	upk_id_sort(entries, other, count);
	free(other);
	return upk_id_runs_spill(ids->runs, entries, count, err);
}

/* Rows without an id move the mark along, too: a restart is to read no more than twice as many. */
static bool begin_spill(struct upk_ids *ids, struct upk_error *err)
{
	uint64_t from = upk_id_ring_released(ids->newest);
	uint64_t pending = ids->committed - from;
	if (pending < ids->sizes.spilled &&
		ids->seq - ids->spilled < 2 * (int64_t)ids->sizes.spilled)
		return true;
	ids->spill.position = ids->committed;
	ids->spill.seq = ids->seq;
	if (pending == 0) {
		ids->spill.written = true;
		return upk_id_index_set_spilled(ids->store, ids->spill.seq, err);
	}
	return spill_entries(ids, from, pending, err);
}

bool upk_ids_spill(struct upk_ids *ids, struct upk_error *err)
{
	bool idle = upk_id_runs_spilling(ids->runs) == UPK_ID_NO_SPILL && !ids->spill.written;
	if (idle && !begin_spill(ids, err))
		return false;
	if (ids->credit < UPK_ID_PIECE)
		return true;
	if (!upk_id_runs_step(ids->runs, &ids->out, &ids->credit, err))
		return false;
	if (ids->credit > 0)
		ids->credit = 0;
	if (upk_id_runs_spilling(ids->runs) != UPK_ID_SPILLED || ids->spill.written)
		return true;
	ids->spill.written = true;
	return upk_id_index_set_spilled(ids->store, ids->spill.seq, err);
}

/* Without memory for it nobody asks ahead. */
static void publish_sieve(struct upk_ids *ids)
{
	size_t count = upk_id_runs_count(ids->runs);
	ids->in_memory = count;
	size_t beyond = first_beyond_memory(ids), first = beyond > SOON ? beyond - SOON : 0;
	struct upk_id_sieve *sieve = NULL;
	if (beyond < count)
		sieve = upk_id_sieve_create(
			upk_id_runs_at(ids->runs, first)->run.last, count - first, NULL);
	for (size_t i = first; sieve && i < count; i++)
		upk_id_sieve_add(sieve, upk_id_runs_at(ids->runs, i)->filter);

	pthread_mutex_lock(&ids->lock);
	struct upk_id_sieve *old = ids->sieve;
	ids->sieve = sieve;
	pthread_mutex_unlock(&ids->lock);
	upk_id_sieve_unref(old);
}

void upk_ids_commit(struct upk_ids *ids, int64_t seq)
{
	if (ids->spill.written) {
		ids->spilled = ids->spill.seq;
		upk_id_ring_release(ids->newest, ids->spill.position);
	}
	ids->spill.written = false;
	ids->committed = upk_id_ring_next(ids->newest);
	ids->seq = seq;
	if (upk_id_runs_commit(ids->runs))
		publish_sieve(ids);
}

void upk_ids_rollback(struct upk_ids *ids)
{
	ids->spill.written = false;
	pthread_mutex_lock(&ids->lock);
	upk_id_ring_cut(ids->newest, ids->committed);
	pthread_mutex_unlock(&ids->lock);
	upk_id_runs_rollback(ids->runs);
}

/* ---- opening ---- */

struct tail {
	struct upk_ids *ids;
	int64_t seq; /* of the last row */
	size_t rows;
	struct upk_error *err;
	bool failed;
};

static bool take_row(void *context, const struct upk_id_row *row)
{
	struct tail *t = context;
	t->failed = !upk_ids_add(t->ids, upk_ids_key(t->ids, row->model, row->id), row->seq,
		row->is_label ? UPK_ID_LABEL : UPK_ID_EVENT, t->err);
	t->seq = row->seq;
	return !t->failed && ++t->rows < t->ids->sizes.spilled;
}

static bool spill_all(struct upk_ids *ids, struct upk_error *err)
{
	do {
		ids->credit = STEP_AT_START;
		if (!upk_store_begin(ids->store, err))
			return false;
		if (!upk_ids_spill(ids, err)) {
			upk_store_rollback(ids->store);
			return false;
		}
		if (!upk_store_commit(ids->store, err))
			return false;
		upk_ids_commit(ids, ids->seq);
	} while (upk_id_runs_spilling(ids->runs) != UPK_ID_NO_SPILL);
	return true;
}

/* The rows that came after the last spill; after an upgrade those are all. */
static bool read_tail(struct upk_ids *ids, int64_t last, struct upk_error *err)
{
	size_t most = ids->sizes.spilled;
	struct tail t = { .ids = ids, .seq = ids->spilled, .rows = most, .err = err };
	while (t.rows == most) {
		t.rows = 0;
		if (!upk_id_rows_after(ids->store, t.seq, take_row, &t, err) || t.failed)
			return false;
		upk_ids_commit(ids, t.rows == most ? t.seq : last);
		if (t.rows == most && !spill_all(ids, err))
			return false;
	}
	return true;
}

static bool open_parts(struct upk_ids *ids, struct upk_error *err)
{
	struct upk_id_index index;
	int64_t last;
	if (!upk_id_index_get(ids->store, &index, err) ||
		!upk_store_last_seq(ids->store, &last, err))
		return false;
	ids->hash_key = index.hash_key;
	ids->spilled = index.spilled;
	ids->newest =
		upk_id_ring_create(ids->sizes.newest, value_of(index.spilled, UPK_ID_LABEL), err);
	ids->runs = ids->newest ? upk_id_runs_open(ids->store, err) : NULL;
	if (!ids->runs)
		return false;
	publish_sieve(ids);
	return read_tail(ids, last, err);
}

struct upk_ids *upk_ids_open(
	struct upk_store *store, const struct upk_ids_sizes *sizes, struct upk_error *err)
{
	struct upk_ids *ids = calloc(1, sizeof *ids);
	if (!ids) {
		upk_fail(err, UPK_NOMEM, "no memory for the id index");
		return NULL;
	}
	ids->store = store;
	ids->sizes = sizes ? *sizes : default_sizes;
	ids->committed = 1;
	pthread_mutex_init(&ids->lock, NULL);
	if (open_parts(ids, err))
		return ids;
	upk_ids_close(ids);
	return NULL;
}

void upk_ids_close(struct upk_ids *ids)
{
	if (!ids)
		return;
	upk_id_sieve_unref(ids->sieve);
	upk_id_runs_close(ids->runs);
	upk_id_ring_destroy(ids->newest);
	pthread_mutex_destroy(&ids->lock);
	free(ids);
}
