#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "base/random.h"
#include "base/scarce.h"
#include "ids/ids.h"
#include "store/event.h"
#include "store/fixture.h"

static const struct upk_ids_sizes sizes = { .newest = 1024, .spilled = 200 };

static uint64_t key_of(const struct upk_ids *ids, const struct fixture *f, int64_t seq)
{
	char id[24];
	snprintf(id, sizeof id, "%lld", (long long)seq);
	return upk_ids_key(ids, f->model, upk_text_of(id));
}

static bool add_rows(
	struct fixture *f, struct upk_ids *ids, int64_t from, int count, struct upk_error *err)
{
	for (int64_t seq = from; seq < from + count; seq++) {
		char id[24];
		snprintf(id, sizeof id, "%lld", (long long)seq);
		const struct upk_event_row row = {
			.seq = seq, .model = f->model, .id = upk_text_of(id)
		};
		if (!upk_event_insert_many(f->store, &row, 1, err) ||
			!upk_ids_add(ids, key_of(ids, f, seq), seq, UPK_ID_EVENT, err))
			return false;
	}
	return true;
}

/* A transaction of a hundred rows; true: it is stored. */
static bool write(struct fixture *f, struct upk_ids *ids, int64_t *seq, struct upk_error *err)
{
	enum { ROWS = 100 };
	if (!upk_store_begin(f->store, err))
		return false;
	if (!add_rows(f, ids, *seq + 1, ROWS, err) || !upk_ids_spill(ids, err)) {
		upk_store_rollback(f->store);
		upk_ids_rollback(ids);
		return false;
	}
	if (!upk_store_commit(f->store, err)) {
		upk_ids_rollback(ids);
		return false;
	}
	*seq += ROWS;
	upk_ids_commit(ids, *seq);
	return true;
}

static void check_all(struct fixture *f, struct upk_ids *ids, int64_t last)
{
	struct upk_error err = { 0 };
	for (int64_t seq = 1; seq <= last + 1; seq++) {
		struct upk_id_search s;
		struct upk_id_hit hit;
		bool found;
		upk_ids_search(&s, ids, key_of(ids, f, seq), 0);
		assert_ok(upk_ids_next(&s, &found, &hit, &err), &err);
		assert_int_equal(found, seq <= last);
		if (!found)
			continue;
		assert_int_equal(hit.seq, seq);
		assert_ok(upk_ids_next(&s, &found, &hit, &err), &err);
		assert_false(found);
	}
}

static void any_failed_allocation_is_survived_and_nothing_is_lost(void **state)
{
	struct fixture *f = *state;
	struct upk_error err = { 0 };
	struct upk_ids *ids = upk_ids_open(f->store, &sizes, &err);
	int64_t seq = 0;
	int failures = 0;
	assert_ok(ids != NULL, &err);
	for (int i = 0; i < 400; i++) {
		err = (struct upk_error){ 0 };
		scarce_begin(i % 5);
		bool stored = write(f, ids, &seq, &err);
		scarce_end();
		bool failed = scarce_struck();
		failures += failed;
		assert_int_equal(stored, !failed);
		assert_int_equal(err.code, failed ? UPK_NOMEM : UPK_OK);
		if (i % 40 == 0)
			check_all(f, ids, seq);
	}
	assert_true(failures > 20);
	check_all(f, ids, seq);
	upk_ids_close(ids);
}

static void opening_survives_any_failed_allocation(void **state)
{
	struct fixture *f = *state;
	struct upk_error err = { 0 };
	struct upk_ids *ids = upk_ids_open(f->store, &sizes, &err);
	int64_t seq = 0;
	assert_ok(ids != NULL, &err);
	for (int i = 0; i < 100; i++)
		assert_ok(write(f, ids, &seq, &err), &err);
	upk_ids_close(ids);
	bool failed = true;
	for (int nth = 0; failed; nth++) {
		scarce_begin(nth);
		ids = upk_ids_open(f->store, &sizes, &err);
		scarce_end();
		failed = scarce_struck();
		assert_true(ids || failed); /* what only saves time it does without */
		if (!ids)
			assert_int_equal(err.code, UPK_NOMEM);
		else
			check_all(f, ids, seq);
		upk_ids_close(ids);
	}
}

/* What a thread beside the writer needs: rows that were committed are found, whenever. */
struct looker {
	struct fixture *f;
	struct upk_ids *ids;
	pthread_mutex_t lock;
	int64_t committed;
	bool stop;
	int64_t looked;
	bool missed;
};

static int64_t committed(struct looker *l, bool *stop)
{
	pthread_mutex_lock(&l->lock);
	int64_t seq = l->committed;
	*stop = l->stop;
	pthread_mutex_unlock(&l->lock);
	return seq;
}

static bool look(struct looker *l, struct upk_store *reader, int64_t seq)
{
	struct upk_error err = { 0 };
	struct upk_id_search s;
	struct upk_id_hit hit = { 0 };
	bool found = false;
	if (!upk_store_begin_read(reader, &err))
		return false;
	upk_ids_look(&s, l->ids, reader, key_of(l->ids, l->f, seq));
	bool done = upk_ids_next(&s, &found, &hit, &err);
	upk_store_end_read(reader);
	return done && found && hit.seq == seq;
}

static void *look_on(void *context)
{
	struct looker *l = context;
	struct upk_error err = { 0 };
	struct upk_random r;
	struct upk_store *reader = upk_store_open(l->f->folder, UPK_STORE_READ, &err);
	bool stop = false;
	upk_random_seed(&r, 1);
	l->missed = !reader;
	while (!stop && !l->missed) {
		int64_t most = committed(l, &stop);
		l->missed = !look(l, reader, 1 + (int64_t)upk_random_below(&r, (uint64_t)most));
		l->looked++;
	}
	upk_store_close(reader);
	return NULL;
}

static void readers_find_all_that_is_committed_while_the_writer_writes(void **state)
{
	struct fixture *f = *state;
	struct upk_error err = { 0 };
	struct looker l = { .f = f, .ids = upk_ids_open(f->store, &sizes, &err) };
	pthread_t thread;
	int64_t seq = 0;
	assert_ok(l.ids != NULL, &err);
	pthread_mutex_init(&l.lock, NULL);
	for (int i = 0; i < 300; i++) {
		assert_ok(write(f, l.ids, &seq, &err), &err);
		pthread_mutex_lock(&l.lock);
		l.committed = seq;
		l.stop = i == 299;
		pthread_mutex_unlock(&l.lock);
		if (i == 0)
			assert_int_equal(pthread_create(&thread, NULL, look_on, &l), 0);
	}
	pthread_join(thread, NULL);
	assert_false(l.missed);
	assert_true(l.looked > 0);
	pthread_mutex_destroy(&l.lock);
	upk_ids_close(l.ids);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, fixture_setup, fixture_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(any_failed_allocation_is_survived_and_nothing_is_lost),
		TEST(opening_survives_any_failed_allocation),
		TEST(readers_find_all_that_is_committed_while_the_writer_writes),
	};
	return cmocka_run_group_tests_name("ids_faults", tests, NULL, NULL);
}
