#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "metrics/record.h"
#include "engine/stream.h"
#include "tail/due.h"
#include "windows/history.h"

/* A model with features gets the rule fell; class b's pairs keep the class stream's trials few. */
static const char fell[] = "{\"features\":[\"x\"]}";

static const struct upk_rule *rule_of(const struct stream *s)
{
	return &s->tail->rules[0];
}

static const struct upk_order *run_of(const struct stream *s)
{
	return stream_newest(s, UPK_ORDER_RUN);
}

/* From one pair to the next until there are so many orders of the kind. */
static void until(
	struct stream *s, enum upk_order_kind kind, size_t count, double accuracy, size_t most)
{
	while (stream_count(s, kind) < count && most-- > 0)
		stream_random(s, 0, 1, accuracy);
	assert_int_equal(stream_count(s, kind), count);
}

static void end_run(struct stream *s, enum upk_run_end end, int64_t change)
{
	upk_retraining_ended(s->tail, end, change, s->clock);
}

/* ---- counters, record, history ---- */

static void steps_are_counted(void **state)
{
	(void)state;
	struct stream s;
	stream_open(&s, fell, 3);
	stream_example(&s, 2);
	stream_event(&s, 0);
	stream_pair(&s, 0, 0, 1);
	stream_pair_at(&s, s.clock - 5000, 0, 1, 1);
	stream_revise(&s, 2, s.clock, 0, 0, 2, 1);
	const struct upk_tail *t = s.tail;
	assert_int_equal(t->place, 3);
	assert_int_equal(t->event, 4);
	assert_int_equal(t->rows, 3);
	assert_int_equal(t->pairs, 2);
	assert_int_equal(t->examples, 1);
	assert_int_equal(t->predictions, 3);
	assert_int_equal(t->newest, s.clock);
	assert_int_equal(t->labels[0], 0);
	assert_int_equal(t->labels[1], 1);
	assert_int_equal(t->labels[2], 2);
	stream_close(&s);
}

static void example_that_gets_a_prediction_is_a_pair_and_no_example(void **state)
{
	(void)state;
	struct stream s;
	stream_open(&s, fell, 2);
	stream_example(&s, 1);
	double x = 1;
	const struct upk_step event = {
		.kind = UPK_STEP_EVENT, .event = 1, .seq = 2, .arrival = s.clock
	};
	const struct upk_step pair = { .kind = UPK_STEP_PAIR,
		.example = true,
		.event = 1,
		.seq = 2,
		.arrival = s.clock,
		.place = 2,
		.time = s.clock,
		.pair = { 1, 0 },
		.list = s.tail->schema->features,
		.features = { (const char *)&x, sizeof x } };
	assert_true(upk_tail_step(s.tail, &event, &s.orders, NULL));
	assert_true(upk_tail_step(s.tail, &pair, &s.orders, NULL));
	assert_int_equal(s.tail->examples, 0);
	assert_int_equal(s.tail->pairs, 1);
	assert_int_equal(s.tail->rows, 1);
	assert_int_equal(s.tail->labels[1], 1);
	stream_close(&s);
}

static void rarer_class_is_that_of_the_first_pair(void **state)
{
	(void)state;
	struct stream s;
	stream_open(&s, fell, 2);
	int64_t event = stream_event(&s, 0);
	for (int i = 0; i < 3; i++)
		stream_example(&s, 1);
	stream_label(&s, event, 0, 1, 1);
	assert_int_equal(s.tail->rarer, 0);
	stream_even(&s, 0, 10, 1, 1); /* class a is the more frequent one now: fixed all the same */
	assert_int_equal(s.tail->rarer, 0);
	assert_int_equal(upk_record_pairs(s.tail->record), 11);
	stream_close(&s);
}

