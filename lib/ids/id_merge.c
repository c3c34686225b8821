#include "ids/id_merge.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

/* What it reads: one piece of a run at a time, or everything at once from memory. */
struct source {
	int64_t run; /* 0: memory */
	struct upk_id_entry *entries;
	int64_t loaded; /* the piece that entries are of */
};

struct position {
	int64_t piece; /* 0: before the first */
	size_t at, count;
};

/* All that a rollback takes back. */
struct progress {
	struct upk_id_run run;
	bool done;
	int64_t piece; /* the last one written */
	size_t filter_pieces;
	struct position positions[UPK_ID_MERGED_MOST];
};

struct next {
	struct upk_id_entry entry;
	size_t source;
};

struct upk_id_merge {
	struct progress now, committed;
	struct upk_id_filter *filter;
	struct source sources[UPK_ID_MERGED_MOST];
	size_t sources_count;
	/* Within a step: the next entries of the sources, the least one first (a binary heap), and
	 * what is to become the next piece. */
	struct next heap[UPK_ID_MERGED_MOST];
	size_t heap_count;
	struct upk_id_entry out[UPK_ID_PIECE];
	size_t out_count;
};

static struct upk_id_merge *create(uint64_t entries, int64_t tier, struct upk_error *err)
{
	struct upk_id_merge *m = calloc(1, sizeof *m);
	if (!m) {
		upk_fail(err, UPK_NOMEM, "no memory for a run of ids");
		return NULL;
	}
	m->now.run = (struct upk_id_run){
		.state = UPK_ID_MAKING, .tier = tier, .room = (int64_t)entries
	};
	m->committed = m->now;
	m->filter = upk_id_filter_create(entries, err);
	if (m->filter)
		return m;
	free(m);
	return NULL;
}

struct upk_id_merge *upk_id_merge_entries(
	struct upk_id_entry *entries, size_t count, struct upk_error *err)
{
	struct upk_id_merge *m = create(count, 0, err);
	if (!m) {
		free(entries);
		return NULL;
	}
	m->sources[0].entries = entries;
	m->sources_count = 1;
	m->now.positions[0].count = count;
	m->committed = m->now;
	return m;
}

struct upk_id_merge *upk_id_merge_runs(
	const struct upk_id_run *runs, size_t count, struct upk_error *err)
{
	uint64_t entries = 0;
	assert(count > 0 && count <= UPK_ID_MERGED_MOST);
	for (size_t i = 0; i < count; i++)
		entries += (uint64_t)runs[i].entries;
	struct upk_id_merge *m = create(entries, runs[0].tier + 1, err);
	for (; m && m->sources_count < count; m->sources_count++) {
		struct source *source = &m->sources[m->sources_count];
		source->run = runs[m->sources_count].run;
		source->entries = malloc(UPK_ID_PIECE * sizeof *source->entries);
		if (!source->entries) {
			upk_fail(err, UPK_NOMEM, "no memory to merge runs of ids");
			upk_id_merge_destroy(m);
			return NULL;
		}
	}
	return m;
}

void upk_id_merge_destroy(struct upk_id_merge *m)
{
	if (!m)
		return;
	for (size_t i = 0; i < m->sources_count; i++)
		free(m->sources[i].entries);
	upk_id_filter_unref(m->filter);
	free(m);
}

/* ---- reading ---- */

static const struct upk_id_entry *next_of(const struct upk_id_merge *m, size_t source)
{
	return &m->sources[source].entries[m->now.positions[source].at];
}

/* Has the piece of its position in memory, or the next one when that is used up. */
static bool load(struct upk_id_merge *m, struct upk_store *s, size_t i, struct upk_error *err)
{
	struct source *source = &m->sources[i];
	struct position *position = &m->now.positions[i];
	bool used_up = position->at == position->count;
	if (source->run == 0 || (!used_up && source->loaded == position->piece))
		return true;

	int64_t piece = used_up ? position->piece : position->piece - 1;
	size_t count;
	if (!upk_id_piece_after(s, source->run, &piece, source->entries, &count, err))
		return false;
	source->loaded = piece;
	if (used_up)
		*position = (struct position){ piece, 0, count };
	return true;
}

static bool is_less(const struct upk_id_entry *a, const struct upk_id_entry *b)
{
	return a->key != b->key ? a->key < b->key : a->value < b->value;
}

/* Puts what belongs at `at` or below it there. */
static void sift(struct upk_id_merge *m, size_t at, struct next next)
{
	struct next *heap = m->heap;
	for (;;) {
		size_t child = 2 * at + 1;
		if (child >= m->heap_count)
			break;
		if (child + 1 < m->heap_count &&
			is_less(&heap[child + 1].entry, &heap[child].entry))
			child++;
		if (!is_less(&heap[child].entry, &next.entry))
			break;
		heap[at] = heap[child];
		at = child;
	}
	heap[at] = next;
}

