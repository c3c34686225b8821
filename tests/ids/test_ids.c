#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/random.h"
#include "ids/ids.h"
#include "store/event.h"
#include "store/fixture.h"
#include "store/id_run.h"
#include "store/label.h"

enum { IDS = 3000, ROWS = 200000, IN_A_TRANSACTION = 200, ASKED = 50 };

/* Small enough for runs to be merged twice within a test. */
static const struct upk_ids_sizes sizes = { .newest = 2048, .spilled = 400 };

/* The index on a store with the same rows, and what it should find: a list of all rows, where each
 * leads to the one before it with the same id. */
struct world {
	struct fixture *f;
	struct upk_ids *ids;
	struct upk_random random;
	const uint64_t *keys; /* given keys; NULL: those of the ids */
	size_t ids_count;
	struct upk_id_hit rows[ROWS];
	size_t before[ROWS], last[IDS]; /* index + 1; 0: none */
	size_t id_of[ROWS];
	size_t count, committed;
	int64_t seq, committed_seq;
	int64_t forgotten; /* rows below may be found or not */
	struct {
		pthread_mutex_t lock;
		uint64_t absent[IDS]; /* what upk_ids_ask said last */
		size_t told;          /* how often it knew */
	} asked;
};

static struct world world;

static void open_world(struct world *w, struct fixture *f, uint64_t seed)
{
	struct upk_error err = { 0 };
	memset(w, 0, sizeof *w);
	w->f = f;
	w->ids_count = IDS;
	upk_random_seed(&w->random, seed);
	pthread_mutex_init(&w->asked.lock, NULL);
	w->ids = upk_ids_open(f->store, &sizes, &err);
	assert_ok(w->ids != NULL, &err);
}

static void close_world(struct world *w)
{
	upk_ids_close(w->ids);
	w->ids = NULL;
}

static void name_id(size_t id, char text[16])
{
	snprintf(text, 16, "id-%zu", id);
}

static uint64_t key_of(const struct world *w, size_t id)
{
	char text[16];
	if (w->keys)
		return w->keys[id];
	name_id(id, text);
	return upk_ids_key(w->ids, w->f->model, upk_text_of(text));
}

static void store_row(struct world *w, const char *id, enum upk_id_kind kind)
{
	struct upk_error err = { 0 };
	const struct upk_event_row event = {
		.seq = w->seq, .model = w->f->model, .id = upk_text_of(id)
	};
	const struct upk_label_row label = { .seq = w->seq,
		.model = w->f->model,
		.id = upk_text_of(id),
		.class = upk_text_of("x") };
	bool stored = kind == UPK_ID_LABEL ? upk_label_insert_many(w->f->store, &label, 1, &err)
					   : upk_event_insert_many(w->f->store, &event, 1, &err);
	assert_ok(stored, &err);
}

static void add(struct world *w, size_t id)
{
	struct upk_error err = { 0 };
	char text[16];
	bool first = w->last[id] == 0;
	enum upk_id_kind kind = first ? UPK_ID_EVENT : UPK_ID_LABEL;
	assert_true(w->count < ROWS);
	name_id(id, text);
	w->seq++;
	store_row(w, text, kind);
	assert_ok(upk_ids_add(w->ids, key_of(w, id), w->seq, kind, &err), &err);
	w->rows[w->count] = (struct upk_id_hit){ w->seq, kind };
	w->id_of[w->count] = id;
	w->before[w->count] = w->last[id];
	w->last[id] = ++w->count;
}

static void add_without_id(struct world *w)
{
	w->seq++;
	store_row(w, NULL, UPK_ID_EVENT);
}

static void check_hit(const struct upk_id_hit *hit, const struct upk_id_hit *wanted)
{
	assert_int_equal(hit->seq, wanted->seq);
	assert_int_equal(hit->kind, wanted->kind);
}

/* Everything that a search yields, in its order. Ids with the same given key share it. */
static void check_search(struct world *w, size_t id, struct upk_id_search *s)
{
	struct upk_error err = { 0 };
	struct upk_id_hit hit;
	size_t row = w->last[id];
	for (;;) {
		bool found;
		assert_ok(upk_ids_next(s, &found, &hit, &err), &err);
		if (!found)
			break;
		if (row == 0)
			fail_msg("id %zu: found %lld, too", id, (long long)hit.seq);
		while (hit.seq < w->rows[row - 1].seq && w->rows[row - 1].seq < w->forgotten &&
			w->before[row - 1] != 0)
			row = w->before[row - 1];
		check_hit(&hit, &w->rows[row - 1]);
		row = w->before[row - 1];
	}
	if (row != 0)
		assert_true(w->rows[row - 1].seq < w->forgotten);
}

