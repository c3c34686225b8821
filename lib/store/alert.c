#include "store/alert.h"

#include "store/statement.h"

enum { INSERT, UPDATE, GET, LAST, FILTERED, REMOVE_OLD };

#define COLUMNS \
	"model, alert, rule, state, fired, place, value, bound, threshold, pairs, change, " \
	"run_at, " \
	"run, resolved, resolved_by, detail"

static const char *const sql[] = {
	[INSERT] = "INSERT INTO alert (" COLUMNS ") VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, "
		   "?10, ?11, ?12, ?13, ?14, ?15, ?16)",
	[UPDATE] = "UPDATE alert SET state = ?3, run_at = ?4, run = ?5, resolved = ?6, "
		   "resolved_by = ?7 WHERE model = ?1 AND alert = ?2",
	[GET] = "SELECT " COLUMNS " FROM alert WHERE model = ?1 AND alert = ?2",
	[LAST] = "SELECT coalesce(max(alert), 0) FROM alert WHERE model = ?1",
	[FILTERED] = "SELECT " COLUMNS " FROM alert WHERE model = ?1 AND alert < ?2 "
		     "AND fired >= ?3 AND fired < ?4 ORDER BY alert DESC LIMIT ?5",
	[REMOVE_OLD] = "DELETE FROM alert WHERE model = ?1 AND alert IN (SELECT alert FROM alert "
		       "WHERE model = ?1 AND alert <= ?2 AND state <> 'firing' "
		       "ORDER BY alert LIMIT ?3)",
};

const struct upk_sql upk_alert_sql = {
	UPK_SQL_ALERT,
	"alert",
	sql,
	sizeof sql / sizeof sql[0],
};

bool upk_alert_insert(struct upk_store *s, const struct upk_alert_row *row, struct upk_error *err)
{
	struct upk_query q = upk_query(s, &upk_alert_sql, INSERT);
	upk_put_int(&q, row->model);
	upk_put_int(&q, row->alert);
	upk_put_text(&q, row->rule);
	upk_put_text(&q, row->state);
	upk_put_int(&q, row->fired);
	upk_put_int(&q, row->place);
	upk_put_double(&q, row->value);
	upk_put_double(&q, row->bound);
	upk_put_double(&q, row->threshold);
	upk_put_int(&q, row->pairs);
	upk_put_int_or_null(&q, row->change);
	upk_put_int_or_null(&q, row->run_at);
	upk_put_int_or_null(&q, row->run);
	upk_put_int_or_null(&q, row->resolved);
	upk_put_text(&q, row->resolved_by);
	upk_put_text(&q, row->detail);
	return upk_query_run(&q, err);
}

bool upk_alert_update(struct upk_store *s, const struct upk_alert_row *row, struct upk_error *err)
{
	struct upk_query q = upk_query(s, &upk_alert_sql, UPDATE);
	upk_put_int(&q, row->model);
	upk_put_int(&q, row->alert);
	upk_put_text(&q, row->state);
	upk_put_int_or_null(&q, row->run_at);
	upk_put_int_or_null(&q, row->run);
	upk_put_int_or_null(&q, row->resolved);
	upk_put_text(&q, row->resolved_by);
	return upk_query_run_on_one(&q, err);
}

static struct upk_alert_row read_row(const struct upk_query *q)
{
	return (struct upk_alert_row){
		.model = upk_get_int(q, 0),
		.alert = upk_get_int(q, 1),
		.rule = upk_get_text(q, 2),
		.state = upk_get_text(q, 3),
		.fired = upk_get_int(q, 4),
		.place = upk_get_int(q, 5),
		.value = upk_get_double(q, 6),
		.bound = upk_get_double(q, 7),
		.threshold = upk_get_double(q, 8),
		.pairs = upk_get_int(q, 9),
		.change = upk_get_int(q, 10),
		.run_at = upk_get_int(q, 11),
		.run = upk_get_int(q, 12),
		.resolved = upk_get_int(q, 13),
		.resolved_by = upk_get_text(q, 14),
		.detail = upk_get_text(q, 15),
	};
}

bool upk_alert_get(struct upk_store *s, int64_t model, int64_t alert, bool *found,
	struct upk_alert_row *row, struct upk_error *err)
{
	struct upk_query q = upk_query(s, &upk_alert_sql, GET);
	upk_put_int(&q, model);
	upk_put_int(&q, alert);
	if (!upk_query_one(&q, found, err))
		return false;
	if (*found)
		*row = read_row(&q);
	return true;
}

bool upk_alert_last(struct upk_store *s, int64_t model, int64_t *alert, struct upk_error *err)
{
	struct upk_query q = upk_query(s, &upk_alert_sql, LAST);
	upk_put_int(&q, model);
	return upk_query_int(&q, alert, err);
}

bool upk_alert_each(struct upk_store *s, int64_t model, const struct upk_filter *filter,
	bool (*take)(void *context, const struct upk_alert_row *row), void *context,
	struct upk_error *err)
{
	struct upk_query q = upk_query(s, &upk_alert_sql, FILTERED);
	upk_put_int(&q, model);
	upk_put_filter(&q, filter);
	for (;;) {
		bool found;
		if (!upk_query_next(&q, &found, err))
			return false;
		if (!found)
			return true;
		struct upk_alert_row row = read_row(&q);
		if (!take(context, &row)) {
			upk_query_end(&q);
			return true;
		}
	}
}

bool upk_alert_remove_old(
	struct upk_store *s, int64_t model, int64_t last, int64_t most, struct upk_error *err)
{
	struct upk_query q = upk_query(s, &upk_alert_sql, REMOVE_OLD);
	upk_put_int(&q, model);
	upk_put_int(&q, last);
	upk_put_int(&q, most);
	return upk_query_run(&q, err);
}
