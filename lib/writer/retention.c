#include "writer/retention.h"

#include <stdatomic.h>
#include <stdlib.h>

#include "core/background.h"
#include "core/core.h"
#include "core/health.h"
#include "core/model.h"
#include "ids/labelled.h"
#include "store/remove.h"
#include "writer/aged.h"

enum {
	BEHIND_MS = 5000, /* rows that are too old for longer are in the way of new ones */
	JUMP_MS = 24 * 60 * 60 *
		1000, /* a clock that is ahead by more between two looks has jumped */
};

/* All models with one retention share a cursor: rows are looked at in the order in which they came.
 */
struct cursor {
	int64_t age;   /* ms: older rows go */
	int64_t after; /* rows up to this sequence number were looked at */
	bool idle;     /* nothing is old enough, until the next look */
};

struct upk_retention {
	struct upk_model **models; /* with a retention, by number: a reference each */
	size_t models_count;
	struct cursor *cursors;
	size_t cursors_count, turn;
	struct upk_labelled labelled;
	struct upk_background pace;
	int64_t seen;        /* sequence number at the last step */
	int64_t clock;       /* at the last look, ms */
	bool held;           /* the clock has jumped ahead */
	atomic_llong oldest; /* everybody's */
};

struct upk_retention *upk_retention_create(struct upk_error *err)
{
	struct upk_retention *r = calloc(1, sizeof *r);
	if (!r)
		upk_fail(err, UPK_NOMEM, "no memory for what retention keeps");
	return r;
}

void upk_retention_destroy(struct upk_retention *r)
{
	if (!r)
		return;
	for (size_t i = 0; i < r->models_count; i++)
		upk_model_unref(r->models[i]);
	free(r->models);
	free(r->cursors);
	upk_labelled_finish(&r->labelled);
	free(r);
}

int64_t upk_retention_oldest(const struct upk_engine *e)
{
	return atomic_load(&e->retention->oldest);
}

static int by_number(const void *a, const void *b)
{
	const struct upk_model *x = *(struct upk_model *const *)a;
	const struct upk_model *y = *(struct upk_model *const *)b;
	return x->number < y->number ? -1 : x->number > y->number;
}

static int64_t age_of(const struct upk_model *m)
{
	return m->tail->config->retention_ms;
}

/* A model whose retention is another now is looked at from its first row. */
static bool note_age(struct upk_retention *r, struct upk_model *m)
{
	size_t i = 0;
	while (i < r->cursors_count && r->cursors[i].age != age_of(m))
		i++;
	if (i == r->cursors_count) {
		struct cursor *cursors = realloc(r->cursors, (i + 1) * sizeof *cursors);
		if (!cursors)
			return false;
		r->cursors = cursors;
		r->cursors[r->cursors_count++] = (struct cursor){ .age = age_of(m) };
	}
	r->cursors[i].idle = false;
	if (m->retention != age_of(m))
		r->cursors[i].after = 0;
	m->retention = age_of(m);
	return true;
}

static bool list_models(struct upk_engine *e)
{
	struct upk_retention *r = e->retention;
	size_t count, kept = 0;
	struct upk_model **all = upk_registry_all(e->registry, &count, NULL);
	if (!all)
		return false;
	for (size_t i = 0; i < r->models_count; i++)
		upk_model_unref(r->models[i]);
	free(r->models);
	for (size_t i = 0; i < count; i++) {
		if (age_of(all[i]) > 0 && note_age(r, all[i])) {
			all[kept++] = all[i];
		} else {
			all[i]->retention = 0;
			upk_model_unref(all[i]);
		}
	}
	qsort(all, kept, sizeof(struct upk_model *), by_number);
	r->models = all;
	r->models_count = kept;
	return true;
}

/* After a jump ahead nothing is thrown away until the clock is back or a person has started the
 * daemon anew. */