static void record_holds_pairs_of_what_is_in_use_since_it_came(void **state)
{
	(void)state;
	struct stream s;
	stream_open(&s, fell, 2);
	stream_even(&s, 0, 20, 1, 1);
	int64_t waiting = stream_event(&s, 0);
	upk_in_use_promote(&s.tail->in_use, 1);
	stream_even(&s, 0, 5, 1, 1);
	assert_int_equal(upk_record_pairs(s.tail->record), 25);
	assert_int_equal(upk_record_start(s.tail->record), 1);

	stream_event(&s, 1);
	assert_int_equal(upk_record_pairs(s.tail->record), 0);
	stream_label(&s, waiting, 0, 0, 0); /* predicted by what was in use before */
	assert_int_equal(upk_record_pairs(s.tail->record), 0);
	stream_pair(&s, 1, 0, 0);
	assert_int_equal(upk_record_pairs(s.tail->record), 1);
	assert_int_equal(upk_record_start(s.tail->record), s.place);
	/* windows count whoever predicted */
	assert_int_equal(upk_window_pairs(s.tail->windows.at[0]), 27);
	assert_int_equal(upk_confusion_pairs(upk_window_used(s.tail->windows.at[0])), 1);
	stream_close(&s);
}

static void points_come_at_a_twentieth_or_a_minute(void **state)
{
	(void)state;
	struct stream s;
	stream_open(&s, "{\"windows\":[{\"name\":\"w\",\"count\":200}]}", 2);
	stream_even(&s, 0, 200, 1, 1);
	size_t points = stream_count(&s, UPK_ORDER_POINT);
	int64_t last = stream_newest(&s, UPK_ORDER_POINT)->place;
	stream_even(&s, 0, (size_t)(10 - (s.place - last)), 1, 1);
	assert_int_equal(stream_count(&s, UPK_ORDER_POINT), points + 1);
	stream_even(&s, 0, 9, 1, 1);
	assert_int_equal(stream_count(&s, UPK_ORDER_POINT), points + 1);
	stream_pair(&s, 0, 0, 1);
	assert_int_equal(stream_count(&s, UPK_ORDER_POINT), points + 2);
	const struct upk_order *point = stream_newest(&s, UPK_ORDER_POINT);
	assert_int_equal(point->place, s.place);
	assert_int_equal(point->point_time, s.clock);
	struct upk_error err = { 0 };
	struct upk_confusion *counts = upk_confusion_create(2, &err);
	assert_true(upk_history_decode(upk_buffer_text(&point->counts), counts, &err));
	assert_int_equal(upk_confusion_pairs(counts), 200);
	assert_int_equal(upk_confusion_hits(counts), 199);
	upk_confusion_destroy(counts);

	int64_t dated = s.clock;
	stream_pair_at(&s, dated + 59999, 0, 0, 0);
	assert_int_equal(stream_count(&s, UPK_ORDER_POINT), points + 2);
	stream_pair_at(&s, dated + 60000, 0, 0, 0);
	assert_int_equal(stream_count(&s, UPK_ORDER_POINT), points + 3);
	stream_pair_at(&s, dated - 100000, 0, 0, 0); /* an old one: the greatest time stands */
	assert_int_equal(s.tail->newest, dated + 60000);
	stream_close(&s);
}

/* ---- alerts and their runs ---- */

