#include "store/label.h"

#include "store/statement.h"

enum {
	INSERT,
	GET,
	SCAN,
	WAITING,
	JOIN,
	CURRENT,
	COMPLETING,
	CARRIED,
	OF_EVENT,
	OF_ID,
	WAITING_COUNT,
	INSERT_REVISION,
	LAST_REVISION,
};

#define COLUMNS "seq, model, id, event, place, class, time, arrival, carried, source"

static const char *const sql[] = {
	[INSERT] = "INSERT INTO label (" COLUMNS ") SELECT " COLUMNS " FROM new_label",
	[GET] = "SELECT " COLUMNS " FROM label WHERE seq = ?1",
	[SCAN] = "SELECT " COLUMNS " FROM label WHERE seq BETWEEN ?1 AND ?2 ORDER BY seq",
	[WAITING] = "SELECT " COLUMNS " FROM label WHERE model = ?1 AND id = ?2 AND event IS NULL "
		    "ORDER BY seq DESC LIMIT 1",
	[JOIN] = "UPDATE label SET event = ?3 WHERE model = ?1 AND id = ?2 AND event IS NULL",
	[CURRENT] = "SELECT " COLUMNS " FROM label WHERE event = ?1 AND seq <= ?2 "
		    "ORDER BY seq DESC LIMIT 1",
	[COMPLETING] = "SELECT " COLUMNS " FROM label WHERE event = ?1 AND place IS NOT NULL",
	[CARRIED] =
		"SELECT EXISTS (SELECT 1 FROM label WHERE event = ?1 AND class = ?2 AND carried)",
	[OF_EVENT] = "SELECT " COLUMNS " FROM label WHERE event = ?1 ORDER BY seq",
	[OF_ID] = "SELECT " COLUMNS " FROM label WHERE model = ?1 AND id = ?2 AND event IS NULL "
		  "ORDER BY seq",
	[WAITING_COUNT] = "SELECT count(*) FROM label WHERE model = ?1 AND event IS NULL",
	[INSERT_REVISION] = "INSERT INTO revision (event, seq, place) VALUES (?1, ?2, ?3)",
	[LAST_REVISION] = "SELECT event, seq, place FROM revision WHERE event = ?1 AND seq < ?2 "
			  "ORDER BY seq DESC LIMIT 1",
};

const struct upk_sql upk_label_sql = {
	UPK_SQL_LABEL,
	"label",
	sql,
	sizeof sql / sizeof sql[0],
};

bool upk_label_insert_many(
	struct upk_store *s, const struct upk_label_row *rows, size_t count, struct upk_error *err)
{
	if (count == 0)
		return true;
	struct upk_query q = upk_query(s, &upk_label_sql, INSERT);
	if (!upk_query_run_on_rows(&q, UPK_BULK_LABEL, rows, count, err))
		return false;
	upk_store_note_seq(s, rows[count - 1].seq, rows[count - 1].arrival);
	return true;
}

static struct upk_label_row read_row(const struct upk_query *q)
{
	return (struct upk_label_row){
		.seq = upk_get_int(q, 0),
		.model = upk_get_int(q, 1),
		.id = upk_get_text(q, 2),
		.event = upk_get_int(q, 3),
		.place = upk_get_int(q, 4),
		.class = upk_get_text(q, 5),
		.time = upk_get_int(q, 6),
		.arrival = upk_get_int(q, 7),
		.carried = upk_get_int(q, 8) != 0,
		.source = upk_get_text(q, 9),
	};
}

static bool read_one(
	struct upk_query *q, bool *found, struct upk_label_row *row, struct upk_error *err)
{
	if (!upk_query_one(q, found, err))
		return false;
	if (*found)
		*row = read_row(q);
	return true;
}

bool upk_label_get(struct upk_store *s, int64_t seq, bool *found, struct upk_label_row *row,
	struct upk_error *err)
{
	struct upk_query q = upk_query(s, &upk_label_sql, GET);
	upk_put_int(&q, seq);
	return read_one(&q, found, row, err);
}

bool upk_label_waiting(struct upk_store *s, int64_t model, struct upk_text id, bool *found,
	struct upk_label_row *row, struct upk_error *err)
{
	struct upk_query q = upk_query(s, &upk_label_sql, WAITING);
	upk_put_int(&q, model);
	upk_put_text(&q, id);
	return read_one(&q, found, row, err);
}

