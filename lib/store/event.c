#include "store/event.h"

#include <math.h>

#include "store/statement.h"

enum {
	INSERT,
	GET,
	SCAN,
	SET_PREDICTION,
	INSERT_UPGRADE,
	SCAN_UPGRADES,
	ADD_GONE,
	COUNT_GONE,
};

#define COLUMNS \
	"seq, model, number, place, id, time, timed, arrival, predicted, stated, label, version, " \
	"score, feature_list, slices, meta, scores, features, revision"
#define UPGRADE "event, model, seq, place, time, arrival"

static const char *const sql[] = {
	[INSERT] = "INSERT INTO event (" COLUMNS ") SELECT " COLUMNS " FROM new_event",
	[GET] = "SELECT " COLUMNS " FROM event WHERE seq = ?1",
	[SCAN] = "SELECT " COLUMNS " FROM event WHERE seq BETWEEN ?1 AND ?2 ORDER BY seq",
	[SET_PREDICTION] = "UPDATE event SET predicted = ?2, stated = ?3, score = ?4, scores = ?5, "
			   "version = ?6, time = ?7, timed = ?8, number = ?9, place = ?10, "
			   "revision = ?11 "
			   "WHERE seq = ?1",
	[INSERT_UPGRADE] = "INSERT INTO upgrade (" UPGRADE ") VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
	[SCAN_UPGRADES] =
		"SELECT " UPGRADE " FROM upgrade WHERE seq BETWEEN ?1 AND ?2 ORDER BY seq",
	[ADD_GONE] = "INSERT INTO gone (model, number) VALUES (?1, ?2)",
	[COUNT_GONE] = "SELECT count(*) FROM gone WHERE model = ?1 AND number BETWEEN ?2 AND ?3",
};

const struct upk_sql upk_event_sql = {
	UPK_SQL_EVENT,
	"event",
	sql,
	sizeof sql / sizeof sql[0],
};

static void put_scores(struct upk_query *q, const struct upk_event_row *row)
{
	upk_put_double(q, row->scored ? row->score : NAN);
	upk_put_blob(q, row->scores, row->scores_count * sizeof *row->scores);
}

bool upk_event_insert_many(
	struct upk_store *s, const struct upk_event_row *rows, size_t count, struct upk_error *err)
{
	if (count == 0)
		return true;
	struct upk_query q = upk_query(s, &upk_event_sql, INSERT);
	if (!upk_query_run_on_rows(&q, UPK_BULK_EVENT, rows, count, err))
		return false;
	upk_store_note_seq(s, rows[count - 1].seq, rows[count - 1].arrival);
	return true;
}

static bool read_row(const struct upk_query *q, struct upk_event_row *row, struct upk_error *err)
{
	const double *scores;
	size_t count;
	if (!upk_get_doubles(q, 16, &scores, &count, err))
		return false;
	*row = (struct upk_event_row){
		.seq = upk_get_int(q, 0),
		.model = upk_get_int(q, 1),
		.number = upk_get_int(q, 2),
		.place = upk_get_int(q, 3),
		.id = upk_get_text(q, 4),
		.time = upk_get_int(q, 5),
		.timed = upk_get_int(q, 6) != 0,
		.arrival = upk_get_int(q, 7),
		.predicted = upk_get_text(q, 8),
		.stated = upk_get_int(q, 9) != 0,
		.label = upk_get_text(q, 10),
		.version = upk_get_made_by(q, 11),
		.scored = !upk_get_null(q, 12),
		.score = upk_get_double(q, 12),
		.feature_list = upk_get_int(q, 13),
		.slices = upk_get_text(q, 14),
		.meta = upk_get_text(q, 15),
		.scores = scores,
		.scores_count = count,
		.features = upk_get_text(q, 17),
	};
	row->version.revision = upk_get_int(q, 18);
	return true;
}

static bool read_one(
	struct upk_query *q, bool *found, struct upk_event_row *row, struct upk_error *err)
{
	bool there;
	if (!upk_query_one(q, &there, err))
		return false;
	if (!there) {
		*found = false;
		return true;
	}

