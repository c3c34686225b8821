#include "tail/tail.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "learn/predictor.h"
#include "tail/alerting.h"
#include "tail/retraining.h"
#include "tail/sentence.h"
#include "windows/delays.h"
#include "windows/history.h"
#include "windows/score_task.h"

static bool choose_rules(struct upk_tail *t, struct upk_error *err)
{
	bool fell = !t->config->rules_given && t->schema->features;
	size_t before = t->rules_count, after = fell ? 1 : t->config->rules_count;
	struct upk_rule *rules = realloc(t->rules, (after + 1) * sizeof *rules);
	if (!rules)
		return upk_fail(err, UPK_NOMEM, "no memory for a model's rules");
	t->rules = rules;
	t->rules_count = after;
	t->rule_configs = fell ? upk_config_fell() : t->config->rules;
	for (size_t i = before; i < after; i++)
		t->rules[i] = (struct upk_rule){ .config = &t->rule_configs[i],
			.rest = (int64_t)t->policy->rest,
			.score = NAN };
	return true;
}

struct upk_tail *upk_tail_create(
	struct upk_config *config, struct upk_schema *schema, bool keep, struct upk_error *err)
{
	struct upk_tail *t = calloc(1, sizeof *t);
	if (!t)
		goto no_memory;
	t->config = upk_config_ref(config);
	t->schema = upk_schema_ref(schema);
	t->policy = &config->retrain.policy;
	t->rarer = -1;
	t->first_due = (int64_t)t->policy->first_rows;
	upk_pace_start(&t->pace, t->policy);
	t->labels = calloc(schema->classes_count + 1, sizeof *t->labels);
	t->points = calloc(config->windows_count + 1, sizeof *t->points);
	if (!t->labels || !t->points)
		goto no_memory;

	t->bench = upk_bench_create(t->policy, err);
	t->live = t->bench ? upk_live_create(&config->retrain, err) : NULL;
	if (t->live && choose_rules(t, err) &&
		upk_windows_init(&t->windows, config, keep, schema->classes_count, err))
		return t;
	upk_tail_destroy(t);
	return NULL;

no_memory:
	upk_tail_destroy(t);
	upk_fail(err, UPK_NOMEM, "no memory for a model's windows and rules");
	return NULL;
}

void upk_tail_destroy(struct upk_tail *t)
{
	if (!t)
		return;
	upk_windows_finish(&t->windows);
	for (size_t i = 0; i < t->rules_count; i++) {
		upk_reference_finish(&t->rules[i].reference);
		upk_score_task_destroy(t->rules[i].task);
	}
	upk_tags_finish(&t->tags);
	upk_score_ring_destroy(t->scorer.ring);
	upk_bench_destroy(t->bench);
	upk_live_destroy(t->live);
	upk_record_destroy(t->record);
	upk_confusion_destroy(t->holdout);
	free(t->rules);
	free(t->points);
	free(t->labels);
	upk_schema_unref(t->schema);
	upk_config_unref(t->config);
	free(t);
}

bool upk_tail_learn(struct upk_tail *t, struct upk_schema *schema, struct upk_error *err)
{
	size_t before = t->schema->classes_count, after = schema->classes_count;
	uint64_t *labels = realloc(t->labels, (after + 1) * sizeof *labels);
	if (!labels)
		return upk_fail(err, UPK_NOMEM, "no memory for another class");
	t->labels = labels;
	for (size_t i = before; i < after; i++)
		labels[i] = 0;
	if (!upk_windows_grow(&t->windows, after, err))
		return false;

	upk_schema_ref(schema);
	upk_schema_unref(t->schema);
	t->schema = schema;
	return choose_rules(t, err);
}

static void answer_with(struct upk_tail *t, int64_t version)
{
	t->champion = version;
	t->proposed = 0;
	upk_in_use_promote(&t->in_use, (upk_tag)version);
}

bool upk_tail_promote(struct upk_tail *t, struct upk_serving *serving, struct upk_error *err)
{
	int64_t version = upk_serving_version(serving);
	if (!upk_bench_enter(t->bench, serving, err))
		return false;
	upk_live_face(t->live, version);
	answer_with(t, version);
	return true;
}

void upk_tail_promote_live(struct upk_tail *t)
{
	upk_live_hold(t->live, false);
	answer_with(t, upk_live_version(t->live));
}

bool upk_tail_is_live(const struct upk_tail *t, int64_t version)
{
	return version != 0 && version == upk_live_version(t->live);
}

struct upk_serving *upk_tail_champion(const struct upk_tail *t)
{
	return upk_tail_is_live(t, t->champion) ? upk_live_serving(t->live)
						: upk_bench_find(t->bench, t->champion);
}

