#include "ids/id_runs.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

enum {
	TIERS = 12,
	REMOVED_AT_ONCE = 64,   /* pieces */
	COST_OF_REMOVING = 100, /* a piece, in entries merged */
};

/* jobs[0] spills, jobs[n] merges the oldest runs of tier n - 1. */
struct job {
	struct upk_id_merge *merge;
	int64_t inputs[UPK_ID_MERGED_MOST];
	size_t inputs_count;
};

struct upk_id_runs {
	struct upk_store *store;
	struct upk_id_run_use *uses; /* oldest first, and so the tiers fall */
	size_t count, capacity;
	int64_t *gone; /* runs whose pieces are to be removed */
	size_t gone_count, gone_capacity;
	bool removed; /* all pieces of the last one, in this transaction */
	struct job jobs[TIERS];
};

/* ---- reading what there is ---- */

static bool reserve(struct upk_id_runs *r, size_t runs, size_t gone, struct upk_error *err)
{
	if (r->count + runs > r->capacity) {
		size_t n = (r->count + runs) * 2;
		struct upk_id_run_use *uses = realloc(r->uses, n * sizeof *uses);
		if (!uses)
			return upk_fail(err, UPK_NOMEM, "no memory for runs of ids");
		r->uses = uses;
		r->capacity = n;
	}
	if (r->gone_count + gone > r->gone_capacity) {
		size_t n = (r->gone_count + gone) * 2;
		int64_t *grown = realloc(r->gone, n * sizeof *grown);
		if (!grown)
			return upk_fail(err, UPK_NOMEM, "no memory for runs of ids");
		r->gone = grown;
		r->gone_capacity = n;
	}
	return true;
}

/* In the order of their values; there is room. */
static void insert(struct upk_id_runs *r, struct upk_id_run run, struct upk_id_filter *filter)
{
	size_t at = r->count;
	while (at > 0 && r->uses[at - 1].run.first > run.first)
		at--;
	memmove(&r->uses[at + 1], &r->uses[at], (r->count - at) * sizeof *r->uses);
	r->uses[at] = (struct upk_id_run_use){ .run = run, .filter = filter };
	r->count++;
}

struct reading {
	struct upk_id_runs *runs;
	struct upk_error *err;
	bool failed;
};

static bool take_run(void *context, const struct upk_id_run *run)
{
	struct reading *reading = context;
	struct upk_id_runs *r = reading->runs;
	reading->failed = !reserve(r, 1, 1, reading->err);
	if (reading->failed)
		return false;
	if (run->state == UPK_ID_WHOLE)
		insert(r, *run, NULL);
	else
		r->gone[r->gone_count++] = run->run;
	return true;
}

struct filter_reading {
	struct upk_id_filter *filter;
	size_t size; /* so far */
	bool fits;
};

static bool take_filter(void *context, struct upk_text bytes)
{
	struct filter_reading *f = context;
	f->fits = bytes.size <= upk_id_filter_size(f->filter) - f->size;
	if (f->fits && bytes.size > 0)
		memcpy(upk_id_filter_bytes(f->filter) + f->size, bytes.data, bytes.size);
	f->size += bytes.size;
	return f->fits;
}

static bool read_filter(struct upk_store *s, struct upk_id_run_use *use, struct upk_error *err)
{
	use->filter = upk_id_filter_create((uint64_t)use->run.room, err);
	if (!use->filter)
		return false;
	struct filter_reading f = { .filter = use->filter, .fits = true };
	if (!upk_id_filter_each(s, use->run.run, take_filter, &f, err))
		return false;
	return (f.fits && f.size == upk_id_filter_size(use->filter)) ||
		upk_fail(err, UPK_CORRUPT, "run %lld of ids has a filter of another size",
			(long long)use->run.run);
}

static bool read_runs(struct upk_id_runs *r, struct upk_error *err)
{
	struct reading reading = { .runs = r, .err = err };
	if (!upk_id_run_each(r->store, take_run, &reading, err) || reading.failed)
		return false;
	for (size_t i = 0; i < r->count; i++)
		if (!read_filter(r->store, &r->uses[i], err))
			return false;
	return true;
}