	if (!read_row(q, row, err))
		return false;
	*found = true;
	return true;
}

bool upk_event_get(struct upk_store *s, int64_t seq, bool *found, struct upk_event_row *row,
	struct upk_error *err)
{
	struct upk_query q = upk_query(s, &upk_event_sql, GET);
	upk_put_int(&q, seq);
	return read_one(&q, found, row, err);
}

bool upk_event_set_prediction(
	struct upk_store *s, const struct upk_event_row *row, struct upk_error *err)
{
	struct upk_query q = upk_query(s, &upk_event_sql, SET_PREDICTION);
	upk_put_int(&q, row->seq);
	upk_put_text(&q, row->predicted);
	upk_put_int(&q, row->stated);
	put_scores(&q, row);
	upk_put_made_by(&q, row->version);
	upk_put_int(&q, row->time);
	upk_put_int(&q, row->timed);
	upk_put_int_or_null(&q, row->number);
	upk_put_int_or_null(&q, row->place);
	upk_put_int_or_null(&q, row->version.revision);
	return upk_query_run_on_one(&q, err);
}

bool upk_event_scan(struct upk_store *s, int64_t from, int64_t to,
	bool (*take)(void *context, const struct upk_event_row *row), void *context,
	struct upk_error *err)
{
	struct upk_query q = upk_query(s, &upk_event_sql, SCAN);
	upk_put_int(&q, from);
	upk_put_int(&q, to);
	for (;;) {
		bool found;
		if (!upk_query_next(&q, &found, err))
			return false;
		if (!found)
			return true;

		struct upk_event_row row;
		bool read = read_row(&q, &row, err);
		if (!read || !take(context, &row)) {
			upk_query_end(&q);
			return read;
		}
	}
}

bool upk_upgrade_insert(
	struct upk_store *s, const struct upk_upgrade_row *row, struct upk_error *err)
{
	struct upk_query q = upk_query(s, &upk_event_sql, INSERT_UPGRADE);
	upk_put_int(&q, row->event);
	upk_put_int(&q, row->model);
	upk_put_int(&q, row->seq);
	upk_put_int(&q, row->place);
	upk_put_int(&q, row->time);
	upk_put_int(&q, row->arrival);
	if (!upk_query_run(&q, err))
		return false;
	upk_store_note_seq(s, row->seq, 0);
	return true;
}

static struct upk_upgrade_row read_upgrade(const struct upk_query *q)
{
	return (struct upk_upgrade_row){
		.event = upk_get_int(q, 0),
		.model = upk_get_int(q, 1),
		.seq = upk_get_int(q, 2),
		.place = upk_get_int(q, 3),
		.time = upk_get_int(q, 4),
		.arrival = upk_get_int(q, 5),
	};
}

bool upk_upgrade_scan(struct upk_store *s, int64_t from, int64_t to,
	bool (*take)(void *context, const struct upk_upgrade_row *row), void *context,
	struct upk_error *err)
{
	struct upk_query q = upk_query(s, &upk_event_sql, SCAN_UPGRADES);
	upk_put_int(&q, from);
	upk_put_int(&q, to);
	for (;;) {
		bool found;
		if (!upk_query_next(&q, &found, err))
			return false;
		if (!found)
			return true;
		struct upk_upgrade_row row = read_upgrade(&q);
		if (!take(context, &row)) {
			upk_query_end(&q);
			return true;
		}
	}
}

bool upk_event_add_gone(struct upk_store *s, int64_t model, int64_t number, struct upk_error *err)
{
	struct upk_query q = upk_query(s, &upk_event_sql, ADD_GONE);
	upk_put_int(&q, model);
	upk_put_int(&q, number);
	return upk_query_run(&q, err);
}

bool upk_event_count_gone(struct upk_store *s, int64_t model, int64_t from, int64_t to,
	int64_t *count, struct upk_error *err)
{
	struct upk_query q = upk_query(s, &upk_event_sql, COUNT_GONE);
	upk_put_int(&q, model);
	upk_put_int(&q, from);
	upk_put_int(&q, to);
	return upk_query_int(&q, count, err);
}