static bool fill_heap(struct upk_id_merge *m, struct upk_store *s, struct upk_error *err)
{
	m->heap_count = 0;
	for (size_t i = 0; i < m->sources_count; i++) {
		if (!load(m, s, i, err))
			return false;
		if (m->now.positions[i].at < m->now.positions[i].count)
			m->heap[m->heap_count++] = (struct next){ *next_of(m, i), i };
	}
	for (size_t i = m->heap_count; i-- > 0;)
		sift(m, i, m->heap[i]);
	return true;
}

/* The least entry of all has been used. */
static bool advance(struct upk_id_merge *m, struct upk_store *s, struct upk_error *err)
{
	size_t source = m->heap[0].source;
	struct position *position = &m->now.positions[source];
	if (++position->at == position->count && !load(m, s, source, err))
		return false;
	if (position->at < position->count)
		sift(m, 0, (struct next){ *next_of(m, source), source });
	else if (--m->heap_count > 0)
		sift(m, 0, m->heap[m->heap_count]);
	return true;
}

/* ---- writing ---- */

static bool write_filter(
	struct upk_id_merge *m, struct upk_store *s, size_t complete, struct upk_error *err)
{
	size_t *n = &m->now.filter_pieces;
	size_t size = upk_id_filter_size(m->filter);
	for (; *n * UPK_ID_FILTER_PIECE < size; ++*n) {
		size_t at = *n * UPK_ID_FILTER_PIECE;
		size_t end = size - at > UPK_ID_FILTER_PIECE ? at + UPK_ID_FILTER_PIECE : size;
		if (end > complete)
			return true;
		if (!upk_id_filter_insert(s, m->now.run.run, *n,
			    upk_id_filter_bytes(m->filter) + at, end - at, err))
			return false;
	}
	return true;
}

static bool write_piece(struct upk_id_merge *m, struct upk_store *s, struct upk_error *err)
{
	size_t n = m->out_count;
	m->out_count = 0;
	if (n == 0)
		return true;
	return upk_id_piece_insert(s, m->now.run.run, &m->now.piece, m->out, n, err) &&
		write_filter(m, s, upk_id_filter_offset(m->filter, m->out[n - 1].key), err);
}

static bool is_kept(const struct upk_id_leave_out *out, const struct upk_id_entry *e)
{
	size_t model = e->key & 0xffff;
	if (e->value < out->below)
		return false;
	return !out->kept || (out->kept[model / 64] >> (model % 64) & 1) != 0;
}

static void take(struct upk_id_merge *m, const struct upk_id_entry *e)
{
	struct upk_id_run *run = &m->now.run;
	m->out[m->out_count++] = *e;
	upk_id_filter_add(m->filter, e->key);
	if (run->entries++ == 0 || e->value < run->first)
		run->first = e->value;
	if (e->value > run->last)
		run->last = e->value;
}

static bool finish(struct upk_id_merge *m, struct upk_store *s, struct upk_error *err)
{
	struct upk_id_run *run = &m->now.run;
	if (!write_piece(m, s, err) || !write_filter(m, s, upk_id_filter_size(m->filter), err))
		return false;
	run->state = run->entries > 0 ? UPK_ID_WHOLE : UPK_ID_GONE;
	m->now.done = true;
	return upk_id_run_update(s, run, err);
}

bool upk_id_merge_step(struct upk_id_merge *m, struct upk_store *s,
	const struct upk_id_leave_out *out, int64_t *budget, struct upk_error *err)
{
	m->out_count = 0;
	if (m->now.run.run == 0 && !upk_id_run_insert(s, &m->now.run, err))
		return false;
	if (!fill_heap(m, s, err))
		return false;
	while (*budget > 0 && m->heap_count > 0) {
		for (int i = 0; i < UPK_ID_PIECE && m->heap_count > 0; i++, --*budget) {
			const struct upk_id_entry *e = &m->heap[0].entry;
			if (is_kept(out, e))
				take(m, e);
			if (!advance(m, s, err))
				return false;
		}
		if (!write_piece(m, s, err))
			return false;
	}
	return m->heap_count > 0 || finish(m, s, err);
}

bool upk_id_merge_done(const struct upk_id_merge *m)
{
	return m->now.done;
}

void upk_id_merge_commit(struct upk_id_merge *m)
{
	m->committed = m->now;
}

void upk_id_merge_rollback(struct upk_id_merge *m)
{
	m->now = m->committed;
}

const struct upk_id_run *upk_id_merge_run(const struct upk_id_merge *m)
{
	return &m->now.run;
}

struct upk_id_filter *upk_id_merge_take_filter(struct upk_id_merge *m)
{
	struct upk_id_filter *filter = m->filter;
	m->filter = NULL;
	return filter;
}
