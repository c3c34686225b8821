#include "fixture.h"

#include <stdlib.h>
#include <string.h>

#include <sqlite3.h>

#include "store/model.h"

/* SQLite's own allocator and VFS with a countdown in front: the n-th call fails, and then they work
 * again. */
static struct {
	sqlite3_mem_methods memory;
	sqlite3_vfs vfs;
	struct {
		const sqlite3_io_methods *real;
		sqlite3_io_methods wrapped;
	} io[4];                        /* the database's and the WAL's differ */
	int allocations, writes, syncs; /* calls left until one fails; < 0: none does */
	bool failed;
} fault = { .allocations = -1, .writes = -1, .syncs = -1 };

static bool is_due(int *countdown)
{
	if (*countdown < 0 || (*countdown)-- > 0)
		return false;
	fault.failed = true;
	return true;
}

static void *failing_malloc(int size)
{
	return is_due(&fault.allocations) ? NULL : fault.memory.xMalloc(size);
}

static void *failing_realloc(void *memory, int size)
{
	return is_due(&fault.allocations) ? NULL : fault.memory.xRealloc(memory, size);
}

static const sqlite3_io_methods *real_io(const sqlite3_file *file)
{
	size_t i = 0;
	while (file->pMethods != &fault.io[i].wrapped)
		i++;
	return fault.io[i].real;
}

static int failing_write(sqlite3_file *file, const void *data, int size, sqlite3_int64 at)
{
	return is_due(&fault.writes) ? SQLITE_IOERR_WRITE
				     : real_io(file)->xWrite(file, data, size, at);
}

static int failing_sync(sqlite3_file *file, int flags)
{
	return is_due(&fault.syncs) ? SQLITE_IOERR_FSYNC : real_io(file)->xSync(file, flags);
}

static void wrap(sqlite3_file *file)
{
	size_t i = 0;
	while (fault.io[i].real && fault.io[i].real != file->pMethods)
		i++;
	assert_true(i < sizeof fault.io / sizeof fault.io[0]);
	fault.io[i].real = file->pMethods;
	fault.io[i].wrapped = *file->pMethods;
	fault.io[i].wrapped.xWrite = failing_write;
	fault.io[i].wrapped.xSync = failing_sync;
	file->pMethods = &fault.io[i].wrapped;
}

static int failing_open(
	sqlite3_vfs *vfs, sqlite3_filename name, sqlite3_file *file, int flags, int *out)
{
	sqlite3_vfs *real = vfs->pAppData;
	int result = real->xOpen(real, name, file, flags, out);
	if (file->pMethods)
		wrap(file);
	return result;
}

static int install_faults(void **state)
{
	(void)state;
	assert_int_equal(sqlite3_config(SQLITE_CONFIG_GETMALLOC, &fault.memory), SQLITE_OK);
	sqlite3_mem_methods memory = fault.memory;
	memory.xMalloc = failing_malloc;
	memory.xRealloc = failing_realloc;
	assert_int_equal(sqlite3_config(SQLITE_CONFIG_MALLOC, &memory), SQLITE_OK);
	/* Small allocations must come from the allocator, too. */
	assert_int_equal(sqlite3_config(SQLITE_CONFIG_LOOKASIDE, 0, 0), SQLITE_OK);

	sqlite3_vfs *real = sqlite3_vfs_find(NULL);
	assert_non_null(real);
	fault.vfs = *real;
	fault.vfs.zName = "failing";
	fault.vfs.pAppData = real;
	fault.vfs.xOpen = failing_open;
	return sqlite3_vfs_register(&fault.vfs, 1);
}

static void stop_faults(void)
{
	fault.allocations = fault.writes = fault.syncs = -1;
}

/* A transaction with all kinds of statements; true: it is said to be stored. */
static bool work(struct fixture *f, int64_t seq, struct upk_error *err)
{
	static const char features[40000] = { 1 };
	struct upk_event_row event = { .seq = seq,
		.model = f->model,
		.number = seq,
		.predicted = upk_text_of("x"),
		.features = { features, sizeof features } };
	struct upk_label_row label = { .seq = seq + 1,
		.model = f->model,
		.id = upk_text_of("a"),
		.event = seq,
		.class = upk_text_of("x") };
	struct upk_place_row place = {
		.model = f->model, .place = seq, .event = seq, .label = seq + 1
	};
	int64_t last;
	bool found;
	if (!upk_store_begin(f->store, err))
		return false;
	if (upk_event_insert_many(f->store, &event, 1, err) && upk_label_insert_many(f->store, &label, 1, err) &&
		upk_place_insert_many(f->store, &place, 1, err) &&
		upk_place_last(f->store, f->model, &last, err) &&
		upk_event_get(f->store, seq, &found, &event, err))
		return upk_store_commit(f->store, err);
	upk_store_rollback(f->store);
	return false;
}

