#include "tail/retraining.h"

#include <math.h>

#include "tail/due.h"

/* Pairs of the record that growth waits for: as many as a contest compares at least. */
enum { SEEN_LEAST = 50 };

/* Runs see places below this. */
static int64_t now_of(const struct upk_tail *t)
{
	return t->place + 1;
}

static bool may_start(const struct upk_tail *t)
{
	return t->open_run == 0 && t->waiting_run == 0 && t->in_use.awaited == 0 && !t->paused;
}

static bool ready(const struct upk_tail *t, const struct upk_rule *rule, int64_t time)
{
	return may_start(t) && time >= rule->cooldown_until && upk_due_at(t, rule) <= t->place;
}

static void order_run(struct upk_tail *t, enum upk_run_kind kind, int64_t change, size_t rule,
	const struct upk_moment *m)
{
	struct upk_order *order = upk_orders_add(m->orders, UPK_ORDER_RUN);
	if (!order)
		return;

	upk_pace_take(&t->pace, t->policy, now_of(t));
	t->open_run = ++t->last_run;
	order->seq = m->seq;
	order->time = m->time;
	order->place = t->place;
	order->run_kind = kind;
	order->run = t->open_run;
	order->now = now_of(t);
	order->change = change;
	order->rows = t->rows;
	order->champion = upk_tag_version(t->in_use.tag);
	order->rule = rule;
	if (kind == UPK_RUN_ALERT) {
		order->alert = t->rules[rule].alert;
		order->judgement = t->rules[rule].last;
		t->rules[rule].run = t->open_run;
		t->rules[rule].waiting = false;
	}
	t->open = *order;
}

/* What a waiting alert rests on has gone: half of the L that it fired with, or the threshold. */
static bool faded(const struct upk_tail *t, const struct upk_rule *rule)
{
	struct upk_change change;
	if (rule->config->kind != UPK_RULE_CHANGE)
		return rule->last.clear;
	return !upk_record_strongest(t->record, rule->stream, &change) ||
		change.l < rule->fired_l / 2;
}

static void rest(struct upk_tail *t, struct upk_rule *rule, int64_t length, int64_t time)
{
	const struct upk_rule_config *config = rule->config;
	rule->rest_until = now_of(t) + length;
	if (config->cooldown_pairs >= 0)
		rule->rest_until = now_of(t) + config->cooldown_pairs;
	if (config->cooldown_ms >= 0) {
		rule->rest_until = 0;
		rule->cooldown_until = time + config->cooldown_ms;
	}
}

/* An alert runs at once when its places and a token are there as it fires; one that had to wait
 * runs when they are, unless what it rests on has gone. */
static void consider_alert(struct upk_tail *t, size_t i, const struct upk_moment *m)
{
	struct upk_rule *rule = &t->rules[i];
	bool is_new = rule->run == 0 && !rule->waiting;
	if (!ready(t, rule, m->time)) {
		rule->waiting = rule->waiting || is_new;
		return;
	}
	if (rule->waiting && faded(t, rule)) {
		upk_alerting_resolve(t, i, "cancelled", m);
		rest(t, rule, (int64_t)t->policy->rest, m->time);
		return;
	}
	order_run(t, UPK_RUN_ALERT, rule->change, i, m);
}

static bool alert_waits(const struct upk_tail *t)
{
	for (size_t i = 0; i < t->rules_count; i++)
		if (upk_due_waits(&t->rules[i]))
			return true;
	return false;
}

/* Where labels are late, those that come may long be of what was in use before. */
static bool is_unseen(const struct upk_tail *t)
{
	return t->record && upk_record_pairs(t->record) < SEEN_LEAST;
}

static void consider_growth(struct upk_tail *t, const struct upk_moment *m)
{
	int64_t now = now_of(t);
	if (!may_start(t) || t->pace.growth == 0 || now < t->pace.growth || alert_waits(t) ||
		is_unseen(t) ||
		upk_pace_tokens_at(&t->pace, t->policy, t->policy->growth_tokens, now) > now)
		return;
	order_run(t, UPK_RUN_GROWTH, t->pace.change, 0, m);
}

