#include "writer/refill.h"

#include <stdlib.h>

#include "store/alert.h"
#include "store/live.h"
#include "store/place.h"
#include "store/run.h"
#include "store/version.h"
#include "tail/tail_state.h"
#include "versions/figures.h"
#include "versions/serving.h"
#include "windows/past.h"
#include "windows/record_text.h"
#include "writer/building.h"

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
	if (upk_tail_is_live(c->promoted->tail, row->version))
		return true;
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
			upk_serving_load(e->store, m->number, c.versions[i - 1], tail->schema, err);
		done = serving && upk_bench_enter(tail->bench, serving, err);
	}
	if (!done || tail->champion == 0 || upk_tail_is_live(tail, tail->champion) ||
		upk_bench_find(tail->bench, tail->champion))
		return done && upk_tail_publish(tail, err);
	struct upk_serving *champion =
		upk_serving_load(e->store, m->number, tail->champion, tail->schema, err);
	return champion && upk_bench_enter(tail->bench, champion, err);
}

static bool load_live(
	struct upk_engine *e, struct upk_model *m, struct upk_tail *tail, struct upk_error *err)
{
	struct upk_text bytes;
	return upk_live_fetch(e->store, m->number, &bytes, err) &&
		(!bytes.data || upk_live_read(tail->live, bytes, tail->schema, err));
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

static struct upk_past past_of(struct upk_engine *e, struct upk_model *m, struct upk_tail *t)
{
	return (struct upk_past){ e->store, m->number, t->schema, &t->tags };
}

static bool hold(void *context, const struct upk_seat *seat, struct upk_error *err)
{
	struct upk_tail *t = context;
	return upk_windows_add(&t->windows, seat, err);
}

/* As they were when the state was written, by the clock of then. */
static bool fill_windows(
	struct upk_engine *e, struct upk_model *m, struct upk_tail *t, struct upk_error *err)
{
	const struct upk_past past = past_of(e, m, t);
	struct upk_scan scan = { .model = m->number,
		.from = 1,
		.to = t->place + 1,
		.as_of = t->seen,
		.pairs_only = true };
	if (t->clock == 0)
		t->clock = upk_clock_now(e->clock);
	int64_t from;
	upk_tail_expire(t, t->clock);
	if (!upk_past_oldest(&past, &scan, t->config, t->clock, &from, err))
		return false;
	scan.from = from;
	return upk_past_each(&past, &scan, hold, t, err);
}

struct filling {
	struct upk_tail *tail;
	bool last_alone;                     /* the record's first pairs are known */
	int64_t last[UPK_BENCH_WINDOW_MOST]; /* places of the record's last pairs: a ring */
	size_t record_pairs;
	struct upk_steps *steps;
	struct upk_error *err;
	bool failed;
};

static bool remember(void *context, const struct upk_seat *seat, struct upk_error *err)
{
	struct filling *f = context;
	if (seat->tag != f->tail->in_use.tag)
		return true;
	f->last[f->record_pairs++ % UPK_BENCH_WINDOW_MOST] = seat->place;
	return f->last_alone ? upk_record_recall_last(f->tail->record, seat->place, seat->pair, err)
			     : upk_record_add(f->tail->record, seat->place, seat->pair, err);
}

static bool keep_step(void *context, const struct upk_known_row *row)
{
	struct filling *f = context;
	struct upk_step step;
	f->failed = !step_of(f->tail, row, &step, f->err);
	if (f->failed)
		return false;
	f->failed = !upk_steps_add_of_list(f->steps, &step, row->feature_list, f->err);
	return !f->failed;
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
		upk_steps_find_lists(steps, m, e->store, err);
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

/* Where the bench begins when the state does not say it. */
static int64_t bench_start(const struct upk_tail *t, const struct filling *f)
{
	size_t window = (size_t)t->policy->bench_window;
	size_t held = window < UPK_BENCH_WINDOW_MOST ? window : UPK_BENCH_WINDOW_MOST;
	size_t back = f->record_pairs < held ? f->record_pairs : held;
	return back == 0 ? 0 : f->last[(f->record_pairs - back) % UPK_BENCH_WINDOW_MOST];
}

static bool recall(struct upk_tail *t, const struct upk_record_start *start, struct upk_error *err)
{
	upk_record_recall_pairs(t->record, (uint64_t)start->pairs);
	return upk_record_text_read(
		upk_buffer_text(&start->first), t->schema->classes_count, t->record, err);
}

static bool fill_record(struct upk_engine *e, struct upk_model *m, struct upk_tail *t,
	const struct upk_record_start *start, struct upk_error *err)
{
	struct filling f = { .tail = t, .last_alone = start->kept };
	const struct upk_past past = past_of(e, m, t);
	const struct upk_scan scan = { .from = start->kept ? start->last : start->place,
		.to = t->place + 1,
		.as_of = t->seen };
	if (!start->any)
		return true;
	if (!upk_tail_begin_record(t, start->rarer, err) || (start->kept && !recall(t, start, err)))
		return false;
	if ((!start->kept || start->last > 0) && !upk_past_each(&past, &scan, remember, &f, err))
		return false;
	int64_t from = start->kept ? start->bench : bench_start(t, &f);
	return upk_bench_count(t->bench) == 0 || from == 0 || fill_bench(e, m, t, from, err);
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
	struct upk_building *built = upk_building_take(m, t);
	if (row->state.data && !upk_tail_state_read(t, row->state, &start, err)) {
		upk_record_start_finish(&start);
		return false;
	}
	t->paused = row->paused;
	t->seen = row->state_seq;
	bool done = read_numbers(e, m, t, err) && load_live(e, m, t, err) &&
		load_bench(e, m, t, err) && load_holdout(e, m, t, err) &&
		(built ? upk_building_install(e, built, t, err) : fill_windows(e, m, t, err)) &&
		fill_record(e, m, t, &start, err);
	upk_record_start_finish(&start);
	if (done)
		upk_tail_state_settle(t);
	return done;
}
