#include "fixture.h"

#include <stdlib.h>
#include <string.h>

#include "base/random.h"
#include "store/id_run.h"

enum { MOST = 20000 };

/* Runs' entries in order, as they were written. */
struct written {
	int64_t run;
	struct upk_id_entry entries[MOST];
	size_t count;
};

static int by_key_and_value(const void *a, const void *b)
{
	const struct upk_id_entry *x = a, *y = b;
	if (x->key != y->key)
		return x->key < y->key ? -1 : 1;
	return x->value < y->value ? -1 : x->value > y->value;
}

/* In pieces of random sizes. */
static void write_run(struct fixture *f, struct written *w, struct upk_random *r)
{
	struct upk_error err = { 0 };
	struct upk_id_run run = { .tier = 1, .room = 5, .first = 7, .last = 9 };
	int64_t piece = 0;
	qsort(w->entries, w->count, sizeof w->entries[0], by_key_and_value);
	fixture_begin(f);
	assert_ok(upk_id_run_insert(f->store, &run, &err), &err);
	w->run = run.run;
	for (size_t at = 0; at < w->count;) {
		size_t n = 1 + upk_random_below(r, UPK_ID_PIECE);
		n = n > w->count - at ? w->count - at : n;
		int64_t last = piece;
		assert_ok(upk_id_piece_insert(f->store, run.run, &piece, w->entries + at, n, &err),
			&err);
		assert_true(piece > last);
		at += n;
	}
	run.state = UPK_ID_WHOLE;
	assert_ok(upk_id_run_update(f->store, &run, &err), &err);
	fixture_commit(f);
}

/* All values of the key, as a caller gathers them, against a walk over everything. */
static void check_key(
	struct fixture *f, const struct written *w, uint64_t key, uint64_t below, size_t at_once)
{
	struct upk_error err = { 0 };
	uint64_t values[8];
	size_t i = w->count, count = 0, at = 0;
	bool more = true;
	for (;;) {
		while (i > 0 && (w->entries[i - 1].key != key || w->entries[i - 1].value >= below))
			i--;
		if (at == count && more) {
			count = at_once;
			assert_ok(upk_id_run_find(f->store, w->run, key,
					  at > 0 ? values[at - 1] : below, values, &count, &err),
				&err);
			more = count == at_once;
			at = 0;
		}
		if (at == count)
			break;
		assert_true(i > 0);
		assert_int_equal(values[at++], w->entries[--i].value);
	}
	assert_int_equal(i, 0);
}

/* Few keys, so that they fill pieces, some of them side by side. */
static void fill(struct written *w, struct upk_random *r, size_t count, uint64_t keys, int shift)
{
	w->count = 0;
	while (w->count < count) {
		w->count++;
		w->entries[w->count - 1] =
			(struct upk_id_entry){ upk_random_below(r, keys) << shift, w->count };
	}
}

static void finds_what_was_written_whatever_the_keys(void **state)
{
	static const struct {
		size_t count;
		uint64_t keys;
		int shift;
	} cases[] = { { 1, 1, 0 }, { 3000, 3000, 50 }, { 5000, 3, 0 }, { 5000, 3, 28 },
		{ 5000, 3, 62 }, { 4000, 40, 27 }, { 5000, 1, 63 }, { 3000, 2, 63 } };
	static struct written w;
	struct fixture *f = *state;
	struct upk_random r;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		upk_random_seed(&r, i);
		fill(&w, &r, cases[i].count, cases[i].keys, cases[i].shift);
		write_run(f, &w, &r);
		for (uint64_t k = 0; k < (cases[i].keys < 200 ? cases[i].keys : 200); k++) {
			uint64_t key = k << cases[i].shift;
			check_key(f, &w, key, INT64_MAX, 4);
			check_key(f, &w, key, 1 + upk_random_below(&r, w.count + 1), 8);
			check_key(f, &w, key + 1, INT64_MAX, 4);
			check_key(f, &w, key - 1, INT64_MAX, 4);
		}
		check_key(f, &w, UINT64_MAX, INT64_MAX, 4);
		check_key(f, &w, 0, INT64_MAX, 4);
	}
}

