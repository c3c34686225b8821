#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "core/scorer.h"
#include "metrics/interval.h"
#include "engine/stream.h"
#include "tail/sentence.h"

/* A model with one rule; `rule` is its members. */
static void open_rule(struct stream *s, const char *rule, int64_t count, const char *more)
{
	char config[1024];
	snprintf(config, sizeof config,
		"{\"windows\":[{\"name\":\"w\",\"count\":%lld}],"
		"\"rules\":[{\"name\":\"r\",\"window\":\"w\",%s}]%s}",
		(long long)count, rule, more);
	stream_open(s, config, 2);
}

static const struct upk_rule *rule_of(const struct stream *s)
{
	return &s->tail->rules[0];
}

static void below_fires_at_the_pair_that_crosses_the_threshold(void **state)
{
	(void)state;
	struct stream s;
	open_rule(&s, "\"metric\":\"accuracy\",\"below\":0.8,\"confidence\":null,\"min_pairs\":10",
		10, "");
	stream_even(&s, 0, 20, 10, 10);
	stream_pair(&s, 0, 0, 1);
	stream_pair(&s, 0, 0, 1);
	assert_int_equal(rule_of(&s)->state, UPK_RULE_OK); /* 0.8 is not below 0.8 */
	assert_true(fabs(rule_of(&s)->last.bound - 0.8) < 1e-12);
	stream_pair(&s, 0, 0, 1);
	assert_int_equal(rule_of(&s)->state, UPK_RULE_FIRING);

	const struct upk_order *alert = stream_newest(&s, UPK_ORDER_ALERT);
	assert_int_equal(alert->place, 23);
	assert_int_equal(alert->alert, 1);
	assert_int_equal(alert->judgement.pairs, 10);
	assert_true(fabs(alert->judgement.value - 0.7) < 1e-12);
	assert_true(fabs(alert->judgement.bound - 0.7) < 1e-12);
	assert_true(fabs(alert->judgement.threshold - 0.8) < 1e-12);
	assert_int_equal(alert->run_at, 0); /* it orders no run */
	stream_close(&s);
}

static void firing_rule_resolves_at_clear(void **state)
{
	(void)state;
	struct stream s;
	open_rule(&s,
		"\"metric\":\"accuracy\",\"below\":0.8,\"clear\":0.9,\"confidence\":null,"
		"\"min_pairs\":10",
		10, "");
	stream_even(&s, 0, 10, 7, 10);
	assert_int_equal(rule_of(&s)->state, UPK_RULE_FIRING);
	stream_even(&s, 0, 8, 8, 8); /* the three wrong ones are the oldest: 0.8 + ... */
	assert_int_equal(rule_of(&s)->state, UPK_RULE_FIRING);
	assert_int_equal(stream_count(&s, UPK_ORDER_RESOLVE), 0);
	stream_pair(&s, 0, 0, 0);
	assert_int_equal(rule_of(&s)->state, UPK_RULE_OK);
	const struct upk_order *over = stream_newest(&s, UPK_ORDER_RESOLVE);
	assert_string_equal(over->resolved_by, "cleared");
	assert_int_equal(over->place, 19);
	assert_int_equal(over->alert, 1);
	stream_close(&s);
}

static void above_is_the_mirror_of_below(void **state)
{
	(void)state;
	struct stream s;
	open_rule(&s, "\"metric\":\"accuracy\",\"above\":0.8,\"confidence\":null,\"min_pairs\":10",
		10, "");
	stream_even(&s, 0, 10, 8, 10);
	assert_int_equal(rule_of(&s)->state, UPK_RULE_OK);
	for (int i = 0; i < 9; i++)
		stream_pair(&s, 0, 0, 0);
	assert_int_equal(rule_of(&s)->state, UPK_RULE_FIRING);
	assert_int_equal(stream_count(&s, UPK_ORDER_ALERT), 1);
	for (int i = 0; i < 2; i++)
		stream_pair(&s, 0, 0, 1);
	assert_int_equal(rule_of(&s)->state, UPK_RULE_OK); /* 0.8 clears */
	stream_close(&s);
}

