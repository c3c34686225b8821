#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/random.h"
#include "engine/stream.h"
#include "learn/predictor.h"

static const char config[] = "{\"features\":[\"x\"],\"rules\":[]}";

/* A version that answers b where x > 0, or the other way round; features: 1, or 2 with the model's
 * x behind one that it lacks. */
static struct upk_serving *version(struct stream *s, int64_t number, bool upright, size_t features)
{
	static const struct upk_text classes[] = { { "a", 1 }, { "b", 1 } };
	static const struct upk_column items[] = { { .name = { "y", 1 } }, { .name = { "x", 1 } } };
	struct upk_columns *columns = upk_columns_create(items + 2 - features, features, NULL);
	struct upk_dataset d;
	assert_non_null(columns);
	upk_dataset_init(&d, columns, 2);
	for (int i = 0; i < 40; i++) {
		const double row[] = { 0, i % 2 ? 1 : -1 };
		uint16_t y = (row[1] > 0) == upright;
		assert_true(upk_dataset_add(&d, row + 2 - features, y, -1, i + 1, NULL));
	}
	const struct upk_predictor_setup setup = {
		.learner = &upk_logistic, .classes = classes, .seed = 1
	};
	struct upk_predictor *p = upk_predictor_fit(&setup, &d, 0, d.rows, NULL);
	assert_non_null(p);
	struct upk_serving *serving = upk_serving_create(number, p, s->tail->schema, NULL);
	assert_non_null(serving);
	upk_predictor_unref(p);
	upk_dataset_finish(&d);
	upk_columns_destroy(columns);
	return serving;
}

static void promote(struct stream *s, int64_t number, bool upright)
{
	assert_true(upk_tail_promote(s->tail, version(s, number, upright, 1), NULL));
}

/* A pair whose label is `actual`; served is right or wrong, the upright version right or wrong. */
static void pair_of(struct stream *s, upk_tag tag, uint16_t actual, bool served, bool upright)
{
	double x = (actual == 1) == upright ? 1 : -1;
	const struct upk_step event = { .kind = UPK_STEP_EVENT,
		.event = ++s->event,
		.tag = tag,
		.seq = ++s->seq,
		.arrival = s->clock };
	const struct upk_step pair = { .kind = UPK_STEP_PAIR,
		.event = s->event,
		.tag = tag,
		.seq = s->seq,
		.arrival = s->clock,
		.place = ++s->place,
		.time = s->clock,
		.pair = { actual, served ? actual : (uint16_t)(1 - actual) },
		.list = s->tail->schema->features,
		.features = { (const char *)&x, sizeof x } };
	assert_true(upk_tail_step(s->tail, &event, &s->orders, NULL));
	assert_true(upk_tail_step(s->tail, &pair, &s->orders, NULL));
}

/* Version 1 (upright) was replaced by version 2, which is in use. */
static void open_replaced(struct stream *s, const char *with)
{
	stream_open(s, with, 2);
	promote(s, 1, true);
	pair_of(s, 1, 0, true, true);
	promote(s, 2, false);
	pair_of(s, 2, 0, true, true);
	assert_int_equal(s->tail->in_use.tag, 2);
}

/* Version 1 is right and version 2 wrong at `ahead` pairs of 50, the other way round at `behind`.
 */
static size_t takeovers(int ahead, int behind)
{
	struct stream s;
	open_replaced(&s, config);
	for (int i = 0; i < 49; i++) {
		bool lead = i < ahead, back = i >= 49 - behind;
		assert_int_equal(stream_count(&s, UPK_ORDER_PROMOTE), 0);
		pair_of(&s, 2, (uint16_t)(i % 2), !lead, !back);
	}
	size_t count = stream_count(&s, UPK_ORDER_PROMOTE);
	if (count > 0) {
		const struct upk_order *order = stream_newest(&s, UPK_ORDER_PROMOTE);
		assert_int_equal(order->takeover.version, 1);
		assert_int_equal(order->takeover.lead, ahead - behind);
		assert_int_equal(order->takeover.differ, ahead + behind);
		assert_int_equal(order->takeover.pairs, 50);
		assert_true(order->takeover.f1 > order->takeover.champion_f1);
		assert_int_equal(s.tail->champion, 1);
		assert_int_equal(s.tail->in_use.awaited, 1);
		assert_int_equal(stream_count(&s, UPK_ORDER_RUN), 0);
		assert_int_equal((int64_t)s.tail->pace.tokens, 6); /* no token */
	}
	stream_close(&s);
	return count;
}

