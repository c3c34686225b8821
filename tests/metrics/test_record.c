#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "base/random.h"
#include "metrics/record.h"
#include "oracle.h"

static struct oracle theirs;

/* Pairs with one class in `rare` of the cases; right with probability `before`, of the last `fell`
 * pairs with `after`; `revised` of them get another label when all are there. */
struct play {
	size_t pairs, holdout, fell, revised, classes;
	double rare, before, after;
	int rarer;
};

static struct upk_pair draw(struct upk_random *r, const struct play *p, double right)
{
	uint16_t actual = upk_random_unit(r) < p->rare
		? 1
		: (uint16_t)(2 * upk_random_below(r, p->classes / 2));
	if (upk_random_unit(r) < right)
		return (struct upk_pair){ actual, actual };
	return (struct upk_pair){ actual, (uint16_t)((actual + 1) % p->classes) };
}

static void revise(struct upk_record *record, struct upk_random *r, const struct play *p,
	struct upk_pair *pairs)
{
	for (size_t i = 0; i < p->revised; i++) {
		size_t which = upk_random_below(r, p->pairs);
		pairs[which].actual = (uint16_t)upk_random_below(r, p->classes);
		upk_record_revise(record, 7 + 3 * (int64_t)which, pairs[which].actual);
		upk_record_revise(record, 8 + 3 * (int64_t)which, 0); /* nobody's place */
	}
}

/* Leaves the record with the pairs (places 7, 10, 13, ...) and the oracle with what it makes of
 * them. */
static struct upk_record *run(const struct play *p, uint64_t seed)
{
	struct upk_random r;
	upk_random_seed(&r, seed);
	char path[64];
	FILE *f = oracle_input(path);
	fprintf(f, "rarer %d\n", p->rarer);

	struct upk_confusion *holdout = upk_confusion_create(p->classes, NULL);
	assert_non_null(holdout);
	for (size_t i = 0; i < p->holdout; i++) {
		struct upk_pair pair = draw(&r, p, p->before);
		upk_confusion_add(holdout, pair);
		fprintf(f, "holdout %d %d\n", pair.actual, pair.predicted);
	}
	struct upk_record *record = upk_record_create(p->rarer, p->holdout ? holdout : NULL, NULL);
	assert_non_null(record);
	upk_confusion_destroy(holdout);

	struct upk_pair *pairs = malloc(p->pairs * sizeof *pairs);
	assert_non_null(pairs);
	for (size_t i = 0; i < p->pairs; i++) {
		pairs[i] = draw(&r, p, i + p->fell < p->pairs ? p->before : p->after);
		assert_true(upk_record_add(record, 7 + 3 * (int64_t)i, pairs[i], NULL));
	}
	revise(record, &r, p, pairs);
	for (size_t i = 0; i < p->pairs; i++)
		fprintf(f, "pair %zu %d %d\n", 7 + 3 * i, pairs[i].actual, pairs[i].predicted);
	free(pairs);
	fclose(f);
	oracle_run(&theirs, "record.py", path);
	return record;
}

static void assert_strongest(const struct upk_record *record, enum upk_record_stream stream)
{
	struct upk_change ours;
	bool found = upk_record_strongest(record, stream, &ours);
	assert_int_equal(found, oracle_value(&theirs, "found.%d", stream));
	if (!found)
		return;
	assert_int_equal(ours.stream, stream);
	assert_near(ours.l, oracle_value(&theirs, "l.%d", stream), 1e-9, "l");
	assert_near(ours.limit, oracle_value(&theirs, "limit.%d", stream), 1e-12, "limit");
	assert_int_equal(ours.k, oracle_value(&theirs, "k.%d", stream));
	assert_int_equal(ours.n, oracle_value(&theirs, "n.%d", stream));
	assert_int_equal(ours.k_r, oracle_value(&theirs, "k_r.%d", stream));
	assert_int_equal(ours.n_r, oracle_value(&theirs, "n_r.%d", stream));
	assert_int_equal(ours.suffix, oracle_value(&theirs, "suffix.%d", stream));
	assert_int_equal(ours.place, oracle_value(&theirs, "place.%d", stream));
}

