#include "engine/refill.h"

#include <stdlib.h>

#include "engine/figures.h"
#include "engine/promotion.h"
#include "engine/tail_state.h"
#include "store/alert.h"
#include "store/event.h"
#include "store/place.h"
#include "store/run.h"
#include "store/version.h"

/* ---- versions ---- */

struct promoted {
	struct upk_tail *tail;
	int64_t *versions;
	size_t count;
	bool failed;
};

static bool take_promotion(void *context, const struct upk_promotion_row *row)
{
	struct promoted *p = context;
	p->tail->champion = row->version;
	p->tail->last_promotion = row->promotion;
	int64_t *versions = realloc(p->versions, (p->count + 1) * sizeof *versions);
	p->failed = !versions;
	if (!versions)
		return false;
	p->versions = versions;
	p->versions[p->count++] = row->version;
	return true;
}

/* The newest versions that were once promoted and that nobody rolled back, and the champion. */
struct chosen {
	const struct promoted *promoted;
	int64_t versions[UPK_BENCH_MOST];
	size_t count, most;
};

static bool take_version(void *context, const struct upk_version_row *row)
{
	struct chosen *c = context;
	bool promoted = row->version == c->promoted->tail->champion;
	for (size_t i = 0; i < c->promoted->count && !row->off_bench; i++)
		promoted = promoted || c->promoted->versions[i] == row->version;
	if (promoted && c->count < c->most)
		c->versions[c->count++] = row->version;
	return c->count < c->most;
}

static bool load_bench(
	struct upk_engine *e, struct upk_model *m, struct upk_tail *tail, struct upk_error *err)
{
	struct promoted promoted = { .tail = tail };
	struct chosen c = { .promoted = &promoted,
		.most = (size_t)tail->policy->bench_versions + 1 };
	bool done = upk_promotion_each(e->store, m->number, take_promotion, &promoted, err);
	if (done && promoted.failed)
		done = upk_fail(err, UPK_NOMEM, "no memory for the promotion log");
	done = done && upk_version_each(e->store, m->number, 0, INT64_MAX, take_version, &c, err);
	free(promoted.versions);
	for (size_t i = c.count; done && i > 0; i--) {
		struct upk_serving *serving =
			upk_promotion_load(e, m, tail->schema, c.versions[i - 1], err);
		done = serving && upk_bench_enter(tail->bench, serving, err);
	}
	if (!done || tail->champion == 0 || upk_bench_find(tail->bench, tail->champion))
		return done;
	struct upk_serving *champion = upk_promotion_load(e, m, tail->schema, tail->champion, err);
	return champion && upk_bench_enter(tail->bench, champion, err);
}

/* A first run's version has its twin's holdout in its record. */
static bool load_holdout(
	struct upk_engine *e, struct upk_model *m, struct upk_tail *tail, struct upk_error *err)
{
	struct upk_version_row version;
	struct upk_run_row run;
	bool found;
	if (!upk_version_get(e->store, m->number, 1, &found, &version, err))
		return false;
	if (!found)
		return true;
	char *figures = upk_text_copy(version.figures);
	if (!figures)
		return upk_fail(err, UPK_NOMEM, "no memory for a version's figures");
	struct upk_error reason = { 0 };
	tail->holdout = upk_figures_read(upk_text_of(figures), tail->schema, &reason);
	tail->holdout_version = 1;
	free(figures);
	if (reason.code != UPK_OK)
		return upk_fail(err, reason.code, "%s", reason.message);
	if (!upk_run_get(e->store, m->number, version.run, &found, &run, err))
		return false;
	if (!found || !upk_text_is(run.kind, "first")) {
		upk_confusion_destroy(tail->holdout);
		tail->holdout = NULL;
		tail->holdout_version = 0;
	}
	return true;
}

/* ---- rows ---- */