static void version_takes_over_when_its_lead_is_beyond_chance(void **state)
{
	(void)state;
	/* D > 3.5 sqrt(Q): 13 > 12.6, 12 < 12.1; with 2 back, Q = 18: 14 < 14.8; Q = 19: 15 < 15.3,
	 * Q = 20: 16 > 15.7 */
	assert_int_equal(takeovers(12, 0), 0);
	assert_int_equal(takeovers(13, 0), 1);
	assert_int_equal(takeovers(16, 2), 0);
	assert_int_equal(takeovers(17, 2), 0);
	assert_int_equal(takeovers(18, 2), 1);
}

static void bench_judges_every_10_pairs_of_at_least_50(void **state)
{
	(void)state;
	struct stream s;
	open_replaced(&s, config);
	for (int i = 0; i < 48; i++)
		pair_of(&s, 2, (uint16_t)(i % 2), false, true);
	assert_int_equal(stream_count(&s, UPK_ORDER_PROMOTE), 0);
	pair_of(&s, 2, 1, false, true);
	assert_int_equal(stream_newest(&s, UPK_ORDER_PROMOTE)->place, s.place);
	pair_of(&s, 1, 0, true, true); /* in use again: a new record */
	assert_int_equal(upk_record_pairs(s.tail->record), 1);
	assert_int_equal(s.tail->in_use.tag, 1);
	stream_close(&s);
}

static void revised_labels_are_judged_as_they_are_now(void **state)
{
	(void)state;
	struct stream s;
	open_replaced(&s, config);
	int64_t first = s.place + 1;
	for (int i = 0; i < 48; i++)
		pair_of(&s, 2, 0, i >= 13, true);
	/* labelled b after all: now the served b was right there, and version 1's a wrong */
	stream_revise(&s, first, s.clock, 2, 0, 1, 1);
	pair_of(&s, 2, 0, true, true);
	assert_int_equal(upk_record_pairs(s.tail->record), 50);
	assert_int_equal(stream_count(&s, UPK_ORDER_PROMOTE), 0);
	stream_revise(&s, first, s.clock, 2, 1, 0, 1);
	struct upk_takeover t;
	bool wins;
	assert_true(upk_bench_judge(s.tail->bench, 2, 2, 2, 0, &wins, &t, NULL));
	assert_true(wins);
	assert_int_equal(t.lead, 13);
	assert_true(upk_bench_judge(s.tail->bench, 2, 1, 2, 0, &wins, &t, NULL));
	assert_false(wins); /* it is the champion already */
	stream_close(&s);
}

/* The window is full and has come round: the pair that goes leaves a gap between its ends. */
static void removed_pairs_are_judged_no_more(void **state)
{
	(void)state;
	struct stream s;
	struct upk_takeover t;
	bool wins;
	open_replaced(&s,
		"{\"features\":[\"x\"],\"rules\":[],\"retrain\":{\"promote\":\"manual\","
		"\"policy\":{\"bench_window\":50,\"bench_least\":20}}}");
	for (int i = 0; i < 60; i++)
		pair_of(&s, 2, (uint16_t)(i % 2), i < 20 || i % 2, true);
	const struct upk_step removal = { .kind = UPK_STEP_REMOVAL,
		.tag = 2,
		.seq = s.seq,
		.place = s.place - 1,
		.time = s.clock,
		.pair = { 0, 1 } };
	assert_true(upk_bench_judge(s.tail->bench, 2, 2, 2, 0, &wins, &t, NULL));
	assert_true(wins);
	assert_int_equal(t.pairs, 50);
	assert_int_equal(t.lead, 20);
	assert_true(upk_tail_step(s.tail, &removal, &s.orders, NULL));
	assert_true(upk_bench_judge(s.tail->bench, 2, 2, 2, 0, &wins, &t, NULL));
	assert_int_equal(t.pairs, 49);
	assert_int_equal(t.lead, 19);
	assert_int_equal(t.differ, 19);
	stream_close(&s);
}

