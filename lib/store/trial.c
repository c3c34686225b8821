#include "store/trial.h"

#include "store/statement.h"

enum { INSERT, EACH, REMOVE_OLD };

#define COLUMNS \
	"model, run, trial, kind, learner, settings, parent, from_place, to_place, rows, seed, " \
	"state, error, score, seconds, curve"

static const char *const sql[] = {
	[INSERT] = "INSERT INTO trial (" COLUMNS ") VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, "
		   "?10, ?11, ?12, ?13, ?14, ?15, ?16)",
	[EACH] = "SELECT " COLUMNS " FROM trial WHERE model = ?1 AND run = ?2 ORDER BY trial",
	[REMOVE_OLD] =
		"DELETE FROM trial WHERE model = ?1 AND (run, trial) IN (SELECT run, trial "
		"FROM (SELECT run, trial FROM trial AS kept WHERE model = ?1 "
		"ORDER BY run DESC, trial DESC LIMIT -1 OFFSET ?3) WHERE run <= ?2 LIMIT ?4)",
};

const struct upk_sql upk_trial_sql = {
	UPK_SQL_TRIAL,
	"trial",
	sql,
	sizeof sql / sizeof sql[0],
};

bool upk_trial_insert(struct upk_store *s, const struct upk_trial_row *row, struct upk_error *err)
{
	struct upk_query q = upk_query(s, &upk_trial_sql, INSERT);
	upk_put_int(&q, row->model);
	upk_put_int(&q, row->run);
	upk_put_int(&q, row->trial);
	upk_put_text(&q, row->kind);
	upk_put_text(&q, row->learner);
	upk_put_text(&q, row->settings);
	upk_put_int_or_null(&q, row->parent);
	upk_put_int(&q, row->from);
	upk_put_int(&q, row->to);
	upk_put_int(&q, row->rows);
	upk_put_int(&q, row->seed);
	upk_put_text(&q, row->state);
	upk_put_text(&q, row->error);
	upk_put_double(&q, row->score);
	upk_put_double(&q, row->seconds);
	upk_put_text(&q, row->curve);
	return upk_query_run(&q, err);
}

static struct upk_trial_row read_row(const struct upk_query *q)
{
	return (struct upk_trial_row){
		.model = upk_get_int(q, 0),
		.run = upk_get_int(q, 1),
		.trial = upk_get_int(q, 2),
		.kind = upk_get_text(q, 3),
		.learner = upk_get_text(q, 4),
		.settings = upk_get_text(q, 5),
		.parent = upk_get_int(q, 6),
		.from = upk_get_int(q, 7),
		.to = upk_get_int(q, 8),
		.rows = upk_get_int(q, 9),
		.seed = upk_get_int(q, 10),
		.state = upk_get_text(q, 11),
		.error = upk_get_text(q, 12),
		.score = upk_get_double(q, 13),
		.seconds = upk_get_double(q, 14),
		.curve = upk_get_text(q, 15),
	};
}

bool upk_trial_each(struct upk_store *s, int64_t model, int64_t run,
	bool (*take)(void *context, const struct upk_trial_row *row), void *context,
	struct upk_error *err)
{
	struct upk_query q = upk_query(s, &upk_trial_sql, EACH);
	upk_put_int(&q, model);
	upk_put_int(&q, run);
	for (;;) {
		bool found;
		if (!upk_query_next(&q, &found, err))
			return false;
		if (!found)
			return true;
		struct upk_trial_row row = read_row(&q);
		if (!take(context, &row)) {
			upk_query_end(&q);
			return true;
		}
	}
}

bool upk_trial_remove_old(struct upk_store *s, int64_t model, int64_t last, int64_t kept,
	int64_t most, struct upk_error *err)
{
	struct upk_query q = upk_query(s, &upk_trial_sql, REMOVE_OLD);
	upk_put_int(&q, model);
	upk_put_int(&q, last);
	upk_put_int(&q, kept);
	upk_put_int(&q, most);
	return upk_query_run(&q, err);
}