/* It fires with the first pair at which Wilson's upper end, at level 2c - 1, is below. */
static void confidence_wants_the_bound_on_the_wrong_side(void **state)
{
	(void)state;
	struct stream s;
	open_rule(&s, "\"metric\":\"accuracy\",\"below\":0.9,\"min_pairs\":1", 100, "");
	uint64_t hits = 0;
	for (uint64_t n = 1; n <= 100; n++) {
		bool hit = n % 5 != 0;
		hits += hit;
		stream_pair(&s, 0, 0, !hit);
		double high = upk_interval_wilson(hits, n, 0.98).high;
		bool wrong = (double)hits / (double)n < 0.9 && high < 0.9;
		assert_int_equal(rule_of(&s)->state, wrong ? UPK_RULE_FIRING : UPK_RULE_OK);
		double bound = rule_of(&s)->last.bound;
		if ((double)hits / (double)n >= 0.9)
			assert_true(isnan(bound));
		else
			assert_true(fabs(bound - high) < 1e-12);
		if (!wrong)
			continue;
		const struct upk_order *alert = stream_newest(&s, UPK_ORDER_ALERT);
		assert_int_equal(alert->place, n);
		assert_true(fabs(alert->judgement.bound - high) < 1e-12);
		assert_in_range(n, 20, 80);
		stream_close(&s);
		return;
	}
	fail_msg("it never fired");
}

static void default_confidence_is_one_sided_99(void **state)
{
	(void)state;
	struct stream s;
	open_rule(&s, "\"metric\":\"accuracy\",\"below\":0.9", 1000, "");
	assert_true(fabs(rule_of(&s)->config->confidence - 0.99) < 1e-12);
	assert_int_equal(rule_of(&s)->config->min_pairs, 200);
	stream_even(&s, 0, 199, 0, 1);
	assert_int_equal(rule_of(&s)->state, UPK_RULE_OK);
	stream_even(&s, 0, 1, 0, 1);
	assert_int_equal(rule_of(&s)->state, UPK_RULE_FIRING);
	stream_close(&s);
}

static void window_smaller_than_min_pairs_needs_to_be_full(void **state)
{
	(void)state;
	struct stream s;
	open_rule(&s, "\"metric\":\"accuracy\",\"below\":0.9", 50, "");
	stream_even(&s, 0, 49, 0, 1);
	assert_int_equal(rule_of(&s)->state, UPK_RULE_OK);
	stream_even(&s, 0, 1, 0, 1);
	assert_int_equal(rule_of(&s)->state, UPK_RULE_FIRING);
	stream_close(&s);
}

/* Of a class's metric: pairs labelled or predicted so. */
static void class_metric_counts_the_pairs_of_its_class(void **state)
{
	(void)state;
	struct stream s;
	open_rule(&s,
		"\"metric\":{\"name\":\"recall\",\"class\":\"b\"},\"below\":0.9,\"confidence\":"
		"null,"
		"\"min_pairs\":5",
		100, "");
	for (int i = 0; i < 30; i++)
		stream_pair(&s, 0, 0, 0);
	for (int i = 0; i < 2; i++)
		stream_pair(&s, 0, 1, 0);
	for (int i = 0; i < 2; i++)
		stream_pair(&s, 0, 0, 1);
	assert_int_equal(rule_of(&s)->state, UPK_RULE_OK);
	stream_pair(&s, 0, 0, 1);
	assert_int_equal(rule_of(&s)->state, UPK_RULE_FIRING);
	assert_int_equal(stream_newest(&s, UPK_ORDER_ALERT)->judgement.pairs, 5);
	stream_close(&s);
}