static void pieces_are_read_in_order_and_only_the_runs_own(void **state)
{
	static struct written a, b;
	static struct upk_id_entry entries[UPK_ID_PIECE];
	struct fixture *f = *state;
	struct upk_error err = { 0 };
	struct upk_random r;
	upk_random_seed(&r, 1);
	fill(&a, &r, 10000, 4, 62);
	fill(&b, &r, 10000, 1u << 16, 48);
	write_run(f, &a, &r);
	write_run(f, &b, &r);
	const struct written *both[] = { &a, &b };
	for (size_t i = 0; i < 2; i++) {
		size_t read = 0, count = 1;
		int64_t piece = 0;
		while (count > 0) {
			assert_ok(upk_id_piece_after(
					  f->store, both[i]->run, &piece, entries, &count, &err),
				&err);
			assert_memory_equal(
				entries, both[i]->entries + read, count * sizeof entries[0]);
			read += count;
		}
		assert_int_equal(read, both[i]->count);
	}
}

static void remove_in_steps(struct fixture *f, int64_t run, int64_t most)
{
	struct upk_error err = { 0 };
	int64_t left = 0;
	for (int steps = 0; left == 0; steps++) {
		int64_t pieces = fixture_count(f, "id_piece") + fixture_count(f, "id_filter");
		assert_in_range(steps, 0, 1000);
		fixture_begin(f);
		left = most;
		assert_ok(upk_id_run_remove(f->store, run, &left, &err), &err);
		fixture_commit(f);
		assert_true(
			pieces - (fixture_count(f, "id_piece") + fixture_count(f, "id_filter")) <=
			most);
	}
}

static bool add_size(void *context, struct upk_text bytes)
{
	size_t *size = context;
	*size += bytes.size;
	return true;
}

static void removed_run_leaves_the_others_alone(void **state)
{
	static struct written runs[3];
	static const char filter[UPK_ID_FILTER_PIECE] = { 1 };
	struct fixture *f = *state;
	struct upk_error err = { 0 };
	struct upk_random r;
	upk_random_seed(&r, 2);
	for (size_t i = 0; i < 3; i++) {
		fill(&runs[i], &r, 9000, 1u << 16, 48);
		write_run(f, &runs[i], &r);
		fixture_begin(f);
		for (size_t n = 0; n < 7; n++)
			assert_ok(upk_id_filter_insert(
					  f->store, runs[i].run, n, filter, 100 + n, &err),
				&err);
		fixture_commit(f);
	}
	remove_in_steps(f, runs[1].run, 3);
	assert_int_equal(fixture_count(f, "id_run"), 2);
	assert_int_equal(fixture_count(f, "id_filter"), 14);
	for (size_t i = 0; i < 3; i += 2) {
		size_t size = 0;
		check_key(f, &runs[i], runs[i].entries[4000].key, INT64_MAX, 4);
		assert_ok(upk_id_filter_each(f->store, runs[i].run, add_size, &size, &err), &err);
		assert_int_equal(size, 7 * 100 + 21);
	}
	remove_in_steps(f, runs[0].run, 1000);
	remove_in_steps(f, runs[2].run, 1);
	assert_int_equal(fixture_count(f, "id_piece"), 0);
	assert_int_equal(fixture_count(f, "id_filter"), 0);
	assert_int_equal(fixture_count(f, "id_run"), 0);
}