static void fall_fires_and_runs_at_once_when_250_places_have_come(void **state)
{
	(void)state;
	struct stream s;
	stream_open(&s, fell, 2);
	stream_random(&s, 0, 3000, 0.9);
	assert_int_equal(stream_count(&s, UPK_ORDER_ALERT), 0);
	until(&s, UPK_ORDER_RUN, 1, 0.75, 1000);
	const struct upk_order *alert = stream_newest(&s, UPK_ORDER_ALERT), *run = run_of(&s);
	assert_int_equal(alert->place % 10, 0); /* every 10 pairs of the record */
	assert_true(alert->judgement.change.l > alert->judgement.change.limit);
	assert_int_equal(alert->change, alert->judgement.change.place);
	assert_in_range(alert->change, 2900, 3100);

	int64_t due = alert->change + 249; /* with it 250 places have come since c */
	assert_int_equal(alert->run_at, due > alert->place ? due : alert->place);
	assert_int_equal(run->place, alert->run_at);
	assert_int_equal(run->now, run->place + 1);
	assert_int_equal(run->change, alert->change);
	assert_int_equal(run->run_kind, UPK_RUN_ALERT);
	assert_int_equal(run->alert, 1);
	assert_int_equal(run->run, 1);
	assert_int_equal(run->seq, s.seq);
	assert_int_equal(s.tail->open_run, 1);
	assert_true(fabs(upk_pace_tokens(&s.tail->pace, s.tail->policy, run->now) - 5) < 1e-9);
	stream_close(&s);
}

/* Fires by a sudden fall long before 250 places have come. */
static void fire_early(struct stream *s)
{
	stream_open(s, fell, 2);
	stream_random(s, 0, 3000, 0.9);
	until(s, UPK_ORDER_ALERT, 1, 0.3, 200);
	assert_int_equal(stream_count(s, UPK_ORDER_RUN), 0);
	assert_true(upk_due_waits(rule_of(s)));
	assert_true(stream_newest(s, UPK_ORDER_ALERT)->run_at > s->place);
}

static void alert_waits_for_its_places_and_runs_at_run_at(void **state)
{
	(void)state;
	struct stream s;
	fire_early(&s);
	const struct upk_order alert = *stream_newest(&s, UPK_ORDER_ALERT);
	while (s.place < alert.run_at - 1)
		stream_random(&s, 0, 1, 0.3);
	assert_int_equal(stream_count(&s, UPK_ORDER_RUN), 0);
	stream_example(&s, 0); /* examples take places, too */
	assert_int_equal(stream_count(&s, UPK_ORDER_RUN), 1);
	assert_int_equal(run_of(&s)->place, alert.run_at);
	assert_int_equal(run_of(&s)->now - run_of(&s)->change, 250);
	assert_int_equal(run_of(&s)->change, alert.change);
	stream_close(&s);
}

static void waiting_alert_is_cancelled_when_half_its_l_has_gone(void **state)
{
	(void)state;
	struct stream s;
	fire_early(&s);
	const struct upk_order alert = *stream_newest(&s, UPK_ORDER_ALERT);
	while (s.place < alert.run_at - 1)
		stream_pair(&s, 0, 0, 0);
	assert_int_equal(stream_count(&s, UPK_ORDER_RESOLVE), 0); /* it can't while it waits */
	stream_pair(&s, 0, 0, 0);
	struct upk_change now;
	assert_true(!upk_record_strongest(s.tail->record, rule_of(&s)->stream, &now) ||
		now.l < alert.judgement.change.l / 2);
	assert_int_equal(stream_count(&s, UPK_ORDER_RUN), 0);
	assert_string_equal(stream_newest(&s, UPK_ORDER_RESOLVE)->resolved_by, "cancelled");
	assert_int_equal(rule_of(&s)->state, UPK_RULE_OK);
	assert_int_equal(rule_of(&s)->rest_until, s.place + 1 + 500);
	assert_int_equal(rule_of(&s)->rest, 500);
	stream_close(&s);
}

static void alert_waits_for_a_token(void **state)
{
	(void)state;
	struct stream s;
	stream_open(&s, fell, 2);
	stream_random(&s, 0, 3000, 0.9);
	for (int i = 0; i < 6; i++)
		upk_pace_take(&s.tail->pace, s.tail->policy, s.place + 1);
	int64_t token = s.place + 1 + 1200;
	until(&s, UPK_ORDER_RUN, 1, 0.75, 2000);
	assert_int_equal(stream_newest(&s, UPK_ORDER_ALERT)->run_at, token - 1);
	assert_int_equal(run_of(&s)->now, token);
	stream_close(&s);
}