static void manual_promotion_only_proposes(void **state)
{
	(void)state;
	struct stream s;
	open_replaced(
		&s, "{\"features\":[\"x\"],\"rules\":[],\"retrain\":{\"promote\":\"manual\"}}");
	for (int i = 0; i < 100; i++)
		pair_of(&s, 2, (uint16_t)(i % 2), false, true);
	assert_int_equal(stream_count(&s, UPK_ORDER_PROMOTE), 1);
	assert_int_equal(s.tail->proposed, 1);
	assert_int_equal(s.tail->champion, 2);
	assert_int_equal(s.tail->in_use.awaited, 0);
	stream_close(&s);
}

static void bench_is_silent_while_no_version_is_in_use(void **state)
{
	(void)state;
	struct stream s;
	stream_open(&s, config, 2);
	pair_of(&s, UPK_TAG_NAMED, 0, true, true);
	promote(&s, 1, true);
	for (int i = 0; i < 200; i++)
		pair_of(&s, UPK_TAG_NAMED, (uint16_t)(i % 2), false, true);
	assert_int_equal(stream_count(&s, UPK_ORDER_PROMOTE), 0);
	stream_close(&s);
}

static void last_8_besides_the_champion_stay_in_order_of_fitting(void **state)
{
	(void)state;
	struct stream s;
	stream_open(&s, config, 2);
	for (int64_t i = 1; i <= 12; i++)
		promote(&s, i, true);
	assert_int_equal(upk_bench_count(s.tail->bench), 9);
	for (size_t i = 0; i < 9; i++)
		assert_int_equal(
			upk_serving_version(upk_bench_at(s.tail->bench, i)), 4 + (int64_t)i);
	promote(&s, 2, true); /* an old one by hand */
	assert_int_equal(upk_bench_count(s.tail->bench), 9);
	assert_int_equal(upk_serving_version(upk_bench_at(s.tail->bench, 0)), 2);
	assert_null(upk_bench_find(s.tail->bench, 4));
	upk_bench_leave(s.tail->bench, 7);
	assert_null(upk_bench_find(s.tail->bench, 7));
	assert_int_equal(upk_bench_count(s.tail->bench), 8);
	stream_close(&s);
}

static void versions_of_other_features_pick_their_own(void **state)
{
	(void)state;
	struct stream s;
	stream_open(&s, config, 2);
	assert_true(upk_tail_promote(s.tail, version(&s, 1, false, 2), NULL));
	promote(&s, 2, true);
	promote(&s, 3, false);
	for (int i = 0; i < 50; i++)
		pair_of(&s, 3, (uint16_t)(i % 2), false, true);
	const struct upk_order *order = stream_newest(&s, UPK_ORDER_PROMOTE);
	assert_int_equal(order->takeover.version, 2);
	assert_int_equal(order->takeover.lead, 50);
	const struct upk_bench *bench = s.tail->bench;
	assert_false(upk_serving_is_alike(upk_bench_at(bench, 1), upk_bench_at(bench, 0)));
	assert_true(upk_serving_is_alike(upk_bench_at(bench, 2), upk_bench_at(bench, 1)));
	stream_close(&s);
}

/* ---- what a slot's answers come to, beside a count over all rows ---- */

enum { HELD = 40, VERSIONS = 3 };

struct held {
	int64_t place;
	uint16_t actual, predicted;
	double x;
	bool there[VERSIONS + 1]; /* whether the version answered */
};

/* Version 2 answers upside down. false: it did not answer on every row. */
static bool recount(const struct held *rows, size_t count, int64_t version, struct upk_takeover *t)
{
	for (size_t i = 0; i < count; i++) {
		bool it = (rows[i].x > 0) == (version != 2);
		bool right = it == (rows[i].actual == 1);
		bool champion = rows[i].predicted == rows[i].actual;
		if (!rows[i].there[version])
			return false;
		t->lead += right - champion;
		t->differ += right != champion;
	}
	return true;
}