static void suffixes_and_change_point_equal_brute_force(void **state)
{
	(void)state;
	static const struct play plays[] = {
		{ 30, 250, 30, 0, 2, 0.5, 0.9, 0.2, 1 }, /* no suffix is that short */
		{ 70, 250, 40, 0, 2, 0.5, 0.9, 0.6, 1 }, /* all of it a suffix */
		{ 90, 0, 40, 0, 2, 0.5, 0.9, 0.2, 1 },   /* too little reference */
		{ 750, 250, 150, 40, 2, 0.5, 0.9, 0.7, 1 },
		{ 1500, 0, 300, 0, 2, 0.1, 0.95, 0.85, 1 },
		{ 2000, 0, 400, 30, 2, 0.3, 0.9, 0.7, 0 },
		{ 2001, 250, 90, 0, 2, 0.5, 0.9, 0.6, 1 },
		{ 4000, 250, 1200, 200, 2, 0.05, 0.97, 0.93, 1 },
		{ 4001, 0, 2500, 0, 2, 0.2, 0.9, 0.8, 1 },
		{ 9000, 250, 3000, 500, 2, 0.5, 0.9, 0.84, 1 },
		{ 9000, 0, 700, 100, 6, 0.2, 0.8, 0.65, -1 }, /* no class stream */
		{ 13000, 250, 0, 0, 2, 0.5, 0.9, 0.9, 1 },
		{ 6000, 0, 6000, 0, 2, 0.5, 0.0, 1.0, 1 },   /* always right: no fall */
		{ 6000, 250, 500, 0, 2, 0.5, 1.0, 0.0, 1 },  /* all right, then all wrong */
		{ 6000, 0, 1800, 0, 2, 0.02, 1.0, 0.99, 1 }, /* few trials in 2,000 pairs */
		{ 9000, 250, 2000, 0, 2, 0.01, 1.0, 0.99, 1 },
		{ 25000, 0, 1900, 0, 2, 0.002, 1.0, 0.98, 1 }, /* and too few in 20,000 */
	};
	int changes = 0;
	for (size_t i = 0; i < sizeof plays / sizeof plays[0]; i++) {
		struct upk_record *record = run(&plays[i], i);
		assert_strongest(record, UPK_STREAM_ALL);
		struct upk_change ours;
		if (plays[i].rarer >= 0)
			assert_strongest(record, UPK_STREAM_CLASS);
		else
			assert_false(upk_record_strongest(record, UPK_STREAM_CLASS, &ours));

		bool fell = upk_record_change(record, &ours);
		assert_int_equal(fell, oracle_value(&theirs, "change"));
		if (fell) {
			assert_int_equal(ours.stream, oracle_value(&theirs, "change.stream"));
			assert_int_equal(ours.place, oracle_value(&theirs, "change.place"));
			changes++;
		}
		upk_record_destroy(record);
	}
	assert_in_range(changes, 9, 14);
}

/* Hits of class 0, of class 1 at the places below `ones`, then misses of class 1 at the last
 * `misses` places. */
static struct upk_record *stretch(int64_t n, int64_t ones, int64_t misses)
{
	struct upk_record *record = upk_record_create(1, NULL, NULL);
	assert_non_null(record);
	for (int64_t i = 0; i < n; i++) {
		bool miss = i + misses >= n;
		struct upk_pair pair = { miss || i < ones, !miss && i < ones };
		assert_true(upk_record_add(record, i, pair, NULL));
	}
	return record;
}

static bool finds(int64_t n, int64_t ones, int64_t misses, enum upk_record_stream stream,
	struct upk_change *out)
{
	struct upk_record *record = stretch(n, ones, misses);
	bool found = upk_record_strongest(record, stream, out);
	upk_record_destroy(record);
	return found;
}

static void reference_needs_60_trials_and_suffix_15(void **state)
{
	(void)state;
	struct upk_change c;
	assert_false(finds(99, 0, 10, UPK_STREAM_ALL, &c));
	assert_true(finds(100, 0, 10, UPK_STREAM_ALL, &c));
	assert_int_equal(c.n_r, 60);
	assert_false(finds(5000, 59, 15, UPK_STREAM_CLASS, &c));
	assert_true(finds(5000, 60, 15, UPK_STREAM_CLASS, &c));
	assert_false(finds(5000, 60, 14, UPK_STREAM_CLASS, &c));
}