static void nothing_is_evaluated_while_a_run_is_open(void **state)
{
	(void)state;
	struct stream s;
	stream_open(&s, fell, 2);
	stream_random(&s, 0, 3000, 0.9);
	struct upk_moment m = { s.seq, s.clock, &s.orders };
	assert_true(upk_retraining_by_hand(s.tail, &m, NULL));
	s.tail->pace.growth = 3100; /* due during the run */
	stream_random(&s, 0, 600, 0.5);
	assert_int_equal(stream_count(&s, UPK_ORDER_ALERT), 0);
	assert_int_equal(stream_count(&s, UPK_ORDER_RUN), 1);
	assert_false(upk_retraining_by_hand(s.tail, &m, NULL));
	end_run(&s, UPK_RUN_REFUSED, 0);
	until(&s, UPK_ORDER_ALERT, 1, 0.5, 10);
	stream_close(&s);
}

static void refused_runs_rest_500_and_double_up_to_8000(void **state)
{
	(void)state;
	static const int64_t rests[] = { 500, 1000, 2000, 4000, 8000, 8000 };
	struct stream s;
	stream_open(&s, "{\"features\":[\"x\"],\"retrain\":{\"policy\":{\"token_places\":1}}}", 2);
	struct upk_rule *rule = &s.tail->rules[0];
	/* a firing alert, by hand: streams of this length would grow into the new normal */
	stream_random(&s, 0, 1000, 0.9);
	*rule = (struct upk_rule){ .config = rule->config,
		.state = UPK_RULE_FIRING,
		.alert = 1,
		.change = 300,
		.rest = 500,
		.fired_l = 20 };
	for (size_t i = 0; i < sizeof rests / sizeof *rests; i++) {
		stream_example(&s, 0);
		assert_int_equal(stream_count(&s, UPK_ORDER_RUN), i + 1);
		for (int j = 0; j < 7;
			j++) /* they come while it runs: the rest counts from its end */
			stream_example(&s, 1);
		end_run(&s, UPK_RUN_REFUSED, 0);
		assert_int_equal(rule->rest_until, s.place + 1 + rests[i]);
		assert_int_equal(rule->state, UPK_RULE_FIRING);
		while (s.place + 1 < rule->rest_until - 1)
			stream_example(&s, 0);
		assert_int_equal(stream_count(&s, UPK_ORDER_RUN), i + 1);
	}
	stream_example(&s, 0);
	end_run(&s, UPK_RUN_PASSED, 300);
	assert_int_equal(rule->rest, 500);
	stream_close(&s);
}

static void rest_after_a_run_soon_after_c_is_as_long_and_does_not_double(void **state)
{
	(void)state;
	struct stream s;
	fire_early(&s);
	until(&s, UPK_ORDER_RUN, 1, 0.3, 300);
	const struct upk_order run = *run_of(&s);
	assert_int_equal(run.now - run.change, 250);
	end_run(&s, UPK_RUN_REFUSED, 0);
	assert_int_equal(rule_of(&s)->rest_until, run.now + 250);
	assert_int_equal(rule_of(&s)->rest, 500);
	until(&s, UPK_ORDER_RUN, 2, 0.3, 250); /* still firing after the rest: the next run */
	assert_int_equal(run_of(&s)->now, run.now + 250);
	assert_int_equal(run_of(&s)->alert, 1);
	assert_int_equal(run_of(&s)->change, run.change);
	end_run(&s, UPK_RUN_FAILED, 0); /* counts as refused */
	assert_int_equal(rule_of(&s)->rest_until, run.now + 250 + 500);
	assert_int_equal(rule_of(&s)->rest, 1000);
	stream_close(&s);
}