static void look_at_clock(struct upk_engine *e)
{
	struct upk_retention *r = e->retention;
	int64_t now = upk_clock_now(e->clock);
	if (r->held)
		r->held = now - r->clock > JUMP_MS;
	else if (r->clock != 0 && r->models_count > 0 && now - r->clock > JUMP_MS) {
		r->held = true;
		upk_engine_log(e, UPK_LOG_ERROR,
			"the clock has jumped ahead by %lld s: retention holds until it is back or "
			"the daemon is started again",
			(long long)(now - r->clock) / 1000);
	}
	if (!r->held)
		r->clock = now;
}

void upk_retention_look(struct upk_engine *e)
{
	int64_t seq, arrival;
	if (upk_engine_ready(e) && list_models(e))
		look_at_clock(e);
	if (upk_oldest_item(e->store, 0, &seq, &arrival, NULL))
		atomic_store(&e->retention->oldest, arrival);
}

static struct cursor *next_cursor(const struct upk_retention *r)
{
	for (size_t i = 0; i < r->cursors_count; i++) {
		struct cursor *c = &r->cursors[(r->turn + i) % r->cursors_count];
		if (!c->idle)
			return c;
	}
	return NULL;
}

bool upk_retention_due(const struct upk_engine *e, bool busy)
{
	const struct upk_retention *r = e->retention;
	return !r->held && r->models_count > 0 && next_cursor(r) &&
		upk_background_due(&r->pace, busy);
}

/* Up to where every cursor has been. */
static int64_t least_after(const struct upk_retention *r)
{
	int64_t after = INT64_MAX;
	for (size_t i = 0; i < r->cursors_count; i++)
		if (r->cursors[i].after < after)
			after = r->cursors[i].after;
	return after;
}

static bool follow_labels(struct upk_engine *e, bool *done, int64_t *took, struct upk_error *err)
{
	struct upk_retention *r = e->retention;
	int64_t started = upk_clock_monotonic_ns();
	upk_labelled_start(&r->labelled, least_after(r));
	bool followed;
	do
		followed = upk_labelled_follow(&r->labelled, e->store, e->seq, done, err);
	while (followed && !*done && r->pace.behind &&
		!upk_background_over(&r->pace, started, INT64_MAX));
	*took = upk_clock_monotonic_ns() - started;
	return followed;
}

static bool step(struct upk_engine *e, struct cursor *cursor, int64_t *took, struct upk_error *err)
{
	struct upk_retention *r = e->retention;
	struct upk_aged aged = { .models = r->models,
		.models_count = r->models_count,
		.labelled = &r->labelled,
		.pace = &r->pace,
		.age = cursor->age,
		.now = upk_engine_now(e) };
	int64_t seq, arrival, to;
	bool all_read = false;
	upk_background_came(&r->pace, r->seen != 0 ? e->seq - r->seen : 0);
	r->seen = e->seq;
	if (!upk_oldest_item(e->store, cursor->after, &seq, &arrival, err))
		return false;
	cursor->idle = seq == 0 || arrival >= aged.now - cursor->age;
	r->pace.behind = !cursor->idle && aged.now - cursor->age - arrival > BEHIND_MS;
	if (cursor->idle)
		return true;
	cursor->after = seq - 1;
	if (!follow_labels(e, &all_read, took, err))
		return false;
	if (!all_read)
		return true;
	int64_t last = seq - 1 + upk_background_rows(&r->pace);
	aged.from = seq;
	aged.to = last < e->seq ? last : e->seq;
	bool done = upk_aged_step(e, &aged, &to, took, err);
	cursor->idle = to < seq; /* it waits for a run */
	if (done)
		cursor->after = to;
	return done;
}

void upk_retention_run(struct upk_engine *e)
{
	struct upk_error err = { 0 };
	struct upk_retention *r = e->retention;
	struct cursor *cursor = next_cursor(r);
	int64_t took = 0;
	if (cursor && !step(e, cursor, &took, &err)) {
		if (err.code == UPK_FULL)
			upk_room_failed(e, true);
		upk_engine_log(
			e, UPK_LOG_WARNING, "old rows can't be taken away yet: %s", err.message);
		cursor->idle = true;
	}
	r->turn++;
	upk_background_stepped(&r->pace, took);
}