/* A label is revised, or a pair goes. */
static void disturb(struct upk_bench *b, struct held *rows, size_t *count, int64_t place,
	struct upk_random *random)
{
	size_t i = (size_t)upk_random_below(random, *count);
	if (place % 7 == 0) {
		rows[i].actual = (uint16_t)(1 - rows[i].actual);
		upk_bench_revise(b, rows[i].place, rows[i].actual);
	}
	if (place % 11 == 0) {
		upk_bench_remove(b, rows[i].place);
		memmove(rows + i, rows + i + 1, (--*count - i) * sizeof *rows);
	}
}

static void enter_or_leave(struct stream *s, struct upk_bench *b, int64_t place, bool *there)
{
	if (place == 200)
		upk_bench_leave(b, 1);
	if (place == 300)
		assert_true(upk_bench_enter(b, version(s, 3, true, 1), NULL));
	if (place == 450)
		assert_true(upk_bench_enter(b, version(s, 1, true, 1), NULL));
	there[1] = place < 200 || place >= 450;
	there[2] = true;
	there[3] = place >= 300;
}

static void add(struct stream *s, struct upk_bench *b, int64_t place, struct held *rows,
	size_t *count, struct upk_random *random)
{
	struct held row = { .place = place,
		.actual = (uint16_t)upk_random_below(random, 2),
		.predicted = (uint16_t)upk_random_below(random, 2),
		.x = upk_random_below(random, 2) ? 1 : -1 };
	const struct upk_text features = { (const char *)&row.x, sizeof row.x };
	const struct upk_pair pair = { row.actual, row.predicted };
	enter_or_leave(s, b, place, row.there);
	assert_true(upk_bench_pair(b, place, pair, s->tail->schema->features, features, NULL));
	rows[(*count)++] = row;
	if (*count > HELD)
		memmove(rows, rows + 1, --*count * sizeof *rows);
}

static void leads_are_those_of_the_rows_that_are_held(void **state)
{
	(void)state;
	struct stream s;
	stream_open(&s, config, 2);
	struct upk_policy policy = *s.tail->policy;
	policy.bench_window = HELD;
	policy.bench_least = 10;
	policy.bench_lead = policy.bench_z = 0;
	struct upk_bench *b = upk_bench_create(&policy, NULL);
	assert_true(upk_bench_enter(b, version(&s, 2, false, 1), NULL));
	assert_true(upk_bench_enter(b, version(&s, 1, true, 1), NULL));

	struct held rows[HELD + 1];
	size_t count = 0, found[VERSIONS + 1] = { 0 };
	struct upk_random random;
	upk_random_seed(&random, 1);
	for (int64_t place = 1; place <= 700; place++) {
		struct upk_takeover t, expected = { 0 };
		add(&s, b, place, rows, &count, &random);
		disturb(b, rows, &count, place, &random);
		bool wins;
		assert_true(upk_bench_judge(b, 9, 9, 2, 0, &wins, &t, NULL));
		if (!wins)
			continue;
		assert_true(recount(rows, count, t.version, &expected));
		assert_int_equal(t.lead, expected.lead);
		assert_int_equal(t.differ, expected.differ);
		found[t.version]++;
	}
	for (size_t v = 1; v <= VERSIONS; v++)
		assert_true(found[v] > 20);
	upk_bench_destroy(b);
	stream_close(&s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(version_takes_over_when_its_lead_is_beyond_chance),
		cmocka_unit_test(bench_judges_every_10_pairs_of_at_least_50),
		cmocka_unit_test(revised_labels_are_judged_as_they_are_now),
		cmocka_unit_test(removed_pairs_are_judged_no_more),
		cmocka_unit_test(manual_promotion_only_proposes),
		cmocka_unit_test(bench_is_silent_while_no_version_is_in_use),
		cmocka_unit_test(versions_of_other_features_pick_their_own),
		cmocka_unit_test(leads_are_those_of_the_rows_that_are_held),
		cmocka_unit_test(last_8_besides_the_champion_stay_in_order_of_fitting),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
