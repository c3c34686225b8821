#include "store/sweep.h"

#include "store/statement.h"

enum {
	RENAME,
	BEGIN,
	NEXT,
	LEFT,
	EVENTS,
	LABELS,
	REVISIONS,
	UPGRADES,
	ADVANCE,
	PLACES,
	NUMBERS,
	POINTS,
	PIECES,
	COPIES,
	RUNS,
	ALERTS,
	MODEL,
	END,
};

static const char *const sql[] = {
	[RENAME] = "UPDATE model SET name = model || ' deleted', config = '{}', learnt = '{}', "
		   "state = NULL, automatic = 0 WHERE model = ?1",
	[BEGIN] = "INSERT INTO deletion (model, done, last) "
		  "VALUES (?1, 0, ?2)",
	[NEXT] = "SELECT model, done, last FROM deletion ORDER BY model LIMIT 1",
	[LEFT] = "SELECT coalesce(sum(last - done), 0) FROM deletion",
	[EVENTS] = "DELETE FROM event WHERE seq > ?2 AND seq <= ?3 AND +model = ?1",
	[LABELS] = "DELETE FROM label WHERE seq > ?2 AND seq <= ?3 AND +model = ?1",
	/* Whose event has just gone. */
	[REVISIONS] = "DELETE FROM revision WHERE event > ?1 AND event <= ?2 AND NOT EXISTS "
		      "(SELECT 1 FROM event WHERE event.seq = revision.event)",
	[UPGRADES] = "DELETE FROM upgrade WHERE event > ?2 AND event <= ?3 AND model = ?1",
	[ADVANCE] = "UPDATE deletion SET done = ?2 WHERE model = ?1",
	[PLACES] = "DELETE FROM place WHERE model = ?1 AND place <= (SELECT max(place) FROM "
		   "(SELECT place FROM place WHERE model = ?1 ORDER BY place LIMIT ?2))",
	[NUMBERS] = "DELETE FROM gone WHERE model = ?1 AND number <= (SELECT max(number) FROM "
		    "(SELECT number FROM gone WHERE model = ?1 ORDER BY number LIMIT ?2))",
	[POINTS] = "DELETE FROM history WHERE rowid IN "
		   "(SELECT rowid FROM history WHERE model = ?1 LIMIT ?2 / 16 + 1)",
	[PIECES] = "DELETE FROM version_piece WHERE rowid IN "
		   "(SELECT rowid FROM version_piece WHERE model = ?1 LIMIT ?2 / 1024 + 1)",
	[COPIES] = "DELETE FROM version_revision WHERE rowid IN "
		   "(SELECT rowid FROM version_revision WHERE model = ?1 LIMIT ?2 / 1024 + 1)",
	[RUNS] = "DELETE FROM run WHERE rowid IN "
		 "(SELECT rowid FROM run WHERE model = ?1 LIMIT ?2 / 16 + 1)",
	[ALERTS] = "DELETE FROM alert WHERE rowid IN "
		   "(SELECT rowid FROM alert WHERE model = ?1 LIMIT ?2 / 16 + 1)",
	[MODEL] = "DELETE FROM model WHERE model = ?1",
	[END] = "DELETE FROM deletion WHERE model = ?1",
};

const struct upk_sql upk_sweep_sql = {
	UPK_SQL_SWEEP,
	"model",
	sql,
	sizeof sql / sizeof sql[0],
};

static bool run_on(struct upk_store *s, int which, int64_t a, int64_t b, int64_t c, int count,
	struct upk_error *err)
{
	const int64_t values[] = { a, b, c };
	struct upk_query q = upk_query(s, &upk_sweep_sql, which);
	for (int i = 0; i < count; i++)
		upk_put_int(&q, values[i]);
	return upk_query_run(&q, err);
}

bool upk_sweep_begin(struct upk_store *s, int64_t model, struct upk_error *err)
{
	int64_t last;
	if (!upk_store_last_seq(s, &last, err))
		return false;
	struct upk_query q = upk_query(s, &upk_sweep_sql, RENAME);
	upk_put_int(&q, model);
	return upk_query_run_on_one(&q, err) && run_on(s, BEGIN, model, last, 0, 2, err);
}

bool upk_sweep_next(struct upk_store *s, struct upk_sweep *sweep, struct upk_error *err)
{
	struct upk_query q = upk_query(s, &upk_sweep_sql, NEXT);
	bool found;
	if (!upk_query_one(&q, &found, err))
		return false;
	*sweep = (struct upk_sweep){ 0 };
	if (found)
		*sweep = (struct upk_sweep){ .model = upk_get_int(&q, 0),
			.after = upk_get_int(&q, 1),
			.to = upk_get_int(&q, 2) };
	return true;
}

bool upk_sweep_left(struct upk_store *s, int64_t *left, struct upk_error *err)
{
	struct upk_query q = upk_query(s, &upk_sweep_sql, LEFT);
	return upk_query_int(&q, left, err);
}

static bool sweep_items(
	struct upk_store *s, const struct upk_sweep *sweep, int64_t rows, struct upk_error *err)
{
	int64_t after = sweep->after, to = after + rows < sweep->to ? after + rows : sweep->to;
	return run_on(s, EVENTS, sweep->model, after, to, 3, err) &&
		run_on(s, LABELS, sweep->model, after, to, 3, err) &&
		run_on(s, REVISIONS, after, to, 0, 2, err) &&
		run_on(s, UPGRADES, sweep->model, after, to, 3, err) &&
		run_on(s, ADVANCE, sweep->model, to, 0, 2, err);
}

bool upk_sweep_step(
	struct upk_store *s, const struct upk_sweep *sweep, int64_t rows, struct upk_error *err)
{
	static const int others[] = { PLACES, NUMBERS, POINTS, PIECES, COPIES, RUNS, ALERTS };
	if (sweep->after < sweep->to)
		return sweep_items(s, sweep, rows, err);
	for (size_t i = 0; i < sizeof others / sizeof others[0]; i++) {
		if (!run_on(s, others[i], sweep->model, rows, 0, 2, err))
			return false;
		if (sqlite3_changes64(s->db) > 0)
			return true;
	}
	return run_on(s, MODEL, sweep->model, 0, 0, 1, err) &&
		run_on(s, END, sweep->model, 0, 0, 1, err);
}