static void cancelled_run_gives_its_token_back_and_changes_nothing_else(void **state)
{
	(void)state;
	struct stream s;
	fire_early(&s);
	until(&s, UPK_ORDER_RUN, 1, 0.3, 300);
	struct upk_rule before = *rule_of(&s);
	end_run(&s, UPK_RUN_CANCELLED, 0);
	assert_int_equal(s.tail->open_run, 0);
	assert_true(fabs(upk_pace_tokens(&s.tail->pace, s.tail->policy, s.place + 1) - 6) < 1e-9);
	assert_int_equal(s.tail->pace.growth, 0);
	assert_int_equal(rule_of(&s)->rest_until, before.rest_until);
	assert_int_equal(rule_of(&s)->rest, before.rest);
	stream_close(&s);
}

static void cooldown_takes_the_place_of_the_rests(void **state)
{
	(void)state;
	static const struct {
		const char *cooldown;
		int64_t places, ms;
	} rows[] = { { "{\"pairs\":70}", 70, 0 }, { "\"2h\"", 0, 7200000 } };
	for (size_t i = 0; i < 2; i++) {
		struct stream s;
		char config[400];
		snprintf(config, sizeof config,
			"{\"features\":[\"x\"],\"windows\":[{\"name\":\"w\",\"count\":300}],"
			"\"rules\":[{\"name\":\"r\",\"metric\":\"accuracy\",\"window\":\"w\","
			"\"below\":0.8,\"min_pairs\":300,\"confidence\":null,\"actions\":["
			"\"alert\","
			"\"retrain\"],\"cooldown\":%s}]}",
			rows[i].cooldown);
		stream_open(&s, config, 2);
		stream_even(&s, 0, 300, 1, 2);
		const struct upk_order run = *run_of(&s);
		assert_int_equal(run.place, 300);
		assert_int_equal(run.change, 1); /* the start of its window */
		end_run(&s, UPK_RUN_REFUSED, 0);
		int64_t over = s.clock;
		stream_even(&s, 0, rows[i].ms ? 700 : (size_t)rows[i].places - 1, 1, 2);
		assert_int_equal(stream_count(&s, UPK_ORDER_RUN), 1);
		s.clock = over + rows[i].ms - 1;
		stream_example(&s, 0); /* at over + ms, or with the place that ends it */
		assert_int_equal(stream_count(&s, UPK_ORDER_RUN), 2);
		stream_close(&s);
	}
}

static void threshold_alert_that_waited_is_cancelled_when_it_is_clear(void **state)
{
	(void)state;
	struct stream s;
	stream_open(&s,
		"{\"features\":[\"x\"],\"windows\":[{\"name\":\"w\",\"count\":50}],\"rules\":[{"
		"\"name\":\"r\",\"metric\":\"accuracy\",\"window\":\"w\",\"below\":0.8,"
		"\"confidence\":null,\"actions\":[\"alert\",\"retrain\"]}]}",
		2);
	stream_even(&s, 0, 1000, 1, 1);
	stream_even(&s, 0, 20, 0, 1);
	const struct upk_order alert = *stream_newest(&s, UPK_ORDER_ALERT);
	assert_int_equal(alert.place, 1011);
	assert_int_equal(alert.change, 1011 - 49);
	assert_int_equal(alert.run_at, 1011 - 49 + 249);
	stream_even(&s, 0, (size_t)(alert.run_at - s.place - 1), 1, 1);
	assert_int_equal(rule_of(&s)->state, UPK_RULE_FIRING);
	stream_even(&s, 0, 1, 1, 1);
	assert_string_equal(stream_newest(&s, UPK_ORDER_RESOLVE)->resolved_by, "cancelled");
	assert_int_equal(stream_count(&s, UPK_ORDER_RUN), 0);
	stream_close(&s);
}

/* ---- what is in use ---- */