static void runs_are_met_from_the_newest_to_the_oldest(void **state)
{
	static const enum upk_id_run_state states[] = { UPK_ID_WHOLE, UPK_ID_MAKING, UPK_ID_WHOLE,
		UPK_ID_GONE, UPK_ID_WHOLE };
	struct fixture *f = *state;
	struct upk_error err = { 0 };
	fixture_begin(f);
	for (uint64_t i = 0; i < 5; i++) {
		struct upk_id_run run = { .state = states[i],
			.tier = (int64_t)i,
			.entries = 3,
			.room = 4,
			.first = 10 * i,
			.last = 10 * i + 9 };
		assert_ok(upk_id_run_insert(f->store, &run, &err), &err);
		assert_int_equal(run.run, i + 1);
	}
	fixture_commit(f);
	uint64_t below = INT64_MAX;
	struct upk_id_run run;
	bool found;
	for (int i = 4; i >= 0; i -= 2) {
		assert_ok(upk_id_run_below(f->store, below, &found, &run, &err), &err);
		assert_true(found);
		assert_int_equal(run.run, i + 1);
		assert_int_equal(run.state, UPK_ID_WHOLE);
		assert_int_equal(run.tier, i);
		assert_int_equal(run.entries, 3);
		assert_int_equal(run.room, 4);
		assert_int_equal(run.first, 10 * i);
		below = run.last;
		assert_int_equal(below, 10 * i + 9);
	}
	assert_ok(upk_id_run_below(f->store, below, &found, &run, &err), &err);
	assert_false(found);
}

static void index_has_a_key_of_its_own_and_keeps_it(void **state)
{
	struct fixture *f = *state;
	struct upk_error err = { 0 };
	struct upk_id_index first, later;
	assert_ok(upk_id_index_get(f->store, &first, &err), &err);
	assert_true(first.hash_key.k0 != 0 && first.hash_key.k1 != 0);
	assert_true(first.hash_key.k0 != first.hash_key.k1);
	assert_int_equal(first.spilled, 0);
	fixture_begin(f);
	assert_ok(upk_id_index_set_spilled(f->store, 12, &err), &err);
	fixture_commit(f);
	fixture_reopen(f);
	assert_ok(upk_id_index_get(f->store, &later, &err), &err);
	assert_int_equal(later.spilled, 12);
	assert_memory_equal(&later.hash_key, &first.hash_key, sizeof first.hash_key);
}

struct seen {
	int64_t seqs[8];
	bool labels[8];
	size_t count, most;
};

static bool see(void *context, const struct upk_id_row *row)
{
	struct seen *s = context;
	s->seqs[s->count] = row->seq;
	s->labels[s->count] = row->is_label;
	assert_text(row->id, row->is_label ? "b" : row->seq == 1 ? "a" : "c");
	return ++s->count < s->most;
}

static void rows_with_an_id_come_in_the_order_of_their_sequence(void **state)
{
	struct fixture *f = *state;
	struct upk_error err = { 0 };
	int64_t least;
	assert_ok(upk_id_first_row(f->store, &least, &err), &err);
	assert_int_equal(least, 1);
	fixture_begin(f);
	int64_t first = fixture_event(f, "a", "x", NULL);
	fixture_event(f, "", "x", NULL);
	int64_t second = fixture_label(f, "b", 0, "x");
	int64_t third = fixture_event(f, "c", "x", NULL);
	fixture_commit(f);
	struct seen all = { .most = 8 }, some = { .most = 1 };
	assert_ok(upk_id_rows_after(f->store, 0, see, &all, &err), &err);
	assert_int_equal(all.count, 3);
	assert_true(all.seqs[0] == first && all.seqs[1] == second && all.seqs[2] == third);
	assert_true(!all.labels[0] && all.labels[1] && !all.labels[2]);
	assert_ok(upk_id_rows_after(f->store, first, see, &some, &err), &err);
	assert_int_equal(some.count, 1);
	assert_int_equal(some.seqs[0], second);
	assert_ok(upk_id_first_row(f->store, &least, &err), &err);
	assert_int_equal(least, first);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, fixture_setup, fixture_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(finds_what_was_written_whatever_the_keys),
		TEST(pieces_are_read_in_order_and_only_the_runs_own),
		TEST(removed_run_leaves_the_others_alone),
		TEST(runs_are_met_from_the_newest_to_the_oldest),
		TEST(index_has_a_key_of_its_own_and_keeps_it),
		TEST(rows_with_an_id_come_in_the_order_of_their_sequence),
	};
	return cmocka_run_group_tests_name("id_run", tests, NULL, NULL);
}
