#include "store/label.h"

#include "store/statement.h"

enum {
	INSERT,
	GET,
	SCAN,
	JOIN,
	INSERT_REVISION,
	LAST_REVISION,
};

#define COLUMNS "seq, model, id, event, place, class, time, arrival, carried, source"

static const char *const sql[] = {
	[INSERT] = "INSERT INTO label (" COLUMNS ") SELECT " COLUMNS " FROM new_label",
	[GET] = "SELECT " COLUMNS " FROM label WHERE seq = ?1",
	[SCAN] = "SELECT " COLUMNS " FROM label WHERE seq BETWEEN ?1 AND ?2 ORDER BY seq",
	[JOIN] = "UPDATE label SET event = ?2 WHERE seq = ?1",
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

bool upk_label_join(struct upk_store *s, int64_t seq, int64_t event, struct upk_error *err)
{
	struct upk_query q = upk_query(s, &upk_label_sql, JOIN);
	upk_put_int(&q, seq);
	upk_put_int(&q, event);
	return upk_query_run_on_one(&q, err);
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