/* false: a class that the model does not have, or no memory. */
static bool step_of(struct upk_tail *tail, const struct upk_known_row *row, struct upk_step *step,
	struct upk_error *err)
{
	int actual = upk_schema_class(tail->schema, row->actual);
	int predicted = row->predicted.data ? upk_schema_class(tail->schema, row->predicted) : 0;
	if (actual < 0 || predicted < 0)
		return upk_fail(err, UPK_CORRUPT,
			"place %lld has a class that the model does not have",
			(long long)row->place.place);
	*step = (struct upk_step){ .kind = row->predicted.data ? UPK_STEP_PAIR : UPK_STEP_EXAMPLE,
		.seq = row->place.label > row->place.event ? row->place.label : row->place.event,
		.arrival = row->place.arrival,
		.event = row->event_number,
		.place = row->place.place,
		.time = row->place.time,
		.delay = row->label_time - row->event_time,
		.pair = { (uint16_t)actual, (uint16_t)predicted },
		.features = row->features };
	return upk_tags_of(&tail->tags, row->version, &step->tag, err);
}

struct filling {
	struct upk_tail *tail;
	int64_t now;
	bool durations;                      /* duration windows, else count windows */
	int64_t last[UPK_BENCH_WINDOW_MOST]; /* places of the record's last pairs: a ring */
	size_t record_pairs;
	struct upk_steps *steps;
	struct upk_error *err;
	bool failed;
};

static bool hold(void *context, const struct upk_known_row *row)
{
	struct filling *f = context;
	struct upk_tail *t = f->tail;
	struct upk_step step;
	if (row->place.place > t->place)
		return true;
	f->failed = !step_of(t, row, &step, f->err);
	const struct upk_seat seat = { .place = step.place,
		.time = step.time,
		.event = step.event,
		.delay = step.delay,
		.tag = step.tag,
		.pair = step.pair };
	for (size_t i = 0; !f->failed && i < t->config->windows_count; i++)
		if ((t->config->windows[i].duration > 0) == f->durations)
			f->failed = !upk_window_add(t->windows[i], &seat, f->now, f->err);
	return !f->failed;
}

static bool fill_windows(
	struct upk_engine *e, struct upk_model *m, struct upk_tail *t, struct upk_error *err)
{
	int64_t most = 0, longest = 0;
	for (size_t i = 0; i < t->config->windows_count; i++) {
		const struct upk_window_config *w = &t->config->windows[i];
		most = w->count > most ? w->count : most;
		longest = w->duration > longest ? w->duration : longest;
	}
	struct filling f = { .tail = t, .now = upk_clock_now(e->clock), .err = err };
	const struct upk_scan scan = { .model = m->number,
		.from = 1,
		.to = t->place + 1,
		.as_of = t->seen,
		.pairs_only = true,
		.newest = most };
	if (most > 0 && (!upk_place_scan(e->store, &scan, hold, &f, err) || f.failed))
		return false;
	f.durations = true;
	return longest == 0 ||
		(upk_place_scan_time(e->store, m->number, f.now - longest, t->seen, hold, &f, err) &&
			!f.failed);
}

static bool remember(void *context, const struct upk_known_row *row)
{
	struct filling *f = context;
	struct upk_step step;
	f->failed = !step_of(f->tail, row, &step, f->err);
	if (f->failed || step.tag != f->tail->in_use.tag)
		return !f->failed;
	f->last[f->record_pairs++ % UPK_BENCH_WINDOW_MOST] = step.place;
	f->failed = !upk_record_add(f->tail->record, step.place, step.pair, f->err);
	return !f->failed;
}

static bool keep_step(void *context, const struct upk_known_row *row)
{
	struct filling *f = context;
	struct upk_step step;
	f->failed = !step_of(f->tail, row, &step, f->err);
	if (f->failed)
		return false;
	/* The list's number for now: it can't be looked up during a scan. */
	step.list = (const struct upk_features *)(uintptr_t)row->feature_list;
	f->failed = !upk_steps_add(f->steps, &step, f->err);
	return !f->failed;
}

static bool find_lists(
	struct upk_engine *e, struct upk_model *m, struct upk_steps *steps, struct upk_error *err)
{
	for (size_t i = 0; i < steps->count; i++) {
		struct upk_step *step = &steps->items[i].step;
		int64_t number = (int64_t)(uintptr_t)step->list;
		step->list = NULL;
		if (number != 0 && !upk_model_list(m, e->store, number, &step->list, err))
			return false;
	}
	return true;
}