static void limit_of_a_class_falls_with_its_rarity_but_not_below_3_5(void **state)
{
	(void)state;
	struct upk_change c;
	assert_true(finds(5000, 200, 20, UPK_STREAM_CLASS, &c));
	assert_near(c.limit, 9 + 1.9 * log(0.1), 1e-12, "a tenth");
	assert_true(finds(5000, 100, 20, UPK_STREAM_CLASS, &c));
	assert_near(c.limit, 3.5, 0, "a twentieth");
}

static void change_point_may_be_nearer_than_the_shortest_suffix(void **state)
{
	(void)state;
	for (int64_t misses = 20; misses <= 190; misses += 10) {
		struct upk_record *record = stretch(1000, 0, misses);
		struct upk_change c;
		assert_true(upk_record_change(record, &c));
		assert_int_equal(c.place, 1000 - misses);
		upk_record_destroy(record);
	}
}

static void revision_counts_like_the_label_sent_at_once(void **state)
{
	(void)state;
	enum { PAIRS = 5000 };
	static struct upk_pair pairs[PAIRS];
	struct upk_random r;
	upk_random_seed(&r, 5);
	struct upk_record *revised = upk_record_create(1, NULL, NULL);
	struct upk_record *at_once = upk_record_create(1, NULL, NULL);
	assert_true(revised && at_once);
	for (int64_t i = 0; i < PAIRS; i++) {
		pairs[i] = (struct upk_pair){ (uint16_t)upk_random_below(&r, 2),
			(uint16_t)upk_random_below(&r, 2) };
		assert_true(upk_record_add(revised, i, pairs[i], NULL));
		if (i % 3 == 0) {
			int64_t which = i -
				(int64_t)upk_random_below(&r, (uint64_t)(i < 900 ? i + 1 : 900));
			pairs[which].actual ^= 1;
			upk_record_revise(revised, which, pairs[which].actual);
		}
	}
	for (int64_t i = 0; i < PAIRS; i++)
		assert_true(upk_record_add(at_once, i, pairs[i], NULL));

	int64_t place;
	for (size_t i = 0; i < UPK_RECORD_FIRST; i++) {
		struct upk_pair pair = upk_record_first(revised, i, &place);
		assert_int_equal(place, i);
		assert_int_equal(pair.actual, pairs[i].actual);
	}
	for (int stream = 0; stream < UPK_STREAMS; stream++) {
		struct upk_change a = { 0 }, b = { 0 };
		bool found = upk_record_strongest(revised, (enum upk_record_stream)stream, &a);
		assert_int_equal(
			found, upk_record_strongest(at_once, (enum upk_record_stream)stream, &b));
		assert_true(
			a.l == b.l && a.k == b.k && a.n == b.n && a.k_r == b.k_r && a.n_r == b.n_r);
	}
	assert_true(upk_record_revisions(revised) > 0);
	assert_int_equal(upk_record_revisions(at_once), 0);
	upk_record_destroy(revised);
	upk_record_destroy(at_once);
}

static void an_empty_record_says_nothing(void **state)
{
	(void)state;
	struct upk_record *record = upk_record_create(-1, NULL, NULL);
	assert_non_null(record);
	struct upk_change change;
	assert_false(upk_record_change(record, &change));
	assert_int_equal(upk_record_pairs(record), 0);
	assert_int_equal(upk_record_start(record), 0);
	assert_null(upk_record_holdout(record));
	upk_record_revise(record, 0, 1);
	assert_int_equal(upk_record_revisions(record), 0);
	assert_true(upk_record_add(record, 42, (struct upk_pair){ 0, 0 }, NULL));
	assert_int_equal(upk_record_start(record), 42);
	upk_record_destroy(record);
	upk_record_destroy(NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(suffixes_and_change_point_equal_brute_force),
		cmocka_unit_test(reference_needs_60_trials_and_suffix_15),
		cmocka_unit_test(limit_of_a_class_falls_with_its_rarity_but_not_below_3_5),
		cmocka_unit_test(change_point_may_be_nearer_than_the_shortest_suffix),
		cmocka_unit_test(revision_counts_like_the_label_sent_at_once),
		cmocka_unit_test(an_empty_record_says_nothing),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