static void undefined_metric_neither_fires_nor_resolves(void **state)
{
	(void)state;
	struct stream s;
	open_rule(&s,
		"\"metric\":{\"name\":\"precision\",\"class\":\"b\"},\"below\":0.9,"
		"\"confidence\":null,\"min_pairs\":0",
		5, "");
	for (int i = 0; i < 5; i++)
		stream_pair(&s, 0, 1, 0); /* nothing predicted as b: 0/0 */
	assert_int_equal(rule_of(&s)->state, UPK_RULE_OK);
	stream_pair(&s, 0, 0, 1);
	assert_int_equal(rule_of(&s)->state, UPK_RULE_FIRING);
	for (int i = 0; i < 10; i++)
		stream_pair(&s, 0, 0, 0);
	assert_int_equal(rule_of(&s)->state, UPK_RULE_FIRING);
	stream_close(&s);
}

/* f1 is the positive class's where there is one, else macro. */
static void average_depends_on_the_positive_class(void **state)
{
	(void)state;
	static const struct {
		const char *metric, *more;
		double value;
	} rows[] = {
		/* cells aa 4, ab 1, ba 2, bb 3: F1 of a 8/11, of b 6/9 */
		{ "\"f1\"", "", (8.0 / 11 + 6.0 / 9) / 2 },
		{ "\"f1\"", ",\"classes\":[\"a\",\"b\"],\"positive\":\"b\"", 6.0 / 9 },
		{ "{\"name\":\"f1\",\"average\":\"macro\"}",
			",\"classes\":[\"a\",\"b\"],\"positive\":\"b\"", (8.0 / 11 + 6.0 / 9) / 2 },
		{ "{\"name\":\"f1\",\"class\":\"a\"}", "", 8.0 / 11 },
		{ "{\"name\":\"f1\",\"average\":\"micro\"}", "", 0.7 },
		{ "{\"name\":\"recall\",\"average\":\"weighted\"}", "", 0.7 },
	};
	static const int cells[][3] = { { 0, 0, 4 }, { 0, 1, 1 }, { 1, 0, 2 }, { 1, 1, 3 } };
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct stream s;
		char rule[256];
		snprintf(rule, sizeof rule,
			"\"metric\":%s,\"below\":0.99,\"confidence\":null,\"min_pairs\":1",
			rows[i].metric);
		open_rule(&s, rule, 10, rows[i].more);
		for (size_t c = 0; c < 4; c++)
			for (int n = 0; n < cells[c][2]; n++)
				stream_pair(&s, 0, cells[c][0], cells[c][1]);
		double value = rule_of(&s)->last.value;
		assert_true(fabs(value - rows[i].value) < 1e-12);
		stream_close(&s);
	}
}

static void metric_of_a_class_not_seen_yet_waits_for_it(void **state)
{
	(void)state;
	struct stream s;
	open_rule(&s,
		"\"metric\":{\"name\":\"recall\",\"class\":\"late\"},\"below\":0.9,"
		"\"confidence\":null,\"min_pairs\":0",
		10, "");
	stream_even(&s, 0, 20, 0, 1);
	assert_int_equal(rule_of(&s)->state, UPK_RULE_OK);

	const struct upk_text classes[] = { { "a", 1 }, { "b", 1 }, { "late", 4 } };
	struct upk_schema *grown = upk_schema_create(s.tail->config, classes, 3, NULL, 0, 2, NULL);
	assert_non_null(grown);
	assert_true(upk_tail_learn(s.tail, grown, NULL));
	upk_schema_unref(grown);
	stream_pair(&s, 0, 2, 0);
	assert_int_equal(rule_of(&s)->state, UPK_RULE_FIRING);
	assert_int_equal(s.tail->labels[2], 1);
	stream_close(&s);
}

static void condition_must_hold_for_its_time_without_a_break(void **state)
{
	(void)state;
	struct stream s;
	open_rule(&s,
		"\"metric\":\"accuracy\",\"below\":0.8,\"for\":\"10s\",\"confidence\":null,"
		"\"min_pairs\":1",
		1, "");
	int64_t start = s.clock;
	stream_pair(&s, 0, 0, 1);
	assert_int_equal(rule_of(&s)->state, UPK_RULE_PENDING);
	stream_tick(&s, start + 9000);
	stream_pair(&s, 0, 0, 0);
	assert_int_equal(rule_of(&s)->state, UPK_RULE_OK);
	stream_pair(&s, 0, 0, 1);
	int64_t since = s.clock;
	stream_tick(&s, since + 9999);
	assert_int_equal(rule_of(&s)->state, UPK_RULE_PENDING);
	stream_tick(&s, since + 10000); /* nothing came: the ticker makes it fire */
	assert_int_equal(rule_of(&s)->state, UPK_RULE_FIRING);
	assert_int_equal(stream_newest(&s, UPK_ORDER_ALERT)->time, since + 10000);
	assert_int_equal(stream_count(&s, UPK_ORDER_ALERT), 1);
	stream_close(&s);
}