int64_t upk_tail_revision(const struct upk_tail *t)
{
	return upk_tail_is_live(t, t->champion) ? upk_live_revision(t->live) : 0;
}

bool upk_tail_publish(struct upk_tail *t, struct upk_error *err)
{
	return !upk_tail_is_live(t, t->champion) || upk_live_publish(t->live, t->schema, err);
}

/* Whether a copy of the shadow's made, or will make, what is in use. */
static bool shadow_serves(const struct upk_tail *t)
{
	return upk_tail_is_live(t, upk_tag_version(t->in_use.tag));
}

/* Whether the shadow's copy answers events, to be judged on them. */
static bool copy_answers(const struct upk_tail *t)
{
	return upk_live_learns(t->live) && upk_tag_version(t->in_use.tag) != 0 && !shadow_serves(t);
}

static int rarer_class(const struct upk_tail *t)
{
	if (t->schema->classes_count != 2)
		return -1;
	return t->labels[0] < t->labels[1] ? 0 : 1;
}

bool upk_tail_begin_record(struct upk_tail *t, int rarer, struct upk_error *err)
{
	const struct upk_confusion *holdout =
		t->holdout && t->in_use.tag == (upk_tag)t->holdout_version ? t->holdout : NULL;
	struct upk_record *record = upk_record_create(rarer, holdout, err);
	if (!record)
		return false;
	upk_record_destroy(t->record);
	t->record = record;
	t->rarer = rarer;
	upk_bench_begin(t->bench);
	upk_windows_use(&t->windows, t->in_use.tag);
	return true;
}

static bool begin_record(struct upk_tail *t, struct upk_error *err)
{
	upk_live_begin_record(t->live);
	return upk_tail_begin_record(t, rarer_class(t), err);
}

static bool replaced(struct upk_tail *t, const struct upk_moment *m, struct upk_error *err)
{
	upk_alerting_replace(t, m);
	return begin_record(t, err);
}

static bool is_used(const struct upk_tail *t, upk_tag tag)
{
	return t->in_use.any && t->in_use.tag == tag;
}

static struct upk_seat seat_of(const struct upk_step *step)
{
	return (struct upk_seat){ .place = step->place,
		.time = step->time,
		.event = step->event,
		.tag = step->tag,
		.pair = step->pair,
		.delay = upk_delays_bucket(step->delay) };
}

static bool hold(struct upk_tail *t, const struct upk_step *step, struct upk_error *err)
{
	const struct upk_seat seat = seat_of(step);
	return upk_windows_add(&t->windows, &seat, err);
}

static bool remember(struct upk_tail *t, const struct upk_step *step, struct upk_error *err)
{
	if (!is_used(t, step->tag))
		return true;
	if (!upk_record_add(t->record, step->place, step->pair, err))
		return false;
	return shadow_serves(t) ||
		upk_bench_pair(t->bench, step->place, step->pair, step->list, step->features, err);
}

/* What the other of the two, the shadow's copy and the last other version, answers to the event:
 * the copy did so when the event came. UPK_NO_CLASS: nothing. */
static bool other_answer(
	struct upk_tail *t, const struct upk_step *step, uint16_t *class, struct upk_error *err)
{
	*class = upk_live_answered(t->live, step->event);
	if (!shadow_serves(t))
		return true;
	struct upk_serving *other = upk_bench_find(t->bench, upk_live_other(t->live));
	*class = UPK_NO_CLASS;
	return !other || !step->list || !step->features.data ||
		upk_serving_answer(other, step->list, step->features, class, NULL, err);
}

static bool adjust(struct upk_tail *t, const struct upk_step *step, struct upk_error *err)
{
	uint16_t other;
	if (!upk_live_learns(t->live))
		return true;
	if (!other_answer(t, step, &other, err))
		return false;
	if (is_used(t, step->tag) &&
		!upk_live_judge_pair(t->live, step->place, step->pair, other, err))
		return false;
	return !step->list || !step->features.data ||
		upk_live_learn(
			t->live, step->event, step->list, step->features, step->pair.actual, err);
}

/* A point when the window has changed by a twentieth, or a minute of pair time has passed. */
static void history(struct upk_tail *t, const struct upk_moment *m)
{
	for (size_t i = 0; i < t->config->windows_count; i++) {
		struct upk_history_cursor *last = &t->points[i];
		uint64_t changes = upk_window_changes(t->windows.at[i]);
		size_t pairs = upk_window_pairs(t->windows.at[i]);
		if (changes == last->changes)
			continue;
		if ((changes - last->changes) * 20 < pairs && t->newest - last->time < 60000)
			continue;
		struct upk_order *order = upk_orders_add(m->orders, UPK_ORDER_POINT);
		if (!order)
			return;
		order->place = t->place;
		order->window = i;
		order->point_time = t->newest;
		upk_history_encode(upk_window_counts(t->windows.at[i]), &order->counts);
		m->orders->failed = m->orders->failed || order->counts.failed;
		*last = (struct upk_history_cursor){ changes, t->newest };
	}
}