static void check_id(struct world *w, size_t id)
{
	struct upk_id_search s;
	uint64_t key = key_of(w, id);
	pthread_mutex_lock(&w->asked.lock);
	uint64_t absent = w->asked.absent[id];
	pthread_mutex_unlock(&w->asked.lock);
	upk_ids_prefetch(w->ids, key, absent);
	upk_ids_search(&s, w->ids, key, absent);
	check_search(w, id, &s);
}

/* Ids from `first` on; any thread. */
static void ask(struct world *w, size_t first)
{
	uint64_t keys[ASKED];
	bool absent[ASKED];
	for (size_t i = 0; i < ASKED; i++)
		keys[i] = key_of(w, first + i);
	uint64_t upto = upk_ids_ask(w->ids, keys, ASKED, absent);
	pthread_mutex_lock(&w->asked.lock);
	for (size_t i = 0; i < ASKED && upto > 0; i++) {
		w->asked.absent[first + i] = absent[i] ? upto : 0;
		w->asked.told += absent[i];
	}
	pthread_mutex_unlock(&w->asked.lock);
}

static void check_by_reader(struct world *w)
{
	struct upk_error err = { 0 };
	struct upk_store *reader = upk_store_open(w->f->folder, UPK_STORE_READ, &err);
	assert_ok(reader != NULL, &err);
	for (int i = 0; i < 20; i++) {
		struct upk_id_search s;
		size_t id = upk_random_below(&w->random, w->ids_count);
		assert_ok(upk_store_begin_read(reader, &err), &err);
		upk_ids_look(&s, w->ids, reader, key_of(w, id));
		check_search(w, id, &s);
		upk_store_end_read(reader);
	}
	upk_store_close(reader);
}

static void check_all(struct world *w)
{
	for (size_t id = 0; id < w->ids_count; id++)
		check_id(w, id);
}

static void forget_uncommitted(struct world *w)
{
	while (w->count > w->committed) {
		w->count--;
		w->last[w->id_of[w->count]] = w->before[w->count];
	}
	w->seq = w->committed_seq;
}

static void commit(struct world *w)
{
	struct upk_error err = { 0 };
	assert_ok(upk_store_commit(w->f->store, &err), &err);
	upk_ids_commit(w->ids, w->seq);
	w->committed = w->count;
	w->committed_seq = w->seq;
}

static void rollback(struct world *w)
{
	upk_store_rollback(w->f->store);
	upk_ids_rollback(w->ids);
	forget_uncommitted(w);
}

/* The process ends in the middle of whatever it was doing. */
static void kill_and_reopen(struct world *w)
{
	struct upk_error err = { 0 };
	close_world(w);
	memset(w->asked.absent, 0, sizeof w->asked.absent);
	fixture_reopen(w->f);
	forget_uncommitted(w);
	w->ids = upk_ids_open(w->f->store, &sizes, &err);
	assert_ok(w->ids != NULL, &err);
}

/* A tenth of the rows are of one id, a tenth have none. */
static void write_rows(struct world *w, size_t most)
{
	for (size_t n = upk_random_below(&w->random, most + 1); n > 0; n--) {
		uint64_t what = upk_random_below(&w->random, 10);
		if (what == 0)
			add_without_id(w);
		else
			add(w, what == 1 ? 0 : upk_random_below(&w->random, w->ids_count));
	}
}

static void spill(struct world *w)
{
	struct upk_error err = { 0 };
	assert_ok(upk_ids_spill(w->ids, &err), &err);
}

/* One transaction. kill: how many of 1000 end in a kill; the same of rollbacks. */
static void live(struct world *w, size_t most, uint64_t kill, uint64_t rolled_back)
{
	uint64_t fate = upk_random_below(&w->random, 1000);
	fixture_begin(w->f);
	ask(w, upk_random_below(&w->random, IDS - ASKED + 1));
	write_rows(w, most);
	check_id(w, upk_random_below(&w->random, w->ids_count));
	spill(w);
	check_id(w, upk_random_below(&w->random, w->ids_count));
	if (fate < kill)
		kill_and_reopen(w);
	else if (fate < kill + rolled_back)
		rollback(w);
	else
		commit(w);
}