static void rules_judge_only_pairs_of_what_is_in_use(void **state)
{
	(void)state;
	struct stream s;
	open_rule(&s, "\"metric\":\"accuracy\",\"below\":0.8,\"confidence\":null,\"min_pairs\":10",
		100, "");
	stream_even(&s, UPK_TAG_NAMED, 1, 1, 1);
	for (int i = 0; i < 90; i++) {
		stream_pair(&s, UPK_TAG_NAMED, 0, 0);
		stream_pair(&s, UPK_TAG_NAMED + 1, 0, 1); /* somebody else's, all wrong */
	}
	assert_int_equal(rule_of(&s)->state, UPK_RULE_OK);
	assert_int_equal(upk_confusion_hits(upk_window_counts(s.tail->windows.at[0])), 50);
	assert_int_equal(upk_confusion_pairs(upk_window_used(s.tail->windows.at[0])), 50);
	stream_even(&s, UPK_TAG_NAMED, 20, 0, 1);
	assert_int_equal(rule_of(&s)->state, UPK_RULE_FIRING);
	stream_close(&s);
}

static void revision_is_judged_at_once(void **state)
{
	(void)state;
	struct stream s;
	open_rule(&s, "\"metric\":\"accuracy\",\"below\":0.8,\"confidence\":null,\"min_pairs\":10",
		10, "");
	stream_even(&s, 0, 10, 8, 10);
	assert_int_equal(rule_of(&s)->state, UPK_RULE_OK);
	stream_revise(&s, 3, s.clock - 7, 0, 0, 1, 0);
	assert_int_equal(rule_of(&s)->state, UPK_RULE_FIRING);
	assert_int_equal(s.tail->labels[0], 9);
	assert_int_equal(s.tail->labels[1], 1);
	stream_revise(&s, 3, s.clock - 7, 0, 1, 0, 0);
	assert_int_equal(rule_of(&s)->state, UPK_RULE_OK);
	stream_close(&s);
}

static void duration_window_loses_pairs_without_new_ones(void **state)
{
	(void)state;
	struct stream s;
	stream_open(&s,
		"{\"windows\":[{\"name\":\"w\",\"duration\":\"10s\"}],\"rules\":[{\"name\":\"r\","
		"\"window\":\"w\",\"metric\":\"accuracy\",\"below\":0.8,\"confidence\":null,"
		"\"min_pairs\":5}]}",
		2);
	int64_t start = s.clock;
	for (int i = 0; i < 8; i++)
		stream_pair_at(&s, start, 0, 0, 0);
	for (int i = 0; i < 2; i++) {
		s.clock = start + 5000;
		stream_pair_at(&s, s.clock, 0, 0, 1);
	}
	for (int i = 0; i < 4; i++)
		stream_pair_at(&s, s.clock, 0, 0, 0);
	assert_int_equal(rule_of(&s)->state, UPK_RULE_OK); /* 12 of 14 */
	stream_tick(&s, start + 9999);
	assert_int_equal(upk_window_pairs(s.tail->windows.at[0]), 14);
	stream_tick(&s, start + 10000);
	assert_int_equal(upk_window_pairs(s.tail->windows.at[0]), 6);
	assert_int_equal(rule_of(&s)->state, UPK_RULE_FIRING); /* 4 of 6 */
	stream_tick(&s, start + 15000);
	assert_int_equal(upk_window_pairs(s.tail->windows.at[0]), 0);
	assert_int_equal(rule_of(&s)->state, UPK_RULE_FIRING); /* undefined: it stays */
	stream_close(&s);
}