static size_t classes_seen(const struct upk_tail *t)
{
	size_t seen = 0;
	for (size_t i = 0; i < t->schema->classes_count; i++)
		seen += t->labels[i] > 0;
	return seen;
}

static bool is_first(const struct upk_tail *t)
{
	return t->last_version == 0 && t->predictions == 0;
}

static void consider_first(struct upk_tail *t, const struct upk_moment *m)
{
	if (!may_start(t) || !is_first(t) || t->rows < t->first_due || classes_seen(t) < 2)
		return;
	order_run(t, UPK_RUN_FIRST, 0, 0, m);
}

void upk_retraining_step(struct upk_tail *t, const struct upk_moment *m)
{
	for (size_t i = 0; i < t->rules_count; i++)
		if (t->rules[i].state == UPK_RULE_FIRING && t->rules[i].change != 0)
			consider_alert(t, i, m);
	consider_growth(t, m);
	consider_first(t, m);
}

void upk_retraining_tick(struct upk_tail *t, const struct upk_moment *m)
{
	int64_t every = t->config->retrain.every_ms;
	if (every == 0)
		return;
	if (t->scheduled == 0)
		t->scheduled = m->time;
	if (!may_start(t) || t->rows == 0 || m->time - t->scheduled < every)
		return;
	t->scheduled = m->time;
	order_run(t, is_first(t) ? UPK_RUN_FIRST : UPK_RUN_SCHEDULE, t->pace.change, 0, m);
}

bool upk_retraining_by_hand(struct upk_tail *t, const struct upk_moment *m, struct upk_error *err)
{
	if (t->open_run != 0)
		return upk_fail(
			err, UPK_CONFLICT, "run %lld is still going on", (long long)t->open_run);
	if (t->waiting_run != 0)
		return upk_fail(err, UPK_CONFLICT,
			"run %lld waits for a person: promote its version or cancel it first",
			(long long)t->waiting_run);
	if (!upk_schema_has_features(t->schema))
		return upk_fail(err, UPK_CONFLICT,
			"the model has no features to train on: send some with events or examples");
	order_run(t, is_first(t) ? UPK_RUN_FIRST : UPK_RUN_MANUAL, is_first(t) ? 0 : t->pace.change,
		0, m);
	return m->orders->failed ? upk_fail(err, UPK_NOMEM, "no memory for a run") : true;
}

/* A rest after a refused run doubles; when hardly anything had come since c it is as long as that,
 * and does not. */
static void rest_after(struct upk_tail *t, const struct upk_order *run, bool passed, int64_t time)
{
	struct upk_rule *rule = &t->rules[run->rule];
	int64_t since = run->now - run->change;
	if (passed) {
		rule->rest = (int64_t)t->policy->rest;
		rest(t, rule, 0, time);
		return;
	}
	if (since < (int64_t)t->policy->rest) {
		rest(t, rule, since, time);
		return;
	}
	rest(t, rule, rule->rest, time);
	rule->rest = (int64_t)fmin((double)rule->rest * 2, t->policy->rest_most);
}

void upk_retraining_ended(struct upk_tail *t, enum upk_run_end end, int64_t change, int64_t time)
{
	const struct upk_order run = t->open;
	bool passed = end == UPK_RUN_PASSED;
	bool first = run.run_kind == UPK_RUN_FIRST;
	t->open_run = 0;
	if (end == UPK_RUN_CANCELLED) {
		upk_pace_give_back(&t->pace, t->policy);
		return;
	}
	if (first && !passed)
		t->first_due = t->rows + (int64_t)t->policy->first_rows;
	else
		upk_pace_ended(&t->pace, t->policy, run.now, passed ? change : t->pace.change,
			passed, first);
	if (run.run_kind == UPK_RUN_ALERT && run.rule < t->rules_count)
		rest_after(t, &run, passed, time);
}