static void finds_exactly_what_was_committed_whatever_happens(void **state)
{
	struct fixture *f = *state;
	open_world(&world, f, 1);
	for (int i = 0; i < 600; i++) {
		live(&world, IN_A_TRANSACTION, 20, 100);
		check_id(&world, upk_random_below(&world.random, IDS));
		if (i % 20 == 0)
			check_by_reader(&world);
	}
	check_all(&world);
	kill_and_reopen(&world);
	check_all(&world);
	assert_true(fixture_count(f, "id_run") > 1);
	close_world(&world);
}

/* Merges take their time: the entries that are in the file are in runs of two tiers at least. */
static void runs_stay_few(void **state)
{
	struct fixture *f = *state;
	open_world(&world, f, 2);
	for (int i = 0; i < 900; i++) {
		live(&world, IN_A_TRANSACTION, 0, 0);
		assert_in_range(fixture_count(f, "id_run"), 0, 50);
	}
	assert_in_range(fixture_count(f, "id_run"), 5, 30);
	check_all(&world);
	close_world(&world);
}

/* Else a restart would read them all again. */
static void rows_without_ids_move_the_mark_of_what_is_spilled(void **state)
{
	struct fixture *f = *state;
	struct upk_id_index index;
	struct upk_error err = { 0 };
	open_world(&world, f, 6);
	for (int i = 0; i < 40; i++) {
		fixture_begin(f);
		for (int k = 0; k < 100; k++)
			add_without_id(&world);
		spill(&world);
		commit(&world);
	}
	assert_ok(upk_id_index_get(f->store, &index, &err), &err);
	assert_in_range(index.spilled, world.seq - 3 * sizes.spilled, world.seq);
	close_world(&world);
}

static void equal_keys_are_told_apart_by_nobody_and_all_are_found(void **state)
{
	static uint64_t keys[IDS];
	struct fixture *f = *state;
	open_world(&world, f, 3);
	for (size_t i = 0; i < 5; i++)
		keys[i] = i == 4 ? UINT64_MAX : (uint64_t)i << 20;
	keys[5] = keys[3] + (1u << 16);
	world.keys = keys;
	world.ids_count = 6;
	for (int i = 0; i < 300; i++)
		live(&world, IN_A_TRANSACTION, 0, 100);
	check_all(&world);
	check_by_reader(&world);
	close_world(&world);
}

static void key_depends_on_model_and_id_and_outlives_the_process(void **state)
{
	struct fixture *f = *state;
	open_world(&world, f, 4);
	uint64_t a = upk_ids_key(world.ids, 1, upk_text_of("a"));
	assert_int_equal(upk_ids_key(world.ids, 1, upk_text_of("a")), a);
	assert_int_not_equal(upk_ids_key(world.ids, 2, upk_text_of("a")) >> 16, a >> 16);
	assert_int_not_equal(upk_ids_key(world.ids, 1, upk_text_of("b")) >> 16, a >> 16);
	assert_int_not_equal(upk_ids_key(world.ids, 1 + (1 << 16), upk_text_of("a")), a);
	kill_and_reopen(&world);
	assert_int_equal(upk_ids_key(world.ids, 1, upk_text_of("a")), a);
	close_world(&world);
}

static void forgotten_entries_go_and_the_others_stay(void **state)
{
	struct fixture *f = *state;
	open_world(&world, f, 5);
	for (int i = 0; i < 400; i++)
		live(&world, IN_A_TRANSACTION, 0, 0);
	int64_t pieces = fixture_count(f, "id_piece");
	world.forgotten = world.seq - 5000;
	upk_ids_forget_before(world.ids, world.forgotten);
	for (int i = 0; i < 100; i++)
		live(&world, IN_A_TRANSACTION, 0, 100);
	check_all(&world);
	assert_true(fixture_count(f, "id_piece") < pieces);
	kill_and_reopen(&world);
	check_all(&world);
	close_world(&world);
}

static bool add_entries(void *context, const struct upk_id_run *run)
{
	int64_t *entries = context;
	*entries += run->state == UPK_ID_WHOLE ? run->entries : 0;
	return true;
}

static int64_t entries_in_file(struct fixture *f)
{
	struct upk_error err = { 0 };
	int64_t entries = 0;
	assert_ok(upk_id_run_each(f->store, add_entries, &entries, &err), &err);
	return entries;
}

/* A thousand entries without rows, of the models in turn. */
static void add_entries_of(struct world *w, const int64_t *models, size_t count)
{
	struct upk_error err = { 0 };
	for (int i = 0; i < 10; i++) {
		fixture_begin(w->f);
		for (size_t n = 0; n < 100; n++) {
			char text[16];
			name_id((size_t)++w->seq, text);
			uint64_t key = upk_ids_key(w->ids, models[n % count], upk_text_of(text));
			assert_ok(upk_ids_add(w->ids, key, w->seq, UPK_ID_EVENT, &err), &err);
		}
		spill(w);
		commit(w);
	}
}