static void take_over(struct upk_tail *t, const struct upk_takeover *takeover, bool live,
	const struct upk_moment *m)
{
	struct upk_order *order = upk_orders_add(m->orders, UPK_ORDER_PROMOTE);
	if (!order)
		return;
	order->seq = m->seq;
	order->time = m->time;
	order->place = t->place;
	order->takeover = *takeover;
	order->live = live;
	if (t->config->retrain.manual) {
		upk_sentence_takeover(t, order, t->proposed_reason);
		t->proposed = takeover->version;
		return;
	}
	t->champion = takeover->version;
	upk_in_use_promote(&t->in_use, (upk_tag)takeover->version);
}

/* Neither bench nor shadow have a say while nothing of upkeepd's is in use, or something waits. */
static bool may_take_over(const struct upk_tail *t)
{
	return upk_tag_version(t->in_use.tag) != 0 && t->in_use.awaited == 0 && t->proposed == 0;
}

/* What the copy replaced is out of date: growth is due soon, from where that shows. */
static void note_change(struct upk_tail *t)
{
	int64_t now = t->place + 1, change = upk_live_change(t->live);
	if (change == 0)
		return;
	t->pace.change = change;
	t->pace.growth = now + (int64_t)fmax(t->policy->growth_least, (double)(now - change));
}

/* As upk_duel_rule has it: the class whose F1 the gate compares by, where runs tune thresholds
 * (learn/contest.c). */
static int tuned_class(const struct upk_tail *t)
{
	const struct upk_retrain_config *retrain = &t->config->retrain;
	struct upk_measure measure;
	bool tuned = retrain->threshold && retrain->measure.class &&
		t->schema->threshold == UPK_DECISION_THRESHOLD &&
		strcmp(retrain->measure.name, "f1") == 0 && t->schema->classes_count == 2 &&
		upk_measure_resolve(&retrain->measure, t->schema, &measure) &&
		measure.class == t->schema->positive;
	return tuned ? measure.class + 1 : 0;
}

static bool consider_switch(struct upk_tail *t, const struct upk_moment *m, struct upk_error *err)
{
	struct upk_takeover takeover;
	bool serving = shadow_serves(t), wins;
	if (!upk_live_learns(t->live) || !may_take_over(t))
		return true;
	int64_t version = serving ? upk_live_other(t->live) : upk_live_version(t->live);
	if (version != 0 && version == t->champion)
		return true;
	if (!upk_live_judge(t->live, serving, t->schema->classes_count, tuned_class(t), &wins,
		    &takeover, err))
		return false;
	if (!wins) {
		if (serving)
			note_change(t);
		return true;
	}
	if (version == 0) {
		version = ++t->last_version;
		upk_live_number(t->live, version);
	}
	takeover.version = version;
	take_over(t, &takeover, true, m);
	return true;
}

static bool consider_bench(struct upk_tail *t, const struct upk_moment *m, struct upk_error *err)
{
	struct upk_takeover takeover;
	bool wins;
	if (!may_take_over(t) || shadow_serves(t))
		return true;
	if (!upk_bench_judge(t->bench, upk_tag_version(t->in_use.tag), t->champion,
		    t->schema->classes_count, tuned_class(t), &wins, &takeover, err))
		return false;
	if (wins)
		take_over(t, &takeover, false, m);
	return true;
}

static void count_place(struct upk_tail *t, const struct upk_step *step)
{
	t->place = step->place;
	if (step->example)
		t->examples--;
	else {
		t->labels[step->pair.actual]++;
		t->rows += step->features.data != NULL;
	}
	if (step->kind == UPK_STEP_EXAMPLE)
		t->examples++;
	else
		t->pairs++;
	if (step->kind == UPK_STEP_PAIR && step->time > t->newest)
		t->newest = step->time;
}

/* A record begins with its first pair: the rarer class is what it is by then, not what it was when
 * the first event came and no label was known. */
static bool begin_with(struct upk_tail *t, const struct upk_step *step, struct upk_error *err)
{
	if (!is_used(t, step->tag) || upk_record_pairs(t->record) > 0)
		return true;
	return begin_record(t, err);
}