static void firing_rule_is_replaced_when_another_comes_into_use(void **state)
{
	(void)state;
	struct stream s;
	fire_early(&s);
	until(&s, UPK_ORDER_RUN, 1, 0.3, 300);
	end_run(&s, UPK_RUN_PASSED, run_of(&s)->change);
	s.tail->champion = 1;
	upk_in_use_promote(&s.tail->in_use, 1);
	stream_random(&s, 0, 2000, 0.3); /* nobody uses it: the alert runs on, no further run */
	assert_int_equal(stream_count(&s, UPK_ORDER_RUN), 1);
	assert_int_equal(stream_count(&s, UPK_ORDER_RESOLVE), 0);
	assert_int_equal(rule_of(&s)->state, UPK_RULE_FIRING);
	assert_true(rule_of(&s)->last.pairs > 0);

	stream_event(&s, 1);
	const struct upk_order *over = stream_newest(&s, UPK_ORDER_RESOLVE);
	assert_string_equal(over->resolved_by, "replaced");
	assert_int_equal(over->alert, 1);
	assert_int_equal(rule_of(&s)->state, UPK_RULE_OK);
	assert_int_equal(upk_record_pairs(s.tail->record), 0);
	assert_int_equal(rule_of(&s)->last.pairs, 0); /* no figures of the one before */
	stream_random(&s, 1, 1000, 0.3); /* its own record: nothing has fallen */
	assert_int_equal(stream_count(&s, UPK_ORDER_ALERT), 1);
	stream_close(&s);
}

static void version_that_hardly_anybody_uses_is_out_of_use_again(void **state)
{
	(void)state;
	struct stream s;
	stream_open(&s, fell, 2);
	stream_random(&s, 0, 100, 0.9);
	upk_in_use_promote(&s.tail->in_use, 1);
	stream_event(&s, 1);
	for (int i = 0; i < 500; i++)
		stream_event(&s, i % 11 == 0 ? 1 : 0); /* 46 */
	assert_int_equal(s.tail->in_use.tag, 0);
	stream_pair(&s, 1, 0, 0);
	assert_int_equal(upk_record_pairs(s.tail->record), 0);
	stream_pair(&s, 0, 0, 0);
	assert_int_equal(upk_record_pairs(s.tail->record), 1);
	stream_close(&s);
}

/* ---- growth, first, schedule ---- */

/* Ends a run ordered by hand at the present place. */
static void run_by_hand(struct stream *s, enum upk_run_end end, int64_t change)
{
	struct upk_moment m = { s->seq, s->clock, &s->orders };
	assert_true(upk_retraining_by_hand(s->tail, &m, NULL));
	end_run(s, end, change);
}

static void growth_comes_when_its_clock_and_two_tokens_are_there(void **state)
{
	(void)state;
	struct stream s;
	stream_open(&s, "{\"features\":[\"x\"],\"rules\":[]}", 2);
	stream_random(&s, 0, 999, 0.9);
	run_by_hand(&s, UPK_RUN_PASSED, 400); /* now 1000: next at 1000 + max(400, 600) */
	until(&s, UPK_ORDER_RUN, 2, 0.9, 2000);
	assert_int_equal(run_of(&s)->run_kind, UPK_RUN_GROWTH);
	assert_int_equal(run_of(&s)->now, 1600);
	assert_int_equal(run_of(&s)->change, 400);
	end_run(&s, UPK_RUN_REFUSED, 0); /* next at 1600 + 3 * 1200 */
	until(&s, UPK_ORDER_RUN, 3, 0.9, 5000);
	assert_int_equal(run_of(&s)->now, 5200);
	assert_int_equal(s.tail->pace.change, 400);

	end_run(&s, UPK_RUN_PASSED, 5000); /* next at 5200 + 400, but for tokens */
	for (int i = 0; i < 5; i++)
		upk_pace_take(&s.tail->pace, s.tail->policy, 5200);
	double tokens = s.tail->pace.tokens;
	until(&s, UPK_ORDER_RUN, 4, 0.9, 5000);
	assert_int_equal(run_of(&s)->now, 5200 + (int64_t)ceil((2 - tokens) * 1200 - 1e-6));
	assert_true(run_of(&s)->now > 5600);
	stream_close(&s);
}