static void entries_of_deleted_models_go_as_runs_are_merged(void **state)
{
	struct fixture *f = *state;
	open_world(&world, f, 6);
	const int64_t models[] = { f->model, f->model + 1 };
	for (int i = 0; i < 5; i++)
		add_entries_of(&world, models, 2);
	assert_true(entries_in_file(f) > 4000);
	upk_ids_keep_models(world.ids, models, 1);
	for (int i = 0; i < 5; i++)
		add_entries_of(&world, models, 1);
	assert_in_range(entries_in_file(f), 6500, 7500);
	close_world(&world);
}

struct asker {
	struct world *world;
	struct upk_random random;
	atomic_bool over;
};

static void *ask_on(void *context)
{
	struct asker *a = context;
	while (!atomic_load(&a->over))
		ask(a->world, upk_random_below(&a->random, IDS - ASKED + 1));
	return NULL;
}

/* Ids come up as it goes on, so that there are always some that no run has, old ones and new ones.
 * Runs are written, merged and removed meanwhile. */
static void what_is_asked_ahead_hides_nothing(void **state)
{
	struct fixture *f = *state;
	struct asker askers[2] = { 0 };
	pthread_t threads[2];
	open_world(&world, f, 8);
	for (size_t i = 0; i < 2; i++) {
		askers[i].world = &world;
		upk_random_seed(&askers[i].random, i);
		assert_int_equal(pthread_create(&threads[i], NULL, ask_on, &askers[i]), 0);
	}
	for (size_t i = 0; i < 500; i++) {
		world.ids_count = 500 + i * (IDS - 500) / 499;
		live(&world, IN_A_TRANSACTION, 0, 100);
		for (int n = 0; n < 20; n++)
			check_id(&world, upk_random_below(&world.random, IDS));
		if (i == 300) {
			world.forgotten = world.seq - 5000;
			upk_ids_forget_before(world.ids, world.forgotten);
		}
	}
	check_all(&world);
	for (size_t i = 0; i < 2; i++) {
		atomic_store(&askers[i].over, true);
		pthread_join(threads[i], NULL);
	}
	assert_true(world.asked.told > 0);
	check_all(&world);
	close_world(&world);
}

/* It takes at its word what it is told: an entry that is said to be absent is not looked for. */
static void runs_that_were_asked_are_not_searched_again(void **state)
{
	struct fixture *f = *state;
	struct upk_error err = { 0 };
	struct upk_id_search s;
	struct upk_id_hit hit;
	bool found, absent[ASKED];
	uint64_t keys[ASKED];
	open_world(&world, f, 9);
	fixture_begin(f);
	for (size_t i = 0; i < ASKED / 2; i++)
		add(&world, i);
	commit(&world);
	for (size_t i = 0; i < ASKED; i++)
		keys[i] = key_of(&world, i);
	assert_int_equal(upk_ids_ask(world.ids, keys, ASKED, absent), 0);
	world.ids_count = 1;
	for (int i = 0; i < 100; i++)
		live(&world, IN_A_TRANSACTION, 0, 0);

	uint64_t upto = upk_ids_ask(world.ids, keys, ASKED, absent);
	assert_in_range(upto, ASKED, 2 * (uint64_t)world.seq);
	size_t unknown = 0;
	for (size_t i = 0; i < ASKED; i++)
		unknown += absent[i];
	assert_in_range(unknown, ASKED / 2 - 1, ASKED / 2);
	assert_false(absent[1]);
	for (int lie = 0; lie < 2; lie++) {
		upk_ids_search(&s, world.ids, keys[1], lie ? upto : 0);
		assert_ok(upk_ids_next(&s, &found, &hit, &err), &err);
		assert_int_equal(found, !lie);
	}
	close_world(&world);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, fixture_setup, fixture_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(finds_exactly_what_was_committed_whatever_happens),
		TEST(runs_stay_few),
		TEST(rows_without_ids_move_the_mark_of_what_is_spilled),
		TEST(equal_keys_are_told_apart_by_nobody_and_all_are_found),
		TEST(key_depends_on_model_and_id_and_outlives_the_process),
		TEST(forgotten_entries_go_and_the_others_stay),
		TEST(entries_of_deleted_models_go_as_runs_are_merged),
		TEST(what_is_asked_ahead_hides_nothing),
		TEST(runs_that_were_asked_are_not_searched_again),
	};
	return cmocka_run_group_tests_name("ids", tests, NULL, NULL);
}
