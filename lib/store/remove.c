#include "store/remove.h"

#include "store/statement.h"

enum { EVENT, REVISIONS, UPGRADE, LABEL, BEFORE, OLDEST };

static const char *const sql[] = {
	[EVENT] = "DELETE FROM event WHERE seq = ?1",
	[REVISIONS] = "DELETE FROM revision WHERE event = ?1",
	[UPGRADE] = "DELETE FROM upgrade WHERE event = ?1",
	[LABEL] = "DELETE FROM label WHERE seq = ?1",
	[BEFORE] = "SELECT coalesce((SELECT place FROM upgrade WHERE event = ?1), 0)",
	[OLDEST] = "SELECT seq, arrival FROM (SELECT * FROM (SELECT seq, arrival FROM event "
		   "WHERE seq > ?1 ORDER BY seq LIMIT 1) UNION ALL SELECT * FROM (SELECT seq, "
		   "arrival FROM label WHERE seq > ?1 ORDER BY seq LIMIT 1)) ORDER BY seq LIMIT 1",
};

const struct upk_sql upk_remove_sql = {
	UPK_SQL_REMOVE,
	"event",
	sql,
	sizeof sql / sizeof sql[0],
};

static bool run_on(struct upk_store *s, int which, int64_t value, struct upk_error *err)
{
	struct upk_query q = upk_query(s, &upk_remove_sql, which);
	upk_put_int(&q, value);
	return upk_query_run(&q, err);
}

bool upk_remove_event(struct upk_store *s, int64_t seq, struct upk_error *err)
{
	return run_on(s, REVISIONS, seq, err) && run_on(s, UPGRADE, seq, err) &&
		run_on(s, EVENT, seq, err);
}

bool upk_remove_label(struct upk_store *s, int64_t seq, struct upk_error *err)
{
	return run_on(s, LABEL, seq, err);
}

bool upk_place_before(struct upk_store *s, int64_t event, int64_t *place, struct upk_error *err)
{
	struct upk_query q = upk_query(s, &upk_remove_sql, BEFORE);
	upk_put_int(&q, event);
	return upk_query_int(&q, place, err);
}

bool upk_oldest_item(
	struct upk_store *s, int64_t after, int64_t *seq, int64_t *arrival, struct upk_error *err)
{
	struct upk_query q = upk_query(s, &upk_remove_sql, OLDEST);
	upk_put_int(&q, after);
	bool found;
	if (!upk_query_one(&q, &found, err))
		return false;
	*seq = found ? upk_get_int(&q, 0) : 0;
	*arrival = found ? upk_get_int(&q, 1) : 0;
	return true;
}