struct upk_id_runs *upk_id_runs_open(struct upk_store *store, struct upk_error *err)
{
	struct upk_id_runs *r = calloc(1, sizeof *r);
	if (!r) {
		upk_fail(err, UPK_NOMEM, "no memory for runs of ids");
		return NULL;
	}
	r->store = store;
	if (read_runs(r, err))
		return r;
	upk_id_runs_close(r);
	return NULL;
}

void upk_id_runs_close(struct upk_id_runs *r)
{
	if (!r)
		return;
	for (size_t i = 0; i < TIERS; i++)
		upk_id_merge_destroy(r->jobs[i].merge);
	for (size_t i = 0; i < r->count; i++)
		upk_id_filter_unref(r->uses[i].filter);
	free(r->uses);
	free(r->gone);
	free(r);
}

size_t upk_id_runs_count(const struct upk_id_runs *r)
{
	return r->count;
}

const struct upk_id_run_use *upk_id_runs_at(const struct upk_id_runs *r, size_t i)
{
	return &r->uses[r->count - 1 - i];
}

/* ---- beginning ---- */

bool upk_id_runs_spill(
	struct upk_id_runs *r, struct upk_id_entry *entries, size_t count, struct upk_error *err)
{
	assert(!r->jobs[0].merge);
	r->jobs[0] = (struct job){ .merge = upk_id_merge_entries(entries, count, err) };
	return r->jobs[0].merge != NULL;
}

enum upk_id_spill upk_id_runs_spilling(const struct upk_id_runs *r)
{
	const struct upk_id_merge *spill = r->jobs[0].merge;
	return !spill                      ? UPK_ID_NO_SPILL
		: upk_id_merge_done(spill) ? UPK_ID_SPILLED
					   : UPK_ID_SPILLING;
}

static size_t wanted(int64_t tier)
{
	return tier == 0 ? UPK_ID_MERGED_MOST : 4;
}

static bool begin_merge(struct upk_id_runs *r, int64_t tier, size_t oldest, struct upk_error *err)
{
	struct job *job = &r->jobs[tier + 1];
	struct upk_id_run inputs[UPK_ID_MERGED_MOST];
	size_t count = wanted(tier);
	for (size_t i = 0; i < count; i++) {
		inputs[i] = r->uses[oldest + i].run;
		job->inputs[i] = inputs[i].run;
	}
	job->inputs_count = count;
	job->merge = upk_id_merge_runs(inputs, count, err);
	return job->merge != NULL;
}

/* Runs that leave are of no tier any more. */
static bool begin_merges(struct upk_id_runs *r, struct upk_error *err)
{
	size_t i = 0;
	while (i < r->count) {
		int64_t tier = r->uses[i].run.tier;
		size_t end = i;
		while (end < r->count && r->uses[end].run.tier == tier && !r->uses[end].leaving)
			end++;
		if (end - i >= wanted(tier) && tier + 1 < TIERS && !r->jobs[tier + 1].merge &&
			!begin_merge(r, tier, i, err))
			return false;
		i = end > i ? end : i + 1;
	}
	return true;
}

/* ---- working ---- */

static bool is_input(const struct upk_id_runs *r, int64_t run)
{
	for (size_t i = 0; i < TIERS; i++)
		for (size_t k = 0; r->jobs[i].merge && k < r->jobs[i].inputs_count; k++)
			if (r->jobs[i].inputs[k] == run)
				return true;
	return false;
}

static bool let_go(struct upk_id_runs *r, int64_t run, struct upk_error *err)
{
	for (size_t i = 0; i < r->count; i++) {
		struct upk_id_run_use *use = &r->uses[i];
		if (use->run.run != run)
			continue;
		struct upk_id_run row = use->run;
		row.state = UPK_ID_GONE;
		if (!upk_id_run_update(r->store, &row, err))
			return false;
		use->leaving = true;
	}
	return true;
}

