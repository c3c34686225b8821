#include "store/run.h"

#include "store/statement.h"

enum { INSERT, UPDATE, GET, LAST, FILTERED, OPEN, REMOVE_OLD };

#define COLUMNS \
	"model, run, state, kind, rule, reason, alert, now, change, as_of, seed, queued, " \
	"started, " \
	"ended, candidates, gate, verdict, version"

static const char *const sql[] = {
	[INSERT] = "INSERT INTO run (" COLUMNS ") VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, "
		   "?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18)",
	[UPDATE] =
		"UPDATE run SET state = ?3, started = ?4, ended = ?5, candidates = ?6, "
		"gate = ?7, verdict = ?8, version = ?9 WHERE model = ?1 AND run = ?2",
	[GET] = "SELECT " COLUMNS " FROM run WHERE model = ?1 AND run = ?2",
	[LAST] = "SELECT coalesce(max(run), 0) FROM run WHERE model = ?1",
	[FILTERED] = "SELECT " COLUMNS " FROM run WHERE model = ?1 AND run < ?2 AND queued >= ?3 "
		     "AND queued < ?4 ORDER BY run DESC LIMIT ?5",
	[OPEN] = "SELECT " COLUMNS " FROM run WHERE state IN ('queued', 'running', 'waiting') "
		 "ORDER BY queued, model, run",
	[REMOVE_OLD] = "DELETE FROM run WHERE model = ?1 AND run IN (SELECT run FROM run AS old "
		       "WHERE model = ?1 AND run <= ?2 AND state NOT IN ('queued', 'running', "
		       "'waiting') AND NOT EXISTS (SELECT 1 FROM version WHERE version.model = ?1 "
		       "AND version.version = old.version) ORDER BY run LIMIT ?3)",
};

const struct upk_sql upk_run_sql = {
	UPK_SQL_RUN,
	"run",
	sql,
	sizeof sql / sizeof sql[0],
};

bool upk_run_insert(struct upk_store *s, const struct upk_run_row *row, struct upk_error *err)
{
	struct upk_query q = upk_query(s, &upk_run_sql, INSERT);
	upk_put_int(&q, row->model);
	upk_put_int(&q, row->run);
	upk_put_text(&q, row->state);
	upk_put_text(&q, row->kind);
	upk_put_text(&q, row->rule);
	upk_put_text(&q, row->reason);
	upk_put_int_or_null(&q, row->alert);
	upk_put_int(&q, row->now);
	upk_put_int(&q, row->change);
	upk_put_int(&q, row->as_of);
	upk_put_int(&q, row->seed);
	upk_put_int(&q, row->queued);
	upk_put_int_or_null(&q, row->started);
	upk_put_int_or_null(&q, row->ended);
	upk_put_text(&q, row->candidates);
	upk_put_text(&q, row->gate);
	upk_put_text(&q, row->verdict);
	upk_put_int_or_null(&q, row->version);
	return upk_query_run(&q, err);
}

bool upk_run_update(struct upk_store *s, const struct upk_run_row *row, struct upk_error *err)
{
	struct upk_query q = upk_query(s, &upk_run_sql, UPDATE);
	upk_put_int(&q, row->model);
	upk_put_int(&q, row->run);
	upk_put_text(&q, row->state);
	upk_put_int_or_null(&q, row->started);
	upk_put_int_or_null(&q, row->ended);
	upk_put_text(&q, row->candidates);
	upk_put_text(&q, row->gate);
	upk_put_text(&q, row->verdict);
	upk_put_int_or_null(&q, row->version);
	return upk_query_run_on_one(&q, err);
}

static struct upk_run_row read_row(const struct upk_query *q)
{
	return (struct upk_run_row){
		.model = upk_get_int(q, 0),
		.run = upk_get_int(q, 1),
		.state = upk_get_text(q, 2),
		.kind = upk_get_text(q, 3),
		.rule = upk_get_text(q, 4),
		.reason = upk_get_text(q, 5),
		.alert = upk_get_int(q, 6),
		.now = upk_get_int(q, 7),
		.change = upk_get_int(q, 8),
		.as_of = upk_get_int(q, 9),
		.seed = upk_get_int(q, 10),
		.queued = upk_get_int(q, 11),
		.started = upk_get_int(q, 12),
		.ended = upk_get_int(q, 13),
		.candidates = upk_get_text(q, 14),
		.gate = upk_get_text(q, 15),
		.verdict = upk_get_text(q, 16),
		.version = upk_get_int(q, 17),
	};
}

bool upk_run_get(struct upk_store *s, int64_t model, int64_t run, bool *found,
	struct upk_run_row *row, struct upk_error *err)
{
	struct upk_query q = upk_query(s, &upk_run_sql, GET);
	upk_put_int(&q, model);
	upk_put_int(&q, run);
	if (!upk_query_one(&q, found, err))
		return false;
	if (*found)
		*row = read_row(&q);
	return true;
}

bool upk_run_last(struct upk_store *s, int64_t model, int64_t *run, struct upk_error *err)
{
	struct upk_query q = upk_query(s, &upk_run_sql, LAST);
	upk_put_int(&q, model);
	return upk_query_int(&q, run, err);
}

static bool each(struct upk_query *q, bool (*take)(void *context, const struct upk_run_row *row),
	void *context, struct upk_error *err)
{
	for (;;) {
		bool found;
		if (!upk_query_next(q, &found, err))
			return false;
		if (!found)
			return true;
		struct upk_run_row row = read_row(q);
		if (!take(context, &row)) {
			upk_query_end(q);
			return true;
		}
	}
}

bool upk_run_each(struct upk_store *s, int64_t model, const struct upk_filter *filter,
	bool (*take)(void *context, const struct upk_run_row *row), void *context,
	struct upk_error *err)
{
	struct upk_query q = upk_query(s, &upk_run_sql, FILTERED);
	upk_put_int(&q, model);
	upk_put_filter(&q, filter);
	return each(&q, take, context, err);
}

bool upk_run_each_open(struct upk_store *s,
	bool (*take)(void *context, const struct upk_run_row *row), void *context,
	struct upk_error *err)
{
	struct upk_query q = upk_query(s, &upk_run_sql, OPEN);
	return each(&q, take, context, err);
}

bool upk_run_remove_old(
	struct upk_store *s, int64_t model, int64_t last, int64_t most, struct upk_error *err)
{
	struct upk_query q = upk_query(s, &upk_run_sql, REMOVE_OLD);
	upk_put_int(&q, model);
	upk_put_int(&q, last);
	upk_put_int(&q, most);
	return upk_query_run(&q, err);
}
