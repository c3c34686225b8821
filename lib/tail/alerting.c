#include "tail/alerting.h"

#include <math.h>

#include "tail/due.h"
#include "windows/score_task.h"

const char *upk_rule_state_name(enum upk_rule_state state)
{
	static const char *const names[] = { "ok", "pending", "firing" };
	return names[state];
}

void upk_alerting_resolve(
	struct upk_tail *t, size_t i, const char *resolved_by, const struct upk_moment *m)
{
	struct upk_rule *rule = &t->rules[i];
	struct upk_order *order = upk_orders_add(m->orders, UPK_ORDER_RESOLVE);
	if (order) {
		order->seq = m->seq;
		order->time = m->time;
		order->place = t->place;
		order->rule = i;
		order->alert = rule->alert;
		order->run = rule->run;
		order->resolved_by = resolved_by;
	}
	rule->state = UPK_RULE_OK;
	rule->alert = rule->change = rule->run = 0;
	rule->waiting = false;
}

void upk_alerting_replace(struct upk_tail *t, const struct upk_moment *m)
{
	for (size_t i = 0; i < t->rules_count; i++) {
		if (t->rules[i].state == UPK_RULE_FIRING)
			upk_alerting_resolve(t, i, "replaced", m);
		t->rules[i].state = UPK_RULE_OK;
		t->rules[i].last = (struct upk_judgement){ 0 };
		t->rules[i].score = NAN;
		t->rules[i].score_pairs = 0;
		t->rules[i].scored = false;
		upk_score_task_destroy(t->rules[i].task);
		t->rules[i].task = NULL;
		upk_reference_finish(&t->rules[i].reference);
	}
}

/* A threshold's run takes its rows from the start of its window on. */
static int64_t change_of(const struct upk_tail *t, const struct upk_rule *rule,
	const struct upk_judgement *judgement)
{
	if (!(rule->config->actions & UPK_ACTION_RETRAIN))
		return 0;
	if (rule->config->kind == UPK_RULE_CHANGE)
		return judgement->change.place;
	return upk_window_start(t->windows.at[rule->config->window]);
}

static void fire(struct upk_tail *t, size_t i, const struct upk_judgement *judgement,
	const struct upk_moment *m)
{
	struct upk_rule *rule = &t->rules[i];
	struct upk_order *order = upk_orders_add(m->orders, UPK_ORDER_ALERT);
	if (!order)
		return;

	rule->state = UPK_RULE_FIRING;
	rule->alert = ++t->last_alert;
	rule->run = 0;
	rule->change = change_of(t, rule, judgement);
	rule->stream = judgement->change.stream;
	rule->fired_l = judgement->change.l;
	rule->waiting = false;
	order->seq = m->seq;
	order->time = m->time;
	order->place = t->place;
	order->rule = i;
	order->alert = rule->alert;
	order->judgement = *judgement;
	order->change =
		rule->config->kind == UPK_RULE_CHANGE ? judgement->change.place : rule->change;
	order->run_at = upk_due_at(t, rule);
}

static void move(struct upk_tail *t, size_t i, const struct upk_judgement *judgement,
	const struct upk_moment *m)
{
	struct upk_rule *rule = &t->rules[i];
	rule->last = *judgement;
	if (rule->state == UPK_RULE_FIRING) {
		if (judgement->clear && !upk_due_waits(rule))
			upk_alerting_resolve(t, i, "cleared", m);
		return;
	}
	if (!judgement->wrong) {
		rule->state = UPK_RULE_OK;
		return;
	}
	if (rule->state == UPK_RULE_OK) {
		rule->state = UPK_RULE_PENDING;
		rule->pending_since = m->time;
	}
	if (m->time - rule->pending_since >= rule->config->for_ms)
		fire(t, i, judgement, m);
}

static bool sorts(
	const struct upk_tail *t, const struct upk_rule *rule, struct upk_measure *measure)
{
	return t->scorer.score && rule->config->kind != UPK_RULE_CHANGE &&
		upk_measure_resolve(&rule->config->measure, t->schema, measure) &&
		upk_metric_needs(measure->metric) != UPK_METRIC_COUNTS;
}

bool upk_alerting_sorts(const struct upk_tail *t)
{
	struct upk_measure measure;
	for (size_t i = 0; i < t->rules_count; i++)
		if (sorts(t, &t->rules[i], &measure))
			return true;
	return false;
}

/* A score metric sorts its window, so it is taken anew each time a hundredth of it has changed. */
static void score(struct upk_tail *t, struct upk_rule *rule)
{
	const struct upk_window *window = t->windows.at[rule->config->window];
	struct upk_measure measure;
	if (!sorts(t, rule, &measure))
		return;

	uint64_t changes = upk_window_changes(window);
	double step = fmax(1, (double)upk_window_pairs(window) / 100);
	if (rule->scored && (double)(changes - rule->scored_at) < step)
		return;
	struct upk_scorer_value value = t->scorer.score(t->scorer.context, t, rule, measure);
	rule->score = value.score;
	rule->score_pairs = value.pairs;
	rule->scored_at = changes;
	rule->scored = true;
}

static bool judged_now(const struct upk_tail *t, const struct upk_rule *rule, bool timed)
{
	if (rule->config->kind == UPK_RULE_CHANGE)
		return false;
	return !timed || rule->state == UPK_RULE_PENDING ||
		t->config->windows[rule->config->window].duration > 0;
}

bool upk_alerting_windows(
	struct upk_tail *t, const struct upk_moment *m, bool timed, struct upk_error *err)
{
	for (size_t i = 0; i < t->rules_count; i++) {
		struct upk_rule *rule = &t->rules[i];
		struct upk_judgement judgement;
		if (!judged_now(t, rule, timed))
			continue;
		score(t, rule);
		if (!upk_rule_judge(rule, t->schema, t->windows.at[rule->config->window], t->record,
			    &judgement, err))
			return false;
		move(t, i, &judgement, m);
	}
	return true;
}

void upk_alerting_change(struct upk_tail *t, const struct upk_moment *m)
{
	for (size_t i = 0; i < t->rules_count; i++) {
		struct upk_rule *rule = &t->rules[i];
		struct upk_judgement judgement;
		bool rests = rule->state == UPK_RULE_OK && t->place + 1 < rule->rest_until;
		if (rule->config->kind != UPK_RULE_CHANGE || rests)
			continue;
		upk_rule_judge_change(rule, t->record, &judgement);
		move(t, i, &judgement, m);
	}
}