/* Runs that retention has passed. */
static bool let_old_go(struct upk_id_runs *r, uint64_t below, struct upk_error *err)
{
	for (size_t i = 0; i < r->count; i++) {
		const struct upk_id_run_use *use = &r->uses[i];
		if (use->run.last < below && !use->leaving && !is_input(r, use->run.run) &&
			!let_go(r, use->run.run, err))
			return false;
	}
	return true;
}

static bool work_on(struct upk_id_runs *r, struct job *job, const struct upk_id_leave_out *out,
	int64_t *budget, struct upk_error *err)
{
	if (!job->merge || upk_id_merge_done(job->merge) || *budget <= 0)
		return true;
	if (!upk_id_merge_step(job->merge, r->store, out, budget, err))
		return false;
	for (size_t i = 0; upk_id_merge_done(job->merge) && i < job->inputs_count; i++)
		if (!let_go(r, job->inputs[i], err))
			return false;
	return true;
}

static bool remove_gone(struct upk_id_runs *r, int64_t *budget, struct upk_error *err)
{
	if (r->gone_count == 0 || r->removed || *budget <= 0)
		return true;
	int64_t left = REMOVED_AT_ONCE;
	if (!upk_id_run_remove(r->store, r->gone[r->gone_count - 1], &left, err))
		return false;
	*budget -= (REMOVED_AT_ONCE - left) * COST_OF_REMOVING;
	r->removed = left > 0;
	return true;
}

/* So that the commit needs no memory. */
static bool reserve_for_commit(struct upk_id_runs *r, struct upk_error *err)
{
	return reserve(r, TIERS, r->count + TIERS, err);
}

bool upk_id_runs_step(struct upk_id_runs *r, const struct upk_id_leave_out *out, int64_t *budget,
	struct upk_error *err)
{
	if (!begin_merges(r, err) || !reserve_for_commit(r, err) ||
		!let_old_go(r, out->below, err) || !work_on(r, &r->jobs[0], out, budget, err) ||
		!remove_gone(r, budget, err))
		return false;
	for (size_t i = 1; i < TIERS; i++)
		if (!work_on(r, &r->jobs[i], out, budget, err))
			return false;
	return true;
}

/* ---- with the transaction ---- */

static bool drop_leaving(struct upk_id_runs *r)
{
	size_t kept = 0, had = r->count;
	for (size_t i = 0; i < r->count; i++) {
		if (r->uses[i].leaving) {
			upk_id_filter_unref(r->uses[i].filter);
			r->gone[r->gone_count++] = r->uses[i].run.run;
		} else {
			r->uses[kept++] = r->uses[i];
		}
	}
	r->count = kept;
	return kept < had;
}

/* Whether there is a run more. */
static bool commit_job(struct upk_id_runs *r, struct job *job)
{
	upk_id_merge_commit(job->merge);
	if (!upk_id_merge_done(job->merge))
		return false;
	const struct upk_id_run *run = upk_id_merge_run(job->merge);
	bool whole = run->state == UPK_ID_WHOLE;
	if (whole)
		insert(r, *run, upk_id_merge_take_filter(job->merge));
	else
		r->gone[r->gone_count++] = run->run;
	upk_id_merge_destroy(job->merge);
	*job = (struct job){ 0 };
	return whole;
}

bool upk_id_runs_commit(struct upk_id_runs *r)
{
	if (r->removed)
		r->gone_count--;
	r->removed = false;
	bool changed = drop_leaving(r);
	for (size_t i = 0; i < TIERS; i++)
		if (r->jobs[i].merge && commit_job(r, &r->jobs[i]))
			changed = true;
	return changed;
}

void upk_id_runs_rollback(struct upk_id_runs *r)
{
	r->removed = false;
	for (size_t i = 0; i < r->count; i++)
		r->uses[i].leaving = false;
	for (size_t i = 0; i < TIERS; i++)
		if (r->jobs[i].merge)
			upk_id_merge_rollback(r->jobs[i].merge);
}
