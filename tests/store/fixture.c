#include "fixture.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <sqlite3.h>

#include "store/model.h"
#include "store/run.h"
#include "store/trial.h"

void assert_ok(bool ok, const struct upk_error *err)
{
	if (!ok)
		fail_msg("code %d: %s", err->code, err->message);
}

void assert_text(struct upk_text text, const char *wanted)
{
	if (!upk_text_equal(text, upk_text_of(wanted)))
		fail_msg("\"%.*s\", wanted %s", (int)text.size, text.data ? text.data : "",
			wanted ? wanted : "none");
}

void fixture_path(const struct fixture *f, const char *name, char path[FIXTURE_PATH])
{
	int length = snprintf(path, FIXTURE_PATH, "%s/%s", f->folder, name);
	assert_in_range(length, 1, FIXTURE_PATH - 1);
}

void fixture_close(struct fixture *f)
{
	upk_store_close(f->store);
	f->store = NULL;
}

void fixture_reopen(struct fixture *f)
{
	fixture_close(f);
	struct upk_error err = { 0 };
	f->store = upk_store_open(f->folder, UPK_STORE_WRITE, &err);
	assert_ok(f->store != NULL, &err);
}

void fixture_refuse(struct fixture *f, enum upk_code code, const char *words)
{
	struct upk_error err = { 0 };
	struct upk_store *s = upk_store_open(f->folder, UPK_STORE_WRITE, &err);
	assert_null(s);
	if (err.code != code || !strstr(err.message, words))
		fail_msg("code %d, wanted %d with \"%s\": %s", err.code, code, words, err.message);
}

int fixture_setup(void **state)
{
	const char *base = getenv("TMPDIR");
	struct fixture *f = calloc(1, sizeof *f);
	assert_non_null(f);
	snprintf(f->folder, sizeof f->folder, "%s/upk-store-XXXXXX",
		base                                    ? base
			: access("/dev/shm", W_OK) == 0 ? "/dev/shm"
							: "/tmp");
	assert_non_null(mkdtemp(f->folder));
	*state = f;

	struct upk_error err = { 0 };
	fixture_reopen(f);
	fixture_begin(f);
	struct upk_model_row row = { .name = upk_text_of("m"),
		.config = upk_text_of("{}"),
		.learnt = upk_text_of("{}"),
		.created = 1 };
	assert_ok(upk_model_insert(f->store, &row, &f->model, &err), &err);
	fixture_commit(f);
	return 0;
}

int fixture_teardown(void **state)
{
	static const char *const names[] = { "upkeepd.db", "upkeepd.db-wal", "upkeepd.db-shm",
		"lock", "committed" };
	struct fixture *f = *state;
	fixture_close(f);
	for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
		char path[FIXTURE_PATH];
		fixture_path(f, names[i], path);
		(void)unlink(path);
	}
	int result = rmdir(f->folder);
	free(f);
	return result;
}

void fixture_begin(struct fixture *f)
{
	struct upk_error err = { 0 };
	assert_ok(upk_store_begin(f->store, &err), &err);
}

void fixture_commit(struct fixture *f)
{
	struct upk_error err = { 0 };
	assert_ok(upk_store_commit(f->store, &err), &err);
}

int64_t fixture_event(struct fixture *f, const char *id, const char *predicted, const char *label)
{
	struct upk_error err = { 0 };
	f->seq++;
	struct upk_event_row row = {
		.seq = f->seq,
		.model = f->model,
		.number = predicted ? ++f->number : 0,
		.id = id[0] ? upk_text_of(id) : (struct upk_text){ NULL, 0 },
		.time = f->seq * 1000,
		.arrival = f->seq * 1000,
		.predicted = upk_text_of(predicted),
		.stated = predicted != NULL,
		.label = upk_text_of(label),
	};
	assert_ok(upk_event_insert_many(f->store, &row, 1, &err), &err);
	return f->seq;
}

