#include "store/remove.h"

#include "store/statement.h"

enum { EVENT, REVISIONS, UPGRADE, LABEL, EVENTS, LABELS, BEFORE, UPGRADED, LATE, OLDEST };

static const char *const sql[] = {
	[EVENT] = "DELETE FROM event WHERE seq = ?1",
	[REVISIONS] = "DELETE FROM revision WHERE event = ?1",
	[UPGRADE] = "DELETE FROM upgrade WHERE event = ?1",
	[LABEL] = "DELETE FROM label WHERE seq = ?1",
	[EVENTS] = "DELETE FROM event WHERE seq BETWEEN ?1 AND ?2",
	[LABELS] = "DELETE FROM label WHERE seq BETWEEN ?1 AND ?2",
	[BEFORE] = "SELECT coalesce((SELECT place FROM upgrade WHERE event = ?1), 0)",
	[UPGRADED] = "SELECT event, event FROM upgrade WHERE event > ?1 AND event <= ?2 "
		     "ORDER BY event LIMIT ?3",
	[LATE] = "SELECT seq, event FROM label WHERE seq > ?1 AND seq <= ?2 ORDER BY seq LIMIT ?3",
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

static bool run_between(
	struct upk_store *s, int which, int64_t from, int64_t to, struct upk_error *err)
{
	struct upk_query q = upk_query(s, &upk_remove_sql, which);
	upk_put_int(&q, from);
	upk_put_int(&q, to);
	return upk_query_run(&q, err);
}

bool upk_remove_events(struct upk_store *s, int64_t from, int64_t to, struct upk_error *err)
{
	return run_between(s, EVENTS, from, to, err);
}

bool upk_remove_labels(struct upk_store *s, int64_t from, int64_t to, struct upk_error *err)
{
	return run_between(s, LABELS, from, to, err);
}

static bool scan_links(struct upk_query *q, bool (*take)(void *context, int64_t seq, int64_t event),
	void *context, struct upk_error *err)
{
	for (;;) {
		bool found;
		if (!upk_query_next(q, &found, err))
			return false;
		if (!found)
			return true;
		if (!take(context, upk_get_int(q, 0), upk_get_int(q, 1))) {
			upk_query_end(q);
			return true;
		}
	}
}

static bool each_link(struct upk_store *s, int which, const struct upk_links *links,
	bool (*take)(void *context, int64_t seq, int64_t event), void *context,
	struct upk_error *err)
{
	struct upk_query q = upk_query(s, &upk_remove_sql, which);
	upk_put_int(&q, links->after);
	upk_put_int(&q, links->to);
	upk_put_int(&q, links->most);
	return scan_links(&q, take, context, err);
}

bool upk_label_links(struct upk_store *s, const struct upk_links *links,
	bool (*take)(void *context, int64_t seq, int64_t event), void *context,
	struct upk_error *err)
{
	return each_link(s, LATE, links, take, context, err);
}

bool upk_upgraded_events(struct upk_store *s, const struct upk_links *links,
	bool (*take)(void *context, int64_t seq, int64_t event), void *context,
	struct upk_error *err)
{
	return each_link(s, UPGRADED, links, take, context, err);
}

bool upk_remove_revisions(struct upk_store *s, int64_t event, struct upk_error *err)
{
	return run_on(s, REVISIONS, event, err);
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