/* Labels of what was in use before come for a while yet: they say nothing of what is. */
static void growth_waits_for_50_pairs_of_what_is_in_use(void **state)
{
	(void)state;
	struct stream s;
	stream_open(&s, "{\"features\":[\"x\"],\"rules\":[]}", 2);
	stream_random(&s, 0, 999, 0.9);
	run_by_hand(&s, UPK_RUN_PASSED, 400); /* now 1000: next at 1600 */
	stream_random(&s, 0, 590, 0.9);
	upk_in_use_promote(&s.tail->in_use, 1);
	stream_event(&s, 1);
	stream_random(&s, 1, 49, 0.9);
	assert_true(s.place > 1600);
	assert_int_equal(stream_count(&s, UPK_ORDER_RUN), 1);
	stream_random(&s, 1, 1, 0.9);
	assert_int_equal(stream_count(&s, UPK_ORDER_RUN), 2);
	assert_int_equal(run_of(&s)->run_kind, UPK_RUN_GROWTH);
	stream_close(&s);
}

static void growth_waits_for_the_outcome_of_an_alert(void **state)
{
	(void)state;
	struct stream s;
	fire_early(&s);
	int64_t run_at = stream_newest(&s, UPK_ORDER_ALERT)->run_at;
	s.tail->pace.growth = s.place + 2;
	until(&s, UPK_ORDER_RUN, 1, 0.3, 300);
	assert_int_equal(run_of(&s)->run_kind, UPK_RUN_ALERT);
	assert_int_equal(run_of(&s)->place, run_at);
	stream_close(&s);
}

static void first_run_starts_at_500_rows_of_two_classes(void **state)
{
	(void)state;
	struct stream s;
	stream_open(&s, fell, 2);
	for (int i = 0; i < 600; i++)
		stream_example(&s, 0);
	assert_int_equal(stream_count(&s, UPK_ORDER_RUN), 0);
	stream_example(&s, 1);
	assert_int_equal(run_of(&s)->run_kind, UPK_RUN_FIRST);
	assert_int_equal(run_of(&s)->now, 602);
	assert_int_equal(run_of(&s)->rows, 601);
	assert_int_equal(run_of(&s)->change, 0);
	end_run(&s, UPK_RUN_FAILED, 0);
	for (int i = 0; i < 499; i++)
		stream_example(&s, 1);
	assert_int_equal(stream_count(&s, UPK_ORDER_RUN), 1);
	stream_example(&s, 1);
	assert_int_equal(stream_count(&s, UPK_ORDER_RUN), 2);

	end_run(&s, UPK_RUN_PASSED, 0);
	s.tail->last_version = 1;
	assert_int_equal(s.tail->pace.growth, run_of(&s)->now * 4); /* c = 0, f = 4 */
	stream_close(&s);

	stream_open(&s, fell, 2);
	for (int i = 0; i < 499; i++)
		stream_example(&s, i % 2);
	assert_int_equal(stream_count(&s, UPK_ORDER_RUN), 0);
	stream_example(&s, 1);
	assert_int_equal(run_of(&s)->now, 501);
	stream_close(&s);
}

static void predictions_or_pauses_leave_no_first_run(void **state)
{
	(void)state;
	struct stream s;
	stream_open(&s, "{\"features\":[\"x\"],\"rules\":[]}", 2);
	stream_random(&s, 0, 1000, 0.9);
	assert_int_equal(stream_count(&s, UPK_ORDER_RUN), 0);
	stream_close(&s);

	stream_open(&s, fell, 2);
	s.tail->paused = true;
	for (int i = 0; i < 1000; i++)
		stream_example(&s, i % 2);
	assert_int_equal(stream_count(&s, UPK_ORDER_RUN), 0);
	struct upk_moment m = { s.seq, s.clock, &s.orders };
	assert_true(upk_retraining_by_hand(s.tail, &m, NULL)); /* by hand it may */
	assert_int_equal(run_of(&s)->run_kind, UPK_RUN_FIRST);
	stream_close(&s);
}