int64_t fixture_label(struct fixture *f, const char *id, int64_t event, const char *class)
{
	struct upk_error err = { 0 };
	f->seq++;
	struct upk_label_row row = {
		.seq = f->seq,
		.model = f->model,
		.id = upk_text_of(id),
		.event = event,
		.class = upk_text_of(class),
		.time = f->seq * 1000,
		.arrival = f->seq * 1000,
	};
	assert_ok(upk_label_insert_many(f->store, &row, 1, &err), &err);
	return f->seq;
}

int64_t fixture_revise(
	struct fixture *f, const char *id, int64_t event, int64_t place, const char *class)
{
	struct upk_error err = { 0 };
	struct upk_revision_row row = {
		.event = event, .seq = fixture_label(f, id, event, class), .place = place
	};
	assert_ok(upk_revision_insert(f->store, &row, &err), &err);
	return row.seq;
}

int64_t fixture_place(struct fixture *f, int64_t event, int64_t label, int64_t time)
{
	struct upk_error err = { 0 };
	struct upk_place_row row = {
		.model = f->model,
		.place = ++f->place,
		.event = event,
		.label = label,
		.time = time,
		.arrival = time,
	};
	assert_ok(upk_place_insert_many(f->store, &row, 1, &err), &err);
	return f->place;
}

void fixture_run(struct fixture *f, int64_t run)
{
	struct upk_error err = { 0 };
	const struct upk_run_row row = { .model = f->model,
		.run = run,
		.state = upk_text_of("running"),
		.kind = upk_text_of("manual"),
		.reason = upk_text_of("why"),
		.queued = 1000 };
	assert_ok(upk_run_insert(f->store, &row, &err), &err);
}

void fixture_trial(struct fixture *f, int64_t run, int64_t trial, double score)
{
	struct upk_error err = { 0 };
	const struct upk_trial_row row = { .model = f->model,
		.run = run,
		.trial = trial,
		.kind = upk_text_of("optimise"),
		.learner = upk_text_of("trees"),
		.settings = upk_text_of("{\"rounds\":9}"),
		.parent = trial > 1 ? 1 : 0,
		.from = 3,
		.to = 9,
		.rows = 5,
		.seed = 7,
		.state = upk_text_of(isnan(score) ? "failed" : "done"),
		.error = upk_text_of(isnan(score) ? "it diverged" : NULL),
		.score = score,
		.seconds = 0.25,
		.curve = upk_text_of("{\"every\":1,\"loss\":[0.5]}") };
	assert_ok(upk_trial_insert(f->store, &row, &err), &err);
}

int fixture_delete(struct fixture *f, int64_t model, int64_t rows)
{
	struct upk_error err = { 0 };
	fixture_begin(f);
	assert_ok(upk_sweep_begin(f->store, model, &err), &err);
	fixture_commit(f);
	for (int steps = 0;; steps++) {
		struct upk_sweep sweep;
		assert_ok(upk_sweep_next(f->store, &sweep, &err), &err);
		if (sweep.model == 0)
			return steps;
		fixture_begin(f);
		assert_ok(upk_sweep_step(f->store, &sweep, rows, &err), &err);
		fixture_commit(f);
	}
}

int64_t fixture_count(const struct fixture *f, const char *table)
{
	char path[FIXTURE_PATH], sql[FIXTURE_PATH];
	fixture_path(f, "upkeepd.db", path);
	snprintf(sql, sizeof sql, "SELECT count(*) FROM %s", table);

	sqlite3 *db;
	sqlite3_stmt *statement;
	assert_int_equal(sqlite3_open_v2(path, &db, SQLITE_OPEN_READONLY, NULL), SQLITE_OK);
	assert_int_equal(sqlite3_prepare_v2(db, sql, -1, &statement, NULL), SQLITE_OK);
	assert_int_equal(sqlite3_step(statement), SQLITE_ROW);
	int64_t count = sqlite3_column_int64(statement, 0);
	sqlite3_finalize(statement);
	sqlite3_close(db);
	return count;
}