/* In the order of docs/policy.md: the switch, the bench, then rules, then growth. */
static bool pair(struct upk_tail *t, const struct upk_step *step, const struct upk_moment *m,
	struct upk_error *err)
{
	if (upk_in_use_pair(&t->in_use, step->event, step->tag) && !replaced(t, m, err))
		return false;
	if (!begin_with(t, step, err) || !hold(t, step, err) || !remember(t, step, err) ||
		!adjust(t, step, err))
		return false;
	history(t, m);

	bool used = is_used(t, step->tag);
	bool tenth = used && upk_record_pairs(t->record) % UPK_RECORD_EVERY == 0;
	if (tenth && !(consider_switch(t, m, err) && consider_bench(t, m, err)))
		return false;
	if (!upk_alerting_windows(t, m, false, err))
		return false;
	if (tenth && t->open_run == 0)
		upk_alerting_change(t, m);
	return true;
}

static bool event(struct upk_tail *t, const struct upk_step *step, const struct upk_moment *m,
	struct upk_error *err)
{
	if (step->event > t->event)
		t->event = step->event;
	t->predictions++;
	if (upk_in_use_event(&t->in_use, step->event, step->tag) && !replaced(t, m, err))
		return false;
	if (!step->list || !step->features.data || !upk_live_learns(t->live))
		return true;
	bool copy = is_used(t, step->tag) && copy_answers(t);
	return upk_live_answer(t->live, step->event, step->list, step->features, copy, err);
}

static bool revise(struct upk_tail *t, const struct upk_step *step, struct upk_error *err)
{
	struct upk_seat was = seat_of(step);
	was.pair.actual = step->was;
	t->labels[step->was]--;
	t->labels[step->pair.actual]++;
	if (step->example)
		return true;
	if (!upk_windows_revise(&t->windows, &was, step->pair.actual, err))
		return false;
	upk_score_ring_revise(t->scorer.ring, step->place, step->pair.actual);
	if (is_used(t, step->tag)) {
		upk_record_revise(t->record, step->place, step->pair.actual);
		upk_bench_revise(t->bench, step->place, step->pair.actual);
		upk_live_revise(t->live, step->place, step->pair.actual);
	}
	return true;
}

/* What it counted for, all but in the past: points of history, and what is in use. */
static bool forget(struct upk_tail *t, const struct upk_step *step, struct upk_error *err)
{
	const struct upk_seat seat = seat_of(step);
	t->labels[step->pair.actual]--;
	t->rows -= step->features.data != NULL;
	if (step->example) {
		t->examples--;
		return true;
	}
	t->pairs--;
	if (!upk_windows_remove(&t->windows, &seat, err))
		return false;
	upk_score_ring_remove(t->scorer.ring, step->place);
	if (is_used(t, step->tag)) {
		upk_record_remove(t->record, step->place);
		upk_bench_remove(t->bench, step->place);
		upk_live_remove(t->live, step->place);
	}
	return true;
}

void upk_tail_expire(struct upk_tail *t, int64_t now)
{
	if (now > t->clock)
		t->clock = now;
	upk_windows_expire(&t->windows, t->clock);
}

bool upk_tail_step(struct upk_tail *t, const struct upk_step *step, struct upk_orders *orders,
	struct upk_error *err)
{
	const struct upk_moment m = { step->seq, step->arrival, orders };
	bool done = true;
	upk_tail_expire(t, step->arrival);
	switch (step->kind) {
	case UPK_STEP_EVENT:
		done = event(t, step, &m, err);
		break;
	case UPK_STEP_REVISION:
		done = revise(t, step, err) && upk_alerting_windows(t, &m, false, err);
		break;
	case UPK_STEP_REMOVAL:
		done = forget(t, step, err);
		break;
	case UPK_STEP_PAIR:
		count_place(t, step);
		done = pair(t, step, &m, err);
		break;
	case UPK_STEP_EXAMPLE:
		count_place(t, step);
		break;
	}
	if (done && (step->kind == UPK_STEP_PAIR || step->kind == UPK_STEP_EXAMPLE))
		upk_retraining_step(t, &m);
	return done && !orders->failed;
}

bool upk_tail_judge(struct upk_tail *t, int64_t seq, int64_t now, struct upk_orders *orders,
	struct upk_error *err)
{
	const struct upk_moment m = { seq, now, orders };
	return upk_alerting_windows(t, &m, false, err) && !orders->failed;
}

bool upk_tail_tick(struct upk_tail *t, int64_t seq, int64_t now, struct upk_orders *orders,
	struct upk_error *err)
{
	const struct upk_moment m = { seq, now, orders };
	upk_tail_expire(t, now);
	if (!upk_alerting_windows(t, &m, true, err))
		return false;
	upk_retraining_tick(t, &m);
	return !orders->failed;
}