bool upk_label_join(struct upk_store *s, int64_t model, struct upk_text id, int64_t event,
	struct upk_error *err)
{
	struct upk_query q = upk_query(s, &upk_label_sql, JOIN);
	upk_put_int(&q, model);
	upk_put_text(&q, id);
	upk_put_int(&q, event);
	return upk_query_run(&q, err);
}

bool upk_label_current(struct upk_store *s, int64_t event, int64_t as_of, bool *found,
	struct upk_label_row *row, struct upk_error *err)
{
	struct upk_query q = upk_query(s, &upk_label_sql, CURRENT);
	upk_put_int(&q, event);
	upk_put_int(&q, as_of);
	return read_one(&q, found, row, err);
}

bool upk_label_completing(struct upk_store *s, int64_t event, bool *found,
	struct upk_label_row *row, struct upk_error *err)
{
	struct upk_query q = upk_query(s, &upk_label_sql, COMPLETING);
	upk_put_int(&q, event);
	return read_one(&q, found, row, err);
}

bool upk_label_carried(struct upk_store *s, int64_t event, struct upk_text class, bool *found,
	struct upk_error *err)
{
	struct upk_query q = upk_query(s, &upk_label_sql, CARRIED);
	upk_put_int(&q, event);
	upk_put_text(&q, class);
	int64_t answer;
	if (!upk_query_int(&q, &answer, err))
		return false;
	*found = answer != 0;
	return true;
}

static bool scan_rows(struct upk_query *q,
	bool (*take)(void *context, const struct upk_label_row *row), void *context,
	struct upk_error *err)
{
	for (;;) {
		bool found;
		if (!upk_query_next(q, &found, err))
			return false;
		if (!found)
			return true;
		struct upk_label_row row = read_row(q);
		if (!take(context, &row)) {
			upk_query_end(q);
			return true;
		}
	}
}

bool upk_label_scan(struct upk_store *s, int64_t from, int64_t to,
	bool (*take)(void *context, const struct upk_label_row *row), void *context,
	struct upk_error *err)
{
	struct upk_query q = upk_query(s, &upk_label_sql, SCAN);
	upk_put_int(&q, from);
	upk_put_int(&q, to);
	return scan_rows(&q, take, context, err);
}

static struct upk_query labels_of(
	struct upk_store *s, int64_t model, int64_t event, struct upk_text id)
{
	struct upk_query q = upk_query(s, &upk_label_sql, event != 0 ? OF_EVENT : OF_ID);
	if (event != 0) {
		upk_put_int(&q, event);
	} else {
		upk_put_int(&q, model);
		upk_put_text(&q, id);
	}
	return q;
}

bool upk_label_each(struct upk_store *s, int64_t model, int64_t event, struct upk_text id,
	bool (*take)(void *context, const struct upk_label_row *row), void *context,
	struct upk_error *err)
{
	struct upk_query q = labels_of(s, model, event, id);
	return scan_rows(&q, take, context, err);
}

bool upk_label_waiting_count(
	struct upk_store *s, int64_t model, int64_t *count, struct upk_error *err)
{
	struct upk_query q = upk_query(s, &upk_label_sql, WAITING_COUNT);
	upk_put_int(&q, model);
	return upk_query_int(&q, count, err);
}

bool upk_revision_insert(
	struct upk_store *s, const struct upk_revision_row *row, struct upk_error *err)
{
	struct upk_query q = upk_query(s, &upk_label_sql, INSERT_REVISION);
	upk_put_int(&q, row->event);
	upk_put_int(&q, row->seq);
	upk_put_int(&q, row->place);
	return upk_query_run(&q, err);
}

bool upk_revision_last(struct upk_store *s, int64_t event, int64_t before, bool *found,
	struct upk_revision_row *row, struct upk_error *err)
{
	struct upk_query q = upk_query(s, &upk_label_sql, LAST_REVISION);
	upk_put_int(&q, event);
	upk_put_int(&q, before);
	if (!upk_query_one(&q, found, err))
		return false;
	if (*found)
		*row = (struct upk_revision_row){
			.event = upk_get_int(&q, 0),
			.seq = upk_get_int(&q, 1),
			.place = upk_get_int(&q, 2),
		};
	return true;
}
