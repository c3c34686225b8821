#include "store/history.h"

#include "store/statement.h"

enum { INSERT, COUNT, THIN, REMOVE, BETWEEN };

static const char *const sql[] = {
	[INSERT] = "INSERT OR REPLACE INTO history (model, window, place, time, counts) "
		   "SELECT model, window, place, time, counts FROM new_point",
	[COUNT] = "SELECT count(*) FROM history WHERE model = ?1 AND window = ?2",
	[THIN] = "DELETE FROM history WHERE model = ?1 AND window = ?2 AND place IN "
		 "(SELECT place FROM (SELECT place, row_number() OVER (ORDER BY place) AS n "
		 "FROM history WHERE model = ?1 AND window = ?2) WHERE n <= ?3 AND n % 2 = 0)",
	[REMOVE] = "DELETE FROM history WHERE model = ?1 AND window = ?2",
	[BETWEEN] = "SELECT model, window, place, time, counts FROM history WHERE model = ?1 "
		    "AND window = ?2 AND time >= ?3 AND time < ?4 ORDER BY place",
};

const struct upk_sql upk_history_sql = {
	UPK_SQL_HISTORY,
	"history",
	sql,
	sizeof sql / sizeof sql[0],
};

static void put_window(struct upk_query *q, int64_t model, struct upk_text window)
{
	upk_put_int(q, model);
	upk_put_text(q, window);
}

bool upk_history_insert_many(struct upk_store *s, const struct upk_history_row *rows, size_t count,
	struct upk_error *err)
{
	if (count == 0)
		return true;
	struct upk_query q = upk_query(s, &upk_history_sql, INSERT);
	return upk_query_run_on_rows(&q, UPK_BULK_POINT, rows, count, err);
}

bool upk_history_thin(struct upk_store *s, int64_t model, struct upk_text window, int64_t most,
	struct upk_error *err)
{
	struct upk_query count = upk_query(s, &upk_history_sql, COUNT);
	put_window(&count, model, window);
	int64_t points;
	if (!upk_query_int(&count, &points, err))
		return false;
	if (points <= most)
		return true;

	struct upk_query q = upk_query(s, &upk_history_sql, THIN);
	put_window(&q, model, window);
	upk_put_int(&q, points / 2);
	return upk_query_run(&q, err);
}

bool upk_history_remove(
	struct upk_store *s, int64_t model, struct upk_text window, struct upk_error *err)
{
	struct upk_query q = upk_query(s, &upk_history_sql, REMOVE);
	put_window(&q, model, window);
	return upk_query_run(&q, err);
}

bool upk_history_each(struct upk_store *s, int64_t model, struct upk_text window, int64_t from,
	int64_t to, bool (*take)(void *context, const struct upk_history_row *row), void *context,
	struct upk_error *err)
{
	struct upk_query q = upk_query(s, &upk_history_sql, BETWEEN);
	put_window(&q, model, window);
	upk_put_int(&q, from != 0 ? from : INT64_MIN);
	upk_put_int(&q, to != 0 ? to : INT64_MAX);
	for (;;) {
		bool found;
		if (!upk_query_next(&q, &found, err))
			return false;
		if (!found)
			return true;

		struct upk_history_row row = {
			.model = upk_get_int(&q, 0),
			.window = upk_get_text(&q, 1),
			.place = upk_get_int(&q, 2),
			.time = upk_get_int(&q, 3),
			.counts = upk_get_text(&q, 4),
		};
		if (!take(context, &row)) {
			upk_query_end(&q);
			return true;
		}
	}
}