/* A score metric of 300 pairs is computed at most every third change. */
struct counted {
	int calls;
	double value;
	uint64_t pairs;
};

static struct upk_scorer_value counted_score(
	void *context, const struct upk_tail *t, struct upk_rule *rule, struct upk_measure measure)
{
	struct counted *c = context;
	(void)t;
	assert_int_equal(rule->config->window, 0);
	assert_string_equal(upk_metric_name(measure.metric), "log_loss");
	c->calls++;
	return (struct upk_scorer_value){ c->value, c->pairs };
}

static void scores_are_taken_each_hundredth_of_the_window(void **state)
{
	(void)state;
	static const double values[] = { 0.3, NAN };
	for (size_t i = 0; i < 2; i++) {
		struct stream s;
		struct counted c = { 0, values[i], 10 };
		open_rule(&s, "\"metric\":\"log_loss\",\"above\":0.5,\"min_pairs\":10", 300, "");
		s.tail->scorer = (struct upk_scorer){ counted_score, &c, NULL };
		stream_even(&s, 0, 300, 1, 1);
		c.calls = 0;
		stream_even(&s, 0, 300, 1, 1);
		assert_int_equal(c.calls, 100);
		assert_int_equal(rule_of(&s)->state, UPK_RULE_OK);
		c.value = 0.6;
		stream_even(&s, 0, 3, 1, 1);
		assert_int_equal(rule_of(&s)->state, UPK_RULE_FIRING);
		stream_close(&s);
	}
}

/* What it rests on is what the scorer says, not what the window holds by then: so are the pairs
 * that it needs. */
static void a_score_rests_on_the_pairs_that_it_was_taken_of(void **state)
{
	(void)state;
	struct stream s;
	struct counted c = { 0, 0.6, 59 };
	open_rule(&s, "\"metric\":\"log_loss\",\"above\":0.5,\"min_pairs\":60", 300, "");
	s.tail->scorer = (struct upk_scorer){ counted_score, &c, NULL };
	stream_even(&s, 0, 300, 1, 1);
	assert_int_equal(rule_of(&s)->state, UPK_RULE_OK);
	c.pairs = 61;
	stream_even(&s, 0, 3, 1, 1);
	assert_int_equal(rule_of(&s)->state, UPK_RULE_FIRING);
	assert_int_equal(rule_of(&s)->last.pairs, 61);
	stream_close(&s);
}

/* Neither the default nor a number that is stored from before has an effect. */
static void the_value_of_a_score_metric_decides_without_a_bound(void **state)
{
	(void)state;
	static const char *const confidences[] = { "", ",\"confidence\":null",
		",\"confidence\":0.99" };
	for (size_t i = 0; i < 3; i++) {
		struct stream s;
		struct counted c = { 0, 0.5000001, 100 };
		char rule[128], words[UPK_SENTENCE_SIZE];
		snprintf(rule, sizeof rule,
			"\"metric\":\"log_loss\",\"above\":0.5,\"min_pairs\":10%s", confidences[i]);
		open_rule(&s, rule, 300, "");
		assert_true(isnan(upk_config_confidence(rule_of(&s)->config)));
		s.tail->scorer = (struct upk_scorer){ counted_score, &c, NULL };
		stream_even(&s, 0, 100, 1, 1);
		assert_int_equal(rule_of(&s)->state, UPK_RULE_FIRING);
		assert_true(isnan(rule_of(&s)->last.bound));
		const struct upk_order alert = { .judgement = rule_of(&s)->last };
		upk_sentence_alert(s.tail, &alert, words);
		assert_string_equal(
			words, "rule r: log_loss is 0.5000001 on 100 pairs of w, above 0.5");
		stream_close(&s);
	}
}