/* Whatever was said to be stored is there, nothing else is, and the store goes on. */
static void check(struct fixture *f, int64_t seq, bool stored)
{
	struct upk_error err = { 0 };
	int64_t last;
	assert_ok(upk_store_last_seq(f->store, &last, &err), &err);
	assert_int_equal(last, stored ? seq + 1 : seq - 1);
	assert_int_equal(fixture_count(f, "event"), (last + 1) / 2);
	assert_int_equal(fixture_count(f, "place"), (last + 1) / 2);
}

static void survive(struct fixture *f, int *countdown, enum upk_code code)
{
	int64_t seq = 1;
	int nth = 0;
	fault.failed = true;
	for (; fault.failed; nth++) {
		struct upk_error err = { 0 };
		fault.failed = false;
		*countdown = nth;
		bool stored = work(f, seq, &err);
		stop_faults();
		if (!stored && (!fault.failed || err.code != code))
			fail_msg("fault %d: code %d: %s", nth, err.code, err.message);
		check(f, seq, stored);
		if (stored)
			seq += 2;
	}
	assert_true(nth > 1);
	assert_true(seq > 1);
	fixture_reopen(f);
	check(f, seq, false);
}

static void every_failed_allocation_is_survived(void **state)
{
	survive(*state, &fault.allocations, UPK_NOMEM);
}

static void every_failed_write_is_survived(void **state)
{
	survive(*state, &fault.writes, UPK_IO);
}

static void every_failed_sync_is_survived(void **state)
{
	survive(*state, &fault.syncs, UPK_IO);
}

static void open_survives_every_failed_allocation(void **state)
{
	struct fixture *f = *state;
	fixture_close(f);
	fault.failed = true;
	for (int nth = 0; fault.failed; nth++) {
		struct upk_error err = { 0 };
		fault.failed = false;
		fault.allocations = nth;
		f->store = upk_store_open(f->folder, UPK_STORE_WRITE, &err);
		stop_faults();
		if (!f->store && err.code != UPK_NOMEM)
			fail_msg("allocation %d: code %d: %s", nth, err.code, err.message);
		fixture_close(f);
	}
}

/* SQLite undoes the whole transaction by itself when a page that it must spill can't be written. */
static void nothing_is_stored_of_a_transaction_that_was_undone_midway(void **state)
{
	struct fixture *f = *state;
	static const char features[60000] = { 1 };
	struct upk_error err = { 0 };
	bool ok = true;
	int64_t seq = 0;
	fixture_begin(f);
	fault.writes = 100;
	while (ok && seq < 5000) {
		seq++;
		struct upk_event_row row = { .seq = seq,
			.model = f->model,
			.number = seq,
			.features = { features, sizeof features } };
		ok = upk_event_insert_many(f->store, &row, 1, &err);
	}
	stop_faults();
	assert_false(ok);
	assert_int_equal(err.code, UPK_IO);

	struct upk_event_row late = { .seq = seq + 1, .model = f->model, .number = 1 };
	int64_t number;
	assert_false(upk_event_insert_many(f->store, &late, 1, &err));
	assert_false(upk_place_last(f->store, f->model, &number, &err));
	err = (struct upk_error){ 0 };
	assert_false(upk_store_commit(f->store, &err));
	assert_int_equal(err.code, UPK_IO);
	check(f, 1, false);
	assert_ok(work(f, 1, &err), &err);
	check(f, 1, true);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, fixture_setup, fixture_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(every_failed_allocation_is_survived),
		TEST(every_failed_write_is_survived),
		TEST(every_failed_sync_is_survived),
		TEST(open_survives_every_failed_allocation),
		TEST(nothing_is_stored_of_a_transaction_that_was_undone_midway),
	};
	return cmocka_run_group_tests_name("fault", tests, install_faults, NULL);
}