static bool scan_steps(struct upk_engine *e, struct upk_model *m, struct upk_tail *t, int64_t from,
	int64_t to, bool pairs_only, struct upk_steps *steps, struct upk_error *err)
{
	struct filling f = { .tail = t, .steps = steps, .err = err };
	const struct upk_scan scan = { .model = m->number,
		.from = from,
		.to = to,
		.as_of = t->seen,
		.what = UPK_SCAN_FEATURES,
		.pairs_only = pairs_only };
	return upk_place_scan(e->store, &scan, keep_step, &f, err) && !f.failed &&
		find_lists(e, m, steps, err);
}

static bool fill_bench(struct upk_engine *e, struct upk_model *m, struct upk_tail *t, int64_t from,
	struct upk_error *err)
{
	struct upk_steps steps = { 0 };
	bool done = scan_steps(e, m, t, from, t->place + 1, true, &steps, err);
	for (size_t i = 0; done && i < steps.count; i++) {
		const struct upk_step step = upk_steps_at(&steps, i);
		if (step.tag == t->in_use.tag)
			done = upk_bench_pair(
				t->bench, step.place, step.pair, step.list, step.features, err);
	}
	upk_steps_finish(&steps);
	return done;
}

static bool fill_record(struct upk_engine *e, struct upk_model *m, struct upk_tail *t,
	const struct upk_record_start *start, struct upk_error *err)
{
	struct filling f = { .tail = t, .err = err };
	const struct upk_scan scan = { .model = m->number,
		.from = start->place,
		.to = t->place + 1,
		.as_of = t->seen,
		.pairs_only = true };
	if (!start->any)
		return true;
	if (!upk_tail_begin_record(t, start->rarer, err) ||
		!upk_place_scan(e->store, &scan, remember, &f, err) || f.failed)
		return false;
	if (upk_bench_count(t->bench) == 0 || f.record_pairs == 0)
		return true;

	size_t window = (size_t)t->policy->bench_window;
	size_t held = window < UPK_BENCH_WINDOW_MOST ? window : UPK_BENCH_WINDOW_MOST;
	size_t back = f.record_pairs < held ? f.record_pairs : held;
	int64_t from = f.last[(f.record_pairs - back) % UPK_BENCH_WINDOW_MOST];
	return fill_bench(e, m, t, from, err);
}

struct waiting_run {
	int64_t model, run;
};

static bool take_waiting(void *context, const struct upk_run_row *row)
{
	struct waiting_run *waiting = context;
	if (row->model == waiting->model && upk_text_is(row->state, "waiting"))
		waiting->run = row->run;
	return true;
}

static bool read_numbers(
	struct upk_engine *e, struct upk_model *m, struct upk_tail *t, struct upk_error *err)
{
	struct waiting_run waiting = { .model = m->number };
	if (!upk_run_last(e->store, m->number, &t->last_run, err) ||
		!upk_alert_last(e->store, m->number, &t->last_alert, err) ||
		!upk_version_last(e->store, m->number, &t->last_version, err) ||
		!upk_run_each_open(e->store, take_waiting, &waiting, err))
		return false;
	t->waiting_run = waiting.run;
	return true;
}

bool upk_refill_tail(struct upk_engine *e, struct upk_model *m, struct upk_tail *t,
	const struct upk_model_row *row, struct upk_error *err)
{
	struct upk_record_start start = { 0 };
	if (row->state.data && !upk_tail_state_read(t, row->state, &start, err))
		return false;
	t->paused = row->paused;
	t->seen = row->state_seq;
	if (!read_numbers(e, m, t, err) || !load_bench(e, m, t, err) ||
		!load_holdout(e, m, t, err) || !fill_windows(e, m, t, err) ||
		!fill_record(e, m, t, &start, err))
		return false;
	upk_tail_state_settle(t);
	return true;
}
