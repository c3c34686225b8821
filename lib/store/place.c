#include "store/place.h"

#include "store/statement.h"

enum { INSERT, GET, NOTE_REMOVED, REMOVE, REMOVE_RANGE, LAST, NEXT_ARRIVAL, NEWEST, SCAN };

enum { DAY_MS = 24 * 60 * 60 * 1000 };

/* The label of an event as known at the sequence ?1: what revised it last, else what completed it.
 */
#define ACTUAL \
	"coalesce((SELECT class FROM label WHERE seq = ifnull((SELECT max(revision.seq) " \
	"FROM revision WHERE revision.event = place.event AND revision.seq <= ?1 AND NOT ?2 & " \
	"4), " \
	"place.label)), event.label)"

/* The features, scores and slices of a row are read only when bits of ?2 ask for them. */
#define KNOWN \
	"place.model, place.place, place.event, place.label, place.time, place.arrival, " \
	"event.number, event.time, coalesce((SELECT time FROM label WHERE seq = place.label), " \
	"event.time), event.predicted, " ACTUAL ", event.version, " \
	"CASE WHEN ?2 & 1 THEN event.score END, CASE WHEN ?2 & 1 THEN event.scores END, " \
	"CASE WHEN ?2 & 2 THEN event.features END, event.feature_list, " \
	"CASE WHEN ?2 & 8 THEN event.slices END, " \
	"CASE WHEN ?2 & 2 THEN EXISTS (SELECT 1 FROM upgrade WHERE upgrade.event = place.event) " \
	"END " \
	"FROM place CROSS JOIN event ON event.seq = place.event "

/* Places of the model ?3 in ?4 .. ?5 - 1 that were complete at ?1; pairs alone when ?6 is 1. */
#define RANGE \
	"WHERE place.model = ?3 AND place.place >= ?4 AND place.place < ?5 " \
	"AND place.event <= ?1 AND ifnull(place.label, 0) <= ?1 " \
	"AND (?6 = 0 OR event.predicted IS NOT NULL) "

static const char *const sql[] = {
	[INSERT] = "INSERT INTO place (model, place, event, label, time, arrival) "
		   "SELECT model, place, event, label, time, arrival FROM new_place",
	[GET] = "SELECT model, place, event, label, time, arrival FROM place "
		"WHERE model = ?1 AND place = ?2",
	/* A model's row may be long: it is not written again for nothing. */
	[NOTE_REMOVED] = "UPDATE model SET last_place = ?2 WHERE model = ?1 AND last_place < ?2",
	[REMOVE] = "DELETE FROM place WHERE model = ?1 AND place = ?2",
	[REMOVE_RANGE] = "DELETE FROM place WHERE model = ?1 AND place BETWEEN ?2 AND ?3",
	[LAST] = "SELECT max(coalesce((SELECT max(place) FROM place WHERE model = ?1), 0), "
		 "coalesce((SELECT last_place FROM model WHERE model = ?1), 0))",
	[NEXT_ARRIVAL] = "SELECT place, arrival FROM place WHERE model = ?1 AND place >= ?2 "
			 "ORDER BY place LIMIT 1",
	[NEWEST] =
		"SELECT place.place FROM place CROSS JOIN event ON event.seq = place.event " RANGE
		"ORDER BY place.place DESC LIMIT 1 OFFSET ?2",
	[SCAN] = "SELECT " KNOWN RANGE "ORDER BY place.place",
};

const struct upk_sql upk_place_sql = {
	UPK_SQL_PLACE,
	"place",
	sql,
	sizeof sql / sizeof sql[0],
};

bool upk_place_insert_many(
	struct upk_store *s, const struct upk_place_row *rows, size_t count, struct upk_error *err)
{
	if (count == 0)
		return true;
	struct upk_query q = upk_query(s, &upk_place_sql, INSERT);
	return upk_query_run_on_rows(&q, UPK_BULK_PLACE, rows, count, err);
}

static struct upk_place_row read_place(const struct upk_query *q)
{
	return (struct upk_place_row){
		.model = upk_get_int(q, 0),
		.place = upk_get_int(q, 1),
		.event = upk_get_int(q, 2),
		.label = upk_get_int(q, 3),
		.time = upk_get_int(q, 4),
		.arrival = upk_get_int(q, 5),
	};
}

bool upk_place_get(struct upk_store *s, int64_t model, int64_t place, bool *found,
	struct upk_place_row *row, struct upk_error *err)
{
	struct upk_query q = upk_query(s, &upk_place_sql, GET);
	upk_put_int(&q, model);
	upk_put_int(&q, place);
	if (!upk_query_one(&q, found, err))
		return false;
	if (*found)
		*row = read_place(&q);
	return true;
}

bool upk_place_note_removed(
	struct upk_store *s, int64_t model, int64_t place, struct upk_error *err)
{
	struct upk_query q = upk_query(s, &upk_place_sql, NOTE_REMOVED);
	upk_put_int(&q, model);
	upk_put_int(&q, place);
	return upk_query_run(&q, err);
}