/* They are read all the same: a configuration may be stored from before. */
static void a_number_or_a_drop_beside_a_score_metric_is_refused(void **state)
{
	(void)state;
	static const struct {
		const char *metric, *kind, *confidence, *why;
	} cases[] = {
		{ "roc_auc", "below", "", NULL },
		{ "roc_auc", "above", ",\"confidence\":null", NULL },
		{ "accuracy", "below", ",\"confidence\":0.9", NULL },
		{ "accuracy", "drop", "", NULL },
		{ "roc_auc", "below", ",\"confidence\":0.9",
			"rules[0].confidence: 0.9: want null" },
		{ "ece", "above", ",\"confidence\":0.99", "for a rule on ece" },
		{ "roc_auc", "drop", "",
			"rules[0].drop: want below or above for a rule on roc_auc" },
		{ "log_loss", "drop", ",\"confidence\":null", "for a rule on log_loss" },
	};
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct upk_error err = { 0 };
		char json[256];
		snprintf(json, sizeof json,
			"{\"rules\":[{\"name\":\"r\",\"window\":\"1d\",\"%s\":0.5,"
			"\"metric\":\"%s\"%s}]}",
			cases[i].kind, cases[i].metric, cases[i].confidence);
		struct upk_config *config = upk_config_parse(upk_text_of(json), NULL);
		assert_non_null(config);
		assert_true(upk_scorer_check(config, &err) == !cases[i].why);
		if (cases[i].why)
			assert_non_null(strstr(err.message, cases[i].why));
		upk_config_unref(config);
	}
}

/* drop: the first pairs of the record before the window are the reference. */
static void drop_compares_with_the_record_before_the_window(void **state)
{
	(void)state;
	struct stream s;
	open_rule(&s, "\"metric\":\"accuracy\",\"drop\":0.1,\"confidence\":null,\"min_pairs\":100",
		100, "");
	stream_even(&s, 0, 400, 9, 10);
	assert_int_equal(rule_of(&s)->state, UPK_RULE_OK);
	int place = 400;
	size_t hits = 90;
	while (rule_of(&s)->state == UPK_RULE_OK && place < 500) {
		hits -= place % 10 != 9; /* a hit leaves the window, a miss comes */
		place++;
		stream_pair(&s, 0, 0, 1);
		/* 400 - (100 - misses so far) pairs come before the window */
		double reference = 0, before = place - 100;
		for (int i = 0; i < place - 100; i++)
			reference += i % 10 < 9;
		bool wrong = reference / before - (double)hits / 100 > 0.1 + 1e-12;
		assert_int_equal(rule_of(&s)->state, wrong ? UPK_RULE_FIRING : UPK_RULE_OK);
	}
	assert_in_range(place, 410, 414);
	stream_close(&s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(below_fires_at_the_pair_that_crosses_the_threshold),
		cmocka_unit_test(firing_rule_resolves_at_clear),
		cmocka_unit_test(above_is_the_mirror_of_below),
		cmocka_unit_test(confidence_wants_the_bound_on_the_wrong_side),
		cmocka_unit_test(default_confidence_is_one_sided_99),
		cmocka_unit_test(window_smaller_than_min_pairs_needs_to_be_full),
		cmocka_unit_test(class_metric_counts_the_pairs_of_its_class),
		cmocka_unit_test(undefined_metric_neither_fires_nor_resolves),
		cmocka_unit_test(average_depends_on_the_positive_class),
		cmocka_unit_test(metric_of_a_class_not_seen_yet_waits_for_it),
		cmocka_unit_test(condition_must_hold_for_its_time_without_a_break),
		cmocka_unit_test(rules_judge_only_pairs_of_what_is_in_use),
		cmocka_unit_test(revision_is_judged_at_once),
		cmocka_unit_test(duration_window_loses_pairs_without_new_ones),
		cmocka_unit_test(scores_are_taken_each_hundredth_of_the_window),
		cmocka_unit_test(a_score_rests_on_the_pairs_that_it_was_taken_of),
		cmocka_unit_test(the_value_of_a_score_metric_decides_without_a_bound),
		cmocka_unit_test(a_number_or_a_drop_beside_a_score_metric_is_refused),
		cmocka_unit_test(drop_compares_with_the_record_before_the_window),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
