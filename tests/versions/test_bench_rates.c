/* How surely the bench takes back a worse version, and how seldom an equal one: docs/gate.md. Both
 * versions predict in the real tail, pair by pair; a pair's two features are their two answers. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "engine/stream.h"
#include "learn/predictor.h"

enum { SEEDS = 200, WITHIN = 2000, EQUAL_PAIRS = 100000 };

/* A version that answers b where the feature `which` is above 0, whatever the other is. */
static struct upk_serving *version(struct stream *s, int64_t number, size_t which)
{
	static const struct upk_text classes[] = { { "a", 1 }, { "b", 1 } };
	struct upk_columns *columns = upk_columns_create(
		(struct upk_column[]){ { .name = { "x", 1 } }, { .name = { "y", 1 } } }, 2, NULL);
	struct upk_dataset d;
	assert_non_null(columns);
	upk_dataset_init(&d, columns, 2);
	for (int i = 0; i < 40; i++) {
		double row[] = { i % 2 ? 1 : -1, i / 2 % 2 ? 1 : -1 };
		assert_true(upk_dataset_add(&d, row, row[which] > 0, -1, i + 1, NULL));
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

/* A pair that version `tag` served, with what both versions answer on it. */
static void pair_of(struct stream *s, upk_tag tag, uint16_t actual, const uint16_t answers[2])
{
	double row[] = { answers[0] ? 1 : -1, answers[1] ? 1 : -1 };
	struct upk_step step = { .kind = UPK_STEP_EVENT,
		.event = ++s->event,
		.tag = tag,
		.seq = ++s->seq,
		.arrival = ++s->clock };
	assert_true(upk_tail_step(s->tail, &step, &s->orders, NULL));
	step.kind = UPK_STEP_PAIR;
	step.place = ++s->place;
	step.time = s->clock;
	step.pair = (struct upk_pair){ actual, answers[tag - 1] };
	step.list = s->tail->schema->features;
	step.features = (struct upk_text){ (const char *)row, sizeof row };
	assert_true(upk_tail_step(s->tail, &step, &s->orders, NULL));
}

/* Version 2 was let through by hand where version 1 served, and is in use. */
static void open_replaced(struct stream *s, uint64_t seed)
{
	stream_open(s, "{\"features\":[\"x\",\"y\"],\"rules\":[]}", 2);
	upk_random_seed(&s->random, seed);
	for (int64_t number = 1; number <= 2; number++) {
		assert_true(upk_tail_promote(
			s->tail, version(s, number, (size_t)number - 1), NULL));
		pair_of(s, number, 0, (uint16_t[]){ 0, 0 });
	}
	assert_int_equal(s->tail->in_use.tag, 2);
}

/* Version 1 alone is right in `first` of the pairs, version 2 alone in `second`, both in 0.77. */
static void draw(struct stream *s, upk_tag tag, double first, double second)
{
	uint16_t actual = upk_random_unit(&s->random) < 0.5;
	double u = upk_random_unit(&s->random);
	bool both = u < 0.77, one = !both && u < 0.77 + first;
	bool two = !both && !one && u < 0.77 + first + second;
	uint16_t answers[] = { both || one ? actual : !actual, both || two ? actual : !actual };
	pair_of(s, tag, actual, answers);
}

/* Accuracy 0.80 in the place of 0.85; the two disagree on 11 % of the pairs. */
static void a_worse_version_is_taken_back_within_2000_pairs(void **state)
{
	int back = 0;
	int64_t pairs = 0;

	(void)state;
	for (uint64_t seed = 1; seed <= SEEDS; seed++) {
		struct stream s;
		open_replaced(&s, seed);
		int64_t from = s.place;
		while (s.place < from + WITHIN && stream_count(&s, UPK_ORDER_PROMOTE) == 0)
			draw(&s, 2, 0.08, 0.03);
		if (stream_count(&s, UPK_ORDER_PROMOTE) > 0) {
			assert_int_equal(stream_newest(&s, UPK_ORDER_PROMOTE)->takeover.version, 1);
			back++;
			pairs += s.place - from;
		}
		stream_close(&s);
	}
	print_message("# taken back in %d of %d seeds, after %lld pairs in the mean\n", back, SEEDS,
		(long long)(back ? pairs / back : 0));
	assert_true(back >= SEEDS * 95 / 100);
}

/* As good, and disagreeing as often. What takes over serves from then on, and may be taken back. */
static void an_equal_version_is_hardly_ever_taken_back(void **state)
{
	(void)state;
	for (uint64_t seed = 1; seed <= 3; seed++) {
		struct stream s;
		open_replaced(&s, seed);
		while (s.place < EQUAL_PAIRS)
			draw(&s, s.tail->champion, 0.055, 0.055);
		size_t back = stream_count(&s, UPK_ORDER_PROMOTE);
		print_message("# taken back %zu times in %d pairs\n", back, EQUAL_PAIRS);
		assert_true(back <= 5);
		stream_close(&s);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_worse_version_is_taken_back_within_2000_pairs),
		cmocka_unit_test(an_equal_version_is_hardly_ever_taken_back),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