bool upk_place_remove(struct upk_store *s, int64_t model, int64_t place, struct upk_error *err)
{
	struct upk_query q = upk_query(s, &upk_place_sql, REMOVE);
	upk_put_int(&q, model);
	upk_put_int(&q, place);
	return upk_query_run_on_one(&q, err) && upk_place_note_removed(s, model, place, err);
}

bool upk_place_remove_range(
	struct upk_store *s, int64_t model, int64_t from, int64_t to, struct upk_error *err)
{
	struct upk_query q = upk_query(s, &upk_place_sql, REMOVE_RANGE);
	upk_put_int(&q, model);
	upk_put_int(&q, from);
	upk_put_int(&q, to);
	return upk_query_run(&q, err);
}

bool upk_place_last(struct upk_store *s, int64_t model, int64_t *place, struct upk_error *err)
{
	struct upk_query q = upk_query(s, &upk_place_sql, LAST);
	upk_put_int(&q, model);
	return upk_query_int(&q, place, err);
}

bool upk_place_first(struct upk_store *s, int64_t model, int64_t *place, struct upk_error *err)
{
	struct upk_query q = upk_query(s, &upk_place_sql, NEXT_ARRIVAL);
	int64_t last;
	bool found;
	upk_put_int(&q, model);
	upk_put_int(&q, 1);
	if (!upk_query_one(&q, &found, err))
		return false;
	if (found) {
		*place = upk_get_int(&q, 0);
		return true;
	}
	if (!upk_place_last(s, model, &last, err))
		return false;
	*place = last + 1;
	return true;
}

/* The last place of the statement is ?2: an offset, or what a scan reads. */
static struct upk_query query_range(
	struct upk_store *s, int which, const struct upk_scan *scan, int64_t second)
{
	struct upk_query q = upk_query(s, &upk_place_sql, which);
	upk_put_int(&q, scan->as_of);
	upk_put_int(&q, second);
	upk_put_int(&q, scan->model);
	upk_put_int(&q, scan->from);
	upk_put_int(&q, scan->to);
	upk_put_int(&q, scan->pairs_only);
	return q;
}

bool upk_place_newest(struct upk_store *s, const struct upk_scan *scan, int64_t count,
	int64_t *from, struct upk_error *err)
{
	struct upk_query q = query_range(s, NEWEST, scan, count - 1);
	bool found;
	if (!upk_query_one(&q, &found, err))
		return false;
	*from = found ? upk_get_int(&q, 0) : scan->from;
	return true;
}

static bool read_known(const struct upk_query *q, struct upk_known_row *row, struct upk_error *err)
{
	*row = (struct upk_known_row){
		.place = read_place(q),
		.event_number = upk_get_int(q, 6),
		.event_time = upk_get_int(q, 7),
		.label_time = upk_get_int(q, 8),
		.predicted = upk_get_text(q, 9),
		.actual = upk_get_text(q, 10),
		.version = upk_get_made_by(q, 11),
		.scored = !upk_get_null(q, 12),
		.score = upk_get_double(q, 12),
		.features = upk_get_text(q, 14),
		.feature_list = upk_get_int(q, 15),
		.slices = upk_get_text(q, 16),
		.was_example = upk_get_int(q, 17) != 0,
	};
	return upk_get_doubles(q, 13, &row->scores, &row->scores_count, err);
}

static bool scan_rows(struct upk_query *q,
	bool (*take)(void *context, const struct upk_known_row *row), void *context,
	struct upk_error *err)
{
	for (;;) {
		bool found;
		if (!upk_query_next(q, &found, err))
			return false;
		if (!found)
			return true;

		struct upk_known_row row;
		bool read = read_known(q, &row, err);
		if (!read || !take(context, &row)) {
			upk_query_end(q);
			return read;
		}
	}
}

bool upk_place_scan(struct upk_store *s, const struct upk_scan *scan,
	bool (*take)(void *context, const struct upk_known_row *row), void *context,
	struct upk_error *err)
{
	struct upk_scan range = *scan;
	if (scan->newest > 0 && !upk_place_newest(s, scan, scan->newest, &range.from, err))
		return false;
	struct upk_query q = query_range(s, SCAN, &range, range.what);
	return scan_rows(&q, take, context, err);
}

/* The first place that arrived at or after `arrival`, or one past the last: arrivals never fall. */
static bool find_arrival(
	struct upk_store *s, int64_t model, int64_t arrival, int64_t *from, struct upk_error *err)
{
	int64_t low = 1, high;
	if (!upk_place_last(s, model, &high, err))
		return false;
	high++;
	while (low < high) {
		int64_t middle = low + (high - low) / 2;
		struct upk_query q = upk_query(s, &upk_place_sql, NEXT_ARRIVAL);
		upk_put_int(&q, model);
		upk_put_int(&q, middle);
		bool found;
		if (!upk_query_one(&q, &found, err))
			return false;
		if (found && upk_get_int(&q, 1) < arrival)
			low = upk_get_int(&q, 0) + 1;
		else
			high = middle;
	}
	*from = low;
	return true;
}

bool upk_place_since(
	struct upk_store *s, int64_t model, int64_t after, int64_t *from, struct upk_error *err)
{
	int64_t arrival = after > INT64_MIN + DAY_MS ? after - DAY_MS : INT64_MIN;
	return find_arrival(s, model, arrival, from, err);
}