static void waiting_run_keeps_others_from_starting(void **state)
{
	(void)state;
	struct stream s;
	stream_open(&s, fell, 2);
	s.tail->waiting_run = 3;
	for (int i = 0; i < 1000; i++)
		stream_example(&s, i % 2);
	struct upk_moment m = { s.seq, s.clock, &s.orders };
	struct upk_error err = { 0 };
	assert_int_equal(stream_count(&s, UPK_ORDER_RUN), 0);
	assert_false(upk_retraining_by_hand(s.tail, &m, &err));
	assert_int_equal(err.code, UPK_CONFLICT);
	stream_close(&s);
}

static void schedule_orders_a_run_each_time_its_interval_has_passed(void **state)
{
	(void)state;
	struct stream s;
	stream_open(&s, "{\"features\":[\"x\"],\"rules\":[],\"retrain\":{\"every\":\"1h\"}}", 2);
	stream_random(&s, 0, 300, 0.9);
	int64_t start = s.clock;
	stream_tick(&s, start);
	stream_tick(&s, start + 3599999);
	assert_int_equal(stream_count(&s, UPK_ORDER_RUN), 0);
	stream_tick(&s, start + 3600000);
	assert_int_equal(run_of(&s)->run_kind, UPK_RUN_SCHEDULE);
	assert_int_equal(run_of(&s)->now, 301);
	stream_tick(&s, start + 7200000);
	assert_int_equal(stream_count(&s, UPK_ORDER_RUN), 1); /* still open */
	end_run(&s, UPK_RUN_REFUSED, 0);
	stream_tick(&s, start + 7200001);
	assert_int_equal(stream_count(&s, UPK_ORDER_RUN), 2);
	stream_close(&s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(steps_are_counted),
		cmocka_unit_test(example_that_gets_a_prediction_is_a_pair_and_no_example),
		cmocka_unit_test(rarer_class_is_that_of_the_first_pair),
		cmocka_unit_test(record_holds_pairs_of_what_is_in_use_since_it_came),
		cmocka_unit_test(points_come_at_a_twentieth_or_a_minute),
		cmocka_unit_test(fall_fires_and_runs_at_once_when_250_places_have_come),
		cmocka_unit_test(alert_waits_for_its_places_and_runs_at_run_at),
		cmocka_unit_test(waiting_alert_is_cancelled_when_half_its_l_has_gone),
		cmocka_unit_test(alert_waits_for_a_token),
		cmocka_unit_test(nothing_is_evaluated_while_a_run_is_open),
		cmocka_unit_test(refused_runs_rest_500_and_double_up_to_8000),
		cmocka_unit_test(rest_after_a_run_soon_after_c_is_as_long_and_does_not_double),
		cmocka_unit_test(cancelled_run_gives_its_token_back_and_changes_nothing_else),
		cmocka_unit_test(cooldown_takes_the_place_of_the_rests),
		cmocka_unit_test(threshold_alert_that_waited_is_cancelled_when_it_is_clear),
		cmocka_unit_test(firing_rule_is_replaced_when_another_comes_into_use),
		cmocka_unit_test(version_that_hardly_anybody_uses_is_out_of_use_again),
		cmocka_unit_test(growth_comes_when_its_clock_and_two_tokens_are_there),
		cmocka_unit_test(growth_waits_for_50_pairs_of_what_is_in_use),
		cmocka_unit_test(growth_waits_for_the_outcome_of_an_alert),
		cmocka_unit_test(first_run_starts_at_500_rows_of_two_classes),
		cmocka_unit_test(predictions_or_pauses_leave_no_first_run),
		cmocka_unit_test(waiting_run_keeps_others_from_starting),
		cmocka_unit_test(schedule_orders_a_run_each_time_its_interval_has_passed),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
